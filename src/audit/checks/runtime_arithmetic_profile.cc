#include "audit/checks/all.h"
#include "audit/checks/claimed.h"
#include "base/format.h"

namespace liteqat::audit {
namespace {

void run(const Check& check, const Evidence& evidence, Findings& findings) {
  for (size_t index = 0; index < evidence.subjects.size(); ++index) {
    const AuditedModel& subject = evidence.subjects[index];
    const Measured* first = subject.find("test");
    if (subject.graph == nullptr || first == nullptr || evidence.labels.empty()) continue;
    std::string words;
    int64_t different = 0;
    results::Finding finding = make_finding(check, results::Verdict::kClear, subject.name, "");
    for (const Measured& measured : subject.measured) {
      if (measured.split != "test" || measured.profile == "file") continue;
      const auto right = right_count(evidence, subject, "test", measured.profile);
      if (!right) continue;
      words += format("{}{} under {}", words.empty() ? "" : ", ", count_text(*right), measured.profile);
      finding.evidence[measured.profile] = static_cast<double>(right->correct);
      int64_t changed = 0;
      for (size_t i = 0; i < first->answers.classed.size(); ++i) changed += first->answers.classed[i] != measured.answers.classed[i];
      different = std::max(different, changed);
      for (const Claim& claim : evidence.claims) {
        if (claim.subject != index || &measured == first || !prints(claim.figure, *right)) continue;
        if (!prints(claim.figure, *right_count(evidence, subject, "test"))) {
          words += format(" (what {} claims)", claim.figure.label);
          finding.counts["claimed"] = finding.counts["reproduced"] = *right;
          finding.counts["right"] = *right_count(evidence, subject, "test");
        }
      }
    }
    if (finding.evidence.size() < 2) continue;
    finding.evidence["changed"] = static_cast<double>(different);
    finding.summary = format("{}; the profiles give at most {} images another class.", words, different);
    findings.push_back(std::move(finding));
  }
}

}  // namespace

const Check kRuntimeArithmeticProfile = {
    .id = "runtime.arithmetic_profile",
    .question = "Does it matter whose kernels ran the model (LiteRT's reference, XNNPACK, older TFLite)?",
    .needs = "a .tflite model that more than one arithmetic profile runs, and labelled test images (--data DIR)",
    .statistic = "right test answers under every profile, and images whose class changes",
    .threshold = "none: every profile is right by its own definition; a claim that equals one of them is clear",
    .error_rate = "0",
    .run = run,
};

}  // namespace liteqat::audit
