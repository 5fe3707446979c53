#include "stats/clusters.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>

#include "base/check.h"

namespace liteqat::stats {

ClusteredProportion clustered_proportion(std::span<const Cluster> clusters, double level) {
  LITEQAT_CHECK(clusters.size() >= 2 && level > 0 && level < 1);
  double correct = 0, total = 0;
  for (const Cluster& cluster : clusters) {
    LITEQAT_CHECK(cluster.total > 0 && cluster.correct >= 0 && cluster.correct <= cluster.total);
    correct += static_cast<double>(cluster.correct), total += static_cast<double>(cluster.total);
  }
  ClusteredProportion result;
  result.value = correct / total;
  double squares = 0;
  for (const Cluster& cluster : clusters) {
    const double residual = static_cast<double>(cluster.correct) - result.value * static_cast<double>(cluster.total);
    squares += residual * residual;
  }
  const auto m = static_cast<double>(clusters.size());
  const double variance = m / (m - 1) * squares / (total * total);
  const double independent = result.value * (1 - result.value) / total;
  if (independent > 0) result.design_effect = variance / independent;
  const double half = boost::math::quantile(boost::math::normal(), 0.5 + level / 2) * std::sqrt(variance);
  result.interval = {std::max(0.0, result.value - half), std::min(1.0, result.value + half)};
  return result;
}

}  // namespace liteqat::stats
