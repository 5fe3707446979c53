#include "audit/checks/all.h"
#include "audit/checks/pairs.h"

namespace liteqat::audit {

const Check kQuantFlipsByClass = {
    .id = "quant.flips_by_class",
    .question = "Does one class lose what the average hides?",
    .needs = kPairNeeds,
    .statistic = "exact McNemar within each class",
    .threshold =
        "p < 0.05, Bonferroni-adjusted over classes and pairs, is a doubt; clear where one of the two was trained further (by a "
        "run's names, or weights that are not the float twin's rounded), which moves classes, and between two float models",
    .error_rate = "0.05 per audit under equality; never a problem",
    .run = add_pair_findings_of,
};

}  // namespace liteqat::audit
