#include "audit/checks/all.h"
#include "audit/checks/pairs.h"

namespace liteqat::audit {

const Check kNoiseEquivalent = {
    .id = "noise.equivalent",
    .question = "Are two models equivalent within one point?",
    .needs = kPairNeeds,
    .statistic = "two one-sided score tests (Tango 1998) at a margin of 0.01",
    .threshold = "p < 0.05 shows equivalence; a doubt where it is not shown, unless the gap is real and one of the two was trained further",
    .error_rate =
        "0.05 of calling models equivalent that are a point apart; equal models are doubted with one less the test's power, above a "
        "half below some 540 images at 1 % discordance and 2,700 at 5 %; never a problem",
    .run = add_pair_findings_of,
};

}  // namespace liteqat::audit
