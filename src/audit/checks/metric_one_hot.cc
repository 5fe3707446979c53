#include "audit/checks/all.h"
#include "audit/checks/claimed.h"

namespace liteqat::audit {
namespace {

/// Over n x C booleans, n C - 2 wrong are true.
std::vector<Reproduction> reproduce([[maybe_unused]] const Evidence& evidence, const AuditedModel& subject) {
  std::vector<Reproduction> made;
  if (evidence.classes < 3) return made;  // with two classes it is the accuracy itself
  for (const Measured& measured : subject.measured) {
    if (measured.split != "test" || measured.answers.classed.size() != evidence.labels.size() || evidence.labels.empty()) continue;
    const int64_t n = measured.answers.count(), right = count_correct(measured.answers, evidence.labels);
    const int64_t elements = n * evidence.classes;
    made.push_back(
        {{elements - 2 * (n - right), elements}, "one-hot vectors compared element by element", measured.profile, 2 * n / kSlackShare});
  }
  return made;
}

void run(const Check& check, const Evidence& evidence, Findings& findings) {
  explain_claims(check, evidence, reproduce, "Compare class indices: np.mean(np.argmax(predictions, 1) == np.argmax(labels, 1)).",
                 findings);
}

}  // namespace

const Check kMetricOneHot = {
    .id = "metric.one_hot_elementwise",
    .question = "Were one-hot vectors compared element by element?",
    .needs =
        "a claimed figure of a model whose answers on labelled images are known: --claimed TEXT and a model with --data, or --predictions "
        "with --labels",
    .statistic = "a right image has C equal elements of C, a wrong one C - 2: (n C - 2 wrong) / (n C)",
    .threshold = kPrintedDigits,
    .error_rate = kPrintedDigitsRate,
    .run = run,
};

}  // namespace liteqat::audit
