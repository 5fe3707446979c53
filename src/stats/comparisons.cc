#include "stats/comparisons.h"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <cmath>
#include <numbers>

#include "base/check.h"

namespace liteqat::stats {

double mcnemar_exact_p(int64_t only_a, int64_t only_b) {
  LITEQAT_CHECK(only_a >= 0 && only_b >= 0);
  const boost::math::binomial fair_coin(static_cast<double>(only_a + only_b), 0.5);
  return std::min(1.0, 2 * boost::math::cdf(fair_coin, static_cast<double>(std::min(only_a, only_b))));
}

double mcnemar_mid_p(int64_t only_a, int64_t only_b) {
  LITEQAT_CHECK(only_a >= 0 && only_b >= 0);
  const boost::math::binomial fair_coin(static_cast<double>(only_a + only_b), 0.5);
  const double observed = boost::math::pdf(fair_coin, static_cast<double>(std::min(only_a, only_b)));
  if (only_a == only_b) return 1 - 0.5 * observed;
  return mcnemar_exact_p(only_a, only_b) - observed;
}

ZTest two_proportion_z(int64_t correct_a, int64_t total_a, int64_t correct_b, int64_t total_b) {
  LITEQAT_CHECK(total_a > 0 && correct_a >= 0 && correct_a <= total_a);
  LITEQAT_CHECK(total_b > 0 && correct_b >= 0 && correct_b <= total_b);
  const auto n_a = static_cast<double>(total_a), n_b = static_cast<double>(total_b);
  const double pooled = static_cast<double>(correct_a + correct_b) / (n_a + n_b);
  const double variance = pooled * (1 - pooled) * (1 / n_a + 1 / n_b);
  if (variance <= 0) return {};
  const double z = (static_cast<double>(correct_a) / n_a - static_cast<double>(correct_b) / n_b) / std::sqrt(variance);
  return {.z = z, .p = std::erfc(std::fabs(z) / std::numbers::sqrt2)};
}

}  // namespace liteqat::stats
