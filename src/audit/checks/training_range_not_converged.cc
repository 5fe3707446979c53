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
      narrow += layer.used_codes < kNarrow;
      cut += layer.saturated > 0.05;
    }
    const auto total = static_cast<double>(layers.size());
    const bool off = static_cast<double>(narrow + cut) > kManyLayers * total;
    const auto harm = measure_harm(evidence, subject);
    results::Finding finding =
        make_finding(check, results::Verdict::kClear, subject.name,
                     format("{} of {} layers use less than a quarter of their codes, {} cut off more than 5 % of the values.", narrow,
                            layers.size(), cut));
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
    .statistic = "layers that use less than a quarter of their codes, or cut off more than 5 % of the twin's values",
    .threshold = "more than half of the layers is a doubt, a problem where the twin is right on 2 points more with exact McNemar p < 1e-6",
    .error_rate = "1e-6 per model under equality",
    .run = run,
};

}  // namespace liteqat::audit
