#include "audit/figures/phrases.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

#include "audit/figures/model_names.h"
#include "audit/figures/vocabulary.h"
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

namespace {

constexpr std::array<std::string_view, 25> kLinks = {
    ",",    "to",  "/",   "and", "vs", "vs.", "versus", "->",         "=>",          "&",           "\xE2\x86\x92",  "or",     ";",
    "from", "but", "und", "et",  "y",  "en",  "e",      "instead of", "rather than", "compared to", "compared with", "against"};
constexpr std::array<std::string_view, 9> kSmallWords = {"only", "just", "about", "then", "now", "still", "even", "back", "i.e."};

/// The length of the link or small word that the phrase starts with, 0 if none.
size_t link_length(std::string_view phrase, bool first) {
  const auto starts = [&](std::string_view word) {
    return phrase.starts_with(word) && (phrase.size() == word.size() || phrase[word.size()] == ' ' || !has_letters(word));
  };
  size_t length = 0;
  for (const std::string_view word : kLinks) length = starts(word) ? std::max(length, word.size()) : length;
  for (const std::string_view word : kSmallWords) length = !first && starts(word) ? std::max(length, word.size()) : length;
  return length;
}

}  // namespace

bool is_link(std::string_view joint) {
  return std::find(kLinks.begin(), kLinks.end(), joint) != kLinks.end();
}

std::string_view after_links(std::string_view phrase) {
  std::string_view rest = phrase;
  for (size_t length = link_length(rest, true); length > 0; length = link_length(rest, false)) rest = trimmed(rest.substr(length));
  return rest;
}

std::string_view without_remark(std::string_view phrase) {
  if (!phrase.starts_with("(")) return phrase;
  const size_t close = phrase.find(')');
  return close == std::string_view::npos ? phrase : trimmed(phrase.substr(close + 1));
}

bool compares(std::string_view after) {
  constexpr std::array<std::string_view, 17> kComparisons = {"less",  "lower",    "higher",   "more",   "better",  "worse",
                                                             "below", "above",    "faster",   "slower", "smaller", "larger",
                                                             "fewer", "relative", "absolute", "drop",   "loss"};
  if (!after.starts_with(" ") || trimmed(after).empty() || std::isalpha(static_cast<unsigned char>(trimmed(after).front())) == 0)
    return false;
  const auto words = split_words(after.substr(0, 20));
  return !words.empty() && std::find(kComparisons.begin(), kComparisons.end(), words.front()) != kComparisons.end();
}

bool names_subject(std::string_view phrase) {
  constexpr size_t kMostWords = 7;
  for (const std::string_view particle : {"は", "为", "為", "是"}) {
    if (phrase.ends_with(particle)) return read_meaning(phrase).quantity == Quantity::kUnnamed;
  }
  const auto words = split_words(phrase);
  if (words.size() < 2 || words.size() > kMostWords || read_meaning(phrase).quantity != Quantity::kUnnamed) return false;
  return phrase.find_first_of(":=.;([") == std::string_view::npos && is_lead_word(words.back());
}

bool leads_alone(std::string_view phrase) {
  const auto words = split_words(phrase);
  return !words.empty() && std::all_of(words.begin(), words.end(), is_lead_word);
}

std::string split_of_tag(std::string_view text) {
  for (size_t open = text.find_first_of("(["); open != std::string_view::npos; open = text.find_first_of("([", open + 1)) {
    const size_t close = text.find(text[open] == '(' ? ')' : ']', open);
    if (close == std::string_view::npos) break;
    const std::string_view inside = text.substr(open + 1, close - open - 1);
    if (all_words_of(inside, {"set", "split"})) return find_split(split_words(inside));
  }
  return {};
}

bool ends_in_earlier_value(std::string_view phrase) {
  const size_t open = phrase.rfind('(');
  if (open == std::string_view::npos) return false;
  const std::string_view inside = trimmed(phrase.substr(open + 1));
  for (const std::string_view word :
       {"was", "were", "formerly", "previously", "before", "vs", "vs.", "versus", "up from", "down from", "from"}) {
    if (inside == word) return true;
  }
  return false;
}

bool contrasts_split(std::string_view after) {
  if (after.find_first_of("|[") == std::string_view::npos) return false;
  bool other_split = false;
  while (!after.empty()) {
    const size_t end = std::min(after.find_first_of("|[]"), after.size());
    const Meaning meaning = read_meaning(after.substr(0, end));
    if (other_split && meaning.quantity == Quantity::kAccuracy && meaning.split.empty()) return true;
    if (meaning.quantity == Quantity::kOther) other_split = meaning.split == "test" || meaning.split == "validation";
    after.remove_prefix(std::min(end + 1, after.size()));
  }
  return false;
}

bool ends_in_attainment(std::string_view phrase) {
  constexpr std::array<std::string_view, 12> kVerbs = {"reach",  "reaches", "reached",  "achieve", "achieves", "achieved",
                                                       "attain", "attains", "attained", "obtain",  "obtains",  "obtained"};
  const auto words = split_words(phrase.substr(phrase.size() > 20 ? phrase.size() - 20 : 0));
  return !words.empty() && std::find(kVerbs.begin(), kVerbs.end(), words.back()) != kVerbs.end();
}

