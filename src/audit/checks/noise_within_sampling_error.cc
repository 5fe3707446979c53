#include "audit/checks/all.h"
#include "audit/checks/pairs.h"

namespace liteqat::audit {

const Check kNoiseWithinSamplingError = {
    .id = "noise.within_sampling_error",
    .question = "Is the gap between two models more than chance?",
    .needs = kPairNeeds,
    .statistic = "exact McNemar test on the images that change sides",
    .threshold =
        "none: Holm-adjusted p < 0.05 says that the gap is real, which is no fault; `evidence.within` is 1 where it is within chance",
    .error_rate = "0.05 per run of calling a chance gap real; never a doubt",
    .run = add_pair_findings_of,
};

}  // namespace liteqat::audit
