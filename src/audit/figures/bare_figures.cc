#include "audit/figures/bare_figures.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <optional>
#include <set>

#include "audit/figures/bare_sentences.h"
#include "audit/figures/phrases.h"
#include "audit/figures/wrapped_lines.h"

namespace liteqat::audit {
namespace {

/// The sentences of a passage, without their spaces around, as positions.
std::vector<std::pair<size_t, size_t>> split_sentences(std::string_view text) {
  std::vector<std::pair<size_t, size_t>> sentences;
  size_t begin = 0;
  for (size_t at = text.find_first_of(".?!"); at != std::string_view::npos; at = text.find_first_of(".?!", at + 1)) {
    if (at + 1 < text.size() && text[at + 1] != ' ') continue;
    const bool asked = text[at] != '.' && at + 2 < text.size() && std::isdigit(static_cast<unsigned char>(text[at + 2])) != 0;
    if (asked) continue;  // "Is int8 better than float? 87.3 vs 87.1"
    const std::string_view before = text.substr(begin, at - begin);
    if (before.ends_with("vs") || before.ends_with("approx") || before.ends_with("ca") || before.ends_with("resp")) continue;
    sentences.emplace_back(begin, at);
    begin = at + 1;
  }
  if (begin < text.size()) sentences.emplace_back(begin, text.size());
  return sentences;
}

struct Found {
  const Passage* passage;
  size_t begin;  // of the sentence
  BareNumber named;
  PrintedNumber number;  // at a position of the sentence
  PrintedNumber total;   // of a ratio
  bool cued = false;     // its sentence names a test split or a data set

  int32_t line() const { return passage->line_at(begin + number.begin); }
  std::string_view sentence() const { return std::string_view(passage->text).substr(begin); }
  /// As it stands in the text, without a percent sign.
  std::string printed() const {
    const size_t end = named.style == Style::kRatio ? total.digits_end : number.digits_end;
    return std::string(sentence().substr(number.begin, end - number.begin));
  }
};

/// Lines of a paragraph, the last included, and what is named in them.
struct Paragraph {
  int32_t first = 0, last = 0;
  std::vector<Found> found;
};

/// Reads passage after passage; what speaks of another measure takes its paragraph with it.
class BareReader {
 public:
  void read(const Passage& passage);
  void finish_paragraph();
  void report(Collector& collector);
  void report_beside(const std::vector<Figure>& figures, Collector& collector);

 private:
  void read_sentence(const Passage& passage, size_t begin, std::string_view text, bool whole);
  void read_lone_number(const Passage& passage, size_t begin, std::string_view text, const BareSentence& sentence);