size_t other_name_length(std::string_view after) {
  if (!after.starts_with(" ")) return 0;
  const size_t begin = after.find_first_not_of(' ');
  if (begin == std::string_view::npos) return 0;
  const size_t end = std::min(after.find_first_of(" ,;:.()", begin), after.size());
  return read_meaning(after.substr(begin, end - begin)).quantity == Quantity::kOther ? end : 0;
}

bool names_variant(std::string_view phrase) {
  constexpr auto kNouns =
      std::to_array<std::string_view>({"the", "model", "quant", "for", "with", "from", "network", "net", "point", "version", "file"});
  const auto words = split_words(phrase);
  if (words.empty() || !find_split(words).empty()) return false;
  for (size_t i = 0; i < words.size(); ++i) {
    if (form_of_word(words, i) == FormWord::kNone && std::find(kNouns.begin(), kNouns.end(), words[i]) == kNouns.end()) return false;
  }
  return true;
}

std::string_view leading_variant(std::string_view phrase) {
  const std::string_view text = trimmed(phrase);
  bool preposition = false;
  for (const std::string_view word : {"for ", "with ", "from ", "("}) preposition = preposition || text.starts_with(word);
  const std::string_view said = text.substr(0, std::min({text.find_first_of(",;.)"), text.find(" and"), text.find(" vs")}));
  return preposition && names_variant(said) ? said : std::string_view();
}

bool names_other_images(std::string_view phrase) {
  const auto words = split_words(phrase);
  const std::string_view joint = trimmed(phrase);
  if (!joint.starts_with(",") && !joint.starts_with(";") && !joint.starts_with("and ") && !joint.starts_with("but ")) return false;
  const bool said = std::any_of(words.begin(), words.end(), is_image_noun);
  return said && std::all_of(words.begin(), words.end(), [](const std::string& word) {
           constexpr std::array<std::string_view, 10> kJoints = {"and", "on", "with", "over", "of", "for", "the", "all", "but", "using"};
           const bool digits = word.find_first_not_of("0123456789") == std::string::npos;
           return digits || is_image_noun(word) || std::find(kJoints.begin(), kJoints.end(), word) != kJoints.end();
         });
}

std::string_view naming_words(std::string_view field) {
  const size_t stop = field.rfind(". ");
  if (stop != std::string_view::npos && is_accuracy(read_meaning(field.substr(stop + 2)).quantity)) field.remove_prefix(stop + 2);
  for (;;) {
    constexpr std::array<std::string_view, 4> kConjunctions = {"and", "but", "while", "whereas"};
    const size_t begin = std::min(field.find_first_not_of(" ,;"), field.size()), end = std::min(field.find(' ', begin), field.size());
    const std::string_view word = field.substr(begin, end - begin);
    if (!is_unit_word(word) && std::find(kConjunctions.begin(), kConjunctions.end(), word) == kConjunctions.end()) return field;
    field.remove_prefix(end);
  }
}

bool names_not_a_number(std::string_view text) {
  for (const std::string_view word : {"nan", "NaN", "inf", "Infinity"}) {
    for (size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
      const bool starts = at > 0 && std::string_view(" :=[(,\t-").find(text[at - 1]) != std::string_view::npos;
      const size_t end = at + word.size();
      const bool ends = end >= text.size() || std::isalnum(static_cast<unsigned char>(text[end])) == 0;
      const std::string_view before = text.substr(0, at);
      if (starts && ends && is_accuracy(read_meaning(last_field(before.substr(before.size() > 80 ? before.size() - 80 : 0))).quantity))
        return true;
    }
  }
  return false;
}

bool names_results(const std::vector<std::string>& words) {
  constexpr size_t kMostWords = 5;
  if (words.size() < 2 || words.size() > kMostWords) return false;
  return words.back() == "performance" || words.back() == "results" || words.back() == "metrics" || words.back() == "scores";
}

std::vector<std::string_view> split_names(std::string_view phrase, std::string_view separators) {
  std::vector<std::string_view> parts;
  for (size_t begin = 0; begin <= phrase.size();) {
    size_t end = std::min(phrase.find_first_of(separators, begin), phrase.size());
    if (const size_t word = phrase.find(" and ", begin); word < end) end = word + 4;
    parts.push_back(phrase.substr(begin, std::min(end, phrase.size()) - begin));
    begin = end + 1;
  }
  return parts;
}

std::vector<std::string_view> two_names(std::string_view phrase) {
  std::vector<std::string_view> parts = split_names(phrase, "(");
  if (parts.size() != 2 || has_words(parts[1].substr(std::min(parts[1].find(')'), parts[1].size())))) return {};
  const Meaning first = read_meaning(parts[0]), second = read_meaning(parts[1]);
  const auto names_k = [](std::string_view part) { return part.find_first_of("0123456789") != std::string_view::npos; };
  const bool by_k = first.top_k != second.top_k && names_k(parts[0]) && names_k(parts[1]);
  const bool by_split = first.split != second.split && !first.split.empty() && !second.split.empty();
  const bool by_quantity = is_accuracy(first.quantity) != is_accuracy(second.quantity) && second.quantity != Quantity::kUnnamed;
  return by_k || by_split || by_quantity ? parts : std::vector<std::string_view>{};
}

}  // namespace liteqat::audit
