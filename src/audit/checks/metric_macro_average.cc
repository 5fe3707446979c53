#include <cmath>
#include "audit/checks/all.h"
#include "audit/checks/claimed.h"

namespace liteqat::audit {
namespace {

/// Per-class recalls averaged.
std::vector<Reproduction> reproduce([[maybe_unused]] const Evidence& evidence, const AuditedModel& subject) {
  std::vector<Reproduction> made;
  for (const Measured& measured : subject.measured) {
    if (measured.split != "test" || measured.answers.classed.size() != evidence.labels.size() || evidence.labels.empty()) continue;
    const int64_t n = measured.answers.count(), right = count_correct(measured.answers, evidence.labels);
    std::vector<int64_t> images(static_cast<size_t>(evidence.classes)), good(images.size());
    for (size_t i = 0; i < evidence.labels.size(); ++i) {
      const auto label = static_cast<size_t>(evidence.labels[i]);
      ++images[label], good[label] += measured.answers.classed[i] == evidence.labels[i];
    }
    double sum = 0;
    int64_t present = 0;
    for (size_t c = 0; c < images.size(); ++c) {
      if (images[c] > 0) sum += static_cast<double>(good[c]) / static_cast<double>(images[c]), ++present;
    }
    // A mean of fractions with unlike denominators: to 10^-12, beyond the digits that are printed.
    constexpr int64_t kScale = 1'000'000'000'000;
    const double mean = sum / static_cast<double>(present);
    if (std::fabs(mean - static_cast<double>(right) / static_cast<double>(n)) < 1e-12) continue;
    made.push_back(
        {{std::llround(mean * static_cast<double>(kScale)), kScale}, "the mean of the classes' own accuracies", measured.profile});
  }
  return made;
}

void run(const Check& check, const Evidence& evidence, Findings& findings) {
  explain_claims(check, evidence, reproduce, "Name it balanced or macro-averaged accuracy, and print the plain one beside it.", findings);
}

}  // namespace

const Check kMetricMacroAverage = {
    .id = "metric.macro_average",
    .question = "Is it the mean of the classes' own accuracies?",
    .needs =
        "a claimed figure of a model whose answers on labelled images are known: --claimed TEXT and a model with --data, or --predictions "
        "with --labels",
    .statistic = "mean of k_c / n_c over the classes with images; equal to the accuracy where all classes are as large",
    .threshold = kPrintedDigits,
    .error_rate = kPrintedDigitsRate,
    .run = run,
};

}  // namespace liteqat::audit
