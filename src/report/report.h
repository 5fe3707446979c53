// Formats a run record: the table on the terminal and report.html, a single self-contained file with inline SVG, light and dark.
// Computes no statistics: every number shown stands in the record.
#pragma once

#include <string>

#include "results/records.h"

namespace liteqat::report {

struct TableStyle {
  bool color = false;
  int width = 100;
};

/// model, correct/total, value, 95 % interval, agreement with float, file size; one line per metric of the test split.
std::string render_table(const results::Run& run, const TableStyle& style);

std::string render_html(const results::Run& run);

}  // namespace liteqat::report
