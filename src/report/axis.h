// A linear axis with round ticks that covers the data. Values that are not finite are left out.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace liteqat::report {

struct Axis {
  double low = 0, high = 1, step = 1;
  std::vector<double> ticks;  // low and high included
  int decimals = 0;           // digits that tell neighbouring ticks apart

  /// 0 at low, 1 at high.
  double position(double value) const { return (value - low) / (high - low); }
  std::string tick_text(double tick) const;
};

struct AxisRequest {
  int intervals = 4;  // about how many steps
  double floor = -1e300, ceiling = 1e300;
  double smallest_span = 1e-6;
};

Axis make_axis(std::span<const double> values, const AxisRequest& request);

}  // namespace liteqat::report
