#include "audit/explain/model.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace liteqat::audit {
namespace {

struct Prior {
  const char* id;
  double evidence;
};

// Evidence: how many public threads, scripts and widely copied patterns of the project's survey show the mistake, plus two for each, since
// the survey has not seen everything (docs/explain.md lists them).
constexpr std::array<Prior, 16> kPriors = {{{"metric.label_shape_broadcast", 16},
                                            {"quant.constant_output", 11},
                                            {"split.train", 7},
                                            {"metric.one_hot_elementwise", 4},
                                            {"split.validation", 3},
                                            {"split.leak", 3},
                                            {"metric.denominator", 2},
                                            {"metric.partial_batch", 2},
                                            {"metric.dropped_remainder", 2},
                                            {"metric.percent", 2},
                                            {"metric.top_k", 2},
                                            {"metric.binary_accuracy", 2},
                                            {"metric.macro_average", 2},
                                            {"split.subset", 2},
                                            {"split.pooled", 2},
                                            {"report.averaged_runs", 2}}};

constexpr double kAsPrinted = 0.8;     // most figures that anyone prints are what they seem
constexpr double kNoneOfThese = 0.02;  // a mistake that is not in the list

constexpr double kLogitScale =
    0.25;  // half of all pairs within 0.19; float and QAT of the case study differ by 0.21, QAT and int8 by 0.002
constexpr double kCollapseShare = 0.1;  // quantization, a wrong scale or a lost file cost any amount; nothing known adds any amount
constexpr double kSurpriseShare = 0.01;
constexpr double kUnseenShare = 0.1;  // of training images: a model that has not fitted them

double total_evidence() {
  double sum = 0;
  for (const Prior& prior : kPriors) sum += prior.evidence;
  return sum;
}

/// Kept off 0 and 1, where it ends.
double logit(double p) {
  constexpr double kEdge = 1e-4;
  const double inside = std::clamp(p, kEdge, 1 - kEdge);
  return std::log(inside / (1 - inside));
}

/// Student's t with 3 degrees of freedom.
double t3_density(double x) {
  const double base = 1 + x * x / 3;
  return 2 / (std::numbers::pi * std::sqrt(3.0) * base * base);
}

double mean_of(const Subject& subject, Density density, double accuracy, double images) {
  return density == Density::kSeen ? seen_density(subject, accuracy) : sibling_density(subject, accuracy, images);
}

}  // namespace

double mistake_prior(const std::string& id) {
  for (const Prior& prior : kPriors) {
    if (id == prior.id) return (1 - kAsPrinted - kNoneOfThese) * prior.evidence / total_evidence();
  }
  return 0;
}

double prior_as_printed() {
  return kAsPrinted;
}

double prior_none_of_these() {
  return kNoneOfThese;
}

double sibling_density(const Subject& subject, double accuracy, double images) {
  const std::vector<double>& siblings = subject.siblings.empty() ? subject.test_siblings : subject.siblings;
  if (siblings.empty() || accuracy < 0 || accuracy > 1) return accuracy < 0 || accuracy > 1 ? 0 : 1;
  const double inside = std::clamp(accuracy, 1e-4, 1 - 1e-4);
  const double variance = inside * (1 - inside);
  const double scale = std::sqrt(kLogitScale * kLogitScale + 1 / (std::max(images, 1.0) * variance));
  double near = 0, collapsed = 0;
  for (const double sibling : siblings) {
    near += t3_density((logit(accuracy) - logit(sibling)) / scale) / scale / variance;
    if (accuracy <= sibling) collapsed += 1 / std::max(sibling, 1e-3);
  }
  const auto count = static_cast<double>(siblings.size());
  return kSurpriseShare + kCollapseShare * collapsed / count + (1 - kCollapseShare - kSurpriseShare) * near / count;
}

double seen_density(const Subject& subject, double accuracy) {
  if (accuracy < 0 || accuracy > 1) return 0;
  const std::vector<double>& siblings = subject.test_siblings.empty() ? subject.siblings : subject.test_siblings;
  if (siblings.empty()) return 1;
  double sum = 0;
  for (const double sibling : siblings) {
    const double room = std::max(1 - sibling, 1e-3);
    if (accuracy >= sibling) sum += 1 / room;
  }
  return kUnseenShare + (1 - kUnseenShare) * sum / static_cast<double>(siblings.size());
}

double digits_probability(const Figure& figure, bool exact) {
  constexpr double kWhole = 0.3;  // print(x), a JSON file: all digits
  if (figure.total > 0) return 1;
  if (figure.form == Form::kFloat32 || figure.form == Form::kDouble || figure.scale >= 10) return kWhole;
  const bool percent = figure.form == Form::kPercent || figure.form == Form::kPerMille;
  // By decimals of the fraction, 0 to 9: 98.15 % has four. "%.4f" and "%.2f%%" are what nearly everyone writes.
  constexpr std::array<double, 10> kDecimals = {0.01, 0.02, 0.10, 0.10, 0.35, 0.03, 0.05, 0.01, 0.01, 0.01};
  constexpr std::array<double, 10> kPercent = {0.01, 0.01, 0.10, 0.12, 0.35, 0.08, 0.03, 0.01, 0.01, 0.01};
  const auto places = static_cast<size_t>(std::min(figure.scale, 9));
  return (percent ? kPercent : kDecimals)[places] + (exact ? kWhole : 0);
}

double computing_probability(const Figure& figure, CountRange numerators, int64_t denominator) {
  constexpr double kOtherwise = 0.1;
  return prints_after_one_division(figure, numerators, denominator) ? 1 : kOtherwise;
}

double count_mass(const Subject& subject, CountRange counts, int64_t total, Density density) {
  constexpr int64_t kMostTerms = 64;  // wider ranges are sampled: f is smooth over them
  const int64_t count = counts.high - counts.low + 1, terms = std::min(count, kMostTerms);
  const auto size = static_cast<double>(total);
  double sum = 0;
  for (int64_t term = 0; term < terms; ++term) {
    const int64_t k = terms == 1 ? counts.low : counts.low + (count - 1) * term / (terms - 1);
    sum += mean_of(subject, density, static_cast<double>(k) / size, size);
  }
  return sum / static_cast<double>(terms) * static_cast<double>(count) / size;
}

double count_likelihood(const Subject& subject, CountRange counts, int64_t total, Density density) {
  const bool exact = prints_exactly(*subject.figure, (counts.low + counts.high) / 2, total);
  return count_mass(subject, counts, total, density) * digits_probability(*subject.figure, exact) *
         computing_probability(*subject.figure, counts, total);
}

double width_likelihood(const Subject& subject, double accuracy, double stretch, Density density) {
  constexpr double kNoSamplingError = 1e9;
  return mean_of(subject, density, accuracy, kNoSamplingError) * resolution(*subject.figure) * stretch *
         digits_probability(*subject.figure, false);
}

}  // namespace liteqat::audit
