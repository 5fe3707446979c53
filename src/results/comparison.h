// The record of `liteqat compare` ("liteqat/compare/1"): answers of two or more models on the same images, and its JSON.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "results/records.h"

namespace liteqat::results {

/// One side. Right and wrong are known only where labels are.
struct ComparedModel {
  std::string name = {};
  int64_t correct = 0, ties = 0;
  double value = 0;
  Interval interval = {}, interval_exact = {};  // Wilson; Clopper-Pearson
};

/// Images of one class. Of labels where they are known, else of what `a` answers.
struct ClassFlips {
  int32_t label = 0;
  int64_t total = 0, changed = 0, only_a = 0, only_b = 0;
};

struct ScoreDifference {
  double mean = 0, root_mean_square = 0, largest = 0;  // of |a - b| over all finite scores
};

struct PairComparison {
  ComparedModel a, b;
  int64_t total = 0, agreement = 0, both_right = 0, only_a = 0, only_b = 0, both_wrong = 0;
  bool labelled = false;
  double p_exact = 1, p_mid = 1, p_holm = 1;  // McNemar; Holm's adjustment of p_exact over all pairs
  double difference = 0;                      // value of a less that of b
  Interval difference_interval;
  double margin = 0, equivalence_p = 1;
  double discordance = 0;              // share of images right in exactly one
  std::optional<double> smallest_gap;  // that this many images show at 80 % power
  double gap_asked = 0;
  std::optional<int64_t> images_needed;  // for gap_asked at this discordance
  std::vector<ClassFlips> flips;
  std::optional<ScoreDifference> scores;
};

struct Comparison {
  std::vector<PairComparison> pairs;  // (1,2), (1,3), ..., (2,3), ...; at least one
  std::vector<Finding> findings;
};

/// The first pair's keys at the top, all pairs in "comparisons" where there are more than two models.
std::string comparison_to_json(const Comparison& comparison);

}  // namespace liteqat::results
