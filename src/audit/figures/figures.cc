#include "audit/figures/figures.h"

#include <algorithm>
#include <iterator>
#include <unordered_map>
#include <utility>

#include "audit/figures/bare_figures.h"
#include "audit/figures/collector.h"
#include "audit/figures/free_text.h"
#include "audit/figures/key_values.h"
#include "audit/figures/tables.h"
#include "audit/figures/text_lines.h"
#include "audit/figures/vocabulary.h"
#include "audit/figures/wrapped_lines.h"
#include "base/format.h"

namespace liteqat::audit {
namespace {

void sort_by_line(std::vector<Figure>& figures) {
  std::stable_sort(figures.begin(), figures.end(), [](const Figure& a, const Figure& b) { return a.line < b.line; });
}

/// Figures of one line in the order in which they stand there; of a line that nobody reads in one go, in the order found.
void sort_by_place(const std::vector<TextLine>& lines, std::vector<Figure>& figures) {
  constexpr size_t kLongestLine = 4000;
  std::vector<std::pair<size_t, Figure>> placed;
  for (Figure& figure : figures) {
    const auto line = std::ranges::lower_bound(lines, figure.line, {}, &TextLine::number);
    const bool read = line != lines.end() && line->number == figure.line && line->text.size() <= kLongestLine;
    placed.emplace_back(read ? line->text.find(figure.printed) : 0, std::move(figure));
  }
  std::ranges::stable_sort(placed, {}, [](const auto& entry) { return std::pair(entry.second.line, entry.first); });
  for (size_t i = 0; i < placed.size(); ++i) figures[i] = std::move(placed[i].second);
}

/// The same label again gets its line, and where it stands twice in one line a number too.
void make_labels_unique(std::vector<Figure>& figures) {
  std::unordered_map<std::string, int> uses;
  for (const Figure& figure : figures) ++uses[figure.label];
  std::unordered_map<std::string, int> taken;
  for (Figure& figure : figures) {
    if (uses[figure.label] > 1) figure.label += format(" (line {})", figure.line);
    const int count = ++taken[figure.label];
    if (count > 1) figure.label += format(" #{}", count);
  }
}

/// "Précision" and its sisters are the accuracy in daily speech, and precision in a text that names a recall.
void drop_precisions(const std::vector<TextLine>& lines, std::vector<Figure>& figures) {
  const auto names = [](std::string_view text, bool (*is_word)(std::string_view)) {
    const auto words = split_words(text);
    return std::any_of(words.begin(), words.end(), is_word);
  };
  const auto of_precision = [&](const Figure& figure) { return names(figure.label, is_precision_or_accuracy); };
  if (std::none_of(figures.begin(), figures.end(), of_precision)) return;
  if (std::none_of(lines.begin(), lines.end(), [&](const TextLine& line) { return names(line.text, is_recall_word); })) return;
  figures.erase(std::remove_if(figures.begin(), figures.end(), of_precision), figures.end());
}

}  // namespace

const char* form_name(Form form) {
  switch (form) {
    case Form::kDecimal:
      return "decimal";
    case Form::kPercent:
      return "percent";
    case Form::kPerMille:
      return "per_mille";
    case Form::kRatio:
      return "ratio";
    case Form::kFloat32:
      return "float32";
    case Form::kDouble:
      return "double";
  }
  return "unknown";
}

FigureText read_figures(std::string_view bytes) {
  FigureText text;
  Collector collector(text);
  const CleanText clean = clean_lines(bytes);
  text.lines = clean.count;
  std::vector<bool> taken(clean.lines.size(), false);
  read_key_values(clean.lines, collector, taken);
  read_tables(clean.lines, collector, taken);
  FreeTextReader reader(collector);
  for (const Passage& passage : join_wrapped_lines(clean.lines, taken)) reader.read_line(passage);
  if (text.figures.empty()) {
    read_bare_figures(clean.lines, collector);
  } else {
    sort_by_line(text.figures);
    std::vector<Figure> beside = read_figures_beside(text.figures, clean.lines, taken);
    if (!beside.empty()) {
      std::ranges::move(beside, std::back_inserter(text.figures));
      sort_by_place(clean.lines, text.figures);
    }
  }
  constexpr int64_t kOddBytes = 8;
  if (clean.control_bytes > kOddBytes)
    collector.add_note(format("{} control bytes were read as spaces: the text looks like a binary file", clean.control_bytes));
  drop_precisions(clean.lines, text.figures);
  sort_by_line(text.figures);
  make_labels_unique(text.figures);
  return text;
}

}  // namespace liteqat::audit
