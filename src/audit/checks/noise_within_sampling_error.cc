#include "audit/checks/all.h"
#include "audit/checks/pairs.h"

namespace liteqat::audit {

const Check kNoiseWithinSamplingError = {
    .id = "noise.within_sampling_error",
    .question = "Is the gap between two models more than chance?",
    .needs = kPairNeeds,
    .statistic = "exact McNemar test on the images that change sides",
    .threshold = "Holm-adjusted p < 0.05 is a doubt: the gap is real",
    .error_rate = "0.05 per run under equality; never a problem",
    .run = add_pair_findings_of,
};

}  // namespace liteqat::audit
