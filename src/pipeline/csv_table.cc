#include "pipeline/csv_table.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

namespace liteqat::pipeline {
namespace {

using Names = std::vector<std::string>;

/// A semicolon or a tab separates wherever one stands; commas are decimal then.
char separator_of(std::string_view line) {
  for (const char separator : {'\t', ';'}) {
    if (line.find(separator) != std::string_view::npos) return separator;
  }
  return ',';
}

std::string_view bare(std::string_view cell) {
  constexpr std::string_view kAround = " \t\"'";
  const size_t begin = cell.find_first_not_of(kAround);
  return begin == std::string_view::npos ? std::string_view() : cell.substr(begin, cell.find_last_not_of(kAround) - begin + 1);
}

bool read_cell(std::string_view cell, bool decimal_comma, double& value) {
  cell = bare(cell);
  if (cell.starts_with('+')) cell.remove_prefix(1);
  std::string pointed;
  if (decimal_comma && cell.find(',') != std::string_view::npos) {
    pointed = cell;
    pointed[pointed.find(',')] = '.';
    cell = pointed;
  }
  const auto [end, fault] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  return fault == std::errc() && end == cell.data() + cell.size();
}

/// Appends a line's numbers. False if something else stands in it.
bool read_row(std::string_view line, std::vector<double>& values) {
  const char separator = separator_of(line);
  while (true) {
    const size_t end = line.find(separator);
    double value = 0;
    if (!read_cell(line.substr(0, end), separator != ',', value)) return false;
    values.push_back(value);
    if (end == std::string_view::npos) return true;
    line.remove_prefix(end + 1);
  }
}

Names read_header(std::string_view line) {
  const char separator = separator_of(line);
  Names names;
  while (true) {
    const size_t end = line.find(separator);
    std::string name(bare(line.substr(0, end)));
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    names.push_back(name);
    if (end == std::string_view::npos) return names;
    line.remove_prefix(end + 1);
  }
}

bool counts_the_lines(const CsvTable& table) {
  constexpr int64_t kFewest = 3;  // two rows can begin with 0 and 1 by chance
  if (table.rows < kFewest || table.columns < 2) return false;
  const double first = table.values[0];
  if (first != 0 && first != 1) return false;
  for (int64_t row = 1; row < table.rows; ++row) {
    if (table.values[static_cast<size_t>(row * table.columns)] != first + static_cast<double>(row)) return false;
  }
  return true;
}

void drop_first_column(CsvTable& table) {
  std::vector<double> kept;
  kept.reserve(static_cast<size_t>(table.rows * (table.columns - 1)));
  for (size_t i = 0; i < table.values.size(); ++i) {
    if (i % static_cast<size_t>(table.columns) != 0) kept.push_back(table.values[i]);
  }
  table.values = std::move(kept);
  --table.columns;
}

template <size_t kSize>
bool is_one_of(const std::string& name, const std::array<std::string_view, kSize>& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Takes a column of line numbers out, and says no to columns that are no scores.
Status settle_columns(CsvTable& table, Names names, const std::string& path) {
  constexpr std::array<std::string_view, 8> kIndexNames = {"", "id", "index", "unnamed: 0", "image", "image_id", "imageid", "idx"};
  constexpr std::array<std::string_view, 11> kAnswerNames = {"pred",   "prediction", "predictions", "predicted", "label", "labels",
                                                             "y_true", "y_pred",     "target",      "truth",     "class"};
  const bool named = static_cast<int64_t>(names.size()) == table.columns;
  if (counts_the_lines(table)) {
    drop_first_column(table);
    if (named) names.erase(names.begin());
  } else if (named && table.columns > 1 && is_one_of(names.front(), kIndexNames)) {
    return error(Code::kMismatch, "{}: the column '{}' does not count the lines 0, 1, 2, ...: sort the lines by it and leave it out", path,
                 names.front());
  }
  if (!named || table.columns < 2) return {};
  for (const std::string& name : names) {
    if (is_one_of(name, kAnswerNames))
      return error(Code::kMismatch,
                   "{}: {} columns, one of them '{}': one column of class indices or a column of scores per class is expected", path,
                   table.columns, name);
  }
  return {};
}

}  // namespace

Result<CsvTable> parse_csv_table(std::string_view text, const std::string& path) {
  CsvTable table;
  Names names;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // the byte order mark that spreadsheets write
  for (int64_t line_number = 1; !text.empty(); ++line_number) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find_first_not_of(" \t") == std::string_view::npos) continue;
    const size_t before = table.values.size();
    if (!read_row(line, table.values)) {
      table.values.resize(before);
      if (line_number != 1)
        return error(Code::kCorruptFile, "{}: line {}: '{}' is no row of numbers", path, line_number, line.substr(0, 40));
      names = read_header(line);
      continue;
    }
    const auto columns = static_cast<int64_t>(table.values.size() - before);
    if (table.rows > 0 && columns != table.columns) {
      return error(Code::kCorruptFile, "{}: line {}: {} numbers, the lines before have {}", path, line_number, columns, table.columns);
    }
    table.columns = columns;
    ++table.rows;
  }
  if (table.rows == 0) return error(Code::kCorruptFile, "{}: holds no line of numbers", path);
  LITEQAT_RETURN_IF_ERROR(settle_columns(table, std::move(names), path));
  return table;
}

}  // namespace liteqat::pipeline
