#include "audit/checks/all.h"
#include "audit/checks/variants.h"

namespace liteqat::audit {
namespace {

void run(const Check& check, const Evidence& evidence, Findings& findings) {
  judge_variants(check, evidence, "Feed the range that training used, and write it into the model's metadata.", findings);
}

}  // namespace

const Check kInputScale = {
    .id = "input.scale",
    .question = "Does the model get pixels in the range it was trained with (0..255, 0..1, -1..1)?",
    .needs = kVariantNeeds,
    .statistic = kVariantStatistic,
    .threshold = kVariantThreshold,
    .error_rate = kVariantErrorRate,
    .run = run,
};

}  // namespace liteqat::audit
