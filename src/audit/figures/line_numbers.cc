#include "audit/figures/line_numbers.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <initializer_list>
#include <string>

#include "audit/figures/phrases.h"
#include "audit/figures/vocabulary.h"

namespace liteqat::audit {
namespace {

bool has_any(const std::vector<std::string>& words, std::initializer_list<std::string_view> listed) {
  return std::any_of(words.begin(), words.end(),
                     [&](const std::string& word) { return std::find(listed.begin(), listed.end(), word) != listed.end(); });
}

bool names_calibration(const std::vector<std::string>& words) {
  return std::any_of(words.begin(), words.end(),
                     [](const std::string& word) { return word.starts_with("calib") || word == "representative"; });
}

bool names_no_set(const std::vector<std::string>& words) {
  return names_calibration(words) || has_any(words, {"batch", "first", "per", "sec", "second", "epoch", "step", "s"});
}

/// "647 misclassified images" and "500 images each" are parts of a set.
bool names_part(const std::vector<std::string>& words) {
  return !words.empty() && (has_any(words, {"each"}) || words[0] == "misclassified" || words[0] == "wrong" || words[0] == "correct" ||
                            words[0] == "correctly");
}

/// Text between the end of number `at - 1` (or the start of the line) and number `at`.
std::string_view gap_before(std::string_view line, const std::vector<LineNumber>& numbers, size_t at) {
  const size_t begin = at == 0 ? 0 : numbers[at - 1].end;
  return line.substr(begin, numbers[at].number.begin - begin);
}

std::string_view text_after(std::string_view line, const std::vector<LineNumber>& numbers, size_t at) {
  const size_t end = at + 1 < numbers.size() ? numbers[at + 1].number.begin : line.size();
  return line.substr(numbers[at].end, end - numbers[at].end);
}

bool joins_pair(std::string_view between) {
  const std::string_view word = trimmed(between);
  return word == "/" || word == "of" || word == "out of" || word == "von" || word == "over";
}

void find_pairs(std::string_view line, std::vector<LineNumber>& numbers) {
  for (size_t i = 0; i + 1 < numbers.size(); ++i) {
    if (numbers[i].role != Role::kOpen || numbers[i + 1].role != Role::kOpen) continue;
    if (!count_of(numbers[i].number) || !count_of(numbers[i + 1].number) || !joins_pair(gap_before(line, numbers, i + 1))) continue;
    numbers[i].role = Role::kPair;
    numbers[i + 1].role = Role::kPairTotal;
    ++i;
  }
}

/// "Epoch 3", "step [100", "class 7", "top 5": the word right before, with only brackets and colons between.
void find_counters(std::string_view line, std::vector<LineNumber>& numbers) {
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (numbers[i].role != Role::kOpen || !count_of(numbers[i].number)) continue;
    const std::string_view gap = gap_before(line, numbers, i);
    const size_t word_end = gap.find_last_not_of(" \t:=#[(");
    if (word_end == std::string_view::npos) continue;
    const std::string_view upto = gap.substr(0, word_end + 1);
    const auto words = split_words(upto.substr(upto.size() > 24 ? upto.size() - 24 : 0));
    if (words.empty() || !is_counter_word(words.back())) continue;
    const bool name = words.back() == "class" || words.back() == "top" || words.back() == "fold" || words.back() == "run" ||
                      words.back() == "trial" || words.back() == "seed";
    numbers[i].role = name ? Role::kName : Role::kCounter;
  }
}

/// "accuracy = 1 - 0.071 = 0.929": what is computed with, before the result.
void find_operands(std::string_view line, std::vector<LineNumber>& numbers) {
  for (size_t i = 0; i + 2 < numbers.size(); ++i) {
    const std::string_view sign = trimmed(gap_before(line, numbers, i + 1));
    const bool computed = (sign == "-" || sign == "+" || sign == "*") && trimmed(gap_before(line, numbers, i + 2)) == "=";
    if (computed && numbers[i].role == Role::kOpen && numbers[i + 1].role == Role::kOpen)
      numbers[i].role = numbers[i + 1].role = Role::kName;
  }
}

/// "(4 bit)", "8 bits": how a model was made.
void find_settings(std::string_view line, std::vector<LineNumber>& numbers) {
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (numbers[i].role != Role::kOpen || !numbers[i].number.integer) continue;
    const auto after = split_words(text_after(line, numbers, i).substr(0, 8));
    if (!after.empty() && (after[0] == "bit" || after[0] == "bits")) numbers[i].role = Role::kName;
  }
}

