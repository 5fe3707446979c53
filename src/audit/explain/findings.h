// Findings of explain: one sentence per figure and per pair within noise. Private to explain.
#pragma once

#include "audit/explain/facts.h"
#include "audit/explain/granularity.h"
#include "results/explain_record.h"

namespace liteqat::audit {

/// granularity.impossible: `problem` for a test figure that no count prints, `doubt` for a training or validation figure, whose split often
/// is not the public one, `clear` otherwise. Requires: the size is known, or the value is outside 0..1.
results::Finding granularity_finding(const Figure& figure, std::optional<int64_t> total, std::optional<CountRange> counts);

/// `doubt` under the id of the reading with the largest weight.
results::Finding reading_finding(const Figure& figure, const std::vector<results::Hypothesis>& hypotheses, double as_printed);

/// noise.within_sampling_error, `clear`. Requires: p_unpaired >= 0.05.
results::Finding noise_finding(const results::FigureComparison& comparison);

}  // namespace liteqat::audit
