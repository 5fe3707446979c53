#include <algorithm>
#include <cmath>

#include "audit/checks/all.h"
#include "audit/checks/harm.h"
#include "base/format.h"

namespace liteqat::audit {
namespace {

constexpr float kSmallest = 1.0f / 512;  // half a step of an int8 softmax output

/// Scores on a scale where noise is even: logarithms where all rows are probabilities.
std::vector<float> to_logits(const Answers& answers) {
  std::vector<float> logits = answers.scores;
  const bool probabilities = std::all_of(logits.begin(), logits.end(), [](float score) { return score >= 0 && score <= 1; });
  if (probabilities) {
    for (float& score : logits) score = std::log(std::max(score, kSmallest));
  }
  return logits;
}

struct Flips {
  double expected = 0, noise = 0;
  int64_t seen = 0, images = 0;
};

/// Margin of the float model's two best classes on every image, and how far quantization moved it: with noise of that standard deviation
/// (from the median of its size, so that a few large ones do not hide themselves) so many images are expected to change sides.
Flips count_flips(const Answers& real, const Answers& integer) {
  const std::vector<float> a = to_logits(real), b = to_logits(integer);
  const auto classes = static_cast<size_t>(real.classes);
  std::vector<double> margins, moves;
  Flips flips;
  for (size_t begin = 0; begin < a.size(); begin += classes) {
    const auto best = static_cast<size_t>(
        std::max_element(a.begin() + static_cast<ptrdiff_t>(begin), a.begin() + static_cast<ptrdiff_t>(begin + classes)) - a.begin());
    size_t second = best == begin ? begin + 1 : begin;
    for (size_t i = begin; i < begin + classes; ++i) {
      if (i != best && a[i] > a[second]) second = i;
    }
    margins.push_back(static_cast<double>(a[best]) - static_cast<double>(a[second]));
    moves.push_back(std::fabs(static_cast<double>(b[best]) - static_cast<double>(b[second]) - margins.back()));
  }
  // Only images near the decision say how large noise is there: the quarter with the smallest margins.
  std::vector<size_t> order(margins.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  const size_t near = std::max<size_t>(1, order.size() / 4);
  std::nth_element(order.begin(), order.begin() + static_cast<ptrdiff_t>(near - 1), order.end(),
                   [&](size_t x, size_t y) { return margins[x] < margins[y]; });
  std::vector<double> sizes;
  for (size_t i = 0; i < near; ++i) sizes.push_back(moves[order[i]]);
  std::nth_element(sizes.begin(), sizes.begin() + static_cast<ptrdiff_t>(sizes.size() / 2), sizes.end());
  flips.noise = sizes[sizes.size() / 2] / 0.6745;  // the median of |N(0,1)|
  for (const double margin : margins) {
    if (flips.noise > 0) flips.expected += 0.5 * std::erfc(margin / flips.noise / std::sqrt(2.0));
  }
  for (size_t i = 0; i < real.classed.size(); ++i) flips.seen += real.classed[i] != integer.classed[i];
  flips.images = real.count();
  return flips;
}

/// The float model to compare with: the one of the study's name, else the only float model with scores.
const AuditedModel* find_float(const Evidence& evidence, const AuditedModel& subject) {
  const AuditedModel* only = nullptr;
  for (const AuditedModel& other : evidence.subjects) {
    const Measured* measured = other.find("test");
    if (other.kind != Kind::kFloat || measured == nullptr || measured->answers.scores.empty()) continue;
    if (subject.study && subject.study->twin == other.name) return &other;
    if (only == nullptr) only = &other;
  }
  return only;
}

void run(const Check& check, const Evidence& evidence, Findings& findings) {
  for (const AuditedModel& subject : evidence.subjects) {
    const Measured* own = subject.find("test");
    if (subject.kind != Kind::kInteger || own == nullptr || own->answers.scores.empty()) continue;
    const AuditedModel* real = find_float(evidence, subject);
    if (real == nullptr) continue;
    const Answers& answers = real->find("test")->answers;
    if (answers.classes != own->answers.classes || answers.count() != own->answers.count() || answers.classes < 2) continue;
    const Flips flips = count_flips(answers, own->answers);
    const double limit = 3 * flips.expected + 5 * std::sqrt(flips.expected + 1) + 10;
    const auto harm = measure_harm(evidence, subject);
    results::Finding finding =
        make_finding(check, results::Verdict::kClear, subject.name,
                     format("Against {}: noise of {:.3g} on the margin of the two best classes flips {:.0f} of {} images; {} flipped.",
                            real->name, flips.noise, flips.expected, flips.images, flips.seen));
    finding.evidence = {{"noise", flips.noise}, {"expected", flips.expected}, {"flipped", static_cast<double>(flips.seen)}};
    if (harm && harm->hurts) {
      finding.verdict = results::Verdict::kProblem;
      finding.summary += format(" It costs accuracy: {} against {}.", count_text(harm->own), count_text(harm->twin));
      finding.counts = {{"right", harm->twin}, {"reproduced", harm->own}};
    } else if (static_cast<double>(flips.seen) > limit) {
      finding.verdict = results::Verdict::kDoubt;
    }
    if (finding.verdict != results::Verdict::kClear) finding.advice = "More than rounding does; see quant.layer_sqnr for the layer.";
    findings.push_back(std::move(finding));
  }
}

}  // namespace

const Check kQuantExpectedError = {
    .id = "quant.expected_error",
    .question = "Did as many answers flip as quantization noise of this size flips?",
    .needs = "scores of a float and an integer model on the same labelled test images",
    .statistic = "expected flips from the noise on the margin of the two best classes, against those seen",
    .threshold =
        "more than 3 times those expected and 5 deviations is a doubt; a problem where the twin is right on 2 points more with exact "
        "McNemar p < 1e-6",
    .error_rate = "1e-6 per model under equality",
    .run = run,
};

}  // namespace liteqat::audit
