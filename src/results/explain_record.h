// What explain leaves behind: printed figures, what each can mean, comparisons and findings, and their JSON ("liteqat/explain/1"). Plain
// records; nothing is computed here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "results/records.h"

namespace liteqat::results {

/// The counts k of `total` that print a figure's digits: low..high.
struct Numerators {
  int64_t total = 0, low = 0, high = 0;
};

struct FigureRecord {
  std::string label, printed, form, split;
  int32_t line = 0;
  double value = 0;                                                           // a fraction
  std::vector<std::pair<std::string, std::optional<Numerators>>> numerators;  // by split of known size; empty: no count prints it
  std::optional<bool> possible;                                               // on its own split; empty: the size is unknown
};

/// A reading of a figure: a known mistake and the accuracy that it would turn into the printed one.
struct Hypothesis {
  std::string id, subject;  // subject: a figure's label
  std::optional<double> implied_accuracy = {};
  std::optional<int64_t> implied_correct = {}, implied_total = {};
  double weight = 0;                        // the weights of one subject add up to at most 1; the rest is "as printed"
  std::vector<std::string> tied_with = {};  // ids of arithmetically identical readings of the same subject
  std::string why, how_to_check;
};

struct FigureComparison {
  std::string a, b;  // labels
  double difference = 0, z = 0, p_unpaired = 1;
  std::optional<int64_t> significant_below_discordant = {};
  std::optional<int64_t> images_needed = {};  // per figure, unpaired; empty for equal figures
  std::optional<int64_t> images_more = {};    // of them, more than the figure with fewer images has
};

/// A number that the explanation rests on, and where it comes from.
struct Fact {
  std::string what, source;  // "test", "--dataset cifar10" or "line 3: 10,000 test images"
  int64_t count = 0;
};

struct Explanation {
  std::vector<Fact> facts;
  std::vector<FigureRecord> figures;
  std::vector<Hypothesis> hypotheses;  // by weight
  std::vector<FigureComparison> comparisons;
  std::vector<Finding> findings;
  std::vector<std::string> notes;
};

/// Stable key order, two-space indent, a final newline; numbers round-trip.
std::string explanation_to_json(const Explanation& explanation);

}  // namespace liteqat::results
