#include <algorithm>
#include <cmath>

#include "audit/checks/all.h"
#include "audit/checks/claimed.h"
#include "base/format.h"

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

void run(const Check& check, const Evidence& evidence, Findings& findings) {
  for (const TrainingFacts& facts : evidence.training) {
    if (facts.batch_norm_momentum <= 0) continue;
    const double left = std::pow(facts.batch_norm_momentum, static_cast<double>(facts.steps));
    double trained = 0;
    if (evidence.run) {
      for (const results::Curve& curve : evidence.run->curves) {
        if (curve.stage != facts.stage || curve.points.empty()) continue;
        const results::EpochPoint& last = curve.points.back();
        if (last.train_total > 0) trained = static_cast<double>(last.train_correct) / static_cast<double>(last.train_total);
      }
    }
    double tested = -1;
    for (const AuditedModel& subject : evidence.subjects) {
      const auto right = right_count(evidence, subject, "test");
      if (subject.name == facts.stage && right) tested = fraction(*right);
    }
    const bool constant = constant_share(evidence, facts.stage) > 0.9;
    const double chance = 1.0 / std::max(2, evidence.classes);
    const bool broken = tested >= 0 && trained > 3 * chance && tested < std::min(2 * chance, trained / 2) && constant;
    results::Finding finding = make_finding(
        check, results::Verdict::kClear, facts.stage,
        format("{} steps at momentum {} leave {:.2g} of the initial moving statistics.", facts.steps, facts.batch_norm_momentum, left));
    if (broken || left > kUnforgotten) {
      finding.verdict = broken ? results::Verdict::kProblem : results::Verdict::kDoubt;
      finding.advice = "Train for more steps (a smaller batch), or lower the momentum: 0.99 forgets a hundred times faster than 0.9999.";
    }
    if (broken) {
      finding.summary += format(
          " It trains to {:.4f} and tests at {:.4f} with one answer for nearly every image: batch normalization tests with "
          "statistics that training did not have.",
          trained, tested);
    }
    finding.evidence = {{"momentum", facts.batch_norm_momentum}, {"steps", static_cast<double>(facts.steps)}, {"left", left}};
    findings.push_back(std::move(finding));
  }
}

}  // namespace

const Check kTrainingBatchNormState = {
    .id = "training.batch_norm_state",
    .question = "Do the moving statistics of batch normalization fit the network that was trained?",
    .needs = "a run directory of a network with batch normalization",
    .statistic = "momentum ^ steps, what is left of the initial mean 0 and variance 1; training and test accuracy",
    .threshold =
        "more than 1 % left is a doubt; a problem where training passes three times chance while the test gives one class to more than "
        "nine tenths of the images and stays below twice chance",
    .error_rate = "below 1e-6: a trained network answers more than one class",
    .run = run,
};

}  // namespace liteqat::audit
