#include "audit/figures/phrases.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

#include "audit/figures/words.h"

namespace liteqat::audit {

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

bool has_words(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char c) { return std::isalnum(c) != 0 || c >= 0x80; });
}

bool has_letters(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char c) { return std::isalpha(c) != 0 || c >= 0x80; });
}

std::string_view last_field(std::string_view text) {
  size_t cut = 0;
  for (const std::string_view separator : {" - ", ", ", ";", "|", "\t", "], ", "--", " / "}) {
    const size_t at = text.rfind(separator);
    if (at != std::string_view::npos) cut = std::max(cut, at + separator.size());
  }
  return text.substr(cut);
}

std::string_view last_clause(std::string_view text) {
  std::string_view clause = last_field(text);
  for (const std::string_view word : {" and ", " but ", " while ", " whereas "}) {
    if (const size_t at = clause.rfind(word); at != std::string_view::npos) clause = clause.substr(at + word.size());
  }
  return clause;
}

bool ends_in_preposition(std::string_view phrase) {
  constexpr std::array<std::string_view, 13> kPrepositions = {"in",     "after", "for",   "over",  "within", "than", "per",
                                                              "during", "every", "using", "under", "with",   "on"};
  const auto words = split_words(phrase.substr(phrase.size() > 20 ? phrase.size() - 20 : 0));
  return !words.empty() && has_words(phrase.substr(phrase.size() - 1 - (phrase.size() > 1 && phrase.back() == ' ' ? 1 : 0))) &&
         std::find(kPrepositions.begin(), kPrepositions.end(), words.back()) != kPrepositions.end();
}

bool names_share(std::string_view clause) {
  constexpr std::array<std::string_view, 6> kOwners = {"the", "its", "float", "fp32", "original", "baseline"};
  const auto words = split_words(clause.substr(0, 40));
  return words.size() > 2 && words[0] == "of" && std::find(kOwners.begin(), kOwners.end(), words[1]) != kOwners.end();
}

bool names_wrong(std::string_view phrase) {
  const auto words = split_words(phrase);
  return std::any_of(words.begin(), words.end(), [](const std::string& word) { return word == "wrong" || word == "incorrect"; });
}

bool ends_in_limit(std::string_view phrase) {
  const auto words = split_words(phrase.substr(phrase.size() > 20 ? phrase.size() - 20 : 0));
  constexpr std::array<std::string_view, 7> kLimits = {"within", "than", "least", "most", "above", "below", "under"};
  return !words.empty() && std::find(kLimits.begin(), kLimits.end(), words.back()) != kLimits.end();
}

std::string_view without_call(std::string_view phrase) {
  if (!phrase.ends_with("(") && !phrase.ends_with("([")) return phrase;
  size_t begin = phrase.find_last_of('(');
  const size_t end = begin;
  while (begin > 0 &&
         (std::isalnum(static_cast<unsigned char>(phrase[begin - 1])) != 0 || phrase[begin - 1] == '.' || phrase[begin - 1] == '_'))
    --begin;
  const std::string_view name = phrase.substr(begin, end - begin);
  const bool opens = begin > 0 && std::string_view(" :=[(,").find(phrase[begin - 1]) != std::string_view::npos;
  const bool call = !name.empty() && opens && read_meaning(name).quantity == Quantity::kUnnamed && find_split(split_words(name)).empty();
  return call ? phrase.substr(0, begin) : phrase;
}

size_t clause_end(std::string_view text) {
  size_t end = text.find_first_of(",;:|=().[");
  for (const std::string_view word :
       {" - ",   " in ",    " after ",   " on ",     " with ", " at ",      " for ",      " and ",  " vs ",   " over ",
        " but ", " while ", " instead ", " rather ", " when ", " because ", " compared ", " than ", " from ", " to "})
    end = std::min(end, text.find(word));
  return end;
}

bool ends_in_bound(std::string_view phrase) {
  const std::string_view text = trimmed(phrase);
  for (const std::string_view bound : {">=", "<=", " >", " <", "\xE2\x89\xA5", "\xE2\x89\xA4"}) {
    if (text.ends_with(bound)) return true;
  }
  return false;
}

bool all_words_of(std::string_view phrase, std::initializer_list<std::string_view> allowed) {
  const auto words = split_words(phrase);
  return !words.empty() && std::all_of(words.begin(), words.end(), [&](const std::string& word) {
    return std::find(allowed.begin(), allowed.end(), word) != allowed.end() || !find_split({word}).empty();
  });
}

std::string split_of_clause(std::string_view after) {
  const std::string_view text = trimmed(after);
  if (!text.starts_with("on ") && !text.starts_with("for ") && !text.starts_with("in ") && !text.starts_with("(") &&
      !text.starts_with("over "))
    return {};
  std::string_view clause = text.substr(0, text.find_first_of(",;:=.)", 1));
  for (const std::string_view word : {" and", " but", " vs", " while"}) clause = clause.substr(0, clause.find(word));
  const bool split_alone = all_words_of(clause, {"on", "for", "in", "over", "the", "its", "our", "a", "full", "whole", "set", "data",
                                                 "dataset", "images", "samples", "split", "examples", "own", "same"});
  return split_alone ? find_split(split_words(clause)) : "";
}

bool names_variant(std::string_view phrase) {
  return all_words_of(phrase,
                      {"the",   "float",     "float32",   "float16", "fp32", "fp16",    "bf16",    "int8",     "int4",  "uint8",    "int16",
                       "quant", "quantized", "quantised", "qat",     "ptq",  "tflite",  "lite",    "baseline", "keras", "original", "model",
                       "onnx",  "tensorrt",  "torch",     "pytorch", "tf",   "student", "teacher", "ema",      "for",   "with"}) &&
         find_split(split_words(phrase)).empty();
}

}  // namespace liteqat::audit
