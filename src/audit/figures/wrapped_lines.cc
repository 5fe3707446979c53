#include "audit/figures/wrapped_lines.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "audit/figures/phrases.h"
#include "audit/figures/words.h"

namespace liteqat::audit {
namespace {

constexpr size_t kLongestPassage = 4000;  // bytes; bounds what is read at once
constexpr size_t kWrapped = 60;           // bytes of a line that can only have ended because the margin was reached

/// Words that no sentence and no entry of a list ends with.
constexpr std::array<std::string_view, 52> kOpenEnds = {
    "of",    "to",   "is",   "was",   "are",     "were",   "at",   "the",  "a",    "an",   "and",   "or",     "but",
    "from",  "with", "only", "in",    "on",      "for",    "than", "by",   "as",   "its",  "our",   "my",     "just",
    "about", "gets", "got",  "gives", "reaches", "scores", "hits", "that", "than", "even", "still", "yields", "around",
    "der",   "die",  "von",  "auf",   "und",     "bei",    "de",   "la",   "le",   "et",   "y",     "e",      "di"};

bool is_listed(std::string_view text) {
  if (text.starts_with("- ") || text.starts_with("* ") || text.starts_with("+ ") || text.starts_with("> ") || text.starts_with("#"))
    return true;
  size_t digits = 0;
  while (digits < text.size() && std::isdigit(static_cast<unsigned char>(text[digits])) != 0) ++digits;
  return digits > 0 && digits <= 2 && (text.substr(digits).starts_with(". ") || text.substr(digits).starts_with(") "));
}

/// Words with one space between them, and no sign of a log, a table or a program.
bool is_prose(std::string_view text) {
  if (text.find_first_of("=|\t{}<>`_") != std::string_view::npos) return false;
  for (const std::string_view sign : {"  ", ": ", " - ", "()", "://", "--", "]["}) {
    if (text.find(sign) != std::string_view::npos) return false;
  }
  return !text.empty() && text.front() != '[' && has_letters(text);
}

std::string last_word(std::string_view text) {
  const size_t space = text.find_last_of(' ');
  const std::string_view word = space == std::string_view::npos ? text : text.substr(space + 1);
  const auto words = split_words(word);
  return words.size() == 1 && words.front().size() == word.size() ? words.front() : "";
}

/// True if the sentence of the passage goes on in the line `next`.
bool goes_on(const Passage& passage, std::string_view last, std::string_view next) {
  if (next.empty() || next.starts_with(" ") || is_listed(next) || !is_prose(last)) return false;
  if (std::string_view(".:;!?)").find(last.back()) != std::string_view::npos) return false;
  if (!is_prose(next) && !next.starts_with("0.") && std::isdigit(static_cast<unsigned char>(next.front())) == 0) return false;
  const std::string word = last_word(last);
  constexpr size_t kSentence = 4;  // words
  if (split_words(std::string_view(passage.text).substr(0, kWrapped)).size() < kSentence) return false;
  if (std::find(kOpenEnds.begin(), kOpenEnds.end(), word) != kOpenEnds.end()) return true;
  const bool listing = passage.starts.size() > 1 && last.back() == ',';
  if (std::isdigit(static_cast<unsigned char>(next.front())) != 0) return (last.size() >= kWrapped || listing) && has_letters(next);
  if (last.back() == ',') return last.size() >= kWrapped || std::islower(static_cast<unsigned char>(next.front())) != 0;
  return last.size() >= kWrapped && std::isupper(static_cast<unsigned char>(next.front())) == 0;
}

}  // namespace

int32_t Passage::line_at(size_t at) const {
  const auto next = std::upper_bound(starts.begin(), starts.end(), at, [](size_t value, const auto& start) { return value < start.first; });
  return next == starts.begin() ? starts.front().second : std::prev(next)->second;
}

std::vector<Passage> join_wrapped_lines(const std::vector<TextLine>& lines, const std::vector<bool>& taken) {
  std::vector<Passage> passages;
  bool open = false;  // the line before was not taken
  std::string_view last;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (taken[i]) {
      open = false;
      continue;
    }
    const std::string_view text = lines[i].text;
    const std::string_view end = trimmed(last);
    const bool fits = open && passages.back().text.size() + text.size() < kLongestPassage;
    if (fits && lines[i].number == lines[i - 1].number + 1 && !end.empty() && goes_on(passages.back(), end, text)) {
      Passage& passage = passages.back();
      passage.text.resize(passage.text.find_last_not_of(" \t") + 1);
      passage.text += ' ';
      passage.starts.emplace_back(passage.text.size(), lines[i].number);
      passage.text += text;
    } else {
      passages.push_back({std::string(text), {{0, lines[i].number}}});
    }
    last = text;
    open = true;
  }
  return passages;
}

}  // namespace liteqat::audit
