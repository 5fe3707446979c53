// What a paired comparison says in words: noise.within_sampling_error, noise.equivalent, noise.underpowered, quant.flips_by_class and
// report.identical_figures of one pair. Pure functions.
#pragma once

#include <vector>

#include "results/comparison.h"

namespace liteqat::audit {

/// A gap is real below this p of the exact McNemar test (Holm-adjusted where several pairs are compared); equivalence below it too.
inline constexpr double kSignificant = 0.05;

void add_pair_findings(const results::PairComparison& pair, std::vector<results::Finding>& findings);

}  // namespace liteqat::audit
