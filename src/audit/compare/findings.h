// What a paired comparison says in words: noise.within_sampling_error, noise.equivalent, noise.underpowered, quant.flips_by_class and
// report.identical_figures of one pair. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "results/comparison.h"

namespace liteqat::audit {

/// A gap is real below this p of the exact McNemar test (Holm-adjusted where several pairs are compared); equivalence below it too.
inline constexpr double kSignificant = 0.05;

/// One is the integer form of the other, a quantization-aware model, by their names: "qat" and "qat_int8", in any order. Deployment should
/// give the same answers.
bool is_deployment(const std::string& a, const std::string& b);

void add_pair_findings(const results::PairComparison& pair, std::vector<results::Finding>& findings);

}  // namespace liteqat::audit
