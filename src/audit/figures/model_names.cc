#include "audit/figures/model_names.h"

#include <algorithm>
#include <array>

#include "audit/figures/vocabulary.h"
#include "audit/figures/word_lists.h"
#include "audit/figures/words.h"

namespace liteqat::audit {
namespace {

constexpr auto kSureForms = std::to_array<std::string_view>(
    {"float", "floating", "float32", "float16", "fp32",        "fp16",   "bf16",      "fp64",    "f32",         "f16",  "int8",
     "uint8", "int16",    "int4",    "w8a8",    "w4a8",        "w8",     "qat",       "ptq",     "qint8",       "fx",   "tflite",
     "lite",  "litert",   "edgetpu", "tpu",     "unquantized", "binary", "binarized", "ternary", "dequantized", "fake", "int"});
constexpr auto kWeakForms = std::to_array<std::string_view>(
    {"baseline", "original", "reference", "keras",      "h5",     "pb",        "tf",        "torch",      "pytorch",
     "onnx",     "trt",      "tensorrt",  "openvino",   "coreml", "converted", "exported",  "pruned",     "distilled",
     "student",  "teacher",  "ema",       "savedmodel", "full",   "mixed",     "originale", "originalen", "basis"});
constexpr auto kFormStems = std::to_array<std::string_view>({"quantiz", "quantis", "quantifi", "cuantiz", "quantizz", "квант", "kwant",
                                                             "flott", "flotant", "flutuant", "исходн", "kuanti", "gekwant"});
constexpr auto kUnspacedForms = std::to_array<std::string_view>({"量化", "量子化", "浮点", "浮動小数", "양자화", "부동", "全精度"});

constexpr auto kDifferences = std::to_array<std::string_view>(
    {"drop",  "degradation", "gain",   "difference", "diff", "delta", "change", "gap",  "improvement", "increase", "decrease",
     "loses", "reduction",   "margin", "lose",       "lost", "下降",  "提升",   "降低", "低下",        "points",   "reduces"});

// Measures that stand where an accuracy could, beside those of vocabulary.h: whatever a text compares two models by.
constexpr auto kMeasures = std::to_array<std::string_view>(
    {"loss",        "losses",        "latency",     "f1",          "fscore", "auc",         "auroc",   "roc",     "kappa",     "mcc",
     "precision",   "recall",        "sensitivity", "specificity", "iou",    "miou",        "map",     "mse",     "mae",       "rmse",
     "perplexity",  "ppl",           "sparsity",    "memory",      "fps",    "throughput",  "flops",   "macs",    "mb",        "kb",
     "gb",          "bytes",         "brier",       "ece",         "nll",    "logloss",     "entropy", "speedup", "agreement", "verlust",
     "perte",       "pérdida",       "perda",       "perdita",     "потери", "损失",        "損失",    "时间",    "時間",      "similarity",
     "correlation", "psnr",          "ssim",        "bleu",        "rouge",  "wer",         "cer",     "dice",    "jaccard",   "r2",
     "sqnr",        "snr",           "eer",         "fid",         "oks",    "ap",          "ap50",    "ram",     "energy",    "power",
     "probability", "probabilities", "softmax",     "logit",       "logits", "utilization", "usage",   "pearson", "spearman",  "ndcg",
     "relative",    "normalized",    "normalised"});

constexpr auto kSettings = std::to_array<std::string_view>(
    {"alpha",  "beta",        "gamma",  "lambda",  "epsilon", "eps",    "tau",     "width",      "multiplier", "scale",   "scales",
     "zero",   "range",       "ranges", "min",     "max",     "clip",   "clipped", "percentile", "quantile",   "error",   "err",
     "errors", "activations", "output", "outputs", "agree",   "agrees", "match",   "matches",    "differ",     "differs", "smoothing",
     "rate",   "atol",        "rtol",   "flash",   "cost",    "costs",  "price",   "binarize",   "pixel",      "pixels",  "coefficient"});

// Of vocabulary.h's words for other quantities those that a sentence on accuracies holds without measuring anything.
constexpr auto kHarmless =
    std::to_array<std::string_view>({"learning", "calibration", "seed", "steps", "chance", "cpu", "gpu", "f", "p", "z", "speed", "time",
                                     "apprentissage", "aprendizaje", "aprendizado", "apprendimento", "rank"});

constexpr auto kChecks =
    std::to_array<std::string_view>({"assert", "assertion", "allclose", "traceback", "atol", "rtol", "mismatch", "mismatched"});

constexpr auto kOneInput =
    std::to_array<std::string_view>({"image", "picture", "photo", "sample", "input", "example", "frame", "sentence"});

constexpr auto kBeforeTime = std::to_array<std::string_view>(
    {"inference", "run", "running", "execution", "wall", "training", "elapsed", "mean", "average", "total", "cpu", "epoch"});

constexpr auto kUnits = std::to_array<std::string_view>(
    {"s",    "sec",     "secs", "second", "seconds", "min",   "mins",  "minutes", "h",      "hr",   "hours",  "hour", "ms",  "us",
     "ns",   "kb",      "mb",   "gb",     "kib",     "mib",   "gib",   "bytes",   "byte",   "bit",  "bits",   "hz",   "khz", "mhz",
     "ghz",  "fps",     "mj",   "j",      "mw",      "w",     "watt",  "watts",   "ma",     "mah",  "v",      "db",   "usd", "eur",
     "euro", "dollars", "x",    "px",     "epochs",  "epoch", "steps", "images",  "gflops", "macs", "params", "m",    "k"});

constexpr auto kLeads = std::to_array<std::string_view>(
    {"is",         "was",      "are",        "were",      "at",         "get",      "gets",      "got",       "getting",    "give",
     "gives",      "gave",     "yield",      "yields",    "yielded",    "reach",    "reaches",   "reached",   "score",      "scores",
     "scored",     "hit",      "hits",       "land",      "lands",      "landed",   "achieve",   "achieves",  "achieved",   "attain",
     "attains",    "attained", "obtain",     "obtains",   "obtained",   "has",      "have",      "had",       "show",       "shows",
     "showed",     "report",   "reports",    "reported",  "print",      "prints",   "printed",   "return",    "returns",    "returned",
     "say",        "says",     "said",       "produces",  "drop",       "drops",    "dropped",   "fall",      "falls",      "fell",
     "go",         "goes",     "went",       "rise",      "rises",      "rose",     "climb",     "climbs",    "climbed",    "jumps",
     "jumped",     "improves", "improved",   "degrades",  "degraded",   "recovers", "recovered", "keep",      "keeps",      "kept",
     "stay",       "stays",    "stayed",     "remains",   "retains",    "end",      "ends",      "ended",     "comes",      "came",
     "sits",       "sat",      "to",         "from",      "with",       "of",       "around",    "about",     "only",       "just",
     "still",      "even",     "erreicht",   "hat",       "kommt",      "liegt",    "bei",       "ist",       "sind",       "nur",
     "noch",       "schafft",  "fällt",      "sinkt",     "atteint",    "obtient",  "donne",     "est",       "tombe",      "alcanza",
     "obtiene",    "da",       "queda",      "logra",     "baja",       "atinge",   "obtém",     "raggiunge", "ottiene",    "scende",
     "haalt",      "даёт",     "дает",       "достигает", "показывает", "fica",     "auf",       "à",         "classifies", "recognizes",
     "recognises", "predicts", "identifies", "see",       "sees",       "saw",      "brings",    "brought",   "me",         "us",
     "mir"});

constexpr auto kLight = std::to_array<std::string_view>(
    {"model",      "models",    "modell",     "modèle",  "modelo",   "modello", "модель",      "network",    "net",         "nets",
     "one",        "ones",      "version",    "file",    "export",   "variant", "counterpart", "checkpoint", "interpreter", "graph",
     "weights",    "on",        "the",        "test",    "testing",  "set",     "split",       "dataset",    "data",        "images",
     "val",        "valid",     "validation", "train",   "training", "eval",    "holdout",     "in",         "for",         "a",
     "an",         "it",        "i",          "we",      "now",      "then",    "somehow",     "up",         "down",        "back",
     "out",        "same",      "again",      "result",  "results",  "score",   "post",        "aware",      "conversion",  "point",
     "points",     "precision", "percent",    "my",      "our",      "its",     "this",        "that",       "der",         "die",
     "das",        "nach",      "es",         "le",      "la",       "el",      "il",          "o",          "se",          "en",
     "em",         "a",         "per",        "channel", "tensor",   "solo",    "seulement",   "sólo",       "samples",     "examples",
     "evaluation", "apenas",    "soltanto",   "l"});

constexpr auto kArticles =
    std::to_array<std::string_view>({"the", "a",    "an", "my", "our", "its", "this", "that", "der", "die", "das", "den",
                                     "ein", "eine", "le", "la", "les", "un",  "une",  "el",   "il",  "o",   "lo",  "de"});

constexpr auto kDataSets =
    std::to_array<std::string_view>({"cifar", "cifar10", "cifar100", "mnist", "emnist", "kmnist", "imagenet", "imagenette", "svhn", "stl10",
                                     "stl", "food101", "caltech", "flowers", "gtsrb"});

bool follows(const std::vector<std::string>& words, size_t at, std::initializer_list<std::string_view> before) {
  return at > 0 && std::find(before.begin(), before.end(), words[at - 1]) != before.end();
}

/// "w4a8": bits of weights and activations.
bool is_bit_widths(std::string_view word) {
  const size_t activations = word.find('a');
  const auto digits = [](std::string_view part) {
    return !part.empty() && part.size() <= 2 && part.find_first_not_of("0123456789") == std::string_view::npos;
  };
  return word.starts_with("w") && activations != std::string_view::npos && digits(word.substr(1, activations - 1)) &&
         digits(word.substr(activations + 1));
}

bool is_precision_of_numbers(const std::vector<std::string>& words, size_t at) {
  return words[at] == "precision" &&
         follows(words, at, {"full", "single", "half", "double", "mixed", "reduced", "low", "lower", "high", "higher", "integer", "bit"});
}

}  // namespace

FormWord form_of_word(const std::vector<std::string>& words, size_t at) {
  const std::string& word = words[at];
  if (contains(kSureForms, word)) return FormWord::kSure;
  if (std::any_of(kFormStems.begin(), kFormStems.end(), [&](std::string_view stem) { return word.starts_with(stem); }))
    return FormWord::kSure;
  if (std::any_of(kUnspacedForms.begin(), kUnspacedForms.end(),
                  [&](std::string_view form) { return word.find(form) != std::string::npos; }))
    return FormWord::kSure;
  if ((word == "bit" || word == "bits") && at > 0 && !words[at - 1].empty() && words[at - 1].size() <= 2 && words[at - 1].front() >= '1' &&
      words[at - 1].front() <= '9')
    return FormWord::kSure;
  if (is_bit_widths(word) || is_precision_of_numbers(words, at)) return FormWord::kSure;
  return contains(kWeakForms, word) ? FormWord::kWeak : FormWord::kNone;
}

bool names_form(std::string_view phrase, FormWord least) {
  const std::vector<std::string> words = split_words(phrase);
  for (size_t i = 0; i < words.size(); ++i) {
    if (form_of_word(words, i) >= least) return true;
  }
  return false;
}

Foreign foreignness(const std::vector<std::string>& words, size_t at) {
  const std::string& word = words[at];
  if (contains(kDifferences, word)) return Foreign::kClause;
  if (is_precision_of_numbers(words, at) || (word == "range" && follows(words, at, {"dynamic"}))) return Foreign::kNo;
  if (contains(kMeasures, word)) return Foreign::kPassage;
  if (word == "time" || word == "times") return at == 0 || contains(kBeforeTime, words[at - 1]) ? Foreign::kPassage : Foreign::kNo;
  if (word == "near" && follows(words, at, {"expect", "assert"})) return Foreign::kPassage;
  if (word == "load" && follows(words, at, {"cpu", "gpu", "processor", "system"})) return Foreign::kPassage;
  if (contains(kOneInput, word) &&
      follows(words, at, {"this", "that", "one", "single", "same", "an", "each", "first", "following", "given"}))
    return Foreign::kSentence;  // a score of one class
  if (contains(kHarmless, word)) return Foreign::kNo;
  return contains(kSettings, word) || contains(kChecks, word) || is_other_word(word) || is_demand_word(word) ? Foreign::kSentence
                                                                                                             : Foreign::kNo;
}

bool is_check_word(std::string_view word) {
  return contains(kChecks, word);
}

bool is_unit_word(std::string_view word) {
  return contains(kUnits, word);
}

bool is_lead_word(std::string_view word) {
  return contains(kLeads, word);
}

bool is_light_word(std::string_view word) {
  return contains(kLight, word) || is_data_set_word(word) || is_lead_word(word);
}

bool is_article(std::string_view word) {
  return contains(kArticles, word);
}

bool is_data_set_word(std::string_view word) {
  return contains(kDataSets, word) || word == "fashion";
}

}  // namespace liteqat::audit
