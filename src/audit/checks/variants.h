// The test images fed in another way: shared by the input.* checks.
#pragma once

#include "audit/checks/check.h"

namespace liteqat::audit {

/// Looks at the subject's variants of this check: `problem` when one prints a claim that is not right (as claimed.h), when a prediction
/// file holds its answers (answer_file.h), or when it is better than the model's own convention by at least two points with an exact
/// McNemar p below 1e-6; else `clear`, naming the best. Nothing where no variant was made.
void judge_variants(const Check& check, const Evidence& evidence, const std::string& advice, Findings& findings);

inline constexpr const char* kVariantStatistic =
    "right test answers with the images fed that way, paired with those fed as the model's convention says";
inline constexpr const char* kVariantThreshold =
    "a variant is a problem when it prints the claimed digits and the convention does not, when a prediction file holds its answers and "
    "differs from the model's own by more than 5 % (a doubt below), or when it is better by 2 points and more with exact McNemar p < 1e-6, "
    "unless the float twin, fed as the convention says, is right on more still";
inline constexpr const char* kVariantErrorRate = "1e-6 per variant under equality; about ten variants a model";
inline constexpr const char* kVariantNeeds = "a .tflite model and labelled test images (--data DIR)";

}  // namespace liteqat::audit
