#include <algorithm>

#include "audit/checks/all.h"
#include "audit/checks/harm.h"
#include "base/format.h"

namespace liteqat::audit {
namespace {

constexpr double kShare = 0.05, kFewShare = 1e-3;

/// Many values are cut off, or few that carry most of a noise which rounding does not make (levels of noise: harm.h).
bool is_saturated(const LayerNoise& layer) {
  return layer.saturated > kShare ||
         (layer.saturated > kFewShare && layer.cut_off > 0.5 && layer.alone_db.value_or(layer.sqnr_db) < kSoundDb);
}

void run(const Check& check, const Evidence& evidence, Findings& findings) {
  for (const AuditedModel& subject : evidence.subjects) {
    if (!subject.study || subject.study->layers.empty()) continue;
    const auto harm = measure_harm(evidence, subject);
    const bool hurts = harm && harm->hurts;
    // The first layer past the threshold is the cause of those after it; else the worst is shown.
    const auto& layers = subject.study->layers;
    auto worst = std::max_element(layers.begin(), layers.end(), [](const auto& a, const auto& b) { return a.saturated < b.saturated; });
    const auto first = std::find_if(layers.begin(), layers.end(), is_saturated);
    if (first != layers.end()) worst = first;
    const bool saturated = is_saturated(*worst);
    results::Finding finding = make_finding(check, results::Verdict::kClear, subject.name,
                                            format("{}, output '{}': {:.2f} % of the values of {} lie outside what its codes can say.",
                                                   worst->op, worst->tensor, 100 * worst->saturated, subject.study->twin));
    if (hurts && saturated) {
      finding.verdict = results::Verdict::kProblem;
      finding.summary += format(" It costs accuracy: {} against the twin's {}.", count_text(harm->own), count_text(harm->twin));
      finding.advice = "Its range is too small: calibrate or train it on images like these.";
      finding.counts = {{"right", harm->twin}, {"reproduced", harm->own}};
    } else if (saturated && same_training(*subject.study)) {
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
    .statistic =
        "share of the float twin's values more than a step outside the output's range; share of the operator's own noise that falls on "
        "them",
    .threshold =
        "5 %, or one in a thousand and more than half of a noise above 1 % of the signal: a problem where the twin is right on 2 points "
        "more with exact McNemar "
        "p < 1e-6, else a doubt",
    .error_rate = "1e-6 per model under equality",
    .run = run,
};

}  // namespace liteqat::audit
