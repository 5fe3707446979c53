// Two or more models on the same images: which differences are real, which are noise, and what this many images can show at all.
// Pure functions on answers; statistics are those of stats/.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "audit/answers.h"
#include "results/comparison.h"

namespace liteqat::audit {

struct CompareOptions {
  double level = 0.95;        // of the intervals
  double margin = 0.01;       // of the equivalence test, as a fraction
  std::optional<double> gap;  // the gap for which images_needed is asked; empty: the one observed
  int64_t pictures = 0;       // of altered copies: image i is a form of picture i % pictures; 0: every image is a picture
};

/// All pairs in order, p_holm adjusted over them. labels may be empty: then only agreement, flips and score differences are known.
/// Fails: kMismatch when the answers are of different numbers of images or classes, or do not fit the labels; of copies, when there are
/// fewer than two pictures or the answers are not as many for each.
Result<results::Comparison> compare(std::span<const Answers> models, std::span<const int32_t> labels, const CompareOptions& options);

}  // namespace liteqat::audit
