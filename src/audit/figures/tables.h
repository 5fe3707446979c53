// Tables: CSV, TSV and semicolons, Markdown, LaTeX, box drawing, columns aligned with spaces, and scikit-learn's classification report.
// A cell is a figure if its column or its row names an accuracy; its label is row and column. Private to figures.
#pragma once

#include <vector>

#include "audit/figures/collector.h"
#include "audit/figures/text_lines.h"

namespace liteqat::audit {

/// Reads every table in the lines not yet taken and marks its lines.
void read_tables(const std::vector<TextLine>& lines, Collector& collector, std::vector<bool>& taken);

}  // namespace liteqat::audit
