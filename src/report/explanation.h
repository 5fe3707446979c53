// Formats an explanation record: one screen for the terminal, the rest on request, and Markdown. Computes no statistics: every number
// shown stands in the record.
#pragma once

#include <string>

#include "results/explain_record.h"

namespace liteqat::report {

struct ExplanationStyle {
  bool color = false;
  bool all = false;  // every figure, reading, pair and finding instead of one screen
};

std::string render_explanation(const results::Explanation& explanation, const ExplanationStyle& style);

/// Everything, as Markdown tables.
std::string explanation_to_markdown(const results::Explanation& explanation);

}  // namespace liteqat::report
