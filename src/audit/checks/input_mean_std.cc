#include "audit/checks/all.h"
#include "audit/checks/variants.h"

namespace liteqat::audit {
namespace {

void run(const Check& check, const Evidence& evidence, Findings& findings) {
  judge_variants(check, evidence, "Use the training pipeline's mean and standard deviation, and write them into the model's metadata.",
                 findings);
}

}  // namespace

const Check kInputMeanStd = {
    .id = "input.mean_std",
    .question = "Does the model get the mean and standard deviation it was trained with?",
    .needs = kVariantNeeds,
    .statistic = kVariantStatistic,
    .threshold = kVariantThreshold,
    .error_rate = kVariantErrorRate,
    .run = run,
};

}  // namespace liteqat::audit
