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
  Interval interval = {};                       // Wilson; of copies at the effective number of images
  std::optional<Interval> interval_exact = {};  // Clopper-Pearson; none of copies
};

/// Images of one class. Of labels where they are known, else of what `a` answers.
struct ClassFlips {
  int32_t label = 0;
  int64_t total = 0, changed = 0, only_a = 0, only_b = 0;
};

struct ScoreDifference {
  double mean = 0, root_mean_square = 0, largest = 0;  // of |a - b| over all finite scores
};

/// A comparison on pictures and their altered copies: the test of the clusters stands in place of McNemar's.
struct ClusterComparison {
  int64_t pictures = 0, images_each = 1;
  double p = 1;  // Student's t on the pictures' differences
};

struct PairComparison {
  ComparedModel a, b;
  int64_t total = 0, agreement = 0, both_right = 0, only_a = 0, only_b = 0, both_wrong = 0;
  bool labelled = false;
  double p_exact = 1, p_mid = 1, p_holm = 1;  // McNemar (of copies: clusters->p twice); Holm's adjustment of p_exact over all pairs
  double difference = 0;                      // value of a less that of b
  Interval difference_interval;
  double margin = 0, equivalence_p = 1;
  double discordance = 0;              // share of images right in exactly one
  std::optional<double> smallest_gap;  // that this many images show at 80 % power
  double gap_asked = 0;
  std::optional<int64_t> images_needed;           // for gap_asked, both models on the same images (of copies: pictures)
  std::optional<int64_t> images_needed_unpaired;  // for gap_asked, each model on images of its own
  std::optional<ClusterComparison> clusters;      // of altered copies
  std::vector<ClassFlips> flips;
  std::optional<ScoreDifference> scores;
};

/// One model's right answers by folder of a pool and by form of the copies.
struct ModelParts {
  std::string name;
  std::vector<MetricPart> directories = {}, copies = {};
};

struct Comparison {
  std::vector<PairComparison> pairs;  // (1,2), (1,3), ..., (2,3), ...; at least one
  std::vector<Finding> findings;
  std::vector<ModelParts> parts = {};   // of pools and copies
  std::vector<std::string> notes = {};  // sentences about the images
};

/// The first pair's keys at the top, all pairs in "comparisons" where there are more than two models.
std::string comparison_to_json(const Comparison& comparison);

}  // namespace liteqat::results
