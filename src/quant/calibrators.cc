#include "quant/calibrators.h"

#include <algorithm>
#include <cmath>

namespace liteqat::quant {
namespace {

constexpr Calibrator kAll[] = {Calibrator::kMinMax, Calibrator::kMovingAverage, Calibrator::kPercentile, Calibrator::kMse,
                               Calibrator::kEntropy};

}  // namespace

const char* calibrator_name(Calibrator calibrator) {
  switch (calibrator) {
    case Calibrator::kMinMax:
      return "minmax";
    case Calibrator::kMovingAverage:
      return "moving-average";
    case Calibrator::kPercentile:
      return "percentile";
    case Calibrator::kMse:
      return "mse";
    case Calibrator::kEntropy:
      return "entropy";
  }
  return "";
}

Result<Calibrator> parse_calibrator(const std::string& name) {
  for (Calibrator calibrator : kAll) {
    if (name == calibrator_name(calibrator)) return calibrator;
  }
  return error(Code::kInvalidArgument, "unknown calibrator \"{}\": expected minmax, moving-average, percentile, mse or entropy", name);
}

Range minmax_range(std::span<const Range> images) {
  LITEQAT_CHECK(!images.empty());
  Range range = images[0];
  for (const Range& image : images) range = hull(range, image);
  return range;
}

Range moving_average_range(std::span<const Range> images, double decay) {
  LITEQAT_CHECK(!images.empty());
  double min = images[0].min, max = images[0].max;
  for (const Range& image : images.subspan(1)) {
    min += (image.min - min) * (1 - decay);
    max += (image.max - max) * (1 - decay);
  }
  return {static_cast<float>(min), static_cast<float>(max)};
}

void Histogram::add(std::span<const float> values) {
  const double per_unit = width() > 0 ? 1 / width() : 0;
  const double last = static_cast<double>(bins.size() - 1);
  for (float value : values) {
    if (value == 0.0f) {
      ++zeros;
    } else {
      ++bins[static_cast<size_t>(std::clamp((static_cast<double>(value) - range.min) * per_unit, 0.0, last))];
    }
  }
}

void Histogram::add(const Histogram& other) {
  LITEQAT_CHECK(range == other.range && bins.size() == other.bins.size());
  zeros += other.zeros;
  for (size_t bin = 0; bin < bins.size(); ++bin) bins[bin] += other.bins[bin];
}

Range percentile_range(const Histogram& histogram, double percentile) {
  int64_t total = histogram.zeros;
  for (int64_t count : histogram.bins) total += count;
  const double outside = static_cast<double>(total) * (100 - percentile) / 200;
  const auto cut = [&](auto bin_at) {
    double sum = 0;
    size_t bins = 0;
    while (bins < histogram.bins.size() && sum + static_cast<double>(histogram.bins[bin_at(bins)]) <= outside) {
      sum += static_cast<double>(histogram.bins[bin_at(bins++)]);
    }
    return static_cast<double>(bins);
  };
  const size_t last = histogram.bins.size() - 1;
  const double below = cut([](size_t bin) { return bin; }), above = cut([&](size_t bin) { return last - bin; });
  const double min = histogram.range.min + below * histogram.width(), max = histogram.range.max - above * histogram.width();
  return {static_cast<float>(std::min(min, 0.0)), static_cast<float>(std::max(max, 0.0))};
}

Range histogram_range(const Histogram& histogram, const CalibratorOptions& options) {
  if (options.kind == Calibrator::kPercentile) return percentile_range(histogram, options.percentile);
  return options.kind == Calibrator::kMse ? mse_range(histogram) : entropy_range(histogram);
}

}  // namespace liteqat::quant
