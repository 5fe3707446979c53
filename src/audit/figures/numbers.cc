#include "audit/figures/numbers.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <string>

#include "base/format.h"

namespace liteqat::audit {
namespace {

constexpr int32_t kMostDigits = 18;  // 10^18 < 2^63

/// Of UTF-8 the first byte is looked at: C2 leads to Latin symbols (plus-minus, degree), E2 to punctuation, arrows and mathematics.
bool is_letter(char letter) {
  const auto byte = static_cast<uint8_t>(letter);
  return std::isalpha(byte) != 0 || letter == '_' || (byte >= 0xC3 && byte != 0xE2);
}

char letter_at(std::string_view line, size_t at) {
  return at < line.size() ? line[at] : '\0';
}

size_t digit_run(std::string_view line, size_t at) {
  size_t end = at;
  while (end < line.size() && is_digit(line[end])) ++end;
  return end - at;
}

/// Digits inside words, after '@', '#', or joined to a word by '-' are names: Acc@1, top-1, CIFAR-10, v2.
bool starts_here(std::string_view line, size_t at) {
  if (at == 0) return true;
  const char before = line[at - 1];
  if (is_letter(before) || is_digit(before) || before == '@' || before == '#') return false;
  if (before == '.' && at >= 2 && (is_digit(line[at - 2]) || is_letter(line[at - 2]))) return false;
  if (before == '-' && at >= 2 && (is_letter(line[at - 2]) || is_digit(line[at - 2]))) return false;
  return true;
}

struct Digits {
  PrintedNumber* number;
  int32_t kept = 0;
  bool cut = false;  // digits beyond the 18th were rounded away

