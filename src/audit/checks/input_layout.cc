#include "audit/checks/all.h"
#include "audit/checks/variants.h"

namespace liteqat::audit {
namespace {

void run(const Check& check, const Evidence& evidence, Findings& findings) {
  judge_variants(check, evidence, "Transpose to NHWC: images.transpose(0, 2, 3, 1).", findings);
}

}  // namespace

const Check kInputLayout = {
    .id = "input.layout",
    .question = "Are the bytes laid out as the model takes them (NHWC, rows first)?",
    .needs = kVariantNeeds,
    .statistic = kVariantStatistic,
    .threshold = kVariantThreshold,
    .error_rate = kVariantErrorRate,
    .run = run,
};

}  // namespace liteqat::audit