/// "95% CI", "(95 % confidence interval)": the level of an interval, no value.
void find_levels(std::string_view line, std::vector<LineNumber>& numbers) {
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (numbers[i].role != Role::kOpen || numbers[i].number.unit != Unit::kPercent) continue;
    const auto after = split_words(text_after(line, numbers, i));
    const bool level = !after.empty() && (after[0] == "ci" || after[0] == "ki" || after[0] == "confidence" || after[0] == "credible" ||
                                          after[0] == "interval");
    if (level) numbers[i].role = Role::kName;
  }
}

std::string size_split(const std::vector<std::string>& before, const std::vector<std::string>& after) {
  const std::string split = find_split(after);
  if (!split.empty()) return split;
  // "trained on 45,000 images", but "the trained model is tested on 10,000 images".
  const bool trained = before.size() >= 2 && has_any({before[before.size() - 2]}, {"trained", "tuned", "finetuned"}) &&
                       has_any({before.back()}, {"on", "with", "using", "over"});
  return trained ? "train" : find_split(before);
}

/// "10,000 test images", "60000 train samples", "10 classes": a noun within the three words that follow.
std::string named_after(const std::vector<std::string>& before, const std::vector<std::string>& after) {
  for (size_t i = 0; i < std::min<size_t>(after.size(), 4); ++i) {
    if ((after[i] == "classes" || after[i] == "categories") && i < 2) return "classes";
    if (is_image_noun(after[i])) {
      const std::string split = size_split(before, after);
      return split.empty() ? "test" : split;
    }
  }
  return {};
}

/// "n = 500", "number of test samples=10000", "test size: 10000", "num_classes: 10", "x_train shape: (60000, 28, 28)".
std::string named_before(const std::vector<std::string>& before) {
  if (before.empty()) return {};
  const std::string& last = before.back();
  const std::string split = find_split(before);
  const auto has = [&](std::string_view word) { return std::find(before.begin(), before.end(), word) != before.end(); };
  if (last == "classes" && before.size() <= 4) return "classes";
  if (last == "n" && before.size() == 1) return "test";
  if (is_image_noun(last) && (has("number") || has("num") || has("n") || !split.empty())) return split.empty() ? "test" : split;
  if ((last == "size" || last == "count" || last == "n" || last == "len" || last == "total") && !split.empty()) return split;
  if (last == "shape" && (has("x") || has("images") || has("data") || has("labels") || has("y"))) return split;
  if (before.size() >= 2 && last != "shape" && (before[before.size() - 2] == "n" || before[before.size() - 2] == "num"))
    return last == "classes" ? "classes" : find_split({last});
  return {};
}

/// The words of the field that ends at the number: after the last comma, semicolon or opening parenthesis of a "(n=500)".
std::vector<std::string> field_words(std::string_view gap) {
  while (!gap.empty() && (gap.back() == ' ' || gap.back() == '(' || gap.back() == '[')) gap.remove_suffix(1);
  const size_t cut = gap.find_last_of(",;([|");
  return split_words(cut == std::string_view::npos ? gap : gap.substr(cut + 1));
}

/// "a representative dataset of 100 samples 0.88, with 500 samples 0.89": what follows such a number by the same words is none of a test
/// set.
/// "(5,000 images)" and "on 5,000 images" are measured on.
bool goes_on_calibrating(std::string_view gap, const std::vector<std::string>& before) {
  while (!gap.empty() && gap.back() == ' ') gap.remove_suffix(1);
  return before.empty() ? !gap.ends_with("(") : has_any({before.back()}, {"with", "using", "and", "for", "by", "from"});
}

std::string_view cut_clause(std::string_view text) {
  return text.substr(0, text.find_first_of(",;:.|=()[]%/"));
}

