#include "audit/checks/all.h"
#include "audit/checks/pairs.h"

namespace liteqat::audit {

const Check kQuantFlipsByClass = {
    .id = "quant.flips_by_class",
    .question = "Does one class lose what the average hides?",
    .needs = kPairNeeds,
    .statistic = "exact McNemar within each class",
    .threshold = "Bonferroni-adjusted p < 0.05 is a doubt",
    .error_rate = "0.05 per pair under equality; never a problem",
    .run = add_pair_findings_of,
};

}  // namespace liteqat::audit
