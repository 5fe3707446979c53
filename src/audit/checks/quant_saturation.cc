#include <algorithm>

#include "audit/checks/all.h"
#include "audit/checks/harm.h"
#include "base/format.h"

namespace liteqat::audit {
namespace {

constexpr double kDoubtShare = 0.05, kProblemShare = 0.05;

void run(const Check& check, const Evidence& evidence, Findings& findings) {
  for (const AuditedModel& subject : evidence.subjects) {
    if (!subject.study || subject.study->layers.empty()) continue;
    const auto harm = measure_harm(evidence, subject);
    const bool hurts = harm && harm->hurts;
    // Where it does harm, the first layer past the threshold is the cause of those after it; else the worst is shown.
    const auto& layers = subject.study->layers;
    auto worst = std::max_element(layers.begin(), layers.end(), [](const auto& a, const auto& b) { return a.saturated < b.saturated; });
    if (hurts) {
      const auto first = std::find_if(layers.begin(), layers.end(), [](const auto& layer) { return layer.saturated > kProblemShare; });
      if (first != layers.end()) worst = first;
    }
    results::Finding finding = make_finding(check, results::Verdict::kClear, subject.name,
                                            format("{}, output '{}': {:.2f} % of the values of {} lie outside what its codes can say.",
                                                   worst->op, worst->tensor, 100 * worst->saturated, subject.study->twin));
    if (hurts && worst->saturated > kProblemShare) {
      finding.verdict = results::Verdict::kProblem;
      finding.summary += format(" It costs accuracy: {} against the twin's {}.", count_text(harm->own), count_text(harm->twin));
      finding.advice = "Its range is too small: calibrate or train it on images like these.";
      finding.counts = {{"right", harm->twin}, {"reproduced", harm->own}};
    } else if (worst->saturated > kDoubtShare && subject.study->own_weights) {
      finding.verdict = results::Verdict::kDoubt;
      finding.advice = "A range smaller than the data; no accuracy is lost on these images.";
    }
    finding.words = {{"operator", worst->op}, {"tensor", worst->tensor}};
    finding.evidence = {{"saturated", worst->saturated}};
    findings.push_back(std::move(finding));
  }
}

}  // namespace

const Check kQuantSaturation = {
    .id = "quant.saturation",
    .question = "Is a layer's range too small for its values?",
    .needs = kStudyNeeds,
    .statistic = "share of the float twin's values more than a step outside the output's range",
    .threshold = "5 %: a problem where the twin is right on 2 points more with exact McNemar p < 1e-6, else a doubt",
    .error_rate = "1e-6 per model under equality",
    .run = run,
};

}  // namespace liteqat::audit
