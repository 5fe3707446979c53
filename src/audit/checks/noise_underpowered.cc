#include "audit/checks/all.h"
#include "audit/checks/pairs.h"

namespace liteqat::audit {

const Check kNoiseUnderpowered = {
    .id = "noise.underpowered",
    .question = "Are there enough images to see the gap?",
    .needs = kPairNeeds,
    .statistic = "smallest gap seen with 80 % power at the observed discordance (Connor 1987)",
    .threshold = "a doubt where neither a difference nor equivalence is shown",
    .error_rate = "never a problem",
    .run = add_pair_findings_of,
};

}  // namespace liteqat::audit