/// "images" or "test images" at once.
bool names_images(const std::vector<std::string>& after) {
  if (after.empty()) return false;
  return is_image_noun(after[0]) || (after.size() > 1 && is_image_noun(after[1]) && !find_split({after[0]}).empty());
}

void find_sizes(const Passage& passage, LineNumbers& found, Collector& collector) {
  const std::string_view line = passage.text;
  auto& numbers = found.numbers;
  bool calibrated = false;  // a number of images before was of a calibration
  for (size_t i = 0; i < numbers.size(); ++i) {
    const PrintedNumber& number = numbers[i].number;
    // "10.000 images": the point groups, because nobody has a part of an image.
    const bool point_groups = number.point_could_group && number.unit == Unit::kNone && !number.attached && number.units > 0;
    const auto count = point_groups ? std::optional(number.units) : count_of(number);
    if (!count || *count < 2 || (numbers[i].role != Role::kOpen && numbers[i].role != Role::kPairTotal)) continue;
    const std::string_view gap = gap_before(line, numbers, i), after_text = cut_clause(text_after(line, numbers, i));
    const auto before = field_words(gap), after = split_words(after_text);
    const std::string_view beyond = text_after(line, numbers, i).substr(after_text.size());
    if (names_no_set(before) || names_no_set(after) || names_part(after) || (!after_text.empty() && beyond.starts_with("/"))) {  // images/s
      const bool of_images = names_images(after) || (!before.empty() && is_image_noun(before.back()));
      calibrated = calibrated || (of_images && (names_calibration(before) || names_calibration(after)));
      if (of_images && numbers[i].role == Role::kOpen) numbers[i].role = Role::kSize;  // "on the first 1000 images: 0.91"
      continue;
    }
    std::string what = named_after(before, after);
    const bool follows = !what.empty();
    if (point_groups && !names_images(after)) continue;
    if (!follows && numbers[i].role == Role::kOpen) what = named_before(before);
    if (what.empty()) continue;
    if (numbers[i].role == Role::kOpen) numbers[i].role = Role::kSize;
    if (what == "test" && calibrated && size_split(before, after).empty() && goes_on_calibrating(gap, before)) continue;
    if (what == "test" && *count >= 10) found.sizes.push_back({i, *count});
    const std::string words = follows ? std::string(line.substr(numbers[i].number.begin, numbers[i].number.end - numbers[i].number.begin)) +
                                            std::string(after_text)
                                      : std::string(gap) + std::to_string(*count);
    // "accuracy 0.85 (n=500)" speaks of that figure alone.
    const bool of_one_figure = !follows && before.size() == 1 && before[0] == "n" && numbers.size() > 1;
    if (!of_one_figure) collector.add_size(what, *count, passage.line_at(number.begin), words);
  }
}

