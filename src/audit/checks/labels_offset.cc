#include <cmath>

#include "audit/checks/all.h"
#include "audit/checks/claimed.h"
#include "base/format.h"

namespace liteqat::audit {
namespace {

/// Answers that equal their label once `offset` is added.
int64_t count_shifted(const Answers& answers, const std::vector<int32_t>& labels, int32_t offset) {
  int64_t count = 0;
  for (size_t i = 0; i < labels.size(); ++i) count += answers.classed[i] + offset == labels[i];
  return count;
}

void run(const Check& check, const Evidence& evidence, Findings& findings) {
  for (const AuditedModel& subject : evidence.subjects) {
    const auto right = right_count(evidence, subject, "test");
    if (!right) continue;
    const Answers& answers = subject.find("test")->answers;
    int32_t best_offset = 0;
    int64_t best = right->correct;
    for (const int32_t offset : {-1, 1}) {
      const int64_t count = count_shifted(answers, evidence.labels, offset);
      if (count > best) best = count, best_offset = offset;
    }
    const double deviation = std::sqrt(static_cast<double>(right->total));  // of a difference of two counts, at most
    const bool found = best_offset != 0 && static_cast<double>(best - right->correct) > 6 * deviation;
    results::Finding finding = make_finding(
        check, found ? results::Verdict::kProblem : results::Verdict::kClear, subject.name,
        found ? format("Labels and answers are one class apart: {} are right as they stand, {} of them once {} is added to the answer.",
                       count_text(*right), best, best_offset)
              : format("Shifting the answers by one class makes none of them better than {}.", count_text(*right)));
    if (found) finding.advice = "One side counts a background class and the other does not: take the same class list for both.";
    finding.counts["right"] = *right;
    if (found) finding.counts["reproduced"] = {best, right->total};
    finding.evidence["offset"] = best_offset;
    findings.push_back(std::move(finding));
  }
}

}  // namespace

const Check kLabelsOffset = {
    .id = "labels.offset",
    .question = "Are labels and answers one class apart (1001 against 1000 classes)?",
    .needs = "labels, and a model with --data or --predictions",
    .statistic = "right answers after adding -1 or +1 to every answer, less those as they stand",
    .threshold = "more than 6 standard deviations (the square root of the number of images bounds one)",
    .error_rate = "2e-9 per model (two offsets, normal tail)",
    .run = run,
};

}  // namespace liteqat::audit
