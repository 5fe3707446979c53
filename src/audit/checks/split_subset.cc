#include <iterator>
#include "audit/checks/all.h"
#include "audit/checks/claimed.h"

#include "base/format.h"

namespace liteqat::audit {
namespace {

/// Prefixes of the test split.
std::vector<Reproduction> reproduce([[maybe_unused]] const Evidence& evidence, const AuditedModel& subject) {
  std::vector<Reproduction> made;
  for (const Measured& measured : subject.measured) {
    if (measured.split != "test" || measured.answers.classed.size() != evidence.labels.size() || evidence.labels.empty()) continue;
    const int64_t n = measured.answers.count(), right = count_correct(measured.answers, evidence.labels);
    int64_t good = 0;
    size_t next = 0;
    constexpr int64_t kSizes[] = {100, 128, 200, 250, 256, 300, 500, 512, 1000, 1024, 2000, 2048, 2500, 3000, 4000, 5000, 8000};
    for (size_t i = 0; i < evidence.labels.size() && next < std::size(kSizes); ++i) {
      good += measured.answers.classed[i] == evidence.labels[i];
      if (static_cast<int64_t>(i) + 1 != kSizes[next]) continue;
      if (kSizes[next] < n && right != n) {
        made.push_back({{good, kSizes[next]}, format("the accuracy of the first {} test images", kSizes[next]), measured.profile});
      }
      ++next;
    }
  }
  return made;
}

void run(const Check& check, const Evidence& evidence, Findings& findings) {
  explain_claims(check, evidence, reproduce, "Evaluate all test images; a subset has a wider interval.", findings);
}

}  // namespace

const Check kSplitSubset = {
    .id = "split.subset",
    .question = "Was it measured on the first n test images alone?",
    .needs =
        "a claimed figure of a model whose answers on labelled images are known: --claimed TEXT and a model with --data, or --predictions "
        "with --labels",
    .statistic = "accuracy of the first n test images for the round numbers n that scripts use",
    .threshold = kPrintedDigits,
    .error_rate = kPrintedDigitsRate,
    .run = run,
};

}  // namespace liteqat::audit
