// Predictions turned into one-hot vectors and compared with one-hot labels element by element, then averaged over all images x classes
// booleans: a right answer scores C/C, a wrong one (C-2)/C, so that reported = 1 - 2 (1 - a) / C. Mismatches are even in number.
//
// binary_accuracy is its cousin: scores above 0.5 against one-hot labels. A wrong image mismatches in one element (no score above 0.5) or
// in two, a right one in none or in one, so that the parity is free and the accuracy only bounded.
#include <algorithm>
#include <cmath>

#include "audit/explain/mistakes.h"
#include "base/format.h"
#include "base/text.h"

namespace liteqat::audit {
namespace {

constexpr const char* kOneHotCheck =
    "compare class indices instead: np.mean(np.argmax(predictions, axis=1) == np.argmax(labels, axis=1)); print predictions.shape and "
    "labels.shape beside it";

struct WrongRange {
  int64_t low, high;
};

/// Numbers of wrong images w with (N C - 2 w) / (N C) printing the digits.
std::optional<WrongRange> wrong_images(const Subject& subject, int64_t images, int64_t classes) {
  const auto cells = numerators(*subject.figure, images * classes);
  if (!cells) return std::nullopt;
  const int64_t low = (images * classes - cells->high + 1) / 2, high = (images * classes - cells->low) / 2;
  if (low > high || low > images) return std::nullopt;
  return WrongRange{low, std::min(high, images)};
}

void add_without_size(const Subject& subject, int64_t classes, Readings& readings) {
  const auto count = static_cast<double>(classes);
  const double accuracy = 1 - (1 - subject.figure->value) * count / 2;
  if (accuracy < 0 || accuracy > 1) return;
  readings.push_back(
      {.id = "metric.one_hot_elementwise",
       .implied_accuracy = accuracy,
       .likelihood = width_likelihood(subject, accuracy, count / 2, Density::kSibling),
       .why = format("averaging {0} comparisons per image instead of one turns {1:.4f} into 1 - 2 (1 - {1:.4f}) / {0} = {2:.6g}", classes,
                     accuracy, subject.figure->value),
       .how_to_check = kOneHotCheck});
}

}  // namespace

void add_one_hot_reading(const Subject& subject, Readings& readings) {
  const auto classes = subject.facts->classes;
  if (!classes || *classes < 3 || subject.figure->class_average) return;
  if (!subject.size) return add_without_size(subject, *classes, readings);
  const int64_t images = *subject.size;
  const auto wrong = wrong_images(subject, images, *classes);
  if (!wrong) return;
  const CountRange right{images - wrong->high, images - wrong->low};
  const int64_t middle = (right.low + right.high) / 2, cells = images * *classes;
  readings.push_back(
      {.id = "metric.one_hot_elementwise",
       .implied_accuracy = static_cast<double>(middle) / static_cast<double>(images),
       .implied_correct = right.low == right.high ? std::optional(middle) : std::nullopt,
       .implied_total = images,
       .likelihood = count_mass(subject, right, images, Density::kSibling) *
                     digits_probability(*subject.figure, prints_exactly(*subject.figure, cells - 2 * (images - middle), cells)) *
                     computing_probability(*subject.figure, {cells - 2 * wrong->high, cells - 2 * wrong->low}, cells),
       .why =
           format("{} of {} element-wise comparisons of one-hot vectors agree when {} of {} images are right: a wrong image costs 2 of its "
                  "{} comparisons",
                  format_count(cells - 2 * (images - middle)), format_count(cells), format_count(middle), format_count(images), *classes),
       .how_to_check = kOneHotCheck});
}

void add_binary_accuracy_reading(const Subject& subject, Readings& readings) {
  const auto classes = subject.facts->classes;
  if (!classes || *classes < 3 || !subject.size || subject.figure->class_average) return;
  const int64_t images = *subject.size;
  const auto cells = numerators(*subject.figure, images * *classes);
  if (!cells) return;
  const auto size = static_cast<double>(images);
  const double mismatches = static_cast<double>(images * *classes) - 0.5 * static_cast<double>(cells->low + cells->high);
  // Mismatches per wrong image between 1 and 2, uniformly, unsure right ones included.
  constexpr int kSteps = 16;
  double sum = 0, mass = 0;
  for (int step = 0; step < kSteps; ++step) {
    const double per_wrong = 1 + (step + 0.5) / kSteps;
    const double accuracy = 1 - mismatches / size / per_wrong;
    if (accuracy < 0) continue;
    const double term = sibling_density(subject, accuracy, size) / per_wrong / size / kSteps;
    sum += term * static_cast<double>(cells->high - cells->low + 1);
    mass += term;
  }
  if (mass == 0) return;
  const bool exact = prints_exactly(*subject.figure, cells->low, images * *classes);
  readings.push_back(
      {.id = "metric.binary_accuracy",
       .implied_total = images,
       .likelihood = sum * digits_probability(*subject.figure, exact) * computing_probability(*subject.figure, *cells, images * *classes),
       .why = format("thresholding each of the {} scores at 0.5 and comparing with one-hot labels counts {} of {} agreements; the accuracy "
                     "is then between {:.4f} and {:.4f}",
                     *classes, format_count((cells->low + cells->high) / 2), format_count(images * *classes),
                     std::max(0.0, 1 - mismatches / size), 1 - mismatches / size / 2),
       .how_to_check =
           "name the metric: 'categorical_accuracy' (one-hot labels) or 'sparse_categorical_accuracy' (class indices); with the "
           "loss binary_crossentropy, Keras takes 'accuracy' to mean binary accuracy"});
}

}  // namespace liteqat::audit
