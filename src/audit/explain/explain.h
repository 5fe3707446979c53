// explain: what printed figures can mean, from the figures alone. Reads a text, checks granularity, inverts the known mistakes, weighs
// them by one stated model (docs/explain.md), compares figures of the same split, and writes findings. It never claims to know: a reading
// is "consistent with" the digits. Pure; bounded: at most 200 figures are weighed and about as many pairs compared, and a note says so.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/explain/facts.h"
#include "audit/figures/figures.h"
#include "base/status.h"
#include "results/explain_record.h"

namespace liteqat::audit {

/// Fails with kNotFound if the text holds no figure, with kInvalidArgument on bad facts.
/// name: what messages call the text, a file name or "stdin".
Result<results::Explanation> explain_text(std::string_view text, const StatedFacts& stated, const std::string& name);

/// The number of images behind a figure: of its own ratio, the user's, named beside it, or of its split. Empty: unknown.
std::optional<int64_t> images_behind(const Figure& figure, const Facts& facts);

/// Readings of one subject, by weight, with ties marked. as_printed: the weight left for the figure being what it says.
struct Weighed {
  std::vector<results::Hypothesis> hypotheses;
  double as_printed = 0;
};
struct Subject;
Weighed weigh_readings(const Subject& subject);

}  // namespace liteqat::audit
