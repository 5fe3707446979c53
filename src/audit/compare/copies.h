// A paired comparison on pictures and their altered copies, which are no independent images: the tests of stats/clusters.h in place of
// McNemar's and Tango's.
#pragma once

#include <span>

#include "audit/compare/compare.h"

namespace liteqat::audit {

/// Replaces intervals, p values, equivalence and images needed of a labelled pair by those of the pictures. Image i is a form of picture
/// i % options.pictures. Requires: at least two pictures, their number divides that of the images.
void test_copies(const Answers& a, const Answers& b, std::span<const int32_t> labels, const CompareOptions& options,
                 results::PairComparison& pair);

}  // namespace liteqat::audit
