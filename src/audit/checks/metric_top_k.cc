#include "audit/checks/all.h"
#include "audit/checks/claimed.h"
#include "base/format.h"

namespace liteqat::audit {
namespace {

/// Top-k counts.
std::vector<Reproduction> reproduce([[maybe_unused]] const Evidence& evidence, const AuditedModel& subject) {
  std::vector<Reproduction> made;
  for (const Measured& measured : subject.measured) {
    if (measured.split != "test" || measured.answers.classed.size() != evidence.labels.size() || evidence.labels.empty()) continue;
    const int64_t n = measured.answers.count(), right = count_correct(measured.answers, evidence.labels);
    if (measured.answers.scores.empty()) continue;
    std::vector<int64_t> within(6);
    const auto classes = static_cast<size_t>(measured.answers.classes);
    for (size_t i = 0; i < evidence.labels.size(); ++i) {
      const float* row = measured.answers.scores.data() + i * classes;
      const auto label = static_cast<size_t>(evidence.labels[i]);
      size_t rank = 0;
      for (size_t c = 0; c < classes; ++c) rank += row[c] > row[label] || (row[c] == row[label] && c < label);
      for (size_t k = rank + 1; k < within.size(); ++k) ++within[k];
    }
    for (size_t k = 2; k < within.size() && k < classes; ++k) {
      if (within[k] != right) made.push_back({{within[k], n}, format("the label among the {} largest scores", k), measured.profile});
    }
  }
  return made;
}

void run(const Check& check, const Evidence& evidence, Findings& findings) {
  explain_claims(check, evidence, reproduce, "Say top-k, or take the largest score alone.", findings);
}

}  // namespace

const Check kMetricTopK = {
    .id = "metric.top_k",
    .question = "Is it the share of images whose label is among the k largest scores?",
    .needs =
        "a claimed figure of a model whose answers on labelled images are known: --claimed TEXT and a model with --data, or --predictions "
        "with --labels",
    .statistic = "top-k accuracy for k = 2..5, ties decided by the lower index",
    .threshold = kPrintedDigits,
    .error_rate = kPrintedDigitsRate,
    .run = run,
};

}  // namespace liteqat::audit
