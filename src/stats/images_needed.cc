#include "stats/images_needed.h"

#include <boost/math/distributions/normal.hpp>
#include <cmath>

#include "base/check.h"

namespace liteqat::stats {

std::optional<int64_t> images_needed_unpaired(double a, double b, double alpha, double power) {
  LITEQAT_CHECK(a >= 0 && a <= 1 && b >= 0 && b <= 1 && alpha > 0 && alpha < 1 && power > 0 && power < 1);
  if (a == b) return std::nullopt;
  const boost::math::normal standard;
  const double z_alpha = boost::math::quantile(standard, 1 - alpha / 2), z_power = boost::math::quantile(standard, power);
  const double mean = (a + b) / 2;
  const double root = z_alpha * std::sqrt(2 * mean * (1 - mean)) + z_power * std::sqrt(a * (1 - a) + b * (1 - b));
  const double images = std::ceil(root * root / ((a - b) * (a - b)));
  constexpr double kMost = 1e15;  // a difference of a few parts in 10^8
  return images < kMost ? std::optional<int64_t>(static_cast<int64_t>(images)) : std::nullopt;
}

}  // namespace liteqat::stats
