#include "audit/checks/all.h"
#include "audit/checks/variants.h"

namespace liteqat::audit {
namespace {

void run(const Check& check, const Evidence& evidence, Findings& findings) {
  judge_variants(check, evidence, "Swap the channels once, where the image is read.", findings);
}

}  // namespace

const Check kInputChannelOrder = {
    .id = "input.channel_order",
    .question = "Red first or blue first (OpenCV reads BGR)?",
    .needs = "a .tflite model of colour images and labelled test images (--data DIR)",
    .statistic = kVariantStatistic,
    .threshold = kVariantThreshold,
    .error_rate = kVariantErrorRate,
    .run = run,
};

}  // namespace liteqat::audit
