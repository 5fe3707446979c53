#include "audit/checks/all.h"
#include "audit/checks/pairs.h"

namespace liteqat::audit {

const Check kReportIdenticalFigures = {
    .id = "report.identical_figures",
    .question = "Do two models answer exactly alike, as one model twice would?",
    .needs = kPairNeeds,
    .statistic = "images given the same class",
    .threshold = "all of them is a doubt",
    .error_rate = "models that differ in one image are never named",
    .run = add_pair_findings_of,
};

}  // namespace liteqat::audit
