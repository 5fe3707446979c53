#include "stats/intervals.h"

#include <algorithm>
#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/normal.hpp>
#include <cmath>

#include "base/check.h"

namespace liteqat::stats {

Bounds wilson_interval_of(double proportion, double total, double level) {
  LITEQAT_CHECK(total > 0 && proportion >= 0 && proportion <= 1 && level > 0 && level < 1);
  const double z = boost::math::quantile(boost::math::normal(), 0.5 + level / 2);
  const double p = proportion, n = total;
  const double center = (p + z * z / (2 * n)) / (1 + z * z / n);
  const double half = z / (1 + z * z / n) * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  // The formula gives exactly 0 and 1 at the ends; rounding may miss them by an ulp.
  return {p == 0 ? 0.0 : std::max(0.0, center - half), p == 1 ? 1.0 : std::min(1.0, center + half)};
}

Bounds wilson_interval(int64_t correct, int64_t total, double level) {
  LITEQAT_CHECK(total > 0 && correct >= 0 && correct <= total);
  return wilson_interval_of(static_cast<double>(correct) / static_cast<double>(total), static_cast<double>(total), level);
}

Bounds clopper_pearson_interval(int64_t correct, int64_t total, double level) {
  LITEQAT_CHECK(total > 0 && correct >= 0 && correct <= total && level > 0 && level < 1);
  const double tail = (1 - level) / 2;
  const auto k = static_cast<double>(correct);
  const auto n = static_cast<double>(total);
  const double low = correct == 0 ? 0.0 : boost::math::quantile(boost::math::beta_distribution<>(k, n - k + 1), tail);
  const double high = correct == total ? 1.0 : boost::math::quantile(boost::math::beta_distribution<>(k + 1, n - k), 1 - tail);
  return {low, high};
}

}  // namespace liteqat::stats
