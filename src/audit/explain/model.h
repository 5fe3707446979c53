// The one probabilistic model behind explain's weights (docs/explain.md states it with its numbers):
//   weight of a reading  ~  prior of the mistake  x  sum over the counts k that print the digits of  f(k/n) / n  x  q
// where f is the density of accuracies given the sibling figures, 1/n the share of one count, and q the probability of printing with so
// many digits. "As printed" competes under the same formula; "none of these" takes any digits with their bare width.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "audit/explain/facts.h"
#include "audit/explain/granularity.h"
#include "audit/figures/figures.h"

namespace liteqat::audit {

/// Prior probability of a mistake by its id; the sources are in docs/explain.md. 0 for an id the model does not know.
double mistake_prior(const std::string& id);
double prior_as_printed();
double prior_none_of_these();

/// One figure with everything that bears on it.
struct Subject {
  const Figure* figure = nullptr;
  std::optional<int64_t> size;  // images of its own split
  const Facts* facts = nullptr;
  std::vector<double> siblings = {};       // accuracies of comparable figures: same split, same k of top-k, possible as printed
  std::vector<double> test_siblings = {};  // the same of the test split, where the figure is on another one
};

/// Density of the accuracy of one more model on the same split: 0.89 x the mean over the siblings of Student's t with 3 degrees of freedom
/// on the logit scale, around each, + 0.1 x uniform below them (collapses) + 0.01 x uniform. images widens the scale by the sampling
/// error of a set of that size.
double sibling_density(const Subject& subject, double accuracy, double images);

/// Density of an accuracy on images that the model was trained on: between the siblings' and 1, uniformly, mostly.
double seen_density(const Subject& subject, double accuracy);

/// q: the probability of printing with as many digits as the figure has. exact: no digit was rounded away.
double digits_probability(const Figure& figure, bool exact);

/// The share of programs that compute a fraction so that these digits come out: nearly all divide once; means of float32 values and
/// products with reciprocals are the rest, and end up to the bound of granularity.h away.
double computing_probability(const Figure& figure, CountRange numerators, int64_t denominator);

/// What a mistake makes of a subject.
struct Reading {
  std::string id = {};
  std::optional<double> implied_accuracy = {};
  std::optional<int64_t> implied_correct = {}, implied_total = {};
  double likelihood = 0;     // without the prior
  bool fixed_value = false;  // the digits do not depend on the model
  bool open = false;         // any count of implied_total images; the accuracy is not determined
  std::string why = {}, how_to_check = {};
};

enum class Density { kSibling, kSeen };

/// sum over k in low..high of f(k/n)/n, without q. low..high within 0..n.
double count_mass(const Subject& subject, CountRange counts, int64_t total, Density density);

/// The same times q, for digits that are k/n itself.
double count_likelihood(const Subject& subject, CountRange counts, int64_t total, Density density);

/// The same where no size is known: f(accuracy) times the width of what rounding leaves open, which `stretch` turns into accuracy.
double width_likelihood(const Subject& subject, double accuracy, double stretch, Density density);

}  // namespace liteqat::audit
