#include "ptq/calibrate.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "numeric/finite.h"

namespace liteqat::ptq {

using graph::Graph;
using graph::TensorId;
using quant::Histogram;
using quant::Range;

namespace {

Range range_of(std::span<const float> values) {
  Range range = {values[0], values[0]};
  for (float value : values) {
    // NaN fails both comparisons and is found by its sum below.
    if (value < range.min) range.min = value;
    if (value > range.max) range.max = value;
  }
  return range;
}

/// Per tensor, the range of each image.
Result<std::vector<std::vector<Range>>> image_ranges(Observer& observer, const Graph& model, const std::vector<TensorId>& tensors,
                                                     int64_t count) {
  std::vector<std::vector<Range>> ranges(tensors.size(), std::vector<Range>(static_cast<size_t>(count)));
  LITEQAT_RETURN_IF_ERROR(observer.run(0, count, [&](int64_t image, size_t index, std::span<const float> values, int) {
    constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
    ranges[index][static_cast<size_t>(image)] = numeric::all_finite(values) ? range_of(values) : Range{kNan, kNan};
  }));
  for (size_t index = 0; index < tensors.size(); ++index) {
    for (int64_t image = 0; image < count; ++image) {
      if (!std::isnan(ranges[index][static_cast<size_t>(image)].min)) continue;
      return error(Code::kOutOfRange, "calibration image {}: tensor \"{}\" holds a value that is not finite", image,
                   model.tensor(tensors[index]).name);
    }
  }
  return ranges;
}

using Histograms = std::vector<Histogram>;

/// One set of histograms a worker; counts add up to the same in any order.
Result<Histograms> make_histograms(Observer& observer, const std::vector<Range>& wholes, int64_t count, int workers) {
  Histograms empty;
  for (const Range& whole : wholes) empty.emplace_back(whole);
  std::vector<Histograms> parts(static_cast<size_t>(workers), empty);
  LITEQAT_RETURN_IF_ERROR(observer.run(0, count, [&](int64_t, size_t index, std::span<const float> values, int worker) {
    parts[static_cast<size_t>(worker)][index].add(values);
  }));
  for (size_t worker = 1; worker < parts.size(); ++worker) {
    for (size_t index = 0; index < wholes.size(); ++index) parts[0][index].add(parts[worker][index]);
  }
  return std::move(parts[0]);
}

}  // namespace

Result<quant::Ranges> calibrate(const Graph& model, const Images& images, const quant::CalibratorOptions& options, const Machine& machine) {
  const int64_t count = images.split.count;
  if (count == 0) return error(Code::kOutOfRange, "calibration needs at least one image");
  const std::vector<TensorId> tensors = float_activations(model);
  LITEQAT_ASSIGN_OR_RETURN(Observer observer, Observer::make(model, tensors, images, machine));
  machine.progress.begin(format("calibrate ({})", quant::calibrator_name(options.kind)), count, "images");
  LITEQAT_ASSIGN_OR_RETURN(const auto by_image, image_ranges(observer, model, tensors, count));
  quant::Ranges ranges;
  std::vector<Range> wholes;
  for (size_t index = 0; index < tensors.size(); ++index) {
    wholes.push_back(quant::minmax_range(by_image[index]));
    const bool averaged = options.kind == quant::Calibrator::kMovingAverage;
    ranges[model.tensor(tensors[index]).name] = averaged ? quant::moving_average_range(by_image[index], options.decay) : wholes.back();
  }
  if (options.kind != quant::Calibrator::kMinMax && options.kind != quant::Calibrator::kMovingAverage) {
    LITEQAT_ASSIGN_OR_RETURN(const Histograms histograms, make_histograms(observer, wholes, count, machine.pool.threads()));
    std::vector<Range> found(tensors.size());
    machine.pool.run(static_cast<int>(tensors.size()), [&](int index, int) {
      found[static_cast<size_t>(index)] = quant::histogram_range(histograms[static_cast<size_t>(index)], options);
    });
    for (size_t index = 0; index < tensors.size(); ++index) ranges[model.tensor(tensors[index]).name] = found[index];
  }
  machine.progress.end("");
  return ranges;
}

Result<quant::ChannelPeaks> find_peaks(const Graph& model, const std::vector<TensorId>& tensors, const Images& images,
                                       const Machine& machine) {
  LITEQAT_ASSIGN_OR_RETURN(Observer observer, Observer::make(model, tensors, images, machine));
  std::vector<std::vector<std::vector<float>>> parts(static_cast<size_t>(machine.pool.threads()));
  for (auto& part : parts) {
    for (TensorId id : tensors) part.emplace_back(static_cast<size_t>(model.tensor(id).shape.back()), -std::numeric_limits<float>::max());
  }
  LITEQAT_RETURN_IF_ERROR(observer.run(0, images.split.count, [&](int64_t, size_t index, std::span<const float> values, int worker) {
    std::vector<float>& peaks = parts[static_cast<size_t>(worker)][index];
    for (size_t i = 0; i < values.size(); ++i) peaks[i % peaks.size()] = std::max(peaks[i % peaks.size()], values[i]);
  }));
  quant::ChannelPeaks peaks;
  for (size_t index = 0; index < tensors.size(); ++index) {
    std::vector<float> all = parts[0][index];
    for (const auto& part : parts) {
      for (size_t channel = 0; channel < all.size(); ++channel) all[channel] = std::max(all[channel], part[index][channel]);
    }
    peaks[model.tensor(tensors[index]).name] = std::move(all);
  }
  return peaks;
}

}  // namespace liteqat::ptq
