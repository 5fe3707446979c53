#include "audit/figures/words.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "audit/figures/vocabulary.h"

namespace liteqat::audit {
namespace {

using Words = std::vector<std::string>;

bool follows(const Words& words, size_t at, std::string_view before) {
  return at > 0 && words[at - 1] == before;
}

bool any_of(const Words& words, std::initializer_list<std::string_view> candidates) {
  return std::any_of(words.begin(), words.end(),
                     [&](const std::string& word) { return std::find(candidates.begin(), candidates.end(), word) != candidates.end(); });
}

bool is_small_number(const std::string& word) {
  return word.size() <= 2 && !word.empty() && std::all_of(word.begin(), word.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

/// "error" is a rate where the words say so; "mean squared error", "quantization error" and the like are something else.
Quantity error_quantity(const Words& words) {
  if (any_of(words, {"mean",     "squared", "square",   "absolute",  "mse",           "rms",         "quantization",   "relative", "max",
                     "standard", "std",     "equal",    "bit",       "word",          "character",   "char",           "symbol",   "packet",
                     "phoneme",  "frame",   "rounding", "numerical", "approximation", "calibration", "reconstruction", "l1",       "l2"}))
    return Quantity::kOther;
  if (any_of(words,
             {"rate", "top", "top1", "top5", "classification", "err1", "err5", "misclassification", "taux", "tasa", "taxa", "tasso"}))
    return Quantity::kError;
  return Quantity::kWeakError;
}

/// "accuracy03", "acc1": a name of accuracies with its k attached. 0 if the word is none.
int32_t attached_k(std::string_view word) {
  const size_t digits = word.find_first_of("0123456789");
  if (digits == 0 || digits == std::string_view::npos || word.size() - digits > 2) return 0;
  const std::string_view name = word.substr(0, digits), number = word.substr(digits);
  if (name != "acc" && name != "accuracy" && name != "top" && name != "prec" && name != "err") return 0;
  int32_t k = 0;
  for (const char digit : number) {
    if (digit < '0' || digit > '9') return 0;
    k = k * 10 + (digit - '0');
  }
  return k;
}

Quantity word_quantity(const Words& words, size_t at) {
  const std::string& word = words[at];
  if (attached_k(word) > 0 && !word.starts_with("err")) return Quantity::kAccuracy;
  if (is_accuracy_word(word)) return Quantity::kAccuracy;
  if (word == "top1" || word == "top5" || (follows(words, at, "top") && is_small_number(word))) return Quantity::kAccuracy;
  if (is_small_number(word) && (follows(words, at, "prec") || follows(words, at, "acc"))) return Quantity::kAccuracy;
  if (is_error_rate_word(word)) return Quantity::kError;
  if (word == "incorrect" || word == "wrong") return Quantity::kOther;
  if (word == "error" || word == "err" || word == "errors" || word == "err1" || word == "err5" || word == "erreur" || word == "erro" ||
      word == "errore" || word == "fehler")
    return error_quantity(words);
  if (word == "correct" || word == "correctly" || word == "correctness") return Quantity::kCorrect;
  return is_other_word(word) ? Quantity::kOther : Quantity::kUnnamed;
}

/// "required accuracy", "min_test_acc", "accuracy limit": what is asked for. "target accuracy: 0.9, accuracy" is over with the comma.
bool is_demanded(const Words& words, size_t at) {
  constexpr size_t kNear = 3;
  for (size_t i = at; i-- > 0 && at - i <= kNear;) {
    if (is_demand_word(words[i])) return true;
  }
  return at + 1 < words.size() && is_demand_word(words[at + 1]);
}

/// "top-1 error": the error decides although a word of accuracy stands before; "accuracy rate" stays an accuracy.
Quantity find_quantity(const Words& words) {
  for (size_t i = words.size(); i-- > 0;) {
    const Quantity quantity = word_quantity(words, i);
    if (quantity == Quantity::kUnnamed) continue;
    if (is_demanded(words, i)) return Quantity::kOther;
    const bool top_name = quantity == Quantity::kAccuracy && (is_small_number(words[i]) || words[i].starts_with("top"));
    if (top_name && any_of(words, {"error", "err", "errors"})) return Quantity::kError;  // "err@1", "error top-1"
    if (top_name && any_of(words, {"recall", "precision", "loss"}) && !any_of(words, {"acc", "accuracy"})) return Quantity::kOther;
    return quantity;
  }
  return Quantity::kUnnamed;
}

int32_t find_top_k(const Words& words) {
  for (size_t i = 0; i < words.size(); ++i) {
    if (attached_k(words[i]) > 0) return attached_k(words[i]);
    const bool named = follows(words, i, "top") || follows(words, i, "acc") || follows(words, i, "prec") || follows(words, i, "accuracy") ||
                       follows(words, i, "err");
    if (named && is_small_number(words[i]) && words[i] != "0") return std::stoi(words[i]);
    if (words[i] == "topk" || (words[i] == "k" && follows(words, i, "top"))) return 5;  // Keras: top_k_categorical_accuracy, k = 5
  }
  return 1;
}

/// Words in the middle of one line's worth of text; more is no label.
constexpr size_t kMostWords = 40;

}  // namespace

bool is_accuracy(Quantity quantity) {
  return quantity == Quantity::kAccuracy || quantity == Quantity::kError || quantity == Quantity::kWeakError ||
         quantity == Quantity::kCorrect;
}

namespace {

/// Appends a byte of UTF-8 in lower case: Latin-1's and Cyrillic letters beside ASCII. Capitals of other scripts stay.
void add_lower(unsigned char letter, std::string& word) {
  const auto lead = static_cast<unsigned char>(word.empty() ? 0 : word.back());
  if (lead == 0xC3 && letter >= 0x80 && letter <= 0x9E && letter != 0x97) {
    word += static_cast<char>(letter + 0x20);
  } else if (lead == 0xD0 && letter >= 0x90 && letter <= 0x9F) {
    word += static_cast<char>(letter + 0x20);
  } else if (lead == 0xD0 && letter >= 0xA0 && letter <= 0xAF) {
    word.back() = static_cast<char>(0xD1);
    word += static_cast<char>(letter - 0x20);
  } else {
    word += static_cast<char>(std::tolower(letter));
  }
}

}  // namespace

std::vector<std::string> split_words(std::string_view phrase) {
  Words words;
  std::string word;
  bool lower_before = false;
  const auto finish = [&] {
    if (!word.empty() && words.size() < kMostWords) {
      if (!is_unspaced_word(word)) {
        words.push_back(word);
      } else {
        for (std::string& part : cut_unspaced(word)) words.push_back(std::move(part));
      }
    }
    word.clear();
  };
  for (const char raw : phrase) {
    const auto letter = static_cast<unsigned char>(raw);
    const bool part = std::isalnum(letter) != 0 || letter >= 0x80;
    if (!part || (std::isupper(letter) != 0 && lower_before)) finish();
    if (part) add_lower(letter, word);
    lower_before = std::islower(letter) != 0;
  }
  finish();
  return words;
}

std::string find_split(const std::vector<std::string>& words) {
  std::string found;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    const bool not_a_split = i > 0 && (words[i - 1] == "aware" || words[i - 1] == "post" || words[i - 1] == "after" ||
                                       words[i - 1] == "before" || words[i - 1] == "without" || words[i - 1] == "qat");
    const std::string_view split = split_of_word(word);
    if (split == "train" && !not_a_split) {
      if (found.empty()) found = split;
    } else if (split == "validation") {
      found = split;
    } else if (split == "test") {
      found = found == "validation" ? found : "test";
    }
  }
  return found;
}

std::string without_spread(std::string_view phrase) {
  constexpr std::array<std::string_view, 10> kSpreads = {"std", "sd", "ci", "stdev", "stddev", "deviation", "sem", "interval", "ki", "se"};
  std::string kept(phrase.substr(0, std::min({phrase.find("\xC2\xB1"), phrase.find("+/-"), phrase.find("\\pm")})));
  for (size_t open = kept.find_first_of("(["); open != std::string::npos; open = kept.find_first_of("([", open + 1)) {
    const size_t close = kept.find(kept[open] == '(' ? ')' : ']', open);
    if (close == std::string::npos) break;
    const Words inside = split_words(std::string_view(kept).substr(open + 1, close - open - 1));
    const bool spread = std::any_of(inside.begin(), inside.end(), [&](const std::string& word) {
      return std::find(kSpreads.begin(), kSpreads.end(), word) != kSpreads.end();
    });
    if (spread) kept.erase(open, close - open + 1);
  }
  return split_words(kept).empty() ? std::string(phrase) : kept;
}

Meaning read_meaning(std::string_view phrase) {
  const std::string said = without_spread(phrase);
  const Words words = split_words(said);
  Meaning meaning;
  meaning.quantity = find_quantity(words);
  if (meaning.quantity == Quantity::kWeakError && said.find('@') != std::string::npos) meaning.quantity = Quantity::kError;  // err@1
  meaning.split = find_split(words);
  meaning.top_k = find_top_k(words);
  meaning.class_average = any_of(words, {"balanced", "macro", "class", "category", "classes", "perclass", "label", "digit"}) &&
                          !any_of(words, {"overall", "total"});
  meaning.percent = said.find('%') != std::string::npos || any_of(words, {"percent", "pct", "percentage", "prozent"});
  return meaning;
}

}  // namespace liteqat::audit
