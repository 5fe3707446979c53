// Findings of compare on the pairs of models an audit has: shared by noise.* and two more checks.
#pragma once

#include "audit/checks/check.h"

namespace liteqat::audit {

/// The findings with this check's id from comparing every model with the first float one (the first model where there is none), and a run's
/// qat with its qat_int8, on labelled test images, adjusted over the pairs. Where one of the two is known to have been trained further, by
/// the run's names or by weights that are not the float twin's rounded, what that explains is clear and says so.
void add_pair_findings_of(const Check& check, const Evidence& evidence, Findings& findings);

inline constexpr const char* kPairNeeds = "two models or prediction files on the same labelled images";

}  // namespace liteqat::audit