  void add(char digit, bool fraction) {
    if (kept >= kMostDigits || (fraction && number->scale >= kMostDigits)) {
      if (!fraction) number->attached = true;  // too large for any figure or count
      if (fraction && !cut && digit >= '5') ++number->units;
      cut = true;
      return;
    }
    if (number->significant > 0 || digit != '0') ++number->significant;
    number->units = number->units * 10 + (digit - '0');
    if (number->units > 0) ++kept;
    if (fraction) ++number->scale;
  }
  void add(std::string_view digits, bool fraction) {
    for (const char digit : digits) add(digit, fraction);
  }
};

/// "1,234,567" and "10_000", "10'000": groups of three after one to three digits. Returns the end, `at` if nothing is grouped.
size_t grouped_end(std::string_view line, size_t at, char separator) {
  const size_t first = digit_run(line, at);
  if (first == 0 || first > 3) return at;
  size_t end = at + first;
  while (letter_at(line, end) == separator && digit_run(line, end + 1) == 3) end += 4;
  return end == at + first ? at : end;
}

/// The integer part with its grouping. Commas group if there are two of them, if a decimal point follows, or if the reader of the
/// number decides so later (comma_could_group): "10,000" alone is as well ten with a German comma.
size_t scan_integer_part(std::string_view line, size_t at, Digits& digits, size_t& comma) {
  PrintedNumber& number = *digits.number;
  comma = std::string_view::npos;
  for (const char separator : {',', '_', '\''}) {
    const size_t end = grouped_end(line, at, separator);
    if (end == at) continue;
    const bool surely = separator != ',' || end - at > 7 || (letter_at(line, end) == '.' && is_digit(letter_at(line, end + 1)));
    if (!surely) break;
    number.grouped = true;
    for (size_t i = at; i < end; ++i) {
      if (line[i] != separator) digits.add(line[i], false);
    }
    return end;
  }
  const size_t end = at + digit_run(line, at);
  digits.add(line.substr(at, end - at), false);
  if (letter_at(line, end) == ',' && is_digit(letter_at(line, end + 1)) && end > at) comma = end;
  return end;
}

/// True for "2.19.0", "12:30:01", "2020-09-24": no quantity.
bool goes_on_as_version(std::string_view line, size_t end) {
  const char next = letter_at(line, end);
  return (next == '.' || next == ':' || next == '-') && is_digit(letter_at(line, end + 1));
}

void apply_exponent(PrintedNumber& number, int64_t exponent) {
  for (; exponent > 0 && number.scale > 0; --exponent) --number.scale;
  for (; exponent > 0; --exponent) {
    if (number.units > 100'000'000'000'000'000) {
      number.attached = true;
      return;
    }
    number.units *= 10;
  }
  for (; exponent < 0 && number.scale < kMostDigits; ++exponent) ++number.scale;
  for (; exponent < 0 && number.units != 0; ++exponent) number.units /= 10;
}

size_t scan_exponent(std::string_view line, size_t at, PrintedNumber& number) {
  if (letter_at(line, at) != 'e' && letter_at(line, at) != 'E') return at;
  size_t i = at + 1;
  const char sign = letter_at(line, i);
  if (sign == '+' || sign == '-') ++i;
  const size_t length = digit_run(line, i);
  if (length == 0 || length > 3) return at;
  int64_t exponent = 0;
  for (size_t k = 0; k < length; ++k) exponent = exponent * 10 + (line[i + k] - '0');
  apply_exponent(number, sign == '-' ? -exponent : exponent);
  number.integer = false;
  return i + length;
}

/// "%", "\%", "percent", per mille signs and points, after at most two spaces, a percent sign after some more. Returns the end; `at` where
/// there is none.
size_t scan_unit(std::string_view line, size_t at, Unit& unit) {
  struct Name {
    std::string_view text;
    Unit unit;
  };
  static constexpr std::array<Name, 10> kNames = {{{"percentage point", Unit::kPoints},
                                                   {"%", Unit::kPercent},
                                                   {"\\%", Unit::kPercent},
                                                   {"percent", Unit::kPercent},
                                                   {"per cent", Unit::kPercent},
                                                   {"pct", Unit::kPercent},
                                                   {"\xE2\x80\xB0", Unit::kPerMille},
                                                   {"per mille", Unit::kPerMille},
                                                   {"pp", Unit::kPoints},
                                                   {"points", Unit::kPoints}}};
  constexpr size_t kMostSpaces = 8;  // a column of percent signs
  size_t i = at;
  while (i < at + kMostSpaces && letter_at(line, i) == ' ') ++i;
  if (i > at + 2 && letter_at(line, i) != '%') i = at + 2;
  for (const std::string_view space : {"\\,", "\\;", "\\:", "\\ ", "~"}) {  // LaTeX: 98.15\,\%
    if (line.substr(std::min(i, line.size())).starts_with(space)) i += space.size();
  }
  if (letter_at(line, i) == '$' && letter_at(line, i + 1) == '\\') ++i;  // LaTeX: $98.15$\%
  for (const Name& name : kNames) {
    if (!line.substr(std::min(i, line.size())).starts_with(name.text)) continue;
    const size_t end = i + name.text.size();
    if (is_letter(name.text.back()) && is_letter(letter_at(line, end)) && name.unit != Unit::kPoints) continue;
    if (name.text == "pp" && is_letter(letter_at(line, end))) continue;
    if (line[i] == '%' && letter_at(line, end) == '|' && !is_letter(letter_at(line, end + 1))) return at;  // tqdm's bar
    unit = name.unit;
    return end;
  }
  return at;
}

void scan_fraction(std::string_view line, size_t& at, size_t comma, Digits& digits) {
  const bool point = letter_at(line, at) == '.' && (is_digit(letter_at(line, at + 1)) || at + 1 >= line.size() || line[at + 1] != ' ');
  if (!point && comma == std::string_view::npos) return;
  const size_t length = digit_run(line, at + 1);
  digits.add(line.substr(at + 1, length), true);
  digits.number->integer = false;
  const bool groups = length == 3 && at > 0 && digits.number->units >= 1000;
  digits.number->comma_could_group = !point && groups;
  digits.number->point_could_group = point && groups && digits.number->units < 1'000'000;
  at += 1 + length;
}

/// "_91.74_", "__91.74__": Markdown's other emphasis, around a whole cell.
std::string_view without_underscores(std::string_view cell) {
  const size_t begin = cell.find_first_not_of(" \t"), end = cell.find_last_not_of(" \t");
  if (begin == std::string_view::npos || begin == end || cell[begin] != '_' || cell[end] != '_') return cell;
  return cell.substr(begin + 1, end - begin - 1);
}

/// What LaTeX and Markdown put around a number: "\\textbf{", "\\textcolor{red}{", "\\bfseries", "**". Returns its length, 0 if the cell
/// starts with something else ("\\pm 0.3" is no value).
size_t markup_length(std::string_view cell) {
  if (cell.starts_with("**")) return 2;
  if (cell.starts_with("`")) return 1;
  if (!cell.starts_with("\\")) return 0;
  size_t end = 1;
  while (end < cell.size() && std::isalpha(static_cast<unsigned char>(cell[end])) != 0) ++end;
  const std::string_view name = cell.substr(1, end - 1);
  for (const std::string_view font : {"bf", "bfseries", "it", "itshape", "em", "boldmath", "B", "ubold", "small", "footnotesize"}) {
    if (name == font) return end;
  }
  if (name == "frac" || letter_at(cell, end) != '{') return 0;
  const size_t close = cell.find('}', end);
  const bool argument =
      close != std::string_view::npos && letter_at(cell, close + 1) != '\0' &&
      std::none_of(cell.begin() + static_cast<std::ptrdiff_t>(end), cell.begin() + static_cast<std::ptrdiff_t>(close), is_digit);
  return argument ? close + 1 : end + 1;  // a colour, then the number
}

}  // namespace

std::optional<PrintedNumber> scan_number(std::string_view line, size_t at) {
  PrintedNumber number;
  number.begin = at;
  size_t i = at;
  const char sign = letter_at(line, i);
  if (sign == '-' || sign == '+') ++i;
  const bool leading_point = letter_at(line, i) == '.' && is_digit(letter_at(line, i + 1));
  if (!is_digit(letter_at(line, i)) && !leading_point) return std::nullopt;
  if (!starts_here(line, at)) return std::nullopt;
  Digits digits{&number};
  number.integer = true;
  size_t comma;
  i = scan_integer_part(line, i, digits, comma);
  scan_fraction(line, i, comma, digits);
  i = scan_exponent(line, i, number);
  if (sign == '-') number.units = -number.units;
  while (goes_on_as_version(line, i)) {
    number.attached = true;
    i += 1 + digit_run(line, i + 1);
  }
  number.digits_end = i;
  number.end = scan_unit(line, i, number.unit);
  if (number.end == i && is_letter(letter_at(line, i))) {
    number.attached = true;
    while (is_letter(letter_at(line, i)) || is_digit(letter_at(line, i))) ++i;
    number.end = number.digits_end = i;
  }
  if (std::abs(value_of(number)) >= 1e9) number.attached = true;
  return number;
}

std::optional<PrintedNumber> read_number_cell(std::string_view whole_cell) {
  std::string_view cell = without_underscores(without_underscores(whole_cell));
  whole_cell.remove_suffix(static_cast<size_t>(whole_cell.data() + whole_cell.size() - cell.data() - cell.size()));
  for (bool again = true; again;) {
    again = false;
    const size_t start = cell.find_first_not_of(" \t\"'${}");
    if (start == std::string_view::npos) return std::nullopt;
    cell.remove_prefix(start);
    const size_t markup = markup_length(cell);
    cell.remove_prefix(markup);
    again = markup > 0;
  }
  auto number = scan_number(cell, 0);
  if (!number) return std::nullopt;
  const size_t offset = whole_cell.size() - cell.size(), number_end = number->end;
  number->begin += offset;
  number->digits_end += offset;
  number->end += offset;
  const size_t rest = cell.find_first_not_of(" \t\"'$}*`)", number_end);
  if (rest == std::string_view::npos) return number;
  for (const std::string_view noise : {"\xC2\xB1", "+/-", "\\pm", "(", "[", "\\%", "%"}) {
    if (!cell.substr(rest).starts_with(noise)) continue;
    if (noise.ends_with('%')) number->unit = Unit::kPercent;
    return number;
  }
  return std::nullopt;
}

std::optional<int64_t> count_of(const PrintedNumber& number) {
  if (number.unit != Unit::kNone || number.attached || number.units < 0) return std::nullopt;
  if (number.integer || number.comma_could_group) return number.units;
  return std::nullopt;
}

double value_of(const PrintedNumber& number) {
  // Both sides of the quotient are exact below 2^53 and 10^22, so the quotient is the nearest double; beyond, strtod is.
  constexpr int64_t kExact = int64_t{1} << 53;
  if (number.units > -kExact && number.units < kExact) return static_cast<double>(number.units) / std::pow(10.0, number.scale);
  return std::strtod(format("{}e-{}", number.units, number.scale).c_str(), nullptr);
}

}  // namespace liteqat::audit
