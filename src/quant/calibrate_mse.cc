#include <algorithm>
#include <cmath>

#include "quant/calibrators.h"

namespace liteqat::quant {
namespace {

constexpr double kCodeSteps = 255;  // steps between 256 codes
constexpr int kSteps = 100;         // hundredths of an end's distance from zero
constexpr int kFewest = 10;         // a tenth of the distance at least

/// Sum over the bins of count * (value - what its code stands for)^2.
double squared_error(const Histogram& histogram, double min, double max) {
  const double scale = (max - min) / kCodeSteps;
  if (scale <= 0) return INFINITY;
  const double zero_point = std::round(-min / scale);
  double sum = 0;
  for (size_t bin = 0; bin < histogram.bins.size(); ++bin) {
    if (histogram.bins[bin] == 0) continue;
    const double value = histogram.center(bin);
    const double code = std::clamp(std::round(value / scale) + zero_point, 0.0, kCodeSteps);
    const double difference = value - (code - zero_point) * scale;
    sum += static_cast<double>(histogram.bins[bin]) * difference * difference;
  }
  return sum;
}

}  // namespace

Range mse_range(const Histogram& histogram) {
  const double min = std::min(histogram.range.min, 0.0f), max = std::max(histogram.range.max, 0.0f);
  double best_min = min, best_max = max, best = squared_error(histogram, min, max);
  for (int round = 0; round < 2; ++round) {
    for (bool upper : {true, false}) {
      for (int step = kSteps; step >= kFewest; --step) {
        const double share = static_cast<double>(step) / kSteps;
        const double low = upper ? best_min : min * share, high = upper ? max * share : best_max;
        const double error = squared_error(histogram, low, high);
        if (error >= best) continue;
        best = error;
        (upper ? best_max : best_min) = upper ? high : low;
      }
    }
  }
  return {static_cast<float>(best_min), static_cast<float>(best_max)};
}

}  // namespace liteqat::quant
