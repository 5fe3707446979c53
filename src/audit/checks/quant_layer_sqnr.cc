#include <algorithm>

#include "audit/checks/all.h"
#include "audit/checks/harm.h"
#include "base/format.h"

namespace liteqat::audit {
namespace {

constexpr double kBrokenDb = 10;  // noise of a tenth of the signal's power

/// The first operator whose output is mostly noise, else the one that loses most against its predecessor.
const LayerNoise& first_broken(const std::vector<LayerNoise>& layers) {
  for (const LayerNoise& layer : layers) {
    if (layer.sqnr_db < kBrokenDb) return layer;
  }
  size_t worst = 0;
  double drop = 0;
  for (size_t i = 1; i < layers.size(); ++i) {
    const double lost = layers[i - 1].sqnr_db - layers[i].sqnr_db;
    if (lost > drop) drop = lost, worst = i;
  }
  return layers[worst];
}

void run(const Check& check, const Evidence& evidence, Findings& findings) {
  for (const AuditedModel& subject : evidence.subjects) {
    if (!subject.study || subject.study->layers.empty()) continue;
    const auto harm = measure_harm(evidence, subject);
    const LayerNoise& broken = first_broken(subject.study->layers);
    const bool below = broken.sqnr_db < kBrokenDb;
    results::Finding finding = make_finding(
        check, results::Verdict::kClear, subject.name,
        below ? format("{}, output '{}', is the first with a signal-to-quantization-noise ratio below {} dB ({:.1f} dB against {}).",
                       broken.op, broken.tensor, kBrokenDb, broken.sqnr_db, subject.study->twin)
              : format(
                    "Every layer keeps a signal-to-quantization-noise ratio above {} dB; the largest drop is at {} ({:.1f} dB against {}).",
                    kBrokenDb, broken.op, broken.sqnr_db, subject.study->twin));
    if (harm && harm->hurts) {
      finding.verdict = results::Verdict::kProblem;
      finding.summary += format(" It costs accuracy: {} against the twin's {}.", count_text(harm->own), count_text(harm->twin));
      finding.advice = "Look at this operator: its scale, its channels, its neighbours' ranges.";
      finding.counts = {{"right", harm->twin}, {"reproduced", harm->own}};
    } else if (below && subject.study->own_weights) {
      finding.verdict = results::Verdict::kDoubt;
      finding.advice = "The noise costs no accuracy that these images show; it may on others.";
    }
    finding.words = {{"operator", broken.op}, {"tensor", broken.tensor}};
    finding.evidence = {{"sqnr_db", broken.sqnr_db}};
    findings.push_back(std::move(finding));
  }
}

}  // namespace

const Check kQuantLayerSqnr = {
    .id = "quant.layer_sqnr",
    .question = "Which layer breaks first under quantization?",
    .needs = kStudyNeeds,
    .statistic = "signal over quantization noise of every operator's output against the float twin on the same images",
    .threshold =
        "a problem where the twin is right on 2 points more with exact McNemar p < 1e-6; noise above a tenth of the signal without "
        "that is a doubt",
    .error_rate = "1e-6 per model under equality",
    .run = run,
};

}  // namespace liteqat::audit
