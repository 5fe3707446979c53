#include <algorithm>

#include "audit/checks/all.h"
#include "audit/checks/harm.h"
#include "base/format.h"

namespace liteqat::audit {
namespace {

constexpr double kOtherDb = 10;  // weights that differ by a tenth of their power are other weights
constexpr double kOffSteps = 8;  // a bias that is rounded to its scale is off by a small part of one step

/// What an operator adds itself, or what it has where it could not be run alone.
double noise_of(const LayerNoise& layer) {
  return layer.alone_db.value_or(layer.sqnr_db);
}

/// Weights that were trained further are no quantization noise, whatever they do to the output.
bool has_twin_weights(const LayerNoise& layer) {
  return !layer.weights || layer.weights->rounded.value_or(1) >= kRoundedShare;
}

/// The operator that adds most noise itself: the first one where that is more than rounding makes (kSoundDb), else the one with the lowest
/// ratio.
const LayerNoise& find_culprit(const std::vector<LayerNoise>& layers) {
  const auto broken = std::find_if(layers.begin(), layers.end(), [](const LayerNoise& layer) { return noise_of(layer) < kSoundDb; });
  if (broken != layers.end()) return *broken;
  return *std::min_element(layers.begin(), layers.end(), [](const auto& a, const auto& b) { return noise_of(a) < noise_of(b); });
}

/// What in the operator's parameters explains its noise; empty where nothing stands out.
std::string describe_parameters(const LayerNoise& layer, const LayerStudy& study) {
  if (!layer.weights) return "";
  std::string words;
  const WeightNoise& weights = *layer.weights;
  if (weights.sqnr_db && *weights.sqnr_db < kOtherDb)
    words += format(" Its weights are not those of {}: {:.1f} dB.", study.twin, *weights.sqnr_db);
  if (weights.bias_steps > kOffSteps) words += format(" Its bias is off by up to {:.0f} steps of the output.", weights.bias_steps);
  if (!weights.narrow_channels.empty()) {
    words += format(
        " {} channels have no weight of more than a few codes (first: channel {}): one scale serves channels of very different size.",
        weights.narrow_channels.size(), weights.narrow_channels[0]);
  }
  return words;
}

/// An operator whose constants differ from the twin's although the others' agree, or whose channels share one scale; null: none.
const LayerNoise* find_lost_parameters(const LayerStudy& study) {
  if (!same_training(study)) return nullptr;
  for (const LayerNoise& layer : study.layers) {
    if (!layer.weights) continue;
    const bool other = layer.weights->sqnr_db && *layer.weights->sqnr_db < kOtherDb;
    if (other || layer.weights->bias_steps > kOffSteps || !layer.weights->narrow_channels.empty()) return &layer;
  }
  return nullptr;
}

void run(const Check& check, const Evidence& evidence, Findings& findings) {
  for (const AuditedModel& subject : evidence.subjects) {
    if (!subject.study || subject.study->layers.empty()) continue;
    const LayerStudy& study = *subject.study;
    const auto harm = measure_harm(evidence, subject);
    const bool hurts = harm && harm->hurts;
    const LayerNoise* lost = find_lost_parameters(study);
    const LayerNoise& culprit = find_culprit(study.layers);
    const bool below = noise_of(culprit) < kSoundDb;
    const LayerNoise& shown = !below && lost != nullptr ? *lost : culprit;
    results::Finding finding = make_finding(
        check, results::Verdict::kClear, subject.name,
        format("{}, output '{}', {} noise: by itself {:.1f} dB below the signal, with all before it {:.1f} dB, against {}.", shown.op,
               shown.tensor, below ? "is the first that adds much" : "adds most", noise_of(shown), shown.sqnr_db, study.twin));
    if (&shown == lost) finding.summary = format("{}, output '{}', has lost parameters against {}.", shown.op, shown.tensor, study.twin);
    finding.summary += describe_parameters(shown, study);
    if (!study.other_weights.empty()) {
      finding.summary += format(
          " Its weights are not those of {} rounded (trained further, or its channels rescaled), so what they lost before this file was "
          "written cannot be seen.",
          study.other_weights);
    } else if (study.own_weights)
      finding.summary += " Weights and biases lost before this file was written cannot be seen without the float model.";
    if (hurts) {
      finding.verdict = results::Verdict::kProblem;
      finding.summary += format(" It costs accuracy: {} against the twin's {}.", count_text(harm->own), count_text(harm->twin));
      finding.advice = "Look at this operator: its scale, its channels, its neighbours' ranges.";
      finding.counts = {{"right", harm->twin}, {"reproduced", harm->own}};
    } else if ((below && same_training(study) && has_twin_weights(shown)) || lost != nullptr) {
      finding.verdict = results::Verdict::kDoubt;
      finding.advice = "It costs no accuracy that these images show; it may on others.";
    }
    finding.words = {{"operator", shown.op}, {"tensor", shown.tensor}};
    finding.evidence = {{"sqnr_db", shown.sqnr_db}};
    if (shown.alone_db) finding.evidence["alone_db"] = *shown.alone_db;
    if (shown.weights && !shown.weights->narrow_channels.empty()) finding.lists["channels"] = shown.weights->narrow_channels;
    findings.push_back(std::move(finding));
  }
}

}  // namespace

const Check kQuantLayerSqnr = {
    .id = "quant.layer_sqnr",
    .question = "Which layer breaks first under quantization?",
    .needs = kStudyNeeds,
    .statistic =
        "signal over quantization noise of every operator, alone (the float twin's operator is given the integer model's own inputs) and "
        "with "
        "all before it; weights and biases against the twin's; codes used per channel",
    .threshold =
        "a problem where the twin is right on 2 points more with exact McNemar p < 1e-6; without that a doubt where an operator alone adds "
        "noise above 1 % of its signal (8 bits leave 58.9 dB less the crest factor), its weights differ by a tenth of their power or its "
        "bias by 8 steps while the median operator's are the twin's rounded, or a channel's largest weight is at most 7 codes",
    .error_rate = "1e-6 per model under equality; the doubts are properties of the file",
    .run = run,
};

}  // namespace liteqat::audit
