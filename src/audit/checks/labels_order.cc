#include <algorithm>
#include <cmath>

#include "audit/checks/all.h"
#include "audit/checks/claimed.h"
#include "audit/checks/harm.h"
#include "base/format.h"

namespace liteqat::audit {
namespace {

constexpr double kDeviations = 6;
constexpr int64_t kLargestLag = 1000;

struct Chance {
  double expected = 0, deviation = 1;
  bool same_histogram = false;
};

/// Right answers if answers and labels were independent, from both histograms (hypergeometric mean; binomial deviation).
Chance chance_level(const std::vector<int32_t>& labels, int32_t class_count, const Answers& answers) {
  const auto classes = static_cast<size_t>(class_count);
  std::vector<double> labelled(classes), answered(classes);
  for (size_t i = 0; i < labels.size(); ++i) {
    labelled[static_cast<size_t>(labels[i])] += 1;
    if (static_cast<size_t>(answers.classed[i]) < classes) answered[static_cast<size_t>(answers.classed[i])] += 1;
  }
  const auto n = static_cast<double>(labels.size());
  Chance chance;
  double distance = 0;
  for (size_t c = 0; c < classes; ++c) {
    chance.expected += labelled[c] * answered[c] / n;
    distance += std::fabs(labelled[c] - answered[c]) / 2;
  }
  const double p = chance.expected / n;
  chance.deviation = std::max(1.0, std::sqrt(n * p * (1 - p)));
  chance.same_histogram = distance < 0.3 * n;  // an untrained network answers one or two classes
  return chance;
}

/// The shift of the answers against the labels with most agreement; `reversed` by lag INT64_MAX is not tried here.
std::pair<int64_t, int64_t> best_lag(const Answers& answers, const std::vector<int32_t>& labels) {
  const auto n = static_cast<int64_t>(labels.size());
  std::pair<int64_t, int64_t> best = {0, -1};
  for (int64_t lag = -std::min(kLargestLag, n / 2); lag <= std::min(kLargestLag, n / 2); ++lag) {
    if (lag == 0) continue;
    int64_t equal = 0;
    for (int64_t i = std::max<int64_t>(0, -lag); i < std::min(n, n - lag); ++i) {
      equal += answers.classed[static_cast<size_t>(i + lag)] == labels[static_cast<size_t>(i)];
    }
    if (equal > best.second) best = {lag, equal};
  }
  return best;
}

/// The labels given against the data set's own, where both are at hand.
void compare_labels(const Check& check, const Evidence& evidence, Findings& findings) {
  if (evidence.data_labels.empty() || evidence.data_labels.size() != evidence.labels.size()) return;
  int64_t different = 0;
  for (size_t i = 0; i < evidence.labels.size(); ++i) different += evidence.labels[i] != evidence.data_labels[i];
  results::Finding finding = make_finding(check, different > 0 ? results::Verdict::kProblem : results::Verdict::kClear, "labels",
                                          format("{} of {} labels given differ from the data set's own.", different, evidence.total()));
  if (different > 0) finding.advice = "Take the labels of the same images in the same order.";
  finding.evidence["different"] = static_cast<double>(different);
  findings.push_back(std::move(finding));
}

/// Something else makes the model wrong: its float twin is right on the same images, or it is at chance on the training images too, whose
/// labels are another list.
bool is_broken_itself(const Evidence& evidence, const AuditedModel& subject) {
  const auto harm = measure_harm(evidence, subject);
  if (harm && harm->hurts) return true;
  const Measured* train = subject.find("train");
  if (train == nullptr || train->answers.classed.size() != evidence.train_labels.size()) return false;
  const Chance chance = chance_level(evidence.train_labels, evidence.classes, train->answers);
  const auto right = static_cast<double>(count_correct(train->answers, evidence.train_labels));
  return right < chance.expected + kDeviations * chance.deviation;
}

void run(const Check& check, const Evidence& evidence, Findings& findings) {
  compare_labels(check, evidence, findings);
  for (const AuditedModel& subject : evidence.subjects) {
    const auto right = right_count(evidence, subject, "test");
    if (!right) continue;
    const Answers& answers = subject.find("test")->answers;
    const Chance chance = chance_level(evidence.labels, evidence.classes, answers);
    const bool at_chance = static_cast<double>(right->correct) < chance.expected + kDeviations * chance.deviation;
    results::Finding finding = make_finding(
        check, results::Verdict::kClear, subject.name,
        format("{} right answers are {:.0f} standard deviations above what answers in another order than the labels would give.",
               right->correct, (static_cast<double>(right->correct) - chance.expected) / chance.deviation));
    finding.counts["right"] = *right;
    if (at_chance && chance.same_histogram && !is_broken_itself(evidence, subject)) {
      const auto [lag, equal] = best_lag(answers, evidence.labels);
      const bool shifted = static_cast<double>(equal) > chance.expected + 8 * chance.deviation;
      finding.verdict = results::Verdict::kProblem;
      finding.summary = format(
          "{} is what chance gives ({:.0f}), while the answers name every class about as often as the labels do: answers "
          "and labels do not stand in the same order{}.",
          count_text(*right), chance.expected, shifted ? format(" (shifted by {} images {} agree)", lag, equal) : std::string());
      finding.advice = "Write predictions and labels in one pass over the images, with shuffling off.";
      if (shifted) finding.evidence["shift"] = static_cast<double>(lag), finding.counts["reproduced"] = {equal, right->total};
    } else if (at_chance) {
      finding.verdict = results::Verdict::kDoubt;
      finding.summary =
          format("{} is what chance gives, but the labels' order need not be why: the model itself does not work.", count_text(*right));
      finding.advice = "See quant.layer_sqnr, quant.constant_output and training.batch_norm_state.";
    }
    findings.push_back(std::move(finding));
  }
}

}  // namespace

const Check kLabelsOrder = {
    .id = "labels.order",
    .question = "Do predictions and labels stand in the same order?",
    .needs = "labels, and a model with --data or --predictions",
    .statistic = "right answers against their number for independent answers with the same class counts; shifts up to 1,000 images",
    .threshold =
        "not 6 standard deviations above chance although the answers spread over the classes as the labels do (70 % overlap); a doubt "
        "where they do "
        "not, the float twin is right on the same images, or the training images are answered at chance too",
    .error_rate = "a model better than chance by 12 standard deviations fails it with probability 1e-9",
    .run = run,
};

}  // namespace liteqat::audit
