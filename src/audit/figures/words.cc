#include "audit/figures/words.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <span>

namespace liteqat::audit {
namespace {

using Words = std::vector<std::string>;

constexpr std::array<std::string_view, 22> kAccuracyWords = {"acc",
                                                             "accu",
                                                             "accuracy",
                                                             "accuracies",
                                                             "accs",
                                                             "accur",
                                                             "genauigkeit",
                                                             "trefferquote",
                                                             "exactitude",
                                                             "exactitud",
                                                             "accuratezza",
                                                             "acur\xC3\xA1"
                                                             "cia",
                                                             "acc1",
                                                             "acc5",
                                                             "accuracy1",
                                                             "top1acc",
                                                             "\xE5\x87\x86\xE7\xA1\xAE\xE7\x8E\x87",
                                                             "\xE6\xAD\xA3\xE7\xA1\xAE\xE7\x8E\x87",
                                                             "\xE7\xB2\xBE\xE5\xBA\xA6",
                                                             "\xD1\x82\xD0\xBE\xD1\x87\xD0\xBD\xD0\xBE\xD1\x81\xD1\x82\xD1\x8C",
                                                             "prec1",
                                                             "prec5"};

// Quantities that stand beside accuracies in logs, and words that turn an accuracy into something else.
constexpr std::array<std::string_view, 107> kOtherWords = {
    "loss",      "losses",      "time",       "seconds",    "sec",          "secs",        "ms",          "eta",      "duration",
    "elapsed",   "lr",          "learning",   "f1",         "fscore",       "f",           "auc",         "auroc",    "roc",
    "kappa",     "mcc",         "precision",  "recall",     "sensitivity",  "specificity", "iou",         "miou",     "map",
    "mse",       "mae",         "rmse",       "perplexity", "ppl",          "ci",          "interval",    "std",      "sd",
    "stdev",     "stddev",      "deviation",  "variance",   "var",          "sem",         "margin",      "drop",     "degradation",
    "gain",      "difference",  "diff",       "delta",      "change",       "gap",         "improvement", "increase", "decrease",
    "reduction", "threshold",   "tolerance",  "target",     "required",     "chance",      "seed",        "params",   "parameters",
    "flops",     "macs",        "mb",         "kb",         "gb",           "mib",         "kib",         "bytes",    "size",
    "sizes",     "latency",     "fps",        "throughput", "memory",       "mem",         "sparsity",    "dropout",  "momentum",
    "decay",     "temperature", "patience",   "support",    "wd",           "confidence",  "p",           "pvalue",   "z",
    "rank",      "steps",       "iterations", "speed",      "speedup",      "ratio",       "compression", "norm",     "cost",
    "brier",     "ece",         "logloss",    "nll",        "crossentropy", "entropy",     "calibration", "agreement"};

constexpr std::array<std::string_view, 13> kCounterWords = {"epoch", "epochs", "step",  "iter", "iteration", "batch", "fold",
                                                            "run",   "class",  "trial", "top",  "round",     "seed"};

constexpr std::array<std::string_view, 17> kImageNouns = {"images",    "image",    "samples",  "sample",     "examples",   "example",
                                                          "instances", "instance", "pictures", "records",    "patterns",   "datapoints",
                                                          "img",       "bilder",   "bildern",  "testbilder", "testbildern"};

template <size_t kSize>
bool contains(const std::array<std::string_view, kSize>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

bool follows(const Words& words, size_t at, std::string_view before) {
  return at > 0 && words[at - 1] == before;
}

bool any_of(const Words& words, std::initializer_list<std::string_view> candidates) {
  return std::any_of(words.begin(), words.end(),
                     [&](const std::string& word) { return std::find(candidates.begin(), candidates.end(), word) != candidates.end(); });
}

/// The split in front of a compound: "valacc", "Trainingsgenauigkeit". Empty if the word is none.
std::string_view compound_stem(std::string_view word) {
  for (const std::string_view suffix : {"genauigkeit", "accuracy", "acc", "\xE5\x87\x86\xE7\xA1\xAE\xE7\x8E\x87",
                                        "\xE6\xAD\xA3\xE7\xA1\xAE\xE7\x8E\x87", "\xE7\xB2\xBE\xE5\xBA\xA6"}) {
    if (!word.ends_with(suffix) || word.size() == suffix.size()) continue;
    word.remove_suffix(suffix.size());
    if (suffix == "genauigkeit" && word.ends_with("s")) word.remove_suffix(1);
    return word;
  }
  return {};
}

constexpr std::array<std::string_view, 11> kTrainWords = {
    "train",         "training", "trn",         "trainset",      "entrenamiento",           "entra\xC3\xAEnement",
    "apprentissage", "treino",   "treinamento", "addestramento", "\xE8\xAE\xAD\xE7\xBB\x83"};
constexpr std::array<std::string_view, 14> kValidationWords = {"val",         "valid",
                                                               "validation",  "dev",
                                                               "validate",    "vali",
                                                               "validating",  "valset",
                                                               "validierung", "validaci\xC3\xB3n",
                                                               "validacion",  "valida\xC3\xA7\xC3\xA3o",
                                                               "convalida",   "\xE9\xAA\x8C\xE8\xAF\x81"};
constexpr std::array<std::string_view, 14> kTestWords = {
    "test",       "testing", "tst",    "eval",    "evaluation", "holdout",           "evaluate",
    "evaluating", "testset", "prueba", "pruebas", "teste",      "evaluaci\xC3\xB3n", "\xE6\xB5\x8B\xE8\xAF\x95"};

/// "test", "train", "validation" or empty.
std::string_view split_of_word(std::string_view word) {
  if (contains(kTrainWords, word)) return "train";
  if (contains(kValidationWords, word)) return "validation";
  return contains(kTestWords, word) ? "test" : "";
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
  if (contains(kAccuracyWords, word) || word.ends_with("genauigkeit") || !split_of_word(compound_stem(word)).empty())
    return Quantity::kAccuracy;
  if (word == "top1" || word == "top5" || (follows(words, at, "top") && is_small_number(word))) return Quantity::kAccuracy;
  if (is_small_number(word) && (follows(words, at, "prec") || follows(words, at, "acc"))) return Quantity::kAccuracy;
  if (word == "misclassified" || word == "misclassification" || word == "fehlerrate" || word == "incorrectly") return Quantity::kError;
  if (word == "incorrect" || word == "wrong") return Quantity::kOther;
  if (word == "error" || word == "err" || word == "errors" || word == "err1" || word == "err5" || word == "erreur" || word == "erro" ||
      word == "errore" || word == "fehler")
    return error_quantity(words);
  if (word == "correct" || word == "correctly" || word == "correctness") return Quantity::kCorrect;
  return contains(kOtherWords, word) ? Quantity::kOther : Quantity::kUnnamed;
}

/// "required accuracy", "target_acc": what is asked for.
bool is_demanded(const Words& words, size_t at) {
  return at > 0 && (words[at - 1] == "required" || words[at - 1] == "target" || words[at - 1] == "desired" || words[at - 1] == "goal");
}

/// "top-1 error": the error decides although a word of accuracy stands before; "accuracy rate" stays an accuracy.
Quantity find_quantity(const Words& words) {
  for (size_t i = words.size(); i-- > 0;) {
    const Quantity quantity = word_quantity(words, i);
    if (quantity == Quantity::kUnnamed) continue;
    if (quantity == Quantity::kAccuracy && is_demanded(words, i)) return Quantity::kOther;
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
    if (!word.empty() && words.size() < kMostWords) words.push_back(word);
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
    std::string_view split = split_of_word(word);
    if (split.empty()) split = split_of_word(compound_stem(word));
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

bool is_counter_word(std::string_view word) {
  return contains(kCounterWords, word);
}

bool is_image_noun(std::string_view word) {
  return contains(kImageNouns, word);
}

std::string without_spread(std::string_view phrase) {
  constexpr std::array<std::string_view, 10> kSpreads = {"std", "sd", "ci", "stdev", "stddev", "deviation", "sem", "interval", "ki", "se"};
  std::string kept(phrase.substr(0, std::min({phrase.find("\xC2\xB1"), phrase.find("+/-"), phrase.find("\\pm")})));
  for (size_t open = kept.find_first_of("(["); open != std::string::npos; open = kept.find_first_of("([", open + 1)) {
    const size_t close = kept.find(kept[open] == '(' ? ')' : ']', open);
    if (close == std::string::npos) break;
    const Words inside = split_words(std::string_view(kept).substr(open + 1, close - open - 1));
    const bool spread = std::any_of(inside.begin(), inside.end(), [&](const std::string& word) { return contains(kSpreads, word); });
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
