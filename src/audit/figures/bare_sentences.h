// A sentence whose numbers no word of accuracy names: which of them a form of the model names ("QAT 0.7447", "93.12 for the float model"),
// and whether the sentence speaks of something else. Private to figures.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "audit/figures/line_numbers.h"
#include "audit/figures/model_names.h"

namespace liteqat::audit {

/// How a number is written. Only numbers written alike are compared.
enum class Style {
  kNone,      // 3, 1.5, 250.1: no accuracy
  kFraction,  // 0.7375
  kShort,     // 0.1: a fraction only beside longer ones
  kPercent,   // 93 %
  kBare,      // 93.12, a percentage if anything
  kRatio,     // 7375/10000; the total is the sentence's next number
};

struct BareNumber {
  size_t at = 0;      // of the sentence's numbers
  std::string label;  // "Quantized TFLite"
  std::string split;  // that its clause names, or empty
  Style style = Style::kNone;
  bool sure = false;    // named by a word that is said of models alone
  bool linked = false;  // "from 0.93 to 0.89": two numbers of one name
  bool told = false;    // a verb leads to it
};

struct BareSentence {
  std::vector<LineNumber> numbers;
  std::vector<BareNumber> named;
  Foreign foreign = Foreign::kNo;  // kSentence: nothing here is an accuracy; kPassage: nor around it
  bool has_cue = false;            // names a split that is tested on, or a data set of classification
};

/// Of a number that stands alone: no ratio.
Style style_of(const PrintedNumber& number);

/// Linear in the sentence's words but for what a clause of it says; sentences of more than 4,000 bytes are foreign.
BareSentence read_bare_sentence(std::string_view sentence);

}  // namespace liteqat::audit
