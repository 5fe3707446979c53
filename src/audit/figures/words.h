// What the words of a label say: is it an accuracy, of which split, over how many classes. One vocabulary for log lines, keys and table
// headers. Private to figures.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace liteqat::audit {

/// Lower-case words of a phrase: letters and digits, split at everything else and at camelCase; "Acc@1" is {"acc", "1"}.
std::vector<std::string> split_words(std::string_view phrase);

enum class Quantity {
  kUnnamed,    // no word decides
  kAccuracy,   // accuracy, acc, top-1, correctly classified
  kError,      // error rate, misclassified: the complement of an accuracy
  kWeakError,  // "test error": an error rate only if the number is a percentage
  kCorrect,    // "correct": a count of right images, or a ratio
  kOther,      // loss, time, F1, a difference of accuracies
};

/// Whether a number of it tells how many images are right, an error rate included.
bool is_accuracy(Quantity quantity);

struct Meaning {
  Quantity quantity = Quantity::kUnnamed;
  std::string split;  // "test", "train", "validation" or empty
  int32_t top_k = 1;
  bool class_average = false;  // balanced, macro, one class
  bool percent = false;        // "(%)" or "percent" in the label
};

/// What a phrase says beside a spread: "acc (test) ± std" -> "acc (test)", "Accuracy (95% CI)" -> "Accuracy ". Phrases that are nothing but
/// a spread stay.
std::string without_spread(std::string_view phrase);

/// The last word that decides wins, a spread beside it left out: "accuracy loss" is a difference, "loss, accuracy" an accuracy.
Meaning read_meaning(std::string_view phrase);

/// "test", "train", "validation" or empty: the split that the words name. "Quantization aware training" names none.
std::string find_split(const std::vector<std::string>& words);

}  // namespace liteqat::audit
