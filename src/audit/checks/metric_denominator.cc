#include "audit/checks/all.h"
#include "audit/checks/claimed.h"
#include "base/format.h"

namespace liteqat::audit {
namespace {

/// The right count over the sizes that stand about in such scripts.
std::vector<Reproduction> reproduce([[maybe_unused]] const Evidence& evidence, const AuditedModel& subject) {
  std::vector<Reproduction> made;
  for (const Measured& measured : subject.measured) {
    if (measured.split != "test" || measured.answers.classed.size() != evidence.labels.size() || evidence.labels.empty()) continue;
    const int64_t n = measured.answers.count(), right = count_correct(measured.answers, evidence.labels);
    std::vector<int64_t> others = {n - 1, n + 1, 1000, 5000, 10000, 50000, 60000, 45000, 54000, 100000};
    if (evidence.data) others.push_back(evidence.data->train);
    for (const int64_t batch : kBatchSizes) others.push_back((n / batch + 1) * batch);
    for (const int64_t other : others) {
      if (other > 0 && other != n)
        made.push_back({{right, other}, format("{} right answers over {} images", right, other), measured.profile});
    }
  }
  return made;
}

void run(const Check& check, const Evidence& evidence, Findings& findings) {
  explain_claims(check, evidence, reproduce, "Divide by the number of images that were evaluated.", findings);
}

}  // namespace

const Check kMetricDenominator = {
    .id = "metric.denominator",
    .question = "Were the right answers divided by another number of images?",
    .needs =
        "a claimed figure of a model whose answers on labelled images are known: --claimed TEXT and a model with --data, or --predictions "
        "with --labels",
    .statistic = "k over the size of another split, n - 1, n + 1, the usual public sizes or a multiple of the batches",
    .threshold = kPrintedDigits,
    .error_rate = kPrintedDigitsRate,
    .run = run,
};

}  // namespace liteqat::audit
