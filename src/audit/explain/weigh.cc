// Prior times likelihood of every reading, scaled to 1 together with "as printed" and "none of these".
#include <algorithm>

#include "audit/explain/explain.h"
#include "audit/explain/mistakes.h"
#include "audit/explain/model.h"

namespace liteqat::audit {
namespace {

constexpr double kSmallestWeight = 1e-3;  // readings below are not worth a line

double as_printed_likelihood(const Subject& subject) {
  const Figure& figure = *subject.figure;
  if (figure.value < 0 || figure.value > 1) return 0;
  const Density density = figure.split == "train" ? Density::kSeen : Density::kSibling;
  if (!subject.size || figure.class_average) return width_likelihood(subject, figure.value, 1, density);
  const auto counts = numerators(figure, *subject.size);
  return counts ? count_likelihood(subject, *counts, *subject.size, density) : 0;
}

double none_likelihood(const Figure& figure) {
  return figure.total > 0 ? 1 / static_cast<double>(figure.total) : resolution(figure) * digits_probability(figure, false);
}

/// The same count of the same number of images, or the same value whatever the model: no digit can tell the two readings apart.
bool identical(const Reading& a, const Reading& b) {
  if (a.fixed_value && b.fixed_value) return true;
  if (a.open && b.open) return a.implied_total && a.implied_total == b.implied_total;
  return a.implied_correct && b.implied_correct && a.implied_correct == b.implied_correct && a.implied_total == b.implied_total;
}

std::vector<std::string> find_ties(const Reading& reading, const Readings& readings) {
  std::vector<std::string> ids;
  for (const Reading& other : readings) {
    if (&other != &reading && identical(reading, other)) ids.push_back(other.id);
  }
  return ids;
}

}  // namespace

Weighed weigh_readings(const Subject& subject) {
  Weighed weighed;
  const double as_printed = prior_as_printed() * as_printed_likelihood(subject);
  double sum = as_printed + prior_none_of_these() * none_likelihood(*subject.figure);
  const Readings readings = find_readings(subject);
  for (const Reading& reading : readings) {
    const double weight = mistake_prior(reading.id) * reading.likelihood;
    sum += weight;
    weighed.hypotheses.push_back({reading.id, subject.figure->label, reading.implied_accuracy, reading.implied_correct,
                                  reading.implied_total, weight, find_ties(reading, readings), reading.why, reading.how_to_check});
  }
  if (sum <= 0) return weighed;
  for (auto& hypothesis : weighed.hypotheses) hypothesis.weight /= sum;
  weighed.as_printed = as_printed / sum;
  std::erase_if(weighed.hypotheses, [](const results::Hypothesis& one) { return !(one.weight >= kSmallestWeight); });
  std::stable_sort(weighed.hypotheses.begin(), weighed.hypotheses.end(),
                   [](const results::Hypothesis& a, const results::Hypothesis& b) { return a.weight > b.weight; });
  return weighed;
}

}  // namespace liteqat::audit
