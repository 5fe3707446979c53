#include "audit/figures/collector.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "base/format.h"

namespace liteqat::audit {
namespace {

constexpr int64_t kPowers[] = {1,
                               10,
                               100,
                               1'000,
                               10'000,
                               100'000,
                               1'000'000,
                               10'000'000,
                               100'000'000,
                               1'000'000'000,
                               10'000'000'000,
                               100'000'000'000,
                               1'000'000'000'000,
                               10'000'000'000'000,
                               100'000'000'000'000,
                               1'000'000'000'000'000,
                               10'000'000'000'000'000,
                               100'000'000'000'000'000,
                               1'000'000'000'000'000'000};

/// True if `value` is the double `of` printed with so many significant digits. Three last bits are free: digits beyond the 18th decimal
/// were rounded away, and a product with 100 rounds once more.
bool prints_as(double of, double value, int significant) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%.*e", significant - 1, of);
  return std::strtod(buffer, nullptr) == value || std::abs(of - value) <= 0x1p-50 * std::abs(of);
}

/// The digits of a float32: widened to double (10 digits and more), or in its own shortest form of 8 or 9 digits. Fewer digits say
/// nothing: every decimal of 6 digits is the shortest form of some float32. Times 100 the product was taken in double or in float32.
bool is_float32(double printed, int significant, double factor) {
  if (significant < 8 || !std::isfinite(printed) || printed == 0) return false;
  const auto narrow = static_cast<float>(printed / factor);
  if (significant >= 10) return prints_as(static_cast<double>(narrow) * factor, printed, significant);
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, static_cast<float>(printed)).ptr;
  *end = '\0';
  return factor == 1 && std::strtod(buffer, nullptr) == printed;
}

void apply_unit(int places, Figure& figure) {
  for (; places > 0 && figure.scale < 18; --places) ++figure.scale;
  for (; places > 0; --places) figure.units /= 10;
}

/// An error rate as the accuracy it leaves. Nothing if the digits leave no room (a value of a billion times what can be).
void apply_complement(Figure& figure) {
  figure.units = kPowers[figure.scale] - figure.units;
  figure.error_rate = true;
}

// Without a unit, 98.15 is a percentage and 1.02 an accuracy above 1.
constexpr double kLargestFraction = 2;

Form form_of(const Figure& figure, int significant) {
  if (figure.float32_origin) return Form::kFloat32;
  return significant >= 15 ? Form::kDouble : Form::kDecimal;
}

Figure start_figure(const Meaning& meaning, const Place& place) {
  Figure figure;
  figure.label = place.label.empty() ? "accuracy" : place.label;
  figure.series = place.series.empty() ? figure.label : place.series;
  figure.line = place.line;
  figure.split = !meaning.split.empty() ? meaning.split : place.split.empty() ? "test" : place.split;
  figure.stated_total = place.stated_total;
  figure.top_k = meaning.top_k;
  figure.class_average = meaning.class_average;
  return figure;
}

constexpr std::array<std::string_view, 36> kLastWords = {
    "is",   "was",     "of",   "to",      "from",          "improved", "reached", "reaches", "at",   "are",       "equals",
    "got",  "gets",    "with", "about",   "approximately", "with",     "now",     "around",  "gave", "yields",    "achieved",
    "did",  "a",       "by",   "dropped", "drops",         "fell",     "falls",   "went",    "rose", "increased", "decreased",
    "goes", "instead", "del"};

constexpr std::array<std::string_view, 15> kFirstWords = {"The",  "INFO", "DEBUG", "WARNING", "WARN", "ERROR", "root", "absl",
                                                          "info", "and",  "but",   "while",   "with", "the",   "an"};

/// Log levels and conjunctions are no part of a name.
bool strip_first_word(std::string_view& phrase) {
  for (const std::string_view word : kFirstWords) {
    if (!phrase.starts_with(word) || phrase.size() == word.size()) continue;
    const char next = phrase[word.size()];
    if (next != ' ' && next != ':' && next != ']') continue;
    phrase.remove_prefix(word.size());
    return true;
  }
  return false;
}

bool is_label_edge(char letter) {
  return std::string_view(" \t:=*#>,;|-([{\"'~`<$&\\").find(letter) != std::string_view::npos;
}

bool is_label_end(char letter) {
  return is_label_edge(letter) || letter == '.' || letter == ')' || letter == ']' || letter == '}' || letter == '%' || letter == '/' ||
         letter == '\\';
}

}  // namespace

