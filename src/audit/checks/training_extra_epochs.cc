#include <cstdlib>

#include "audit/checks/all.h"
#include "audit/checks/claimed.h"
#include "audit/roles.h"
#include "base/format.h"
#include "stats/comparisons.h"

namespace liteqat::audit {
namespace {

struct Paired {
  int64_t only_a = 0, only_b = 0;
  double p = 1;
  int64_t gain() const { return only_b - only_a; }  // of b over a
};

const Answers* find_answers(const Evidence& evidence, const std::string& role) {
  const AuditedModel* subject = find_role(evidence, role);
  const Measured* measured = subject != nullptr ? subject->find("test") : nullptr;
  return measured != nullptr && measured->answers.classed.size() == evidence.labels.size() ? &measured->answers : nullptr;
}

Paired pair_up(const Answers& a, const Answers& b, const std::vector<int32_t>& labels) {
  Paired paired;
  for (size_t i = 0; i < labels.size(); ++i) {
    const bool in_a = a.classed[i] == labels[i], in_b = b.classed[i] == labels[i];
    paired.only_a += in_a && !in_b, paired.only_b += in_b && !in_a;
  }
  paired.p = stats::mcnemar_exact_p(paired.only_a, paired.only_b);
  return paired;
}

void run(const Check& check, const Evidence& evidence, Findings& findings) {
  if (evidence.labels.empty()) return;
  const Answers* plain = find_answers(evidence, "float");
  const Answers* control = find_answers(evidence, "float_control");
  const Answers* trained = find_answers(evidence, "qat");
  if (trained == nullptr) trained = find_answers(evidence, "qat_int8");
  if (plain == nullptr || trained == nullptr) return;
  const Paired total = pair_up(*plain, *trained, evidence.labels);
  results::Finding finding = make_finding(check, results::Verdict::kClear, trained->name, "");
  finding.evidence = {{"gain", static_cast<double>(total.gain())}, {"p", total.p}};
  const bool gained = total.gain() > 0 && total.p < 0.05;
  if (control == nullptr) {
    finding.verdict = gained ? results::Verdict::kDoubt : results::Verdict::kClear;
    finding.summary = format(
        "{} is right on {} images net more than float (p = {:.2g}), with more training; without a control, the float model "
        "trained as many steps further, nobody can say what of it is quantization.",
        trained->name, total.gain(), total.p);
    if (gained) finding.advice = "Train the float model the same extra steps (train.control = true) and compare with that.";
  } else {
    const Paired extra = pair_up(*plain, *control, evidence.labels), quantization = pair_up(*control, *trained, evidence.labels);
    finding.verdict = gained && extra.gain() > 0 && quantization.p >= 0.05 ? results::Verdict::kDoubt : results::Verdict::kClear;
    finding.summary = format(
        "{} images net from float to {} (p = {:.2g}): {} of them from training longer (control, p = {:.2g}), {} from fake "
        "quantization (p = {:.2g}).",
        total.gain(), trained->name, total.p, extra.gain(), extra.p, quantization.gain(), quantization.p);
    if (finding.verdict == results::Verdict::kDoubt)
      finding.advice = "Compare with the control, not with the float model: the gain is training.";
    finding.evidence["control_gain"] = static_cast<double>(extra.gain());
    finding.evidence["quantization_gain"] = static_cast<double>(quantization.gain());
  }
  findings.push_back(std::move(finding));
}

}  // namespace

const Check kTrainingExtraEpochs = {
    .id = "training.extra_epochs",
    .question = "Is a gain of the quantized model due to its longer training?",
    .needs =
        "answers of models named float and qat (better: float_control too) on the same labelled images: a run directory or --predictions",
    .statistic = "net gain of qat over float, split by the matched-budget control",
    .threshold = "a gain with p < 0.05 that the control has too, or without a control, is a doubt; never a problem",
    .error_rate = "0.05 under equality",
    .run = run,
};

}  // namespace liteqat::audit
