#include "audit/checks/all.h"
#include "audit/checks/answer_file.h"
#include "base/format.h"
#include "base/text.h"

namespace liteqat::audit {
namespace {

void run(const Check& check, const Evidence& evidence, Findings& findings) {
  for (const AuditedModel& subject : evidence.subjects) {
    const auto file = measure_file(subject);
    if (subject.graph == nullptr || !file) continue;
    const double share = static_cast<double>(file->from_model) / static_cast<double>(file->total);
    results::Finding finding = make_finding(check, results::Verdict::kClear, subject.name,
                                            format("The prediction file differs from the model's own answers under {} in {} of {} images.",
                                                   file->profile, format_count(file->from_model), format_count(file->total)));
    if (share > kDoubtShare) {
      finding.verdict = share > kProblemShare ? results::Verdict::kProblem : results::Verdict::kDoubt;
      finding.advice = "Another model, other images, another order or other preprocessing: see labels.order and input.*.";
    }
    finding.evidence = {{"changed", static_cast<double>(file->from_model)}, {"total", static_cast<double>(file->total)}};
    finding.words["profile"] = file->profile;
    findings.push_back(std::move(finding));
  }
}

}  // namespace

const Check kRuntimeMismatch = {
    .id = "runtime.mismatch",
    .question = "Did this model write that prediction file?",
    .needs = "a .tflite model, --data DIR and a prediction file with the model's stem (--predictions)",
    .statistic = "images whose class differs from the model's own under the nearest arithmetic profile",
    .threshold = "more than 0.5 % is a doubt, more than 5 % a problem: profiles change some 0.1 to 0.5 % of a network's answers",
    .error_rate = "0 for a file this runtime wrote",
    .run = run,
};

}  // namespace liteqat::audit
