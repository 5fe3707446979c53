#include "stats/paired_difference.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/tools/toms748_solve.hpp>
#include <cmath>

#include "base/check.h"

namespace liteqat::stats {
namespace {

void check_counts(const PairedCounts& counts) {
  LITEQAT_CHECK(counts.total > 0 && counts.only_a >= 0 && counts.only_b >= 0 && counts.only_a + counts.only_b <= counts.total);
}

/// Tango's q21, the maximum-likelihood probability that only b is right, given the difference (equation 12).
double restricted_only_b(double only_a, double only_b, double n, double difference) {
  const double a = 2 * n;
  const double b = -only_a - only_b + (2 * n - only_a + only_b) * difference;
  const double c = -only_b * difference * (1 - difference);
  const double root = std::sqrt(std::max(0.0, b * b - 4 * a * c));
  // The larger root, in the form that does not cancel.
  const double larger = b > 0 ? -2 * c / (b + root) : (root - b) / (2 * a);
  return std::max(larger, std::max(0.0, -difference));  // p12 = q21 + difference is a probability too
}

/// The difference in [low, high] at which the falling score equals z. Requires: the score is >= z at low and <= z at high.
double solve_score(const PairedCounts& counts, double z, double low, double high) {
  const auto excess = [&](double difference) { return paired_score(counts, difference) - z; };
  uintmax_t steps = 200;
  const auto [left, right] = boost::math::tools::toms748_solve(excess, low, high, boost::math::tools::eps_tolerance<double>(50), steps);
  return 0.5 * (left + right);
}

constexpr double kEdge = 1e-12;  // the statistic's variance is 0 at -1 and 1

}  // namespace

double paired_score(const PairedCounts& counts, double difference) {
  check_counts(counts);
  const auto only_a = static_cast<double>(counts.only_a), only_b = static_cast<double>(counts.only_b);
  const auto n = static_cast<double>(counts.total);
  const double distance = only_a - only_b - n * difference;
  if (distance == 0) return 0;
  const double q = restricted_only_b(only_a, only_b, n, difference);
  return distance / std::sqrt(n * (2 * q + difference * (1 - difference)));
}

Bounds tango_interval(const PairedCounts& counts, double level) {
  check_counts(counts);
  LITEQAT_CHECK(level > 0 && level < 1);
  const double z = boost::math::quantile(boost::math::normal(), 0.5 + level / 2);
  const double observed = static_cast<double>(counts.only_a - counts.only_b) / static_cast<double>(counts.total);
  Bounds bounds = {-1, 1};
  if (observed > -1 + kEdge && paired_score(counts, -1 + kEdge) > z) bounds.low = solve_score(counts, z, -1 + kEdge, observed);
  if (observed < 1 - kEdge && paired_score(counts, 1 - kEdge) < -z) bounds.high = solve_score(counts, -z, observed, 1 - kEdge);
  return bounds;
}

double equivalence_p(const PairedCounts& counts, double margin) {
  LITEQAT_CHECK(margin > 0 && margin < 1);
  const boost::math::normal standard;
  const double below = boost::math::cdf(boost::math::complement(standard, paired_score(counts, -margin)));
  const double above = boost::math::cdf(standard, paired_score(counts, margin));
  return std::max(below, above);
}

}  // namespace liteqat::stats
