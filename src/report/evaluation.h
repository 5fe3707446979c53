// The terminal's text for an evaluation record. Formats, computes nothing.
#pragma once

#include <string>
#include <vector>

#include "results/evaluation_record.h"

namespace liteqat::report {

/// by_class: right and total by class too.
std::string render_evaluation(const results::Evaluation& evaluation, bool by_class);

/// Right answers by folder and by form of the copies, a line each, indented; empty where there is one folder without copies.
std::string part_lines(const std::vector<results::MetricPart>& parts);

/// "Copies are not independent images: ..." with the design effect. Empty without copies.
std::string cluster_line(const results::Metric& metric);

}  // namespace liteqat::report
