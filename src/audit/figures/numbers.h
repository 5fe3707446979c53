// Printed numbers with their exact digits. Knows separators, signs, exponents and units; knows nothing of accuracies. Private to figures.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace liteqat::audit {

/// Of ASCII's ten, whatever the locale.
inline bool is_digit(char letter) {
  return letter >= '0' && letter <= '9';
}

enum class Unit { kNone, kPercent, kPerMille, kPoints };  // kPoints: "0.3 pp", a difference

struct PrintedNumber {
  size_t begin = 0, end = 0;       // in the line, unit included
  size_t digits_end = 0;           // where the unit starts
  int64_t units = 0;               // value = units / 10^scale, before the unit
  int32_t scale = 0;               // 0..18
  int32_t significant = 0;         // digits from the first that is not 0
  bool integer = false;            // no decimal separator and no exponent
  bool grouped = false;            // "10,000"
  bool comma_could_group = false;  // "73,750": read as a decimal comma; as a count it is 73750
  bool point_could_group = false;  // "10.000": read as a decimal point; before a noun like "images" it is 10000
  bool attached = false;           // letters follow at once: "2s", "32x32", a version or a clock time: no quantity of ours
  Unit unit = Unit::kNone;
};

/// The number that starts at `at`. Empty if none starts there: digits inside words (float32, top-1, Acc@5) do not start one.
/// Numbers with more than 18 digits are rounded to 18; those of 1e9 and more are marked attached.
std::optional<PrintedNumber> scan_number(std::string_view line, size_t at);

/// A whole cell or token as a number: surrounding spaces, LaTeX bold and math, quotes and a trailing "±..." are taken off.
std::optional<PrintedNumber> read_number_cell(std::string_view cell);

/// The count that an integer stands for; "10,000" and, where a comma could group, "73,750" as 73750. Empty if it is none.
std::optional<int64_t> count_of(const PrintedNumber& number);

double value_of(const PrintedNumber& number);

}  // namespace liteqat::audit
