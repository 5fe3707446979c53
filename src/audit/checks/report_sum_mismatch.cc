#include <cmath>

#include "audit/checks/all.h"
#include "base/format.h"

namespace liteqat::audit {
namespace {

std::string fault_of(const results::Metric& metric) {
  if (metric.total <= 0 || metric.correct > metric.total) return format("{} of {} right", metric.correct, metric.total);
  const double value = static_cast<double>(metric.correct) / static_cast<double>(metric.total);
  if (std::fabs(value - metric.value) > 1e-12) return format("value {} for {} of {}", metric.value, metric.correct, metric.total);
  if (metric.confusion.empty()) return "";
  int64_t sum = 0, diagonal = 0;
  for (size_t label = 0; label < metric.confusion.size(); ++label) {
    for (const int64_t count : metric.confusion[label]) sum += count;
    diagonal += metric.confusion[label][label];
  }
  if (sum != metric.total) return format("a confusion matrix of {} images for {}", sum, metric.total);
  if (diagonal != metric.correct) return format("{} on the diagonal of the confusion matrix, {} right", diagonal, metric.correct);
  return "";
}

void run(const Check& check, const Evidence& evidence, Findings& findings) {
  if (!evidence.run) return;
  for (const results::Metric& metric : evidence.run->metrics) {
    const std::string fault = fault_of(metric);
    results::Finding finding =
        make_finding(check, fault.empty() ? results::Verdict::kClear : results::Verdict::kProblem, metric.id,
                     fault.empty() ? "Counts, value and confusion matrix add up." : format("The record contradicts itself: {}.", fault));
    if (!fault.empty()) finding.advice = "The record was edited or written by something else: run it again.";
    findings.push_back(std::move(finding));
  }
}

}  // namespace

const Check kReportSumMismatch = {
    .id = "report.sum_mismatch",
    .question = "Do counts, values and confusion matrices add up?",
    .needs = "a run directory with run.json",
    .statistic = "correct / total against value; sum and diagonal of the confusion matrix",
    .threshold = "any difference is a problem",
    .error_rate = "0",
    .run = run,
};

}  // namespace liteqat::audit
