// Where the readers of lines, tables and keys put what they find; turns a number and its meaning into a figure. Private to figures.
#pragma once

#include <string>
#include <string_view>

#include "audit/figures/figures.h"
#include "audit/figures/numbers.h"
#include "audit/figures/words.h"

namespace liteqat::audit {

/// Where a number stands and what it is called.
struct Place {
  int32_t line = 1;
  std::string label = {};
  std::string series = {};   // where the label holds a row that only counts (an epoch); empty: the label
  std::string split = {};    // where the label names none; empty: test
  bool in_percent = false;   // a neighbour in the same column, or the label, says percent
  int64_t stated_total = 0;  // images named beside it
};

class Collector {
 public:
  explicit Collector(FigureText& text) : text_(&text) {}

  /// Adds the figure unless the number cannot be one: attached letters, points, an error that may be a loss. True if it was added.
  bool add_number(std::string_view line, const PrintedNumber& number, const Meaning& meaning, const Place& place);
  /// "9815/10000". Requires: counts >= 0.
  void add_ratio(const std::string& printed, int64_t correct, int64_t total, const Meaning& meaning, const Place& place);
  void add_size(const std::string& what, int64_t count, int32_t line, std::string_view words);
  void add_note(const std::string& sentence);

 private:
  FigureText* text_;
};

/// The label as shown: no surrounding punctuation, one space between words, at most 120 bytes, no "is", "of", "improved from" at its end.
std::string clean_label(std::string_view phrase);

}  // namespace liteqat::audit
