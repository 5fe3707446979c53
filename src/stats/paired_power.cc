#include "stats/paired_power.h"

#include <boost/math/distributions/normal.hpp>
#include <cmath>

#include "base/check.h"

namespace liteqat::stats {
namespace {

struct Quantiles {
  double alpha, power;
};

Quantiles quantiles(const PowerGoal& goal) {
  LITEQAT_CHECK(goal.alpha > 0 && goal.alpha < 1 && goal.power > 0 && goal.power < 1);
  const boost::math::normal standard;
  return {boost::math::quantile(standard, 1 - goal.alpha / 2), boost::math::quantile(standard, goal.power)};
}

constexpr double kLargest = 9007199254740992.0;  // 2^53: every whole double up to here is exact

}  // namespace

std::optional<int64_t> paired_images_needed(double gap, double discordance, const PowerGoal& goal) {
  LITEQAT_CHECK(gap >= 0 && gap <= 1 && discordance >= 0 && discordance <= 1);
  if (gap == 0 || gap > discordance) return std::nullopt;
  const Quantiles z = quantiles(goal);
  const double root = (z.alpha * std::sqrt(discordance) + z.power * std::sqrt(discordance - gap * gap)) / gap;
  const double images = std::ceil(root * root);
  if (images > kLargest) return std::nullopt;
  return static_cast<int64_t>(images);
}

std::optional<double> smallest_paired_gap(int64_t total, double discordance, const PowerGoal& goal) {
  LITEQAT_CHECK(total > 0 && discordance >= 0 && discordance <= 1);
  const Quantiles z = quantiles(goal);
  const auto n = static_cast<double>(total);
  // Connor's equation solved for the gap: (n + zp^2) gap^2 - 2 za sqrt(n d) gap + d (za^2 - zp^2) = 0, the larger root.
  const double half = z.alpha * std::sqrt(n * discordance);
  const double lead = n + z.power * z.power;
  const double under = half * half - lead * discordance * (z.alpha * z.alpha - z.power * z.power);
  if (discordance == 0 || under < 0) return std::nullopt;
  const double gap = (half + std::sqrt(under)) / lead;
  if (gap > discordance) return std::nullopt;
  return gap;
}

}  // namespace liteqat::stats
