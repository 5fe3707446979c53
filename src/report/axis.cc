#include "report/axis.h"

#include <algorithm>
#include <cmath>

#include "base/format.h"

namespace liteqat::report {
namespace {

/// The smallest of 1, 2, 5 times a power of ten that is at least `step`.
double round_step(double step) {
  const double power = std::pow(10.0, std::floor(std::log10(step)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= step * (1 - 1e-9)) return factor * power;
  }
  return 10 * power;
}

}  // namespace

std::string Axis::tick_text(double tick) const {
  return format("{:.{}f}", tick, decimals);
}

Axis make_axis(std::span<const double> values, const AxisRequest& request) {
  double low = INFINITY, high = -INFINITY;
  for (const double value : values) {
    if (!std::isfinite(value) || std::abs(value) > 1e12) continue;  // beyond any loss or percentage: ticks would lose their digits
    low = std::min(low, value);
    high = std::max(high, value);
  }
  if (low > high) low = 0, high = 1;
  const double missing = std::max(request.smallest_span, 1e-6 * std::max(std::abs(low), std::abs(high))) - (high - low);
  if (missing > 0) low -= missing / 2, high += missing / 2;

  Axis axis;
  axis.step = round_step((high - low) / request.intervals);
  double first = std::floor(low / axis.step + 1e-9), last = std::ceil(high / axis.step - 1e-9);
  first = std::max(first, std::ceil(request.floor / axis.step - 1e-9));
  last = std::min(last, std::floor(request.ceiling / axis.step + 1e-9));
  if (last <= first) last = first + 1;
  for (double tick = first; tick <= last; tick += 1) axis.ticks.push_back(tick * axis.step);
  axis.low = axis.ticks.front();
  axis.high = axis.ticks.back();
  axis.decimals = std::clamp(static_cast<int>(std::ceil(-std::log10(axis.step) - 1e-9)), 0, 9);
  return axis;
}

}  // namespace liteqat::report
