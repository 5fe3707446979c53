// Several tests at once. Source: S. Holm, A simple sequentially rejective multiple test procedure, Scand. J. Statistics 6 (1979) 65-70.
#pragma once

#include <span>
#include <vector>

namespace liteqat::stats {

/// Adjusted p values in the given order: rejecting those <= alpha keeps the family-wise error rate at alpha under any dependence.
std::vector<double> holm_adjusted(std::span<const double> p);

}  // namespace liteqat::stats
