#include "audit/checks/all.h"
#include "audit/checks/claimed.h"
#include "base/format.h"

namespace liteqat::audit {
namespace {

/// Right answers among the first `count` images.
int64_t right_before(const Measured& measured, const std::vector<int32_t>& labels, int64_t count) {
  int64_t right = 0;
  for (size_t i = 0; i < static_cast<size_t>(count); ++i) right += measured.answers.classed[i] == labels[i];
  return right;
}

/// Full batches alone.
std::vector<Reproduction> reproduce([[maybe_unused]] const Evidence& evidence, const AuditedModel& subject) {
  std::vector<Reproduction> made;
  for (const Measured& measured : subject.measured) {
    if (measured.split != "test" || measured.answers.classed.size() != evidence.labels.size() || evidence.labels.empty()) continue;
    const int64_t n = measured.answers.count(), right = count_correct(measured.answers, evidence.labels);
    for (const int64_t batch : kBatchSizes) {
      const int64_t used = n / batch * batch;
      if (used == n || used == 0) continue;
      const int64_t before = right_before(measured, evidence.labels, used);
      if (before == right) continue;
      made.push_back({{before, used}, format("the accuracy of the first {} images (batch size {})", used, batch), measured.profile});
      made.push_back({{before, n}, format("the first {} images' right answers over all (batch size {})", used, batch), measured.profile});
    }
  }
  return made;
}

void run(const Check& check, const Evidence& evidence, Findings& findings) {
  explain_claims(check, evidence, reproduce, "Evaluate the last batch too (drop_remainder=False, drop_last=False).", findings);
}

}  // namespace

const Check kMetricDroppedRemainder = {
    .id = "metric.dropped_remainder",
    .question = "Was the last, smaller batch left out?",
    .needs =
        "a claimed figure of a model whose answers on labelled images are known: --claimed TEXT and a model with --data, or --predictions "
        "with --labels",
    .statistic = "accuracy of the first floor(n / B) B images for the usual batch sizes B, over those images or over all",
    .threshold = kPrintedDigits,
    .error_rate = kPrintedDigitsRate,
    .run = run,
};

}  // namespace liteqat::audit
