// Figures: the printed numbers of a text whose label, column or key names an accuracy. read_figures takes whole console logs, tables,
// JSON and CSV as they were pasted; it judges nothing, knows no data set and never fails on odd input: what is not a figure is left out.
// A figure keeps its printed digits exactly (units / 10^scale), because which counts of images can print them is decided on the digits,
// not on a floating-point value. Pure functions, thread-safe, linear in the length of the text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace liteqat::audit {

enum class Form {
  kDecimal,   // 0.9815, rounded or exact
  kPercent,   // 98.15 %
  kPerMille,  // 981.5 per mille
  kRatio,     // 9815/10000
  kFloat32,   // the digits of a float32, shortest or widened to double: 0.737500011920929
  kDouble,    // 15 digits and more of a double: 0.9815333333333334
};

/// "decimal", "percent", "per_mille", "ratio", "float32", "double".
const char* form_name(Form form);

struct Figure {
  std::string label;    // row and column, key path, or the words before the number; unique in its text
  std::string series;   // the label before it was made unique: equal for the same quantity printed again (every epoch)
  int32_t line = 1;     // of the text, from 1
  std::string printed;  // as it stands in the text, with its unit
  double value = 0;     // a fraction: 0.9815; an error rate is turned into its complement
  Form form = Form::kDecimal;
  std::string split = "test";      // "test", "train" or "validation"
  int64_t units = 0;               // the printed digits as a fraction: value = units / 10^scale; for a ratio the nearest such
  int32_t scale = 0;               // 0..18; half a unit is what rounding can have hidden
  int64_t correct = 0, total = 0;  // of a ratio; total 0: not a ratio
  int64_t stated_total = 0;        // a number of images named beside the figure ("(n=500)", a column of totals); 0: none
  bool float32_origin = false;     // the digits are those of a float32, perhaps times 100
  int32_t top_k = 1;               // 5 where the label says top-5
  bool error_rate = false;         // printed as an error rate
  bool class_average = false;      // the label says balanced, macro or per class: no whole number of the split's images is behind it
};

/// A number of images or classes that the text names.
struct NamedSize {
  std::string what;  // "test", "train", "validation" or "classes"
  int64_t count = 0;
  int32_t line = 1;
  std::string words;  // the words that name it: "10,000 test images"
};

struct FigureText {
  std::vector<Figure> figures;  // in the order of the text
  std::vector<NamedSize> sizes;
  std::vector<std::string> notes;  // sentences on what was seen and left out: an accuracy of nan, binary content
  int32_t lines = 0;
};

FigureText read_figures(std::string_view text);

}  // namespace liteqat::audit
