#include "stats/clusters.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>

#include "base/check.h"

namespace liteqat::stats {
namespace {

double normal_quantile(double share) {
  return boost::math::quantile(boost::math::normal(), share);
}

double upper_tail(const boost::math::students_t& student, double t) {
  return boost::math::cdf(boost::math::complement(student, t));
}

double power_quantiles(const PowerGoal& goal) {
  LITEQAT_CHECK(goal.alpha > 0 && goal.alpha < 1 && goal.power > 0 && goal.power < 1);
  return normal_quantile(1 - goal.alpha / 2) + normal_quantile(goal.power);
}

}  // namespace

ClusteredMean clustered_mean(std::span<const Cluster> clusters) {
  LITEQAT_CHECK(clusters.size() >= 2);
  int64_t sum = 0;
  ClusteredMean mean;
  for (const Cluster& cluster : clusters) {
    LITEQAT_CHECK(cluster.total > 0);
    sum += cluster.sum, mean.total += cluster.total;
  }
  mean.clusters = static_cast<int64_t>(clusters.size());
  const auto total = static_cast<double>(mean.total), m = static_cast<double>(mean.clusters);
  mean.value = static_cast<double>(sum) / total;
  double squares = 0;
  for (const Cluster& cluster : clusters) {
    const double residual = static_cast<double>(cluster.sum) - mean.value * static_cast<double>(cluster.total);
    squares += residual * residual;
  }
  mean.variance = m / (m - 1) * squares / (total * total);
  return mean;
}

ClusteredProportion clustered_proportion(std::span<const Cluster> clusters, double level) {
  LITEQAT_CHECK(level > 0 && level < 1);
  for (const Cluster& cluster : clusters) LITEQAT_CHECK(cluster.sum >= 0 && cluster.sum <= cluster.total);
  const ClusteredMean mean = clustered_mean(clusters);
  const auto total = static_cast<double>(mean.total), m = static_cast<double>(mean.clusters);
  const double independent = mean.value * (1 - mean.value) / total;
  ClusteredProportion result = {.value = mean.value};
  result.design_effect = independent > 0 ? std::max(1.0, mean.variance / independent) : total / m;
  result.effective_total = total / result.design_effect;
  const double z = normal_quantile(0.5 + level / 2), t = boost::math::quantile(boost::math::students_t(m - 1), 0.5 + level / 2);
  const double images = result.effective_total * (z / t) * (z / t);
  result.interval = wilson_interval_of(mean.value, images, level);
  return result;
}

ClusteredDifference clustered_difference(std::span<const Cluster> clusters, double level, double margin) {
  LITEQAT_CHECK(level > 0 && level < 1 && margin > 0 && margin < 1);
  ClusteredDifference difference = {.mean = clustered_mean(clusters)};
  const double value = difference.mean.value, error = std::sqrt(difference.mean.variance);
  if (error == 0) {
    difference.interval = {value, value};
    difference.p = value == 0 ? 1 : 0;
    difference.equivalence_p = std::fabs(value) < margin ? 0 : 1;
    return difference;
  }
  const boost::math::students_t student(static_cast<double>(difference.mean.clusters - 1));
  const double half = boost::math::quantile(student, 0.5 + level / 2) * error;
  difference.interval = {std::max(-1.0, value - half), std::min(1.0, value + half)};
  difference.p = std::min(1.0, 2 * upper_tail(student, std::fabs(value) / error));
  difference.equivalence_p = std::max(upper_tail(student, (value + margin) / error), upper_tail(student, (margin - value) / error));
  return difference;
}

std::optional<int64_t> clusters_needed(const ClusteredMean& difference, double gap, const PowerGoal& goal) {
  if (gap == 0 || difference.variance == 0) return std::nullopt;
  const double root = power_quantiles(goal) / gap;
  const double clusters = std::ceil(root * root * difference.variance * static_cast<double>(difference.clusters));
  constexpr double kLargest = 9007199254740992.0;  // 2^53: every whole double up to here is exact
  return clusters <= kLargest ? std::optional(static_cast<int64_t>(clusters)) : std::nullopt;
}

std::optional<double> smallest_clustered_gap(const ClusteredMean& difference, const PowerGoal& goal) {
  if (difference.variance == 0) return std::nullopt;
  const double gap = power_quantiles(goal) * std::sqrt(difference.variance);
  return gap <= 1 ? std::optional(gap) : std::nullopt;
}

}  // namespace liteqat::stats
