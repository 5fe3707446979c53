#include "audit/figures/bare_sentences.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "audit/figures/phrases.h"
#include "audit/figures/vocabulary.h"
#include "audit/figures/word_lists.h"

namespace liteqat::audit {
namespace {

constexpr size_t kNone = static_cast<size_t>(-1);
constexpr size_t kMostUnknown = 3;  // words between a form and its number that say nothing known: "quantized MobileNet v2 gets"
constexpr size_t kMostTail = 12;

constexpr auto kConjunctions = std::to_array<std::string_view>(
    {"and", "but", "while", "whereas", "vs", "versus", "or", "than", "und", "aber", "et", "mais", "y", "pero", "e", "mas", "ma", "и", "а"});
constexpr auto kPrepositions =
    std::to_array<std::string_view>({"for",  "from", "with", "in",   "by",    "using", "after", "of",  "under", "für", "mit",
                                     "nach", "bei",  "pour", "avec", "après", "con",   "para",  "com", "dopo",  "для"});

struct Word {
  std::string text;
  size_t begin = 0, end = 0;
  FormWord form = FormWord::kNone;
  Foreign foreign = Foreign::kNo;
};

bool is_word_byte(char letter) {
  const auto byte = static_cast<unsigned char>(letter);
  return std::isalnum(byte) != 0 || byte >= 0x80;
}

bool is_digits(std::string_view word) {
  return std::all_of(word.begin(), word.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

bool is_preposition(std::string_view word) {
  return contains(kPrepositions, word) || word == "on" || word == "at" || word == "auf";
}

bool is_unspaced(std::string_view word) {
  const auto byte = static_cast<unsigned char>(word.front());
  return byte >= 0xE3 && byte <= 0xED;
}

/// A sentence being read: its words, and the numbers between them.
class SentenceJob {
 public:
  explicit SentenceJob(std::string_view text) : said_(text), text_(said_) {
    FigureText unused;
    Collector collector(unused);
    numbers_ = find_line_numbers({said_, {{0, 1}}}, collector).numbers;
    spread_percent_signs();
    names_.resize(numbers_.size());
    find_words();
    find_foreign_numbers();
    if (hide_remarks()) {
      find_words();
      find_foreign_numbers();
    }
  }

  BareSentence run() {
    BareSentence result;
    result.foreign = find_governing_word();
    if (result.foreign == Foreign::kNo) {
      for (size_t at = 0; at < numbers_.size(); ++at) name_number(at);
    }
    for (auto& name : names_) {
      if (name) result.named.push_back(std::move(*name));
    }
    result.has_cue = std::any_of(words_.begin(), words_.end(), [](const Word& word) { return is_data_set_word(word.text); });
    for (const Word& word : words_)
      result.has_cue = result.has_cue || find_split({word.text}) == "test" || find_split({word.text}) == "validation";
    for (size_t at = 0; at < numbers_.size(); ++at) numbers_[at].role = foreign_[at] ? Role::kNothing : numbers_[at].role;
    result.numbers = std::move(numbers_);
    return result;
  }

 private:
  struct Clause {
    size_t first = 0, end = 0;  // words
    bool ended = false;
  };

  void spread_percent_signs();
  bool hide_remarks();
  void find_words();
  void add_words(size_t begin, size_t end);
  bool is_inside_number(size_t begin, size_t& next) const;

  std::string_view between(size_t begin, size_t end) const { return text_.substr(begin, std::max(begin, end) - begin); }
  size_t begin_of(size_t at) const { return numbers_[at].number.begin; }
  bool is_transparent(size_t at) const { return numbers_[at].role == Role::kName || numbers_[at].role == Role::kSize; }
  size_t gap_begin(size_t at) const;
  size_t gap_end(size_t at) const;
  size_t first_word_from(size_t position) const;
  size_t word_before(size_t position) const;
  bool separates(size_t begin, size_t end) const;

  void find_foreign_numbers();
  size_t foreign_word_before(size_t at) const;
  size_t foreign_word_after(size_t at) const;
  bool is_measured_otherwise(size_t at) const;
  bool is_of_a_form(size_t at, size_t word) const;
  Foreign find_governing_word() const;
  bool has_own_number(size_t word) const;

  Style style_at(size_t at) const;
  bool is_candidate(size_t at) const;
  void name_number(size_t at);
  bool name_aligned(size_t at);
  std::optional<BareNumber> name_before(size_t at) const;
  Clause clause_after(size_t at, bool bracket) const;
  std::optional<BareNumber> name_after(size_t at, bool direct, size_t& until) const;
  std::optional<BareNumber> name_linked(size_t at) const;
  bool leads_to(size_t form, size_t at) const;
  std::string label_of(size_t form, size_t at) const;
  std::string split_of(size_t at) const;
  BareNumber make(size_t at, std::string label, bool sure) const;

  std::string said_;  // with spaces for remarks that say nothing of accuracies
  std::string_view text_;
  std::vector<LineNumber> numbers_;
  std::vector<Word> words_;
  std::vector<bool> foreign_, consumed_;  // of numbers; of words: they have a number of their own
  std::vector<std::optional<BareNumber>> names_;
  size_t used_until_ = 0;  // words before it have named a number before them
};

/// "84.6 -> 86.1 %": the sign is of both.
void SentenceJob::spread_percent_signs() {
  for (size_t at = numbers_.size(); at-- > 1;) {
    PrintedNumber& number = numbers_[at - 1].number;
    const std::string_view joint = trimmed(between(numbers_[at - 1].end, begin_of(at)));
    if (style_of(numbers_[at].number) == Style::kPercent && style_of(number) == Style::kBare && joint != "," && is_link(joint))
      number.unit = Unit::kPercent;
  }
}

void SentenceJob::add_words(size_t begin, size_t end) {
  for (std::string& word : split_words(text_.substr(begin, end - begin))) {
    if (!word.empty() && word.front() != '\xE2') words_.push_back({std::move(word), begin, end});
  }
}

/// Numbers that are no part of a name stand between the words. `next`: the first number that does not end before `begin`.
bool SentenceJob::is_inside_number(size_t begin, size_t& next) const {
  while (next < numbers_.size() && (numbers_[next].end <= begin || numbers_[next].role == Role::kName)) ++next;
  return next < numbers_.size() && numbers_[next].number.begin <= begin;
}

/// "After QAT (5 epochs, lr 1e-5) we are at 0.9391": a remark in brackets with numbers of something else alone. True if there was one.
bool SentenceJob::hide_remarks() {
  constexpr size_t kLongest = 100;
  bool hidden = false;
  for (size_t at = 0; at < numbers_.size(); ++at) {
    const size_t window = begin_of(at) - std::min(begin_of(at), kLongest), place = begin_of(at) - window;
    const size_t before = text_.substr(window, place).find_last_of("()"), open = window + before;
    const size_t after = text_.substr(begin_of(at), kLongest).find_first_of("()"), close = begin_of(at) + after;
    if (before == std::string_view::npos || after == std::string_view::npos || text_[open] != '(' || text_[close] != ')' ||
        close - open > kLongest)
      continue;
    size_t end = at;
    while (end < numbers_.size() && begin_of(end) < close) ++end;
    bool other = true;
    for (size_t i = at; i < end; ++i) other = other && (foreign_[i] || style_of(numbers_[i].number) == Style::kNone);
    if (other) {
      hidden = true;
      std::fill(said_.begin() + static_cast<std::ptrdiff_t>(open), said_.begin() + static_cast<std::ptrdiff_t>(close) + 1, ' ');
      for (size_t i = at; i < end; ++i) numbers_[i].role = Role::kName;
    }
    at = end - 1;
  }
  return hidden;
}

void SentenceJob::find_words() {
  words_.clear();
  consumed_.clear();
  size_t next = 0;
  for (size_t at = 0; at < text_.size();) {
    if (!is_word_byte(text_[at])) {
      ++at;
      continue;
    }
    if (is_inside_number(at, next)) {
      at = std::max(at + 1, numbers_[next].end);
      continue;
    }
    size_t end = at;
    while (end < text_.size() && is_word_byte(text_[end])) ++end;
    add_words(at, end);
    at = end;
  }
  std::vector<std::string> plain;
  for (const Word& word : words_) plain.push_back(word.text);
  for (size_t i = 0; i < words_.size(); ++i) {
    words_[i].form = form_of_word(plain, i);
    words_[i].foreign = words_[i].form == FormWord::kNone ? foreignness(plain, i) : Foreign::kNo;
  }
  consumed_.resize(words_.size(), false);
}

size_t SentenceJob::gap_begin(size_t at) const {
  size_t before = at;
  while (before > 0 && is_transparent(before - 1)) --before;
  return std::max(used_until_, before == 0 ? 0 : numbers_[before - 1].end);
}

size_t SentenceJob::gap_end(size_t at) const {
  size_t next = at + 1;
  while (next < numbers_.size() && is_transparent(next)) ++next;
  return next < numbers_.size() ? begin_of(next) : text_.size();
}

size_t SentenceJob::first_word_from(size_t position) const {
  const auto found = std::lower_bound(words_.begin(), words_.end(), position, [](const Word& word, size_t at) { return word.begin < at; });
  return static_cast<size_t>(found - words_.begin());
}

/// The last word that ends before the position, kNone if there is none.
size_t SentenceJob::word_before(size_t position) const {
  const size_t next = first_word_from(position);
  return next == 0 ? kNone : next - 1;
}

/// True if a clause ends between the two positions.
bool SentenceJob::separates(size_t begin, size_t end) const {
  const std::string_view gap = between(begin, end);
  return gap.find_first_of(",;|()[]\t") != std::string_view::npos || gap.find(" - ") != std::string_view::npos ||
         gap.find("--") != std::string_view::npos;
}

/// "loss 0.31", "F1 score of 0.91", "alpha=0.35": the word of another quantity that leads to the number at once.
size_t SentenceJob::foreign_word_before(size_t at) const {
  constexpr size_t kNear = 4;
  const size_t begin = gap_begin(at);
  size_t end = begin_of(at);
  size_t i = word_before(end);
  for (size_t steps = 0; i != kNone && steps < kNear && words_[i].begin >= begin; ++steps, --i) {
    if (words_[i].form != FormWord::kNone) return kNone;
    const std::string_view joint = between(words_[i].end, end);
    if (joint.find_first_of(",;|") != std::string_view::npos) return kNone;
    if (words_[i].foreign != Foreign::kNo) return i;
    if (!is_light_word(words_[i].text) && !is_digits(words_[i].text)) return kNone;
    end = words_[i].begin;
    if (i == 0) break;
  }
  return kNone;
}

/// "7.9 % WER", "0.52 for mAP": right after.
size_t SentenceJob::foreign_word_after(size_t at) const {
  const size_t end = numbers_[at].end;
  size_t i = first_word_from(end);
  if (i >= words_.size() || between(end, words_[i].begin) != " ") return kNone;
  constexpr size_t kNear = 3;
  const bool preposition = contains(kPrepositions, words_[i].text);
  for (size_t steps = 0; i < words_.size() && words_[i].begin < gap_end(at) && steps < (preposition ? kNear : 1); ++steps, ++i) {
    if (steps > 0 && separates(words_[i - 1].end, words_[i].begin)) return kNone;
    if (words_[i].foreign != Foreign::kNo) return i;
  }
  return kNone;
}

/// A unit, a share, a difference.
bool SentenceJob::is_measured_otherwise(size_t at) const {
  const LineNumber& item = numbers_[at];
  if (const size_t word = word_before(begin_of(at)); word != kNone && words_[word].begin >= gap_begin(at)) {
    const bool next = between(words_[word].end, begin_of(at)) == " ";
    if (next && (words_[word].text == "by" || words_[word].text == "um")) return true;  // "drops by 3 %"
  }
  const bool pair = item.role == Role::kPair && at + 1 < numbers_.size();
  const std::string_view after = text_.substr(pair ? numbers_[at + 1].end : item.end);
  if (item.number.unit == Unit::kPoints || compares(after.substr(0, 60))) return true;
  const std::string_view gap = trimmed(after.substr(0, 60));
  const auto words = split_words(gap);
  if (words.empty() || after.empty()) return false;
  const std::string_view before = trimmed(between(gap_begin(at), begin_of(at)));
  const bool compared =
      before.ends_with("compared to") || before.ends_with("compared with") || before.ends_with("instead of") || before.ends_with("than");
  const bool share = gap.starts_with("of ") && !compared && std::find(words.begin(), words.end(), "right") == words.end();
  if (share || gap.starts_with("$") || gap.starts_with("\xE2\x82\xAC")) return true;
  const bool close = after.front() == ' ' && is_word_byte(gap.front());
  return close && is_unit_word(words.front());
}

void SentenceJob::find_foreign_numbers() {
  foreign_.assign(numbers_.size(), false);
  for (size_t at = 0; at < numbers_.size(); ++at) {
    foreign_[at] = is_measured_otherwise(at);
    if (const size_t word = foreign_word_before(at); word != kNone) foreign_[at] = consumed_[word] = true;
    const size_t word = foreign_word_after(at);
    const bool of_next = word != kNone && at + 1 < numbers_.size() && foreign_word_before(at + 1) == word && leads_to(kNone, at);
    if (word != kNone && !of_next) foreign_[at] = consumed_[word] = true;
  }
}

/// A clause with a number and no form of a model keeps its quantity to itself: "size shrinks 4x".
bool SentenceJob::has_own_number(size_t word) const {
  size_t begin = 0, end = text_.size();
  for (size_t i = word; i > 0; --i) {
    if (words_[i].form != FormWord::kNone) return false;
    if (contains(kConjunctions, words_[i].text) || separates(words_[i - 1].end, words_[i].begin)) {
      begin = words_[i - 1].end;
      break;
    }
  }
  for (size_t i = word; i + 1 < words_.size(); ++i) {
    if (words_[i].form != FormWord::kNone) return false;
    if (contains(kConjunctions, words_[i + 1].text) || separates(words_[i].end, words_[i + 1].begin)) {
      end = words_[i + 1].begin;
      break;
    }
  }
  if (begin == 0 && words_.front().form != FormWord::kNone) return false;
  if (end == text_.size() && words_.back().form != FormWord::kNone) return false;
  return std::any_of(numbers_.begin(), numbers_.end(),
                     [&](const LineNumber& item) { return item.number.begin >= begin && item.end <= end; });
}

/// "F1 0.91 (float), 0.89 (int8)", "float loss 0.31, int8 0.29": the number of another quantity is a model's, so that the next may be too.
bool SentenceJob::is_of_a_form(size_t at, size_t word) const {
  size_t until = 0;
  if (is_measured_otherwise(at)) return false;
  if (word < first_word_from(begin_of(at)) && name_after(at, false, until)) return true;
  const size_t begin = gap_begin(at);
  for (size_t i = std::min(word, first_word_from(begin_of(at))); i > 0 && words_[i - 1].begin >= begin; --i) {
    if (words_[i - 1].form != FormWord::kNone) return true;
    if (i < words_.size() && separates(words_[i - 1].end, words_[i].begin)) return false;
  }
  return false;
}

/// The widest reach of a quantity that the sentence names without giving it a number of its own, or whose number is one of several models'.
Foreign SentenceJob::find_governing_word() const {
  Foreign widest = Foreign::kNo;
  for (size_t i = 0; i < words_.size(); ++i) {
    if (words_[i].foreign < Foreign::kSentence || words_[i].foreign <= widest) continue;
    if (is_check_word(words_[i].text) || (!consumed_[i] && !has_own_number(i))) widest = words_[i].foreign;
  }
  for (size_t at = 0; at < numbers_.size(); ++at) {
    const size_t word = std::min(foreign_word_before(at), foreign_word_after(at));
    if (word == kNone || words_[word].foreign < Foreign::kSentence || words_[word].foreign <= widest) continue;
    if (is_of_a_form(at, word)) widest = words_[word].foreign;
  }
  return widest;
}

/// A ratio counts images, or nothing that is said: "7375/10000", "97 of 100 pictures right", and not "12 of 28 layers".
Style SentenceJob::style_at(size_t at) const {
  if (numbers_[at].role == Role::kOpen) return style_of(numbers_[at].number);
  if (numbers_[at].role != Role::kPair || at + 1 >= numbers_.size()) return Style::kNone;
  constexpr int64_t kLeastTotal = 50;
  const auto correct = count_of(numbers_[at].number), total = count_of(numbers_[at + 1].number);
  if (!correct || !total || *total < kLeastTotal || *correct > *total) return Style::kNone;
  const size_t end = numbers_[at + 1].end, next = first_word_from(end);
  if (next >= words_.size() || between(end, words_[next].begin) != " " || contains(kConjunctions, words_[next].text)) return Style::kRatio;
  const std::string& word = words_[next].text;
  return word == "right" || word == "on" || is_image_noun(word) || !find_split({word}).empty() ? Style::kRatio : Style::kNone;
}

bool SentenceJob::is_candidate(size_t at) const {
  return !foreign_[at] && style_at(at) != Style::kNone;
}

/// True if nothing but light words, or a few unknown ones and a verb, stands between the last form before the number and the number.
/// Without a form (kNone): if there is such a form.
bool SentenceJob::leads_to(size_t form, size_t at) const {
  const size_t end = begin_of(at), last = word_before(end);
  if (form == kNone) {
    for (form = last; form != kNone && words_[form].begin >= gap_begin(at) && words_[form].form == FormWord::kNone;)
      form = form == 0 ? kNone : form - 1;
    if (form == kNone || words_[form].begin < gap_begin(at)) return false;
  }
  const std::string_view joint = between(words_[form].end, end);
  const bool percent = style_of(numbers_[at].number) == Style::kPercent;
  if (joint.find(';') != std::string_view::npos || joint.ends_with("[") || last - form > kMostTail) return false;
  const bool verb = last > form && is_lead_word(words_[last].text);
  if (joint.find(',') != std::string_view::npos && !joint.ends_with(",") && !percent && !verb) return false;
  size_t unknown = 0;
  for (size_t i = form + 1; i <= last; ++i) {
    const std::string& word = words_[i].text;
    if (contains(kConjunctions, word) || words_[i].foreign != Foreign::kNo) return false;
    if (is_light_word(word) || is_digits(word) || is_unspaced(word) || !find_split({word}).empty()) continue;
    // A new subject: "with int8 the battery drops to", and none: "QAT on the new backbone".
    if (i - 1 > form && is_article(words_[i - 1].text) && (i - 2 == form || !is_preposition(words_[i - 2].text))) return false;
    ++unknown;
  }
  const std::string_view mark = trimmed(joint);
  const bool led = mark.ends_with(":") || mark.ends_with("=") || verb;
  return unknown == 0 || (led && unknown <= kMostUnknown);
}

/// The words around the form, without the verbs before the number.
std::string SentenceJob::label_of(size_t form, size_t at) const {
  const size_t begin = gap_begin(at);
  size_t last = word_before(begin_of(at)), first = form;
  while (last > form && (is_lead_word(words_[last].text) || is_unspaced(words_[last].text))) --last;
  constexpr size_t kMostBefore = 4;
  for (size_t i = form; i > 0 && words_[i - 1].begin >= begin && form - i < kMostBefore; --i) {
    if (separates(words_[i - 1].end, words_[i].begin) && words_[i - 1].form == FormWord::kNone) break;
    if (contains(kConjunctions, words_[i - 1].text) || contains(kConjunctions, words_[i].text) || is_lead_word(words_[i - 1].text)) break;
    first = i - 1;
  }
  return clean_label(between(words_[first].begin, words_[last].end));
}

std::string SentenceJob::split_of(size_t at) const {
  const std::string_view after = text_.substr(numbers_[at].end, gap_end(at) - numbers_[at].end);
  const size_t next = first_word_from(numbers_[at].end);
  if (next < words_.size() && words_[next].begin < gap_end(at) &&
      between(numbers_[at].end, words_[next].begin).find_first_not_of(" (") == std::string_view::npos) {
    const std::string split = find_split({words_[next].text});
    if (!split.empty()) return split;
  }
  if (const std::string split = split_of_clause(after); !split.empty()) return split;
  std::vector<std::string> before;
  for (size_t i = first_word_from(gap_begin(at)); i < words_.size() && words_[i].begin < begin_of(at); ++i)
    before.push_back(words_[i].text);
  if (const std::string split = find_split(before); !split.empty()) return split;
  const std::string_view lead = text_.substr(0, text_.find(": "));  // "val: float 0.88, qat 0.87"
  const bool split_alone = lead.size() < text_.size() && all_words_of(lead, {"set", "split", "data", "the", "on", "results"});
  return split_alone ? find_split(split_words(lead)) : "";
}

BareNumber SentenceJob::make(size_t at, std::string label, bool sure) const {
  return {.at = at, .label = std::move(label), .split = split_of(at), .style = style_at(at), .sure = sure};
}

/// "the quantized network only reaches 0.71": the last form before it.
std::optional<BareNumber> SentenceJob::name_before(size_t at) const {
  const size_t last = word_before(begin_of(at));
  for (size_t i = last; i != kNone && words_[i].begin >= gap_begin(at); i = i == 0 ? kNone : i - 1) {
    if (words_[i].form == FormWord::kNone) continue;
    if (!leads_to(i, at)) return std::nullopt;
    bool sure = false;
    for (size_t k = i; k != kNone && words_[k].begin >= gap_begin(at); k = k == 0 ? kNone : k - 1)
      sure = sure || words_[k].form == FormWord::kSure;
    BareNumber named = make(at, label_of(i, at), sure);
    named.told = last > i && is_lead_word(words_[last].text);
    return named;
  }
  return std::nullopt;
}

/// The words after a number up to the end of its clause. `ended`: something other than the next number stopped it.
SentenceJob::Clause SentenceJob::clause_after(size_t at, bool bracket) const {
  constexpr std::string_view kEnds = ",;().:|/";
  const size_t begin = numbers_[at].end, end = gap_end(at), first = first_word_from(begin);
  size_t position = begin, i = first;
  for (; i < words_.size() && words_[i].begin < end; ++i) {
    const bool opens = i == first && bracket;
    if (!opens && between(position, words_[i].begin).find_first_of(kEnds) != std::string_view::npos) return {first, i, true};
    if (contains(kConjunctions, words_[i].text)) return {first, i, true};
    position = words_[i].end;
  }
  return {first, i, end == text_.size() || between(position, end).find_first_of(kEnds) != std::string_view::npos};
}

/// "0.9871 from the Keras model", "0.73 (float)"; direct: "93.12 float". `until`: where those words end.
std::optional<BareNumber> SentenceJob::name_after(size_t at, bool direct, size_t& until) const {
  const size_t begin = numbers_[at].end;
  const std::string_view said = trimmed(between(begin, gap_end(at)));
  const bool bracket = said.starts_with("(") && said.find(')') != std::string_view::npos;
  const Clause clause = clause_after(at, bracket);
  if (clause.first >= clause.end || (!clause.ended && !bracket)) return std::nullopt;
  const bool close = between(begin, words_[clause.first].begin) == " ";
  const bool preposition = !bracket && close && contains(kPrepositions, words_[clause.first].text);
  if (direct ? !close || words_[clause.first].form == FormWord::kNone : !bracket && !preposition) return std::nullopt;
  size_t form = kNone, last = clause.first;
  bool sure = false;
  for (size_t i = clause.first + (preposition ? 1 : 0); i < clause.end; ++i) {
    if (words_[i].form != FormWord::kNone) {
      form = i;
      sure = sure || words_[i].form == FormWord::kSure;
    } else if (!is_light_word(words_[i].text) && !is_article(words_[i].text) && !is_digits(words_[i].text)) {
      break;
    }
    last = i;
  }
  if (form == kNone) return std::nullopt;
  until = words_[last].end;
  BareNumber named = make(at, clean_label(between(words_[clause.first + (preposition ? 1 : 0)].begin, until)), sure);
  named.told = preposition;
  return named;
}

/// "from 0.93 to 0.89", "0.9912 train / 0.9287 test": the same form's number again.
std::optional<BareNumber> SentenceJob::name_linked(size_t at) const {
  if (at == 0 || !names_[at - 1] || names_[at - 1]->style != style_at(at)) return std::nullopt;
  const std::string_view gap = trimmed(between(std::max(numbers_[at - 1].end, used_until_), begin_of(at)));
  bool light = true;
  size_t words = 0;
  for (size_t i = first_word_from(gap_begin(at)); i < words_.size() && words_[i].begin < begin_of(at); ++i, ++words) {
    const std::string& word = words_[i].text;
    light = light && (is_link(word) || is_lead_word(word) || !find_split({word}).empty());
  }
  const bool joined = !gap.empty() && gap != "," && gap != "(" && gap != "|" && gap.find_first_of("[]=") == std::string_view::npos;
  if (!light || !joined || words > 4) return std::nullopt;
  BareNumber named = make(at, names_[at - 1]->label, names_[at - 1]->sure);
  named.linked = true;
  return named;
}

/// "float, int8 and QAT give 0.73, 0.74 and 0.75", "float32 -> int8: 0.7188 -> 0.7012": as many forms as numbers.
bool SentenceJob::name_aligned(size_t at) {
  const size_t begin = gap_begin(at);
  std::vector<std::pair<size_t, size_t>> forms;  // first and last word
  bool sure = false;
  for (size_t i = first_word_from(begin); i < words_.size() && words_[i].begin < begin_of(at); ++i) {
    if (words_[i].form == FormWord::kNone) continue;
    sure = sure || words_[i].form == FormWord::kSure;
    const bool same = !forms.empty() && forms.back().second + 1 == i &&
                      trimmed(between(words_[i - 1].end, words_[i].begin)).find_first_not_of("-_.(") == std::string_view::npos;
    if (same) forms.back().second = i;
    if (!same) forms.emplace_back(i, i);
  }
  constexpr size_t kMost = 6;
  if (forms.size() < 2 || forms.size() > kMost || at + forms.size() > numbers_.size() || !leads_to(forms.back().second, at)) return false;
  const Style style = style_at(at);
  for (size_t k = 0; k < forms.size(); ++k) {
    if (!is_candidate(at + k) || style_at(at + k) != style) return false;
    const std::string_view joint =
        trimmed(between(numbers_[at + k].end, k + 1 < forms.size() ? begin_of(at + k + 1) : numbers_[at + k].end));
    if (k + 1 < forms.size() && !is_link(joint) && joint != ", and") return false;
  }
  for (size_t k = 0; k < forms.size(); ++k)
    names_[at + k] = make(at + k, clean_label(between(words_[forms[k].first].begin, words_[forms[k].second].end)), sure);
  return true;
}

void SentenceJob::name_number(size_t at) {
  if (names_[at] || !is_candidate(at)) return;
  if (name_aligned(at)) return;
  size_t until = 0;
  names_[at] = name_after(at, false, until);
  if (!names_[at]) names_[at] = name_before(at);
  if (!names_[at]) names_[at] = name_linked(at);
  if (!names_[at]) names_[at] = name_after(at, true, until);
  if (names_[at]) used_until_ = std::max(used_until_, until);
  if (!names_[at] || at == 0 || names_[at - 1] || !is_candidate(at - 1) || names_[at]->style != style_at(at - 1)) return;
  const std::string_view joint = trimmed(between(numbers_[at - 1].end, begin_of(at)));
  if (joint == "," || !is_link(joint)) return;  // "92.98 vs 93.12 float"
  names_[at - 1] = make(at - 1, names_[at]->label, names_[at]->sure);
  names_[at]->linked = names_[at - 1]->linked = true;
}

}  // namespace

Style style_of(const PrintedNumber& number) {
  const double value = value_of(number);
  constexpr double kLeastBare = 5;
  if (number.attached || value < 0 || value > 100) return Style::kNone;
  if (number.unit == Unit::kPercent) return Style::kPercent;
  if (number.unit != Unit::kNone || number.integer || value == 0) return Style::kNone;
  if (value <= 1) return number.scale >= 2 ? Style::kFraction : Style::kShort;
  return value >= kLeastBare ? Style::kBare : Style::kNone;
}

BareSentence read_bare_sentence(std::string_view sentence) {
  constexpr size_t kLongest = 4000;
  if (sentence.size() > kLongest) {
    BareSentence unread;
    unread.foreign = Foreign::kSentence;
    return unread;
  }
  return SentenceJob(sentence).run();
}

}  // namespace liteqat::audit