/// "2k images", "1.5K test samples": the letter counts in thousands before such a noun, and nowhere else.
void count_thousands(std::string_view line, PrintedNumber& number) {
  const std::string_view printed = line.substr(number.begin, number.end - number.begin);
  const size_t letters = printed.find_first_not_of("0123456789.");
  if (!number.attached || number.scale > 3 || number.units < 1 || number.units > 999'999 || letters + 1 != printed.size()) return;
  if ((printed.back() != 'k' && printed.back() != 'K') || !names_images(split_words(cut_clause(line.substr(number.end, 60))))) return;
  for (int32_t power = number.scale; power < 3; ++power) number.units *= 10;
  number.scale = 0;
  number.integer = true;
  number.attached = number.point_could_group = number.comma_could_group = false;
}

/// "94.5 ± 0.2 %", "(94.5 +/- 0.2)%", "0.94 (± 0.02)": the spread after a number, or `at` where there is none. A percent sign behind it is
/// of both.
size_t spread_end(std::string_view line, PrintedNumber& number) {
  size_t at = line.find_first_not_of(" ($", number.end);
  if (at == std::string_view::npos) return number.end;
  size_t sign = 0;
  for (const std::string_view form : {"\xC2\xB1", "+/-", "+-", "\\pm"}) {
    if (line.substr(at).starts_with(form)) sign = form.size();
  }
  if (sign == 0) return number.end;
  at = line.find_first_not_of(' ', at + sign);
  auto spread = at == std::string_view::npos ? std::nullopt : scan_number(line, at);
  if (!spread) return number.end;
  size_t end = spread->end;
  if (spread->unit == Unit::kNone && line.substr(end).starts_with(")")) {
    if (const auto percent = line.find_first_not_of(' ', end + 1); percent != std::string_view::npos && line[percent] == '%') {
      spread->unit = Unit::kPercent;
      end = percent + 1;
    }
  }
  if (number.unit == Unit::kNone) number.unit = spread->unit;
  return end;
}

/// "63%|####  | 50/79 [...": tqdm's bar between a percentage and a pair.
bool is_bar(std::string_view gap) {
  const auto next = static_cast<unsigned char>(gap.size() > 2 ? gap[2] : ' ');
  return gap.starts_with("%|") && std::isalpha(next) == 0;  // "val_acc=84.2%|train_acc=..." has fields there
}

/// "74.47% [7447/10000]": the pair is the number before it again, to its last digit.
bool restates(const PrintedNumber& number, const PrintedNumber& first, const PrintedNumber& second) {
  const auto correct = count_of(first), total = count_of(second);
  if (!correct || !total || *total < 1 || number.attached) return false;
  const double ratio = static_cast<double>(*correct) / static_cast<double>(*total), place = std::pow(10.0, -number.scale);
  const double value = value_of(number);
  const bool percent = number.unit == Unit::kPercent || value > 2;
  return std::abs(value - (percent ? 100 : 1) * ratio) <= place;
}

/// "PASSED [ 45%]", "[ 45%] Building": how far a run is, in square brackets at an edge of the line.
bool is_stage(std::string_view line, const PrintedNumber& number) {
  if (number.unit != Unit::kPercent || !number.integer || number.begin == 0) return false;
  const size_t open = line.find_last_not_of(' ', number.begin - 1), close = line.find_first_not_of(' ', number.end);
  if (open == std::string_view::npos || close == std::string_view::npos || line[open] != '[' || line[close] != ']') return false;
  const size_t before = open == 0 ? std::string_view::npos : line.find_last_not_of(" \t", open - 1);
  if (before == std::string_view::npos) return true;
  return line.find_first_not_of(" \t", close + 1) == std::string_view::npos && line[before] != ':' && line[before] != '=';
}

/// "(12.3 kB)", "3.2 ms": a unit of something else, after a space.
bool has_other_unit(std::string_view after) {
  constexpr auto kUnits = std::to_array<std::string_view>({"kb",  "mb",  "gb",  "kib",  "mib",     "gib",     "bytes", "ms",    "us",
                                                           "ns",  "s",   "sec", "secs", "seconds", "minutes", "hours", "hz",    "mhz",
                                                           "ghz", "fps", "mj",  "mw",   "flops",   "gflops",  "macs",  "params"});
  if (!after.starts_with(" ")) return false;
  size_t end = 1;
  while (end < after.size() && std::isalpha(static_cast<unsigned char>(after[end])) != 0) ++end;
  std::string word(after.substr(1, end - 1));
  std::transform(word.begin(), word.end(), word.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const bool ends = end == after.size() || std::string_view(" ,;)|]").find(after[end]) != std::string_view::npos;
  return ends && std::find(kUnits.begin(), kUnits.end(), word) != kUnits.end();
}

/// Inside an address: "https://example.org/accuracy/0.95".
bool in_address(std::string_view line, size_t at) {
  constexpr size_t kLongest = 300;
  const std::string_view before = line.substr(at - std::min(at, kLongest), std::min(at, kLongest));
  const size_t space = before.find_last_of(" \t");
  return before.find("://", space == std::string_view::npos ? 0 : space) != std::string_view::npos;
}

/// The percentage in front of tqdm's bar says how far it is; "100 * correct / total" is a formula.
void find_bars(std::string_view line, std::vector<LineNumber>& numbers) {
  for (LineNumber& item : numbers) {
    const std::string_view after = line.substr(item.number.end);
    const std::string_view operand = after.starts_with(" * ") ? trimmed(after.substr(3)) : std::string_view();
    const bool formula = !operand.empty() && (std::isalpha(static_cast<unsigned char>(operand.front())) != 0 || operand.front() == '(');
    const bool other = has_other_unit(after) || in_address(line, item.number.begin);
    if (is_bar(after) || formula || other || is_stage(line, item.number)) item.role = Role::kNothing;
  }
}

/// "Correctly Classified Instances  144   96 %": a count and its percentage are one quantity, and the percentage is its value.
void find_counts_with_percentage(std::string_view line, std::vector<LineNumber>& numbers) {
  for (size_t i = 0; i + 1 < numbers.size(); ++i) {
    const bool count = numbers[i].role == Role::kOpen && numbers[i].number.integer && numbers[i].number.unit == Unit::kNone;
    const bool percentage = numbers[i + 1].role == Role::kOpen && numbers[i + 1].number.unit == Unit::kPercent;
    if (!count || !percentage) continue;
    const std::string_view gap = gap_before(line, numbers, i + 1);
    if (gap.find_first_not_of(" \t(") == std::string_view::npos) numbers[i].role = Role::kName;
  }
}

/// "Epoch[9] Batch [200]  accuracy=0.98": in the middle of an epoch, whatever the number of its batches.
bool is_inside_epoch(std::string_view line, const std::vector<LineNumber>& numbers) {
  bool epoch = false;
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (numbers[i].role != Role::kCounter) continue;
    const auto words = split_words(gap_before(line, numbers, i));
    if (words.empty()) continue;
    if (epoch && (words.back() == "batch" || words.back() == "iter" || words.back() == "iteration")) return true;
    epoch = epoch || words.back() == "epoch";
  }
  return false;
}

/// The word before a pair decides whether k < N means an unfinished pass.
void find_progress(std::string_view line, LineNumbers& found) {
  const auto& numbers = found.numbers;
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (numbers[i].role != Role::kPair || i + 1 >= numbers.size()) continue;
    const std::string_view gap = gap_before(line, numbers, i);
    const auto words = split_words(gap.substr(gap.size() > 24 ? gap.size() - 24 : 0));
    const Meaning meaning = read_meaning(gap);
    if (meaning.quantity != Quantity::kUnnamed && meaning.quantity != Quantity::kOther) continue;
    const std::string word = words.empty() ? "" : words.back();
    const bool bracketed = !trimmed(gap).empty() && trimmed(gap).back() == '[';
    const bool starts_line = i == 0 && trimmed(gap).empty() && trimmed(gap_before(line, numbers, i + 1)) == "/";
    const bool repeated = i > 0 && bracketed && words.empty() && restates(numbers[i - 1].number, numbers[i].number, numbers[i + 1].number);
    if (repeated) continue;
    const bool stepwise = word == "step" || word == "iter" || word == "iteration" || word == "batch";
    const bool counted = is_counter_word(word) && !stepwise;
    const bool after_epoch = i > 0 && numbers[i - 1].role == Role::kCounter;  // "Epoch: 1 [640/60000"
    const bool pass = starts_line || stepwise || is_bar(gap) || (bracketed && !counted && (i > 0 || !words.empty())) || after_epoch;
    if (!pass) continue;
    if (numbers[i].number.units < numbers[i + 1].number.units) found.unfinished = true;
    if (starts_line && numbers[i].number.units == numbers[i + 1].number.units) found.finished_pass = true;
  }
}

}  // namespace

LineNumbers find_line_numbers(const Passage& passage, Collector& collector) {
  const std::string_view line = passage.text;
  LineNumbers found;
  for (size_t at = 0; at < line.size();) {
    auto number = scan_number(line, at);
    if (!number) {
      ++at;
      continue;
    }
    count_thousands(line, *number);
    const size_t end = spread_end(line, *number);
    found.numbers.push_back({*number, number->attached ? Role::kNothing : Role::kOpen, end});
    at = std::max(end, at + 1);
  }
  find_pairs(line, found.numbers);
  find_progress(line, found);
  find_bars(line, found.numbers);
  find_counters(line, found.numbers);
  if (is_inside_epoch(line, found.numbers)) found.unfinished = true;
  find_counts_with_percentage(line, found.numbers);
  find_levels(line, found.numbers);
  find_settings(line, found.numbers);
  find_operands(line, found.numbers);
  find_sizes(passage, found, collector);
  return found;
}

}  // namespace liteqat::audit
