// The sizes an explanation rests on, each with its source: flags over the text's own words over the data set's public sizes.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "audit/figures/figures.h"
#include "base/status.h"
#include "results/explain_record.h"

namespace liteqat::audit {

/// What the user said. Empty: nothing.
struct StatedFacts {
  std::string dataset;
  std::optional<int64_t> test, train, validation, classes;
};

struct Facts {
  std::optional<int64_t> test, train, validation, classes;
  bool test_from_flag = false;            // the user's own number: a size named beside a figure does not replace it
  std::optional<bool> balanced;           // as many test images of every class
  std::span<const int64_t> class_counts;  // test images per class where known
  std::string dataset;
  std::vector<results::Fact> sources;
  std::vector<std::string> notes;  // conflicts between sources

  std::optional<int64_t> size_of(const std::string& split) const;
};

/// Fails with kInvalidArgument on an unknown data set or a size that is not positive.
Result<Facts> resolve_facts(const StatedFacts& stated, const FigureText& text);

}  // namespace liteqat::audit
