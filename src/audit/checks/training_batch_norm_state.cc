#include <algorithm>
#include <cmath>

#include "audit/checks/all.h"
#include "audit/checks/answer_file.h"
#include "audit/checks/claimed.h"
#include "audit/checks/levels.h"
#include "base/format.h"
#include "stats/comparisons.h"

namespace liteqat::audit {
namespace {

constexpr double kUnforgotten = 0.01;  // weight of the initial statistics that still matters

/// Share of the most frequent answer of a stage's model on the test images; 0: not known.
double constant_share(const Evidence& evidence, const std::string& model) {
  for (const AuditedModel& subject : evidence.subjects) {
    const Measured* measured = subject.find("test");
    if (subject.name != model || measured == nullptr) continue;
    std::vector<int64_t> counts(static_cast<size_t>(std::max(1, evidence.classes)) + 1);
    for (const int32_t answer : measured->answers.classed) ++counts[std::min(static_cast<size_t>(answer), counts.size() - 1)];
    return static_cast<double>(*std::max_element(counts.begin(), counts.end())) / static_cast<double>(measured->answers.count());
  }
  return 0;
}

/// Training accuracy of the stage's last epoch; 0: not known.
double trained_fraction(const Evidence& evidence, const std::string& stage) {
  if (!evidence.run) return 0;
  for (const results::Curve& curve : evidence.run->curves) {
    if (curve.stage != stage || curve.points.empty() || curve.points.back().train_total == 0) continue;
    return static_cast<double>(curve.points.back().train_correct) / static_cast<double>(curve.points.back().train_total);
  }
  return 0;
}

/// The subject is the stage's network: by its name, or as the float .tflite of a float stage.
bool is_of_stage(const AuditedModel& subject, const std::string& stage) {
  return subject.name == stage || (stage == "float" && subject.name == "float32");
}

std::string training_mode_words(const TrainingMode& mode) {
  return format("batch normalization in training mode (mean and variance of {} test images at a time)", mode.batch);
}

/// Claims and prediction files that training mode explains.
void explain_by_training_mode(const Check& check, const Evidence& evidence, const TrainingFacts& facts, Findings& findings) {
  const char* advice = "Evaluate with model.eval(), training=False: by the moving statistics.";
  const auto make = [&](const Evidence& all, const AuditedModel& subject) {
    std::vector<Reproduction> made;
    for (const TrainingMode& mode : facts.training_mode) {
      if (!is_of_stage(subject, facts.stage) || mode.classed.size() != all.labels.size()) continue;
      int64_t correct = 0;
      for (size_t i = 0; i < mode.classed.size(); ++i) correct += mode.classed[i] == all.labels[i];
      made.push_back({{correct, all.total()}, training_mode_words(mode), {}, all.total() / kSlackShare});
    }
    return made;
  };
  Findings explained;
  explain_claims(check, evidence, make, advice, explained);
  for (const AuditedModel& subject : evidence.subjects) {
    for (const TrainingMode& mode : facts.training_mode) {
      const auto file = is_of_stage(subject, facts.stage) ? file_holds(subject, mode.classed) : std::nullopt;
      if (!file) continue;
      explained.push_back(describe_file(check, subject, *file, "the answers of " + training_mode_words(mode)));
      explained.back().advice = advice;
      break;
    }
  }
  for (results::Finding& finding : explained) {
    if (finding.verdict != results::Verdict::kClear) findings.push_back(std::move(finding));
  }
}

/// Test images that the network is right on in training mode, and how they pair with its own answers.
struct Recovered {
  const TrainingMode* mode = nullptr;
  results::Count right;
  bool better = false;  // by kProblemGap and kProblemP (levels.h)
};

Recovered recover(const Evidence& evidence, const TrainingFacts& facts) {
  Recovered recovered;
  for (const AuditedModel& subject : evidence.subjects) {
    const Measured* measured = subject.find("test");
    if (subject.name != facts.stage || measured == nullptr || facts.training_mode.empty()) continue;
    const TrainingMode& mode = facts.training_mode.front();
    if (mode.classed.size() != evidence.labels.size() || measured->answers.classed.size() != evidence.labels.size()) continue;
    int64_t only_mode = 0, only_own = 0;
    recovered.mode = &mode, recovered.right = {0, evidence.total()};
    for (size_t i = 0; i < evidence.labels.size(); ++i) {
      const bool there = mode.classed[i] == evidence.labels[i], here = measured->answers.classed[i] == evidence.labels[i];
      recovered.right.correct += there, only_mode += there && !here, only_own += here && !there;
    }
    const double gap = static_cast<double>(only_mode - only_own) / static_cast<double>(evidence.total());
    recovered.better = gap >= kProblemGap && stats::mcnemar_exact_p(only_mode, only_own) < kProblemP;
  }
  return recovered;
}

void judge_state(const Check& check, const Evidence& evidence, const TrainingFacts& facts, Findings& findings) {
  const double left = std::pow(facts.batch_norm_momentum, static_cast<double>(facts.steps));
  const double trained = trained_fraction(evidence, facts.stage);
  double tested = -1;
  for (const AuditedModel& subject : evidence.subjects) {
    const auto right = right_count(evidence, subject, "test");
    if (subject.name == facts.stage && right) tested = fraction(*right);
  }
  const double chance = 1.0 / std::max(2, evidence.classes);
  const bool constant =
      tested >= 0 && trained > 3 * chance && tested < std::min(2 * chance, trained / 2) && constant_share(evidence, facts.stage) > 0.9;
  const Recovered recovered = recover(evidence, facts);
  const bool unsettled = left > kUnforgotten, broken = constant || (recovered.better && unsettled);
  results::Finding finding = make_finding(
      check, results::Verdict::kClear, facts.stage,
      format("{} steps at momentum {} leave {:.2g} of the initial moving statistics.", facts.steps, facts.batch_norm_momentum, left));
  if (broken || unsettled || recovered.better) {
    finding.verdict = broken ? results::Verdict::kProblem : results::Verdict::kDoubt;
    finding.advice = broken || unsettled
                         ? "Train for more steps (a smaller batch), or lower the momentum: 0.99 forgets a hundred times faster than 0.9999."
                         : "The weights moved on faster than their statistics, or the test images differ from the training images: let the "
                           "learning rate "
                           "fall before the end, or average the statistics anew over training images.";
  }
  if (constant) {
    finding.summary += format(
        " It trains to {:.4f} and tests at {:.4f} with one answer for nearly every image: batch normalization tests with "
        "statistics that training did not have.",
        trained, tested);
  }
  if (recovered.mode != nullptr) {
    finding.summary +=
        format(" With the statistics of {} test images at a time the same weights are right on {}, with the moving ones on {:.6g}.",
               recovered.mode->batch, count_text(recovered.right), tested);
    finding.counts = {{"reproduced", recovered.right}};
  }
  finding.evidence = {{"momentum", facts.batch_norm_momentum}, {"steps", static_cast<double>(facts.steps)}, {"left", left}};
  findings.push_back(std::move(finding));
}

void run(const Check& check, const Evidence& evidence, Findings& findings) {
  for (const TrainingFacts& facts : evidence.training) {
    if (facts.batch_norm_momentum <= 0) continue;
    explain_by_training_mode(check, evidence, facts, findings);
    judge_state(check, evidence, facts, findings);
  }
}

}  // namespace

const Check kTrainingBatchNormState = {
    .id = "training.batch_norm_state",
    .question = "Do the moving statistics of batch normalization fit the network that was trained?",
    .needs = "a run directory of a network with batch normalization; labelled test images (--data DIR) to evaluate it in training mode",
    .statistic =
        "momentum ^ steps, what is left of the initial mean 0 and variance 1; training and test accuracy; right test answers by the "
        "statistics of each batch, paired with those by the moving ones",
    .threshold =
        "more than 1 % left is a doubt; a problem where the batches' own statistics are then right on 2 points more with exact McNemar p < "
        "1e-6, or where training passes three times chance while the test gives one class to more than nine tenths of the images and stays "
        "below twice chance; a claim or a prediction file that only training mode gives is judged as in metric.* and input.*",
    .error_rate = "1e-6 per model under equality",
    .run = run,
};

}  // namespace liteqat::audit
