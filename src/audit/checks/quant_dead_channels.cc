#include <algorithm>

#include "audit/checks/all.h"
#include "audit/checks/harm.h"
#include "audit/checks/levels.h"
#include "base/format.h"

namespace liteqat::audit {
namespace {

/// Channels without weights, where only the float model could say that they once had some.
void look_at_empty_channels(const LayerStudy& study, results::Finding& finding) {
  const auto first = std::find_if(study.layers.begin(), study.layers.end(),
                                  [](const LayerNoise& layer) { return layer.weights && !layer.weights->empty_channels.empty(); });
  if (!study.own_weights || first == study.layers.end()) return;
  finding.verdict = results::Verdict::kDoubt;
  finding.summary =
      format("{}, output '{}': {} channels have no weight but zero. The float model is not at hand, so nobody can say whether it has them.",
             first->op, first->tensor, first->weights->empty_channels.size());
  finding.advice = "Give the float model too: a channel that is dead there as well was trained away.";
  finding.words = {{"operator", first->op}, {"tensor", first->tensor}};
  finding.lists["channels"] = first->weights->empty_channels;
}

void run(const Check& check, const Evidence& evidence, Findings& findings) {
  for (const AuditedModel& subject : evidence.subjects) {
    if (!subject.study || subject.study->layers.empty()) continue;
    const auto& layers = subject.study->layers;
    const auto first = std::find_if(layers.begin(), layers.end(), [](const LayerNoise& layer) { return !layer.dead_channels.empty(); });
    size_t in_both = 0;
    for (const LayerNoise& layer : layers) in_both += layer.dead_in_float_too.size();
    results::Finding finding =
        make_finding(check, results::Verdict::kClear, subject.name,
                     format("No channel is constant that moves in {}; {} are constant in both.", subject.study->twin, in_both));
    if (first != layers.end()) {
      const auto harm = measure_harm(evidence, subject);
      // Of the same training a constant channel is lost by quantization alone. Against another one it may have been trained away.
      const bool sure = same_training(*subject.study) || (harm && harm->p < kProblemP && harm->own.correct < harm->twin.correct);
      finding.verdict = sure ? results::Verdict::kProblem : results::Verdict::kDoubt;
      finding.summary = format("{}, output '{}': {} channels are constant on {} images and move by more than four steps in {}.", first->op,
                               first->tensor, first->dead_channels.size(), subject.study->images, subject.study->twin);
      finding.advice = "Their weights or their scale have been lost: look at this operator's parameters per channel.";
      finding.words = {{"operator", first->op}, {"tensor", first->tensor}};
      finding.lists["channels"] = first->dead_channels;
      if (harm) finding.counts = {{"right", harm->twin}, {"reproduced", harm->own}};
    } else {
      look_at_empty_channels(*subject.study, finding);
    }
    findings.push_back(std::move(finding));
  }
}

}  // namespace

const Check kQuantDeadChannels = {
    .id = "quant.dead_channels",
    .question = "Are channels constant that move in the float model?",
    .needs = kStudyNeeds,
    .statistic = "per channel: one code on all images and positions, while the twin's values span more than four steps of the scale",
    .threshold =
        "one; a doubt where the twin is of another training (the median operator's weights are not the twin's rounded) and no accuracy is "
        "lost (McNemar p >= 1e-6). "
        "Channels whose weights are all zero are a doubt where there is no float model",
    .error_rate = "0 for rounding alone: four steps always move the code",
    .run = run,
};

}  // namespace liteqat::audit
