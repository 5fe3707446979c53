// The numbers of one line of text and what each of them is, before any is taken for a figure: counters, ratios, sizes. Private to figures.
#pragma once

#include <string_view>
#include <vector>

#include "audit/figures/collector.h"
#include "audit/figures/numbers.h"
#include "audit/figures/wrapped_lines.h"

namespace liteqat::audit {

enum class Role {
  kOpen,     // not decided: perhaps a figure
  kCounter,  // epoch 3, step [100/600]
  kName,     // part of a name: class 3, top 5, fold 2
  kSize,     // 10,000 test images
  kPair,     // first of k/N; the second is kPairTotal
  kPairTotal,
  kNothing,  // attached letters, versions, times
};

struct LineNumber {
  PrintedNumber number;
  Role role = Role::kOpen;
  size_t end = 0;  // of what belongs to the number: of "94.5" in "94.5 ± 0.2 %" behind the percent sign
};

/// "10,000 images": the count of one of the line's numbers.
struct TestSize {
  size_t at = 0;
  int64_t count = 0;
};

struct LineNumbers {
  std::vector<LineNumber> numbers;
  bool unfinished = false;      // a progress line in the middle of a pass: "[ 10/196]", "12/313 [=>"; its accuracies are of no split
  bool finished_pass = false;   // starts with "313/313"
  std::vector<TestSize> sizes;  // in the line's order
};

/// Finds the numbers of a line, or of a passage of wrapped ones, and gives sizes that it names to the collector.
LineNumbers find_line_numbers(const Passage& passage, Collector& collector);

}  // namespace liteqat::audit
