#include "audit/checks/all.h"
#include "audit/checks/variants.h"

namespace liteqat::audit {
namespace {

void run(const Check& check, const Evidence& evidence, Findings& findings) {
  judge_variants(check, evidence, "Round before the cast: np.round(x / scale + zero_point).clip(low, high).astype(...).", findings);
}

}  // namespace

const Check kInputTruncatedQuantization = {
    .id = "input.truncated_quantization",
    .question = "Is the input rounded to its code, or cut off by a cast?",
    .needs = "a .tflite model with an integer input and labelled test images (--data DIR)",
    .statistic = kVariantStatistic,
    .threshold = kVariantThreshold,
    .error_rate = kVariantErrorRate,
    .run = run,
};

}  // namespace liteqat::audit
