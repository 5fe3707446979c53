// Figures that are means of something else than images: top-k counted for top-1, the mean over classes, the mean over several runs.
#include <algorithm>
#include <array>
#include <cmath>

#include "audit/explain/mistakes.h"
#include "base/format.h"
#include "base/text.h"

namespace liteqat::audit {

/// Top-5 errors are up to 0.6 of the top-1 error, uniformly: 0.55 for random scores with ten classes, 0.3 for ImageNet networks.
void add_top_k_reading(const Subject& subject, Readings& readings) {
  const Figure& figure = *subject.figure;
  if (figure.top_k > 1 || figure.value > 1 || subject.siblings.empty() || figure.class_average) return;
  if (subject.facts->classes && *subject.facts->classes < 6) return;
  double width = resolution(figure);
  bool exact = false;
  if (subject.size) {
    const auto counts = numerators(figure, *subject.size);
    if (!counts) return;
    width = static_cast<double>(counts->high - counts->low + 1) / static_cast<double>(*subject.size);
    exact = prints_exactly(figure, counts->low, *subject.size);
  }
  constexpr double kMostOfError = 0.6;
  double density = 0;
  for (const double sibling : subject.siblings) {
    const double room = kMostOfError * std::max(1 - sibling, 1e-3);
    if (1 - figure.value <= room) density += 1 / room / static_cast<double>(subject.siblings.size());
  }
  if (density == 0) return;
  readings.push_back(
      {.id = "metric.top_k",
       .implied_total = subject.size,
       .likelihood = density * width * digits_probability(figure, exact),
       .open = true,
       .why = "an image counts as right when its class is among the k best: the figure is then far above the others, and the top-1 "
              "accuracy is not determined by it",
       .how_to_check = "compare the first maximum alone with the label: np.mean(np.argmax(scores, axis=1) == labels)"});
}

/// The mean of the classes' own accuracies has a fine grid of its own: any digits fit, with the width they leave open. With equally
/// large classes it is the accuracy.
void add_macro_average_reading(const Subject& subject, Readings& readings) {
  const Figure& figure = *subject.figure;
  if (subject.facts->balanced.value_or(false) || figure.value > 1 || figure.value < 0 || figure.total > 0 || figure.class_average) return;
  readings.push_back(
      {.id = "metric.macro_average",
       .implied_accuracy = figure.value,
       .likelihood = width_likelihood(subject, figure.value, 1, Density::kSibling),
       .why =
           "a mean of the classes' accuracies (balanced accuracy, macro recall) weighs images of small classes more: it is no whole number "
           "of images, and near the accuracy, not equal to it",
       .how_to_check = "print the right images per class; their sum divided by the number of images is the accuracy"});
}

void add_averaged_runs_reading(const Subject& subject, Readings& readings) {
  if (!subject.size || subject.figure->total > 0 || subject.figure->class_average) return;
  struct Runs {
    int64_t count;
    double share;
  };
  constexpr std::array<Runs, 7> kRuns = {{{5, 0.35}, {3, 0.3}, {10, 0.2}, {2, 0.05}, {4, 0.05}, {20, 0.03}, {8, 0.02}}};
  VariantSum sum;
  for (const Runs& runs : kRuns) {
    const int64_t total = runs.count * *subject.size;
    if (total > 1'000'000'000) continue;
    const auto range = numerators(*subject.figure, total);
    if (!range) continue;
    const int64_t middle = (range->low + range->high) / 2;
    sum.add(runs.share * count_likelihood(subject, *range, total, Density::kSibling),
            range->low == range->high ? std::optional(middle) : std::nullopt, total,
            static_cast<double>(middle) / static_cast<double>(total), format("{} runs", runs.count));
  }
  if (sum.empty()) return;
  Reading reading{.id = "report.averaged_runs"};
  sum.write(reading);
  reading.why = format("the mean of {} over {} images each moves in smaller steps than one run", sum.detail(), format_count(*subject.size));
  reading.how_to_check = "print every run's own count of right images";
  readings.push_back(reading);
}

}  // namespace liteqat::audit
