// Rows of numbers in text, as NumPy, pandas and spreadsheets write them: a header line or none, commas, semicolons or tabs between, decimal
// commas where commas do not separate, a column in front that only counts the lines. Thread-safe; reads no file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace liteqat::pipeline {

struct CsvTable {
  int64_t rows = 0, columns = 0;
  std::vector<double> values = {};  // row by row
};

/// Class indices or scores. A column that counts the lines is left out. `path` is for messages.
/// Fails: a line that is no row of numbers, rows of different lengths, no row at all, an index column that does not count the lines (whose
/// order nobody knows), columns named as predictions and labels beside each other (which are no scores).
Result<CsvTable> parse_csv_table(std::string_view text, const std::string& path);

}  // namespace liteqat::pipeline
