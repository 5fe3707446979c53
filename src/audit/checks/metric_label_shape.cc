#include "audit/checks/all.h"
#include "audit/checks/claimed.h"

namespace liteqat::audit {
namespace {

/// The N x N comparison, averaged over all pairs or divided by N.
std::vector<Reproduction> reproduce([[maybe_unused]] const Evidence& evidence, const AuditedModel& subject) {
  std::vector<Reproduction> made;
  for (const Measured& measured : subject.measured) {
    if (measured.split != "test" || measured.answers.classed.size() != evidence.labels.size() || evidence.labels.empty()) continue;
    const int64_t n = measured.answers.count(), right = count_correct(measured.answers, evidence.labels);
    std::vector<int64_t> labelled(static_cast<size_t>(evidence.classes)), answered(labelled.size());
    for (size_t i = 0; i < evidence.labels.size(); ++i) {
      ++labelled[static_cast<size_t>(evidence.labels[i])];
      if (measured.answers.classed[i] < evidence.classes) ++answered[static_cast<size_t>(measured.answers.classed[i])];
    }
    int64_t pairs = 0;
    for (size_t c = 0; c < labelled.size(); ++c) pairs += labelled[c] * answered[c];
    if (right == n) continue;
    made.push_back({{pairs, n * n}, "labels of shape (N,1) broadcast against predictions of shape (N,)", measured.profile});
    made.push_back({{pairs, n}, "the sum of such a comparison divided by N alone", measured.profile});
  }
  return made;
}

void run(const Check& check, const Evidence& evidence, Findings& findings) {
  explain_claims(check, evidence, reproduce, "Flatten the labels first: labels.reshape(-1).", findings);
}

}  // namespace

const Check kMetricLabelShape = {
    .id = "metric.label_shape_broadcast",
    .question = "Were labels of shape (N,1) compared with predictions of shape (N,)?",
    .needs =
        "a claimed figure of a model whose answers on labelled images are known: --claimed TEXT and a model with --data, or --predictions "
        "with --labels",
    .statistic = "the comparison becomes N x N: pairs of equal class over N^2, or over N when only the sum is divided",
    .threshold = kPrintedDigits,
    .error_rate = kPrintedDigitsRate,
    .run = run,
};

}  // namespace liteqat::audit
