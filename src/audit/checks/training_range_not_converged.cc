#include <algorithm>

#include "audit/checks/all.h"
#include "audit/checks/harm.h"
#include "base/format.h"

namespace liteqat::audit {
namespace {

constexpr double kNarrow = 0.25;  // two of eight bits unused
constexpr double kManyLayers = 0.5;

void run(const Check& check, const Evidence& evidence, Findings& findings) {
  for (const AuditedModel& subject : evidence.subjects) {
    if (!subject.study || subject.study->layers.empty()) continue;
    const auto& layers = subject.study->layers;
    int64_t narrow = 0, cut = 0;
    for (const LayerNoise& layer : layers) {
      narrow += layer.range_used < kNarrow;
      cut += layer.saturated > 0.05;
    }
    const auto total = static_cast<double>(layers.size());
    const bool off = static_cast<double>(narrow + cut) > kManyLayers * total;
    const auto harm = measure_harm(evidence, subject);
    results::Finding finding = make_finding(
        check, results::Verdict::kClear, subject.name,
        format(
            "The values of {4} fill less than a quarter of the codes in {0} of {1} layers and pass them by more than 5 % in {2}; {3} fit.",
            narrow, layers.size(), cut, static_cast<int64_t>(layers.size()) - narrow - cut, subject.study->twin));
    if (off) {
      finding.verdict = harm && harm->hurts ? results::Verdict::kProblem : results::Verdict::kDoubt;
      finding.summary += " Ranges that do not fit throughout were not learnt: too few steps for their moving averages, or other images.";
      finding.advice = "Start ranges from calibration images, or train until decay ^ steps is below a hundredth.";
      if (harm) finding.counts = {{"right", harm->twin}, {"reproduced", harm->own}};
    }
    finding.evidence = {{"narrow", static_cast<double>(narrow)}, {"cut", static_cast<double>(cut)}, {"layers", total}};
    findings.push_back(std::move(finding));
  }
}

}  // namespace

const Check kTrainingRangeNotConverged = {
    .id = "training.range_not_converged",
    .question = "Do the activation ranges fit the activations throughout?",
    .needs = kStudyNeeds,
    .statistic = "layers whose codes span more than four times the float twin's values, or cut off more than 5 % of them",
    .threshold = "more than half of the layers is a doubt, a problem where the twin is right on 2 points more with exact McNemar p < 1e-6",
    .error_rate = "1e-6 per model under equality",
    .run = run,
};

}  // namespace liteqat::audit
