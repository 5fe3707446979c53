#include "audit/checks/all.h"
#include "audit/checks/claimed.h"
#include "base/format.h"

namespace liteqat::audit {
namespace {

constexpr double kDoubtGap = 0.1;

void run(const Check& check, const Evidence& evidence, Findings& findings) {
  for (const AuditedModel& subject : evidence.subjects) {
    const auto test = right_count(evidence, subject, "test");
    const auto train = right_count(evidence, subject, "train");
    if (!test || !train) continue;
    const double gap = fraction(*train) - fraction(*test);
    results::Finding finding = make_finding(
        check, gap > kDoubtGap ? results::Verdict::kDoubt : results::Verdict::kClear, subject.name,
        format("{} of the training images, {} of the test images: {:.2f} points apart.", count_text(*train), count_text(*test), 100 * gap));
    if (gap > kDoubtGap)
      finding.advice = "A figure from the training images would flatter this model most: make sure which split is quoted.";
    finding.evidence["gap"] = gap;
    findings.push_back(std::move(finding));
  }
}

}  // namespace

const Check kTrainingOverfit = {
    .id = "training.overfit",
    .question = "How much better is the model on images it was trained on?",
    .needs = "a .tflite model and both splits (--data DIR)",
    .statistic = "accuracy on the training split less that on the test split",
    .threshold = "more than 10 points is a doubt; never a problem",
    .error_rate = "not a test: the gap itself",
    .run = run,
};

}  // namespace liteqat::audit
