#include "stats/mcnemar_limit.h"

#include <algorithm>
#include <cstdlib>

#include "base/check.h"
#include "stats/comparisons.h"

namespace liteqat::stats {

std::optional<int64_t> largest_significant_discordance(int64_t correct_a, int64_t correct_b, int64_t total, double alpha) {
  LITEQAT_CHECK(correct_a >= 0 && correct_b >= 0 && correct_a <= total && correct_b <= total && alpha > 0 && alpha < 1);
  const int64_t net = std::abs(correct_a - correct_b);
  // With `losses` images right only in the worse model, net + losses are right only in the better one. At a fixed net difference p grows
  // with the losses: the same excess is spread over more tosses of the coin.
  const int64_t most_losses = std::min(std::min(correct_a, correct_b), total - std::max(correct_a, correct_b));
  const auto significant = [&](int64_t losses) { return mcnemar_exact_p(net + losses, losses) < alpha; };
  if (!significant(0)) return std::nullopt;
  int64_t low = 0, high = most_losses + 1;
  while (high - low > 1) {
    const int64_t middle = low + (high - low) / 2;
    (significant(middle) ? low : high) = middle;
  }
  return net + 2 * low;
}

}  // namespace liteqat::stats
