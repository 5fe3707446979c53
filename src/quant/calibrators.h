// From what was seen of a tensor's values to the range that is quantized. Pure functions on plain data.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "quant/ranges.h"

namespace liteqat::quant {

enum class Calibrator {
  kMinMax,         // smallest and largest value of all images, as TFLite's converter
  kMovingAverage,  // of the images' smallest and largest values, in order
  kPercentile,     // cuts off equal shares of the values at both ends
  kMse,            // smallest mean squared error of int8 codes over the histogram
  kEntropy,        // smallest Kullback-Leibler divergence between histogram and codes
};
/// "minmax", "moving-average", "percentile", "mse", "entropy". Fails: kInvalidArgument, naming the known ones.
Result<Calibrator> parse_calibrator(const std::string& name);
const char* calibrator_name(Calibrator calibrator);

struct CalibratorOptions {
  Calibrator kind = Calibrator::kMinMax;
  double percentile = 99.99;  // of the values stay inside
  double decay = 0.99;        // of the moving average, per image; the first image sets it
};

/// Hull of all images. Requires: at least one.
Range minmax_range(std::span<const Range> images);
/// range += (image - range) * (1 - decay), from the first image's range on.
Range moving_average_range(std::span<const Range> images, double decay);

/// Counts of values in equal bins over [range.min, range.max], zeros apart.
struct Histogram {
  Range range;
  std::vector<int64_t> bins;
  int64_t zeros = 0;  // values equal to 0: what RELU cuts off carries no information about the range

  explicit Histogram(const Range& whole = {}, size_t count = kBins) : range(whole), bins(count) {}
  void add(std::span<const float> values);
  /// Requires: the same range and bins.
  void add(const Histogram& other);
  double width() const { return (static_cast<double>(range.max) - range.min) / static_cast<double>(bins.size()); }
  double center(size_t bin) const { return range.min + (static_cast<double>(bin) + 0.5) * width(); }

  static constexpr size_t kBins = 2048;  // eight for each int8 code
};

/// (100 - percentile) / 2 percent of all values lie below the range and as many above, to a bin.
Range percentile_range(const Histogram& histogram, double percentile);
/// Ends moved towards zero in hundredths of their distance, one after the other, while the mean squared error of the 256 codes falls.
Range mse_range(const Histogram& histogram);
/// Ends moved towards zero together: the divergence of the clipped histogram from what 256 codes can tell of it (the method of Migacz,
/// "8-bit inference with TensorRT", 2017, on 256 levels that need not be symmetric). Zeros do not count.
Range entropy_range(const Histogram& histogram);

/// The histogram methods by name. Requires: kPercentile, kMse or kEntropy.
Range histogram_range(const Histogram& histogram, const CalibratorOptions& options);

}  // namespace liteqat::quant
