// What can be said about a paired comparison when only the two counts are known.
#pragma once

#include <cstdint>
#include <optional>

namespace liteqat::stats {

/// The largest number of discordant images (right in exactly one of two models) for which the exact McNemar test gives p < alpha, when a
/// and b have correct_a and correct_b right of the same `total` images. The net difference fixes the parity; more than the counts allow
/// is not reported. Empty if no discordance gives p < alpha. Requires: 0 <= counts <= total, 0 < alpha < 1.
std::optional<int64_t> largest_significant_discordance(int64_t correct_a, int64_t correct_b, int64_t total, double alpha);

}  // namespace liteqat::stats
