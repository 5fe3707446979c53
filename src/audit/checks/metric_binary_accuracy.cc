#include "audit/checks/all.h"
#include "audit/checks/claimed.h"

namespace liteqat::audit {
namespace {

/// Element-wise agreement of thresholded scores with one-hot labels.
std::vector<Reproduction> reproduce([[maybe_unused]] const Evidence& evidence, const AuditedModel& subject) {
  std::vector<Reproduction> made;
  for (const Measured& measured : subject.measured) {
    if (measured.split != "test" || measured.answers.classed.size() != evidence.labels.size() || evidence.labels.empty()) continue;
    const int64_t n = measured.answers.count(), right = count_correct(measured.answers, evidence.labels);
    if (measured.answers.scores.empty()) continue;
    const auto classes = static_cast<size_t>(measured.answers.classes);
    int64_t equal = 0;
    for (size_t i = 0; i < measured.answers.scores.size(); ++i) {
      const bool label = evidence.labels[i / classes] == static_cast<int32_t>(i % classes);
      equal += (measured.answers.scores[i] > 0.5f) == label;
    }
    if (right != n) made.push_back({{equal, n * measured.answers.classes}, "scores compared with 0.5 one by one", measured.profile});
  }
  return made;
}

void run(const Check& check, const Evidence& evidence, Findings& findings) {
  explain_claims(check, evidence, reproduce, "Use the categorical accuracy: the index of the largest score against the label.", findings);
}

}  // namespace

const Check kMetricBinaryAccuracy = {
    .id = "metric.binary_accuracy",
    .question = "Was each score compared with 0.5 by itself (Keras binary_accuracy)?",
    .needs =
        "a claimed figure of a model whose answers on labelled images are known: --claimed TEXT and a model with --data, or --predictions "
        "with --labels",
    .statistic = "equal elements of (score > 0.5) and the one-hot label, over n C",
    .threshold = kPrintedDigits,
    .error_rate = kPrintedDigitsRate,
    .run = run,
};

}  // namespace liteqat::audit
