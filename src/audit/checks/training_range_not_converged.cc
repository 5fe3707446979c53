#include <cmath>

#include "audit/checks/all.h"
#include "audit/checks/harm.h"
#include "base/format.h"

namespace liteqat::audit {
namespace {

constexpr double kNarrow = 0.25;  // two of eight bits unused
constexpr double kManyLayers = 0.5;
constexpr double kUnforgotten = 0.01;  // weight of the initial ranges that still matters

/// Of ranges that QAT started from constants: what is left of those, and in how many steps. Null for models that no such QAT made.
const TrainingFacts* find_averaged(const Evidence& evidence, const AuditedModel& subject) {
  for (const TrainingFacts& facts : evidence.training) {
    if (facts.range_decay > 0 && subject.name == facts.stage + "_int8") return &facts;
  }
  return nullptr;
}

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
    const TrainingFacts* averaged = find_averaged(evidence, subject);
    const double left = averaged ? std::pow(averaged->range_decay, static_cast<double>(averaged->range_steps)) : 0;
    if (averaged) {
      finding.summary += format(" {} steps at decay {} leave {:.2g} of the constants that ranges started from.", averaged->range_steps,
                                averaged->range_decay, left);
      finding.evidence["left"] = left;
    }
    if (off || left > kUnforgotten) {
      finding.verdict = harm && harm->hurts ? results::Verdict::kProblem : results::Verdict::kDoubt;
      if (off)
        finding.summary += " Ranges that do not fit throughout were not learnt: too few steps for their moving averages, or other images.";
      finding.advice = "Start ranges from calibration images, or train until decay ^ steps is below a hundredth.";
      if (harm) finding.counts = {{"right", harm->twin}, {"reproduced", harm->own}};
    }
    finding.evidence.insert({{"narrow", static_cast<double>(narrow)}, {"cut", static_cast<double>(cut)}, {"layers", total}});
    findings.push_back(std::move(finding));
  }
}

}  // namespace

const Check kTrainingRangeNotConverged = {
    .id = "training.range_not_converged",
    .question = "Do the activation ranges fit the activations throughout?",
    .needs = kStudyNeeds,
    .statistic =
        "layers whose codes span more than four times the float twin's values, or cut off more than 5 % of them; in a run whose QAT starts "
        "ranges from constants (tfmot_8bit), decay ^ steps",
    .threshold =
        "more than half of the layers, or more than 1 % left of the constants, is a doubt, a problem where the twin is right on 2 points "
        "more with exact McNemar p < 1e-6",
    .error_rate = "1e-6 per model under equality",
    .run = run,
};

}  // namespace liteqat::audit
