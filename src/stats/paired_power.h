// How many images a paired comparison needs, and which gap a given set can show: normal approximation to McNemar's test. Source: R. J.
// Connor, Sample size for testing differences in proportions for the paired-sample design, Biometrics 43 (1987) 207-211, equation 3.
#pragma once

#include <cstdint>
#include <optional>

namespace liteqat::stats {

/// Two-sided level of the test and the probability of seeing the gap.
struct PowerGoal {
  double alpha = 0.05, power = 0.8;
};

/// Images for a true gap |p_a - p_b| when a share `discordance` of the images is right in exactly one model, rounded up; empty if the gap
/// is 0 or larger than the discordance allows, or the number passes 2^53. Requires: 0 <= gap <= 1, 0 <= discordance <= 1.
std::optional<int64_t> paired_images_needed(double gap, double discordance, const PowerGoal& goal);

/// The smallest true gap that `total` images show; empty if not even all discordant images on one side would. Requires: total > 0.
std::optional<double> smallest_paired_gap(int64_t total, double discordance, const PowerGoal& goal);

}  // namespace liteqat::stats
