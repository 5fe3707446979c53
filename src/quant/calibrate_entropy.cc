#include <algorithm>
#include <cmath>

#include "quant/calibrators.h"

namespace liteqat::quant {
namespace {

constexpr size_t kCodes = 256;
constexpr int kCutSteps = 100, kFewestSteps = 10;  // hundredths of the ends' distance from zero, as in calibrate_mse.cc

/// Divergence of the bins [begin, end), with what lies outside added to the first and the last of them, from the same mass spread evenly
/// over the occupied bins of each of 256 groups. The spread mass is that inside alone, which is what makes clipping cost something.
double divergence(const std::vector<int64_t>& bins, size_t begin, size_t end) {
  const size_t count = end - begin;
  std::vector<double> clipped(bins.begin() + static_cast<std::ptrdiff_t>(begin), bins.begin() + static_cast<std::ptrdiff_t>(end));
  const std::vector<double> inside = clipped;
  double total = 0, inside_total = 0;
  for (size_t bin = 0; bin < bins.size(); ++bin) {
    total += static_cast<double>(bins[bin]);
    if (bin < begin) clipped.front() += static_cast<double>(bins[bin]);
    if (bin >= end) clipped.back() += static_cast<double>(bins[bin]);
  }
  for (double mass : inside) inside_total += mass;
  if (inside_total <= 0) return INFINITY;
  double sum = 0;
  for (size_t level = 0; level < kCodes; ++level) {
    const size_t first = level * count / kCodes, last = (level + 1) * count / kCodes;
    double mass = 0;
    size_t occupied = 0;
    for (size_t bin = first; bin < last; ++bin) mass += inside[bin], occupied += clipped[bin] > 0;
    for (size_t bin = first; bin < last; ++bin) {
      if (clipped[bin] <= 0) continue;
      // An occupied bin in a group without mass of its own: one value's worth, so that the divergence stays finite.
      const double spread = std::max(mass, 1.0) / static_cast<double>(occupied) / inside_total;
      sum += clipped[bin] / total * std::log(clipped[bin] / total / spread);
    }
  }
  return sum;
}

}  // namespace

Range entropy_range(const Histogram& histogram) {
  const double min = std::min(histogram.range.min, 0.0f), max = std::max(histogram.range.max, 0.0f);
  if (std::ranges::all_of(histogram.bins, [](int64_t count) { return count == 0; }) || histogram.width() <= 0) return histogram.range;
  Range best_range = {static_cast<float>(min), static_cast<float>(max)};
  double best = INFINITY;
  for (int step = kCutSteps; step >= kFewestSteps; --step) {
    const double share = static_cast<double>(step) / kCutSteps, width = histogram.width();
    const auto edge = [&](double value) { return std::round((value - histogram.range.min) / width); };
    const double begin = std::clamp(edge(min * share), 0.0, static_cast<double>(histogram.bins.size() - kCodes));
    const double end = std::clamp(edge(max * share), begin + kCodes, static_cast<double>(histogram.bins.size()));
    const double found = divergence(histogram.bins, static_cast<size_t>(begin), static_cast<size_t>(end));
    if (found >= best) continue;
    best = found;
    best_range = {static_cast<float>(min * share), static_cast<float>(max * share)};
  }
  return best_range;
}

}  // namespace liteqat::quant