  std::vector<Paragraph> paragraphs_;
  std::vector<Found> paragraph_;  // of the one being read
  int32_t first_line_ = 0, last_line_ = 0;
  std::string above_;             // the sentence before, if it has no numbers and is short
  std::string heading_split_;     // that the last heading names
  std::optional<size_t> column_;  // of the table being read
  bool foreign_paragraph_ = false, foreign_heading_ = false;
};

bool is_heading(std::string_view text) {
  const std::string_view said = trimmed(text);
  return !said.empty() && (said.back() == ':' || said.front() == '#' || said.front() == '=');
}

/// ">>> evaluate(float_model)" above "0.7375", "I convert it to TFLite. That gives 0.7375": one number of a sentence that names no form.
void BareReader::read_lone_number(const Passage& passage, size_t begin, std::string_view text, const BareSentence& sentence) {
  const auto words = split_words(above_);
  if (words.empty() || sentence.numbers.size() != 1 || !sentence.named.empty()) return;
  const PrintedNumber& number = sentence.numbers.front().number;
  const auto before = split_words(text.substr(0, number.begin));
  const bool told = !before.empty() && is_lead_word(before.back());
  if (!told && has_letters(text)) return;
  bool formed = false, foreign = false, sure = false;
  for (size_t i = 0; i < before.size(); ++i) formed = formed || form_of_word(before, i) != FormWord::kNone;
  size_t last = 0;
  for (size_t i = 0; i < words.size(); ++i) {
    const FormWord form = form_of_word(words, i);
    sure = sure || form == FormWord::kSure;
    foreign = foreign || (form == FormWord::kNone && foreignness(words, i) != Foreign::kNo);
    if (form != FormWord::kNone) last = i + 1;
  }
  if (last == 0 || formed || foreign || sentence.numbers.front().role != Role::kOpen || style_of(number) == Style::kNone) return;
  BareNumber named;
  named.label = told ? words[last - 1] : clean_label(above_);
  named.split = find_split(told ? before : words);
  named.style = style_of(number);
  named.sure = sure;
  paragraph_.push_back({&passage, begin, std::move(named), number, {}, false});
}

/// The cells of a header without numbers: between bars, tabs, commas or wide gaps.
std::vector<std::string_view> header_cells(std::string_view text) {
  std::vector<std::string_view> cells;
  while (!text.empty()) {
    const size_t end = std::min({text.find_first_of("|\t,;"), text.find("  "), text.size()});
    if (const std::string_view cell = trimmed(text.substr(0, end)); !cell.empty()) cells.push_back(cell);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return cells;
}

/// "model  cifar-10  size  latency": the only column that can hold accuracies, counted in numbers of a row; none if that is not known.
std::optional<size_t> find_column(std::string_view header) {
  const auto cells = header_cells(header);
  std::optional<size_t> found;
  for (size_t column = 1; column < cells.size(); ++column) {
    const auto words = split_words(cells[column]);
    bool measured = false, foreign = false;
    for (size_t i = 0; i < words.size(); ++i) {
      measured = measured || is_data_set_word(words[i]) || !find_split({words[i]}).empty() || words[i] == "score" || words[i] == "result";
      foreign = foreign || foreignness(words, i) != Foreign::kNo;
    }
    if (!measured || foreign) continue;
    if (found) return std::nullopt;
    found = column - 1;
  }
  return found;
}

/// The place of a number among those of its row that are no part of a name.
size_t column_of(const BareSentence& sentence, size_t at) {
  size_t column = 0;
  for (size_t i = 0; i < at; ++i) column += sentence.numbers[i].role == Role::kName ? 0 : 1;
  return column;
}

void BareReader::read_sentence(const Passage& passage, size_t begin, std::string_view text, bool whole) {
  const BareSentence sentence = read_bare_sentence(text);
  constexpr size_t kHeader = 8;  // words of a title or of a table's header
  const bool title = whole && sentence.numbers.empty() && (is_heading(text) || split_words(text).size() <= kHeader);
  const auto column = title ? find_column(text) : std::nullopt;
  if (column) {
    column_ = column;
  } else if (sentence.foreign == Foreign::kPassage || (title && sentence.foreign == Foreign::kSentence)) {
    foreign_paragraph_ = true;
    if (title && is_heading(text)) foreign_heading_ = true;
  } else if (title && is_heading(text)) {
    foreign_heading_ = false;
  }
  if (title) heading_split_ = is_heading(text) ? find_split(split_words(text)) : heading_split_;
  if (column || foreign_heading_ || sentence.foreign != Foreign::kNo) return;
  read_lone_number(passage, begin, text, sentence);
  for (const BareNumber& named : sentence.named) {
    if (column_ && column_of(sentence, named.at) != *column_) continue;
    const bool ratio = named.style == Style::kRatio;
    const PrintedNumber total = ratio ? sentence.numbers[named.at + 1].number : PrintedNumber();
    paragraph_.push_back({&passage, begin, named, sentence.numbers[named.at].number, total, sentence.has_cue});
    if (named.split.empty()) paragraph_.back().named.split = heading_split_;
  }
}

void BareReader::read(const Passage& passage) {
  if (trimmed(passage.text).empty()) {
    finish_paragraph();
    return;
  }
  if (first_line_ == 0) first_line_ = passage.starts.front().second;
  last_line_ = passage.starts.back().second;
  const auto sentences = split_sentences(passage.text);
  for (const auto& [begin, end] : sentences) {
    const std::string_view text = std::string_view(passage.text).substr(begin, end - begin);
    const size_t before = paragraph_.size();
    read_sentence(passage, begin, text, sentences.size() == 1);
    constexpr size_t kLongest = 200;
    above_ = paragraph_.size() > before || text.size() > kLongest ? "" : std::string(text);
  }
}

void BareReader::finish_paragraph() {
  if (!foreign_paragraph_ && !paragraph_.empty()) paragraphs_.push_back({first_line_, last_line_, std::move(paragraph_)});
  paragraph_.clear();
  first_line_ = 0;
  above_.clear();
  column_.reset();
  foreign_paragraph_ = false;
}

double fraction_of(const Found& found) {
  if (found.named.style == Style::kRatio) return static_cast<double>(found.number.units) / static_cast<double>(found.total.units);
  const double value = value_of(found.number);
  return found.named.style == Style::kFraction ? value : value / 100;
}

/// Two models, or one before and after; one of them named by a word of models alone; and the best is better than many a guess.
bool is_comparison(const std::vector<const Found*>& group) {
  std::set<std::string> labels;
  bool sure = false, linked = false;
  double best = 0;
  for (const Found* found : group) {
    labels.insert(found->named.label);
    sure = sure || found->named.sure;
    linked = linked || found->named.linked;
    best = std::max(best, fraction_of(*found));
  }
  constexpr double kLeast = 0.2;
  return sure && group.size() >= 2 && (linked || labels.size() >= 2) && best >= kLeast;
}

/// Percentages without a sign are sizes, times or speeds as well, which quantization makes several times smaller; two accuracies are close.
/// Requires: two numbers or more.
bool is_close(const std::vector<const Found*>& group) {
  constexpr double kLeast = 40, kClose = 0.75;
  std::vector<double> values;
  for (const Found* found : group) values.push_back(value_of(found->number));
  std::sort(values.rbegin(), values.rend());
  const bool cued = std::any_of(group.begin(), group.end(), [](const Found* found) { return found->cued; });
  return values[0] >= kLeast && (cued || values[1] >= kClose * values[0]);
}

void add(const Found& found, Collector& collector) {
  const Place place{.line = found.line(), .label = found.named.label};
  const Meaning meaning{.quantity = Quantity::kAccuracy, .split = found.named.split};
  if (found.named.style == Style::kRatio) {
    collector.add_ratio(found.printed(), found.number.units, found.total.units, meaning, place);
  } else {
    collector.add_number(found.sentence(), found.number, meaning, place);
  }
}

void BareReader::report(Collector& collector) {
  finish_paragraph();
  std::vector<const Found*> all, fractions, percentages, bare, ratios;
  for (const Paragraph& paragraph : paragraphs_) {
    for (const Found& found : paragraph.found) all.push_back(&found);
  }
  for (const Found* found : all) {
    if (found->named.style == Style::kFraction) fractions.push_back(found);
    if (found->named.style == Style::kPercent) percentages.push_back(found);
    if (found->named.style == Style::kBare) bare.push_back(found);
    const bool ratio = found->named.style == Style::kRatio;
    if (ratio && (ratios.empty() || found->total.units == ratios.front()->total.units)) ratios.push_back(found);
  }
  std::set<const Found*> accepted;
  for (const auto* group : {&fractions, &percentages, &ratios}) {
    const bool told = group->size() == 1 && group->front()->named.sure && group->front()->named.told && group->front()->cued;
    if (told || is_comparison(*group)) accepted.insert(group->begin(), group->end());
  }
  if (is_comparison(bare) && is_close(bare)) accepted.insert(bare.begin(), bare.end());
  if (accepted.empty()) return;
  collector.add_note("nothing in the text says accuracy: what stands beside forms of a model was taken for one");
  const bool with_fractions = !fractions.empty() && accepted.contains(fractions.front());
  for (const Found* found : all) {
    if (accepted.contains(found) || (with_fractions && found->named.style == Style::kShort)) add(*found, collector);
  }
}

Style style_of(const Figure& figure) {
  if (figure.total > 0) return Style::kRatio;
  const bool unit = figure.printed.find_first_not_of("0123456789.,") != std::string::npos;  // "%", "percent"
  if (figure.form == Form::kPercent) return unit ? Style::kPercent : Style::kBare;
  return Style::kFraction;
}

/// True if the number is written as the figure is, and either stands in the same lines, or a verb leads to it, or it is near the figure; an
/// accuracy without a percent sign must be near in any case.
bool continues(const Found& found, const Figure& figure) {
  constexpr double kNear = 0.15;
  if (figure.error_rate || figure.class_average || figure.top_k != 1 || style_of(figure) != found.named.style) return false;
  const bool near = std::abs(fraction_of(found) - figure.value) <= kNear;
  const auto& starts = found.passage->starts;
  const bool together = figure.line >= starts.front().second && figure.line <= starts.back().second;
  return near || (found.named.style != Style::kBare && (together || found.named.told));
}

void BareReader::report_beside(const std::vector<Figure>& figures, Collector& collector) {
  finish_paragraph();
  for (Paragraph& paragraph : paragraphs_) {
    const auto first = std::lower_bound(figures.begin(), figures.end(), paragraph.first,
                                        [](const Figure& figure, int32_t line) { return figure.line < line; });
    const auto end = std::find_if(first, figures.end(), [&](const Figure& figure) { return figure.line > paragraph.last; });
    constexpr std::ptrdiff_t kMost = 200;  // more stand in a log, not in prose
    if (end - first > kMost) continue;
    for (Found& found : paragraph.found) {
      const auto known = [&](const Figure& figure) { return figure.line == found.line() && figure.printed.starts_with(found.printed()); };
      if (std::any_of(first, end, known)) continue;
      const auto named = std::find_if(first, end, [&](const Figure& figure) { return continues(found, figure); });
      if (named == end) continue;
      if (found.named.split.empty()) found.named.split = named->split;
      add(found, collector);
    }
  }
}

}  // namespace

void read_bare_figures(const std::vector<TextLine>& lines, Collector& collector) {
  const std::vector<Passage> passages = join_wrapped_lines(lines, std::vector<bool>(lines.size(), false));
  BareReader reader;
  for (const Passage& passage : passages) reader.read(passage);
  reader.report(collector);
}

std::vector<Figure> read_figures_beside(const std::vector<Figure>& found, const std::vector<TextLine>& lines,
                                        const std::vector<bool>& taken) {
  const std::vector<Passage> passages = join_wrapped_lines(lines, taken);
  BareReader reader;
  for (const Passage& passage : passages) reader.read(passage);
  FigureText beside;
  Collector collector(beside);
  reader.report_beside(found, collector);
  return std::move(beside.figures);
}

}  // namespace liteqat::audit
