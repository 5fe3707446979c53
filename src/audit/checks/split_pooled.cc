#include "audit/checks/all.h"
#include "audit/checks/claimed.h"

namespace liteqat::audit {
namespace {

/// Both splits in one.
std::vector<Reproduction> reproduce([[maybe_unused]] const Evidence& evidence, const AuditedModel& subject) {
  std::vector<Reproduction> made;
  for (const Measured& measured : subject.measured) {
    if (measured.split != "train" || measured.answers.classed.size() != evidence.train_labels.size()) continue;
    const int64_t n = measured.answers.count(), right = count_correct(measured.answers, evidence.train_labels);
    const Measured* test = subject.find("test", measured.profile);
    if (test == nullptr || test->answers.classed.size() != evidence.labels.size()) continue;
    const int64_t both = right + count_correct(test->answers, evidence.labels);
    made.push_back(
        {{both, n + test->answers.count()}, "its accuracy on training and test images together", measured.profile, n / kSlackShare});
  }
  return made;
}

void run(const Check& check, const Evidence& evidence, Findings& findings) {
  explain_claims(check, evidence, reproduce, "Keep the splits apart.", findings);
}

}  // namespace

const Check kSplitPooled = {
    .id = "split.pooled",
    .question = "Was it measured on training and test images together?",
    .needs = "a claimed figure and the model with its training images (--claimed TEXT, a model, --data DIR)",
    .statistic = "right answers of both splits over both sizes",
    .threshold = kPrintedDigits,
    .error_rate = kPrintedDigitsRate,
    .run = run,
};

}  // namespace liteqat::audit
