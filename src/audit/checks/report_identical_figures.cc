#include "audit/checks/all.h"
#include "audit/checks/pairs.h"

namespace liteqat::audit {

const Check kReportIdenticalFigures = {
    .id = "report.identical_figures",
    .question = "Do two models answer exactly alike, as one model twice would?",
    .needs = kPairNeeds,
    .statistic = "scores that are equal; of class indices, images given the same class",
    .threshold =
        "all of them is a doubt; the same classes with other scores are clear, and so are a run's formats of one float model "
        "and a quantization-aware model with its integer form",
    .error_rate =
        "0 for two models with scores; of class indices alone, two models that differ by a share d of the answers are named with "
        "probability (1 - d)^n",
    .run = add_pair_findings_of,
};

}  // namespace liteqat::audit