bool Collector::add_number(std::string_view line, const PrintedNumber& number, const Meaning& meaning, const Place& place) {
  if (number.attached || number.unit == Unit::kPoints) return false;
  const double printed = value_of(number);
  const bool error = meaning.quantity == Quantity::kError || meaning.quantity == Quantity::kWeakError;
  if (meaning.quantity == Quantity::kWeakError && number.unit != Unit::kPercent && !meaning.percent) return false;
  if (meaning.quantity != Quantity::kAccuracy && number.integer && number.unit == Unit::kNone && printed > 100) return false;  // a count
  Figure figure = start_figure(meaning, place);
  figure.printed = std::string(line.substr(number.begin, number.end - number.begin));
  figure.units = number.units;
  figure.scale = number.scale;
  const bool percent = number.unit == Unit::kPercent ||
                       (number.unit == Unit::kNone && (meaning.percent || place.in_percent || std::abs(printed) > kLargestFraction));
  figure.float32_origin = is_float32(printed, number.significant, 1) || (percent && is_float32(printed, number.significant, 100));
  apply_unit(percent ? 2 : number.unit == Unit::kPerMille ? 3 : 0, figure);
  figure.form = percent ? Form::kPercent : number.unit == Unit::kPerMille ? Form::kPerMille : form_of(figure, number.significant);
  if (error) apply_complement(figure);
  const double divisor = percent ? 100 : number.unit == Unit::kPerMille ? 1000 : 1;
  figure.value = error ? 1 - printed / divisor : printed / divisor;
  text_->figures.push_back(std::move(figure));
  return true;
}

void Collector::add_ratio(const std::string& printed, int64_t correct, int64_t total, const Meaning& meaning, const Place& place) {
  Figure figure = start_figure(meaning, place);
  const bool error = meaning.quantity == Quantity::kError || meaning.quantity == Quantity::kWeakError;
  figure.printed = printed;
  figure.form = Form::kRatio;
  figure.error_rate = error;
  figure.correct = error ? total - correct : correct;
  figure.total = total;
  figure.value = total > 0 ? static_cast<double>(figure.correct) / static_cast<double>(total) : 0;
  figure.scale = 9;
  figure.units = static_cast<int64_t>(std::llround(figure.value * 1e9));
  text_->figures.push_back(std::move(figure));
}

void Collector::add_size(const std::string& what, int64_t count, int32_t line, std::string_view words) {
  constexpr int64_t kLargest = 1'000'000'000;  // a billion images: larger numbers are something else
  if (count < 2 || count > kLargest) return;
  text_->sizes.push_back({what, count, line, clean_label(words)});
}

void Collector::add_note(const std::string& sentence) {
  constexpr size_t kMostNotes = 20;
  if (text_->notes.size() < kMostNotes) text_->notes.push_back(sentence);
}

std::string clean_label(std::string_view phrase) {
  for (bool again = true; again;) {
    again = false;
    while (!phrase.empty() && (is_label_edge(phrase.front()) || phrase.front() == ')' || phrase.front() == ']' || phrase.front() == '.'))
      phrase.remove_prefix(1);
    while (!phrase.empty() && is_label_end(phrase.back())) phrase.remove_suffix(1);
    if (strip_first_word(phrase)) again = true;
    const size_t space = phrase.find_last_of(" \t");
    if (space == std::string_view::npos) continue;
    if (std::find(kLastWords.begin(), kLastWords.end(), phrase.substr(space + 1)) == kLastWords.end()) continue;
    phrase = phrase.substr(0, space);
    again = true;
  }
  std::string label;
  for (const char letter : phrase) {
    const bool space = letter == ' ' || letter == '\t';
    if (!space || (!label.empty() && label.back() != ' ')) label += space ? ' ' : letter;
  }
  const size_t opened = std::count(label.begin(), label.end(), '('), closed = std::count(label.begin(), label.end(), ')');
  if (opened > closed) label += ')';
  constexpr size_t kMostBytes = 120;
  if (label.size() > kMostBytes) {
    size_t cut = kMostBytes;
    while (cut > 0 && (static_cast<uint8_t>(label[cut]) & 0xC0) == 0x80) --cut;  // not inside a UTF-8 sequence
    label.resize(cut);
  }
  return label;
}

}  // namespace liteqat::audit
