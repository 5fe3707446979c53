#include "audit/figures/table_rows.h"

#include <algorithm>

#include "audit/figures/phrases.h"

namespace liteqat::audit {
namespace {

std::string clean_cell(std::string_view cell) {
  cell = trimmed(cell);
  while (cell.size() >= 2 && (cell.front() == '"' || cell.front() == '\'') && cell.back() == cell.front())
    cell = trimmed(cell.substr(1, cell.size() - 2));
  return std::string(cell);
}

Cells split_at(std::string_view line, char separator) {
  Cells cells;
  for (size_t begin = 0; begin <= line.size();) {
    const size_t end = std::min(line.find(separator, begin), line.size());
    cells.push_back(clean_cell(line.substr(begin, end - begin)));
    begin = end + 1;
  }
  return cells;
}

/// RFC 4180: quoted fields may hold the separator, doubled quotes stand for one.
Cells split_quoted(std::string_view line, char separator) {
  Cells cells;
  std::string cell;
  bool quoted = false;
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"') {
      quoted = !quoted;
    } else if (line[i] == separator && !quoted) {
      cells.push_back(clean_cell(cell));
      cell.clear();
    } else {
      cell += line[i];
    }
  }
  cells.push_back(clean_cell(cell));
  return cells;
}

Cells split_bars(std::string_view line) {
  line = trimmed(line);
  if (std::count(line.begin(), line.end(), '|') < 2 && (line.empty() || line.front() == '|' || line.find(" | ") == std::string_view::npos))
    return {};
  if (line.starts_with("|")) line.remove_prefix(1);
  if (line.ends_with("|")) line.remove_suffix(1);
  return split_at(line, '|');
}

Cells split_latex(std::string_view line) {
  if (line.find('&') == std::string_view::npos || line.find("&&") != std::string_view::npos) return {};
  line = line.substr(0, std::min(line.find("\\\\"), line.size()));
  std::string text(line);
  for (size_t at = text.find("\\&"); at != std::string::npos; at = text.find("\\&")) text.replace(at, 2, "+");
  return split_at(text, '&');
}

/// Columns set apart by two spaces or more.
Cells split_columns(std::string_view line) {
  Cells cells;
  line = trimmed(line);
  for (size_t begin = 0; begin < line.size();) {
    size_t end = begin;
    while (end < line.size() &&
           !(line[end] == '\t' || (line[end] == ' ' && end + 1 < line.size() && (line[end + 1] == ' ' || line[end + 1] == '\t'))))
      ++end;
    cells.push_back(clean_cell(line.substr(begin, end - begin)));
    begin = std::min(line.find_first_not_of(" \t", end), line.size());
  }
  return cells;
}

Cells split_words_row(std::string_view line) {
  Cells cells;
  for (size_t begin = line.find_first_not_of(" \t"); begin < line.size();) {
    const size_t end = std::min(line.find_first_of(" \t", begin), line.size());
    cells.emplace_back(line.substr(begin, end - begin));
    begin = std::min(line.find_first_not_of(" \t", end), line.size());
  }
  return cells;
}

}  // namespace

bool is_rule(std::string_view line) {
  line = trimmed(line);
  if (line.empty()) return false;
  for (const std::string_view command : {"\\hline", "\\toprule", "\\midrule", "\\bottomrule", "\\cline", "\\cmidrule"}) {
    if (line.starts_with(command) && line.find('&') == std::string_view::npos) return true;
  }
  constexpr std::string_view kDrawn = "-=+:| \t_";
  return line.size() >= 3 && line.find_first_not_of(kDrawn) == std::string_view::npos;
}

bool is_partial_rule(std::string_view line) {
  line = trimmed(line);
  return line.starts_with("\\cmidrule") || line.starts_with("\\cline");
}

std::string_view without_bar(std::string_view line) {
  constexpr std::string_view kFull = "100%|";
  const size_t bar = line.find(kFull), bar_end = bar == std::string_view::npos ? bar : line.find('|', bar + kFull.size());
  if (bar_end == std::string_view::npos || line.find('=', bar_end) != std::string_view::npos) return line;  // "acc=0.93" is a line's own
  std::string_view name = trimmed(line.substr(0, bar));
  if (name.ends_with(':')) name.remove_suffix(1);
  return name;
}

Cells split_row(std::string_view line, TableKind kind) {
  constexpr size_t kLongestRow = 20000;
  if (line.size() > kLongestRow || trimmed(line).empty()) return {};
  Cells cells;
  switch (kind) {
    case TableKind::kBars:
      cells = split_bars(line);
      break;
    case TableKind::kLatex:
      cells = split_latex(line);
      break;
    case TableKind::kTabs:
      cells = split_at(line, '\t');
      break;
    case TableKind::kSemicolons:
      cells = split_quoted(line, ';');
      break;
    case TableKind::kCommas:
      cells = split_quoted(line, ',');
      break;
    case TableKind::kColumns:
      cells = split_columns(line);
      break;
    case TableKind::kWords:
      cells = split_words_row(line);
      break;
  }
  return cells.size() >= 2 ? cells : Cells{};
}

}  // namespace liteqat::audit
