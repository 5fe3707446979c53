// Findings of compare on the pairs of models an audit has: shared by noise.* and two more checks.
#pragma once

#include "audit/checks/check.h"

namespace liteqat::audit {

/// The findings with this check's id from comparing every model with the first float one (the first model where there is none), on
/// labelled test images, Holm-adjusted over the pairs.
void add_pair_findings_of(const Check& check, const Evidence& evidence, Findings& findings);

inline constexpr const char* kPairNeeds = "two models or prediction files on the same labelled images";

}  // namespace liteqat::audit
