// Pairs of figures of one split, compared from their counts alone. Private to explain.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "audit/explain/facts.h"
#include "audit/explain/granularity.h"
#include "results/explain_record.h"

namespace liteqat::audit {

inline constexpr double kAlpha = 0.05;  // a difference with at least this p is noise

/// A figure that stands for itself: possible as printed, the last of its series.
struct Comparable {
  const Figure* figure = nullptr;
  int64_t total = 0;
  CountRange counts;
};

/// All pairs of the same split and the same k of top-k; with many figures only neighbours, and a note says so.
std::vector<results::FigureComparison> compare_figures(const std::vector<Comparable>& figures, std::vector<std::string>& notes);

}  // namespace liteqat::audit
