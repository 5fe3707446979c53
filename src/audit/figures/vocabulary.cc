#include "audit/figures/vocabulary.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "audit/figures/word_lists.h"

namespace liteqat::audit {
namespace {

constexpr std::array<std::string_view, 35> kAccuracyWords = {
    "accurate",  "acc",      "accu",      "accuracy", "accuracies",  "accs",         "accur",      "acc1",        "acc5",
    "accuracy1", "top1acc",  "prec1",     "prec5",    "genauigkeit", "trefferquote", "exactitude", "exactitud",   "accuratezza",
    "acurácia",  "acuracia", "acurácias", "точность", "точности",    "doğruluk",     "dokładność", "noggrannhet", "nauwkeurigheid",
    "准确率",    "正确率",   "准确度",    "準確率",   "正確率",      "正解率",       "精度",       "정확도"};

constexpr std::array<std::string_view, 6> kPrecisionOrAccuracy = {"précision",  "precisión", "precisão",
                                                                  "precisione", "präzision", "precizie"};

constexpr std::array<std::string_view, 12> kRecallWords = {"recall",    "rappel",      "exhaustividad", "sensibilidad",
                                                           "revocação", "richiamo",    "sensibilité",   "召回率",
                                                           "再現率",    "sensitivity", "trefferrate",   "recuperação"};

constexpr std::array<std::string_view, 155> kOtherWords = {
    "loss",       "losses",      "time",         "seconds",    "sec",         "secs",        "ms",          "eta",           "duration",
    "elapsed",    "lr",          "learning",     "f1",         "fscore",      "f",           "auc",         "auroc",         "roc",
    "kappa",      "mcc",         "precision",    "recall",     "sensitivity", "specificity", "iou",         "miou",          "map",
    "mse",        "mae",         "rmse",         "perplexity", "ppl",         "ci",          "interval",    "std",           "sd",
    "stdev",      "stddev",      "deviation",    "variance",   "var",         "sem",         "margin",      "drop",          "degradation",
    "gain",       "difference",  "diff",         "delta",      "change",      "gap",         "improvement", "increase",      "decrease",
    "reduction",  "threshold",   "tolerance",    "chance",     "seed",        "params",      "parameters",  "flops",         "macs",
    "mb",         "kb",          "gb",           "mib",        "kib",         "bytes",       "size",        "sizes",         "latency",
    "fps",        "throughput",  "memory",       "mem",        "sparsity",    "dropout",     "momentum",    "decay",         "temperature",
    "patience",   "support",     "wd",           "confidence", "p",           "pvalue",      "z",           "rank",          "steps",
    "iterations", "speed",       "speedup",      "ratio",      "compression", "norm",        "cost",        "brier",         "ece",
    "logloss",    "nll",         "crossentropy", "entropy",    "calibration", "agreement",   "utilization", "usage",         "cpu",
    "gpu",        "verlust",     "lernrate",     "zeit",       "dauer",       "perte",       "temps",       "apprentissage", "pérdida",
    "perdida",    "aprendizaje", "tiempo",       "perda",      "aprendizado", "tempo",       "perdita",     "apprendimento", "потери",
    "strata",     "verlies",     "kayıp",        "损失",       "損失",        "ロス",        "손실",        "学习率",        "學習率",
    "学習率",     "学習係数",    "학습률",       "召回率",     "再現率",      "适合率",      "適合率",      "精确率",        "精確率",
    "时间",       "時間",        "시간",         "误差",       "誤差",        "阈值",        "閾値",        "下降",          "提升",
    "降低",       "低下"};

constexpr std::array<std::string_view, 8> kErrorRateWords = {
    "misclassified", "misclassification", "fehlerrate", "fehlerquote", "incorrectly", "错误率", "錯誤率", "誤分類率"};

constexpr std::array<std::string_view, 27> kDemandWords = {
    "required", "target", "desired", "goal",      "expected",    "min",   "minimum", "minimal",    "needed",
    "wanted",   "limit",  "floor",   "criterion", "requirement", "bound", "cutoff",  "acceptable", "demanded",
    "ziel",     "soll",   "cible",   "objetivo",  "mindestens",  "目标",  "目標",    "要求",       "목표"};

constexpr std::array<std::string_view, 13> kCounterWords = {"epoch", "epochs", "step",  "iter", "iteration", "batch", "fold",
                                                            "run",   "class",  "trial", "top",  "round",     "seed"};

constexpr std::array<std::string_view, 28> kImageNouns = {
    "images",   "image",      "samples",    "sample",      "examples",   "example",    "instances",    "instance", "pictures", "records",
    "patterns", "datapoints", "clips",      "clip",        "utterances", "recordings", "spectrograms", "windows",  "img",      "imgs",
    "bilder",   "bildern",    "testbilder", "testbildern", "imágenes",   "imagens",    "immagini",     "张"};

constexpr std::array<std::string_view, 8> kTrainWords = {"train", "training", "trn", "trainset", "treino", "训练", "訓練", "学習"};
constexpr std::array<std::string_view, 13> kValidationWords = {
    "val", "valid", "validation", "dev", "validate", "vali", "validating", "valset", "验证", "驗證", "検証", "검증", "validatie"};
constexpr std::array<std::string_view, 16> kTestWords = {"test",     "testing", "tst",        "eval",    "evaluation", "holdout",
                                                         "evaluate", "prueba",  "evaluating", "testset", "evaluación", "pruebas",
                                                         "测试",     "測試",    "テスト",     "테스트"};

// What every inflection and compound of a word begins with: "Trainingsdaten", "обучающей".
constexpr std::array<std::string_view, 11> kTrainStems = {"trainings",     "entrenamiento", "entraînement", "treinamento",
                                                          "addestramento", "allenamento",   "trening",      "обуча",
                                                          "обучени",       "трениров",      "훈련"};
constexpr std::array<std::string_view, 7> kValidationStems = {"validier",  "validierung", "validac", "validaç",
                                                              "convalida", "валидац",     "walidac"};
constexpr std::array<std::string_view, 8> kTestStems = {"testdat", "testmenge", "testbild", "testgenauigkeit",
                                                        "teste",   "тестов",    "testow",   "testsatz"};

template <size_t kSize>
bool has_stem(const std::array<std::string_view, kSize>& stems, std::string_view word) {
  return std::any_of(stems.begin(), stems.end(), [&](std::string_view stem) { return word.starts_with(stem); });
}

/// The split in front of a compound: "valacc", "Trainingsgenauigkeit". Empty if the word is none.
std::string_view compound_stem(std::string_view word) {
  for (const std::string_view suffix : {"sgenauigkeit", "genauigkeit", "accuracy", "acc"}) {
    if (word.ends_with(suffix) && word.size() > suffix.size()) return word.substr(0, word.size() - suffix.size());
  }
  return {};
}

std::string_view plain_split(std::string_view word) {
  if (contains(kTrainWords, word) || has_stem(kTrainStems, word)) return "train";
  if (contains(kValidationWords, word) || has_stem(kValidationStems, word)) return "validation";
  return contains(kTestWords, word) || (has_stem(kTestStems, word) && word != "tested" && word != "tester") ? "test" : "";
}

/// Letters of Chinese, Japanese and Korean take three bytes of UTF-8 from E3 on.
bool is_unspaced(char letter) {
  const auto byte = static_cast<uint8_t>(letter);
  return byte >= 0xE3 && byte <= 0xED;
}

/// The longest known word that starts at `at`; 0 if none does.
size_t known_length(std::string_view word, size_t at) {
  size_t longest = 0;
  const auto look = [&](const auto& list) {
    for (const std::string_view known : list) {
      if (is_unspaced(known.front()) && word.substr(at).starts_with(known)) longest = std::max(longest, known.size());
    }
  };
  look(kAccuracyWords);
  look(kRecallWords);
  look(kOtherWords);
  look(kErrorRateWords);
  look(kDemandWords);
  look(kTrainWords);
  look(kTrainStems);
  look(kValidationWords);
  look(kTestWords);
  return longest;
}

}  // namespace

bool is_accuracy_word(std::string_view word) {
  return contains(kAccuracyWords, word) || is_precision_or_accuracy(word) || word.ends_with("genauigkeit") ||
         !plain_split(compound_stem(word)).empty();
}

bool is_precision_or_accuracy(std::string_view word) {
  return contains(kPrecisionOrAccuracy, word);
}

bool is_recall_word(std::string_view word) {
  return contains(kRecallWords, word);
}

bool is_other_word(std::string_view word) {
  return contains(kOtherWords, word);
}

bool is_error_rate_word(std::string_view word) {
  return contains(kErrorRateWords, word);
}

bool is_demand_word(std::string_view word) {
  return contains(kDemandWords, word);
}

bool is_counter_word(std::string_view word) {
  return contains(kCounterWords, word);
}

bool is_image_noun(std::string_view word) {
  return contains(kImageNouns, word);
}

std::string_view split_of_word(std::string_view word) {
  const std::string_view split = plain_split(word);
  return split.empty() ? plain_split(compound_stem(word)) : split;
}

bool is_unspaced_word(std::string_view word) {
  return std::any_of(word.begin(), word.end(), is_unspaced);
}

std::vector<std::string> cut_unspaced(std::string_view word) {
  std::vector<std::string> parts;
  size_t begin = 0;
  for (size_t at = 0; at < word.size();) {
    const size_t known = is_unspaced(word[at]) ? known_length(word, at) : 0;
    if (known == 0) {
      ++at;
      continue;
    }
    if (at > begin) parts.emplace_back(word.substr(begin, at - begin));
    parts.emplace_back(word.substr(at, known));
    begin = at += known;
  }
  if (begin < word.size()) parts.emplace_back(word.substr(begin));
  return parts;
}

}  // namespace liteqat::audit
