// Labels of shape (N,1) compared with predictions of shape (N,): NumPy broadcasts to N x N booleans. Their mean is the sum over the classes
// of (share of labels) x (share of predictions), exactly 1/C for a set with as many images of every class, whatever the model; summed and
// divided by N once it is N/C ("100000.0000%"). A network whose output is constant has the same 1/C as a true accuracy.
#include <algorithm>
#include <cmath>

#include "audit/explain/mistakes.h"
#include "base/format.h"
#include "base/text.h"

namespace liteqat::audit {
namespace {

constexpr const char* kShapeCheck =
    "print labels.shape and predictions.shape; flatten the labels first: np.mean(predictions == labels.reshape(-1))";

constexpr double kOneClassOnly = 0.5;  // of collapsed networks; the others still name a second class now and then

bool prints_one_of(const Figure& figure, int64_t classes) {
  const auto range = whole_numerators(figure, classes);
  return range && range->low <= 1 && range->high >= 1;
}

/// N/C: the sum over N x N comparisons divided by N.
bool prints_sum(const Figure& figure, int64_t images, int64_t classes) {
  const auto range = whole_numerators(figure, classes);
  return images > classes && range && range->low <= images && range->high >= images;
}

Reading broadcast_reading(double likelihood, const std::string& why) {
  return {.id = "metric.label_shape_broadcast", .likelihood = likelihood, .fixed_value = true, .why = why, .how_to_check = kShapeCheck};
}

bool prints_whole(const Figure& figure) {
  return figure.value < 1e6 && std::abs(figure.value - std::round(figure.value)) < half_place(figure);
}

/// Where the classes differ in size the mean moves with the predictions, by a few percent of 1/C.
double unbalanced_likelihood(const Subject& subject, int64_t classes) {
  constexpr double kSpread = 0.05;
  const double center = 1 / static_cast<double>(classes), distance = (subject.figure->value - center) / (kSpread * center);
  if (std::abs(distance) > 6) return 0;
  const double density = std::exp(-0.5 * distance * distance) / (kSpread * center * std::sqrt(2 * M_PI));
  return density * resolution(*subject.figure) * digits_probability(*subject.figure, false);
}

/// Without the number of classes, the sum shows itself as a whole number that no accuracy can be: "100000.0000%". N, if known, must be a
/// multiple of it.
void add_without_classes(const Subject& subject, Readings& readings) {
  const Figure& figure = *subject.figure;
  if (figure.value < 10 || !prints_whole(figure) || figure.total > 0) return;
  const auto sum = static_cast<int64_t>(std::llround(figure.value));
  if (subject.size && *subject.size % sum != 0) return;
  readings.push_back(broadcast_reading(
      digits_probability(figure, true) / 2,
      format("labels of shape (N,1) against predictions of shape (N,) make N x N comparisons; their sum divided by N is N / C, {} if for "
             "instance {} images fall into 10 classes, whatever the model",
             format_count(sum), format_count(10 * sum))));
}

}  // namespace

void add_label_shape_reading(const Subject& subject, Readings& readings) {
  const auto classes = subject.facts->classes;
  if (!classes) return add_without_classes(subject, readings);
  if (*classes < 2 || subject.figure->total > 0) return;
  const Figure& figure = *subject.figure;
  if (subject.size && prints_sum(figure, *subject.size, *classes)) {
    readings.push_back(broadcast_reading(digits_probability(figure, true) / 2,
                                         format("labels of shape (N,1) against predictions of shape (N,) make N x N comparisons; their sum "
                                                "divided by N is N / {} = {:.6g}, whatever the model",
                                                *classes, figure.value)));
    return;
  }
  const bool balanced = subject.facts->balanced.value_or(true), exactly = prints_one_of(figure, *classes);
  if (balanced && exactly) {
    readings.push_back(broadcast_reading(digits_probability(figure, true) / 2,
                                         format("labels of shape (N,1) against predictions of shape (N,) make N x N comparisons, of which "
                                                "exactly 1/{} agree when all classes are equally "
                                                "large, whatever the model",
                                                *classes)));
    return;
  }
  if (subject.facts->balanced.value_or(false)) return;
  const double likelihood = unbalanced_likelihood(subject, *classes);
  if (likelihood > 0)
    readings.push_back(broadcast_reading(
        likelihood, format("labels of shape (N,1) against predictions of shape (N,) make N x N comparisons, of which about "
                           "1/{} agree, whatever the model",
                           *classes)));
}

void add_constant_output_reading(const Subject& subject, Readings& readings) {
  const auto classes = subject.facts->classes;
  if (!classes || *classes < 2 || !subject.size || subject.figure->class_average) return;
  const int64_t images = *subject.size;
  const auto range = numerators(*subject.figure, images);
  if (!range || !subject.facts->balanced.value_or(true) || images % *classes != 0) return;
  const int64_t share = images / *classes;
  if (range->low > share || range->high < share) return;
  readings.push_back(
      {.id = "quant.constant_output",
       .implied_accuracy = 1 / static_cast<double>(*classes),
       .implied_correct = share,
       .implied_total = images,
       .likelihood = kOneClassOnly * digits_probability(*subject.figure, true),
       .fixed_value = true,
       .why = format("a network that gives every image the same class is right on exactly {}: collapsed ranges, batch norm statistics that "
                     "have not settled, or input on the wrong scale do that",
                     count_words(share, images)),
       .how_to_check = "count the predicted classes: np.bincount(predictions)"});
}

}  // namespace liteqat::audit
