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

/// Every batch counts the same, the short one too.
std::vector<Reproduction> reproduce([[maybe_unused]] const Evidence& evidence, const AuditedModel& subject) {
  std::vector<Reproduction> made;
  for (const Measured& measured : subject.measured) {
    if (measured.split != "test" || measured.answers.classed.size() != evidence.labels.size() || evidence.labels.empty()) continue;
    const int64_t n = measured.answers.count(), right = count_correct(measured.answers, evidence.labels);
    for (const int64_t batch : kBatchSizes) {
      const int64_t full = n / batch, rest = n % batch;
      if (rest == 0 || full == 0) continue;
      const int64_t before = right_before(measured, evidence.labels, full * batch);
      made.push_back({{before * rest + (right - before) * batch, batch * rest * (full + 1)},
                      format("the mean of batch accuracies at batch size {} with a last batch of {}", batch, rest),
                      measured.profile});
    }
  }
  return made;
}

void run(const Check& check, const Evidence& evidence, Findings& findings) {
  explain_claims(check, evidence, reproduce, "Weigh every batch by its images, or count right images and divide once.", findings);
}

}  // namespace

const Check kMetricPartialBatch = {
    .id = "metric.partial_batch",
    .question = "Was the last, smaller batch averaged as a whole one?",
    .needs =
        "a claimed figure of a model whose answers on labelled images are known: --claimed TEXT and a model with --data, or --predictions "
        "with --labels",
    .statistic =
        "mean of the batch accuracies for the usual batch sizes: (K r + k B) / (B r batches) with r images and k right in the last one",
    .threshold = kPrintedDigits,
    .error_rate = kPrintedDigitsRate,
    .run = run,
};

}  // namespace liteqat::audit
