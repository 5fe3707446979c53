#include "audit/figures/latex.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace liteqat::audit {
namespace {

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) text.replace(at, from.size(), to);
}

/// "\SI{94.46}{\percent}" at `at`: the number and, for a percentage, its sign. A command without a closed number stays.
void open_quantity(std::string& text, size_t at, std::string_view command) {
  const size_t number = at + command.size(), number_end = text.find('}', number);
  if (number_end == std::string::npos) return;
  std::string plain = text.substr(number, number_end - number);
  size_t end = number_end + 1;
  if (command != "\\num{" && text.compare(end, 1, "{") == 0 && text.find('}', end) != std::string::npos) {
    const size_t unit_end = text.find('}', end);
    const std::string unit = text.substr(end + 1, unit_end - end - 1);
    plain += unit == "\\percent" || unit == "\\%" ? "%" : " " + unit;
    end = unit_end + 1;
  }
  text.replace(at, end - at, plain);
}

/// "~\\cite{he2016}", "\\footnote{...}", "\\label{...}": no part of a name or a value.
void drop_references(std::string& text) {
  for (const std::string_view command : {"\\cite", "\\footnote", "\\label", "\\ref", "\\tnote"}) {
    for (size_t at = text.find(command); at != std::string::npos; at = text.find(command, at)) {
      const size_t open = text.find('{', at), close = open == std::string::npos ? open : text.find('}', open);
      if (close == std::string::npos) break;
      const size_t begin = at > 0 && text[at - 1] == '~' ? at - 1 : at;
      text.erase(begin, close + 1 - begin);
      at = begin;
    }
  }
}

/// The closing brace of the group that opens at `open`; npos if it stays open.
size_t group_end(const std::string& text, size_t open) {
  int depth = 0;
  for (size_t i = open; i < text.size(); ++i) {
    if (text[i] == '{') ++depth;
    if (text[i] == '}' && --depth == 0) return i;
  }
  return std::string::npos;
}

/// "\\multicolumn{2}{c}{Accuracy}" -> "Accuracy & Accuracy", "\\multirow{2}{*}{R18}" -> "R18".
void open_spans(std::string& text) {
  constexpr int kMostColumns = 60;
  for (const std::string_view command : {"\\multicolumn{", "\\multirow{"}) {
    for (size_t at = text.find(command); at != std::string::npos; at = text.find(command, at + 1)) {
      const size_t count = at + command.size() - 1, count_end = group_end(text, count);
      if (count_end == std::string::npos || text.compare(count_end + 1, 1, "{") != 0) return;
      const size_t kind_end = group_end(text, count_end + 1);
      if (kind_end == std::string::npos || text.compare(kind_end + 1, 1, "{") != 0) return;
      const size_t end = group_end(text, kind_end + 1);
      if (end == std::string::npos) return;
      const std::string inside = text.substr(kind_end + 2, end - kind_end - 2);
      const int columns = command == "\\multirow{" ? 1 : std::clamp(std::atoi(text.c_str() + count + 1), 1, kMostColumns);
      std::string plain = inside;
      for (int i = 1; i < columns; ++i) plain += " & " + inside;
      text.replace(at, end + 1 - at, plain);
    }
  }
}

}  // namespace

std::string plain_latex(std::string line) {
  if (line.find_first_of("\\{") == std::string::npos) return line;
  // A thin space groups thousands inside a number, as its character does in text_lines.
  const auto digit = [&](size_t at) { return at < line.size() && line[at] >= '0' && line[at] <= '9'; };
  for (size_t at = line.find("\\,"); at != std::string::npos; at = line.find("\\,", at + 1)) {
    const bool groups = at > 0 && digit(at - 1) && digit(at + 2) && digit(at + 3) && digit(at + 4);
    line.replace(at, 2, groups ? "_" : " ");
  }
  drop_references(line);
  open_spans(line);
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kForms = {
      {{"{,}", ","}, {"{.}", "."}, {"_{\\pm", " \\pm"}, {"^{\\pm", " \\pm"}}};
  for (const auto& [from, to] : kForms) replace_all(line, from, to);
  for (const std::string_view command : {"\\num{", "\\SI{", "\\qty{"}) {
    for (size_t at = line.find(command); at != std::string::npos; at = line.find(command, at + 1)) open_quantity(line, at, command);
  }
  return line;
}

}  // namespace liteqat::audit
