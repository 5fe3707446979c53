#include "audit/figures/free_text.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>

#include "audit/figures/line_numbers.h"
#include "audit/figures/model_names.h"
#include "audit/figures/phrases.h"
#include "base/format.h"

namespace liteqat::audit {
namespace {

constexpr size_t kLongestPhrase = 300;  // bytes before a number that can name it
constexpr size_t kMostNames = 2;        // numbers that are part of a name, in one clause
constexpr size_t kMostKeyWords = 5;     // "sparse top k categorical accuracy"; more words are a sentence and no key of Keras

/// "float: accuracy" names of models before a colon; log levels name none.
std::string find_lead(std::string_view line, size_t first_number) {
  const size_t colon = line.find(": ");
  if (colon == std::string_view::npos || colon > first_number) return {};
  const std::string lead = clean_label(line.substr(0, colon));
  const auto words = split_words(lead);
  if (words.empty() || words.size() > 8) return {};
  for (const std::string_view level : {"info", "warning", "debug", "error", "root", "epoch", "warn", "step"}) {
    if (words.front() == level) return {};
  }
  return lead;
}

/// One line being read: the figures found so far and where phrases may start.
class LineJob {
 public:
  LineJob(const Passage& passage, LineNumbers found, Collector& collector)
      : passage_(&passage), line_(passage.text), found_(std::move(found)), collector_(&collector) {
    if (!found_.numbers.empty()) lead_ = find_lead(line_, found_.numbers.front().number.begin);
  }

  void run(const std::string& open_label, const std::string& default_split) {
    default_split_ = default_split;
    const auto& sizes = found_.sizes;
    one_size_ = std::all_of(sizes.begin(), sizes.end(), [&](const TestSize& size) { return size.count == sizes.front().count; });
    for (size_t i = 0; i < found_.numbers.size();) i = read_number(i, open_label);
  }

 private:
  struct Named {
    std::string label;
    Meaning meaning;
    std::string base = {};  // the label of the first of several models in a sentence; empty: the label
    size_t until = 0;       // where the words after the number that name it end; 0: it is named by words before it
  };

  std::string_view gap_after(size_t at) const {
    const size_t last = found_.numbers[at].role == Role::kPair && at + 1 < found_.numbers.size() ? at + 1 : at;
    size_t next = last + 1;
    while (next < std::min(last + 1 + kMostNames, found_.numbers.size()) && found_.numbers[next].role == Role::kName) ++next;
    const size_t end = next < found_.numbers.size() ? found_.numbers[next].number.begin : line_.size();
    const size_t begin = found_.numbers[last].end;
    return line_.substr(begin, end - begin);
  }

  std::string_view raw_phrase(size_t at) const {
    size_t begin = 0;
    for (size_t j = at; j-- > 0;) {
      const Role role = found_.numbers[j].role;
      const bool far = found_.numbers[at].number.begin - found_.numbers[j].number.begin > kLongestPhrase;
      if (!far && (role == Role::kSize || role == Role::kName)) continue;
      begin = found_.numbers[j].end;
      break;
    }
    begin = std::max(begin, named_until_);
    const std::string_view phrase = line_.substr(begin, found_.numbers[at].number.begin - begin);
    return phrase.size() > kLongestPhrase ? phrase.substr(phrase.size() - kLongestPhrase) : phrase;
  }

  size_t read_number(size_t at, const std::string& open_label);
  size_t read_aligned_list(size_t at);
  bool is_evaluation(size_t at) const;
  bool is_remark(size_t at) const;
  std::optional<Named> find_name(size_t at, const std::string& open_label);
  std::optional<Named> find_name_before(size_t at) const;
  std::optional<Named> find_name_after(size_t at) const;
  std::optional<Named> find_name_in_brackets(size_t at) const;
  std::optional<Named> find_name_above(std::string_view raw, const std::string& open_label) const;
  std::optional<Named> find_name_of_next(size_t at) const;
  std::optional<Named> continue_list(size_t at) const;
  std::optional<Named> continue_sentence(size_t at) const;
  Named continue_name(std::string_view model) const;
  bool is_alike(size_t at) const;
  bool is_of_another_quantity(size_t at) const;
  bool repeats_figure(size_t at);
  bool is_difference(size_t at);
  void note_segment(std::string_view phrase);
  bool in_brackets(size_t at) const;
  bool stands_in_brackets(size_t at) const;
  bool followed_by_total(size_t at) const;
  bool add(size_t at, const Named& named);
  bool add_pair(size_t at, const Named& named, const Place& place);
  int64_t size_beside(size_t at) const;
  std::string form_behind(size_t at) const;
  std::string full_label(const std::string& label) const;
  bool is_subtracted(std::string_view field) const;

  int32_t line_of(size_t at) const { return passage_->line_at(found_.numbers[at].number.begin); }

  const Passage* passage_;
  std::string_view line_;
  LineNumbers found_;
  Collector* collector_;
  std::string lead_, default_split_;
  std::optional<Named> last_;  // the name of the figure before, while a list of values may go on
  size_t last_at_ = 0;         // its number
  bool last_was_figure_ = false;
  bool one_size_ = false;      // every number of images in the line is the same
  bool list_open_ = false;     // the figure before stands first in square brackets, or after such a one
  size_t named_until_ = 0;     // no phrase starts before: words after a figure that have named it name no other
  std::string segment_split_;  // "train loss 0.01 acc 0.99 | test loss 0.3 acc 0.92": named by what was measured beside it
};

/// The lead names the model where the field itself does not: "Float model: loss 0.04, accuracy 0.98".
std::string LineJob::full_label(const std::string& label) const {
  if (lead_.empty() || label.find(lead_) != std::string::npos) return label;
  const Meaning lead = read_meaning(lead_);
  if (lead.quantity != Quantity::kUnnamed) return label;
  return label.empty() ? lead_ : lead_ + ": " + label;
}

/// "1-accuracy: 0.06", "1 - acc = 0.06": the number before the field is the 1.
bool LineJob::is_subtracted(std::string_view field) const {
  const size_t begin = static_cast<size_t>(field.data() - line_.data());
  size_t at = field.find_first_not_of(' ');
  if (at == std::string_view::npos) return false;
  const bool inside = field[at] == '-';
  const std::string_view before = trimmed(line_.substr(0, begin));
  if (inside) return before == "1" || before.ends_with(" 1");
  return before == "1 -";  // inside a line "loss: 1 - accuracy: 0.9" has a separator there
}

/// "collapses, and the top-1 accuracy of the float network, " -> "the top-1 accuracy of the float network, ": the last fields, from the one
/// on that names the quantity.
std::string_view naming_part(std::string_view phrase) {
  size_t begin = phrase.size();
  while (begin > 0) {
    begin = static_cast<size_t>(last_field(phrase.substr(0, begin - 1)).data() - phrase.data());
    if (is_accuracy(read_meaning(phrase.substr(begin)).quantity)) break;
  }
  return phrase.substr(begin);
}

std::optional<LineJob::Named> LineJob::find_name_before(size_t at) const {
  const std::string_view raw = raw_phrase(at);
  const std::string_view field = naming_words(last_field(without_call(raw)));
  const Meaning meaning = read_meaning(field);
  const bool wrong_of_all = found_.numbers[at].role == Role::kPair && names_wrong(field);
  if (wrong_of_all) return Named{full_label(clean_label(field)), {.quantity = Quantity::kError, .split = meaning.split}};
  if (meaning.quantity == Quantity::kOther || ends_in_preposition(raw) || ends_in_limit(raw)) return std::nullopt;
  if (is_accuracy(meaning.quantity) && is_subtracted(field)) {
    Meaning complement = meaning;
    complement.quantity = Quantity::kError;
    return Named{"1-" + clean_label(field), complement};
  }
  if (is_accuracy(meaning.quantity)) return Named{full_label(clean_label(field)), meaning};
  if (auto named = find_name_in_brackets(at)) return named;
  if (!has_words(raw)) return std::nullopt;
  // "Accuracy - float: 0.98": the field before names it, if nothing else was measured in between.
  const Meaning whole = read_meaning(raw);
  if (is_accuracy(whole.quantity)) return Named{full_label(clean_label(naming_part(raw))), whole};
  return std::nullopt;
}

/// "FP32: 71.88 (top1)": brackets right after that hold nothing but the name.
std::optional<LineJob::Named> LineJob::find_name_in_brackets(size_t at) const {
  if (found_.numbers[at].role != Role::kOpen || found_.numbers[at].number.integer) return std::nullopt;
  const std::string_view gap = trimmed(gap_after(at));
  const size_t close = gap.find(')');
  if (!gap.starts_with("(") || close == std::string_view::npos) return std::nullopt;
  const std::string_view inside = gap.substr(1, close - 1);
  const Meaning meaning = read_meaning(inside);
  constexpr size_t kFew = 3;
  if (!is_accuracy(meaning.quantity) || split_words(inside).size() > kFew) return std::nullopt;
  const std::string before = clean_label(last_field(raw_phrase(at)));
  return Named{full_label(before.empty() ? clean_label(inside) : before + " (" + clean_label(inside) + ")"), meaning};
}

/// "91.2% test accuracy", "9815 of 10000 correct": the words right after, unless they name the number that follows.
std::optional<LineJob::Named> LineJob::find_name_after(size_t at) const {
  const LineNumber& item = found_.numbers[at];
  const bool bare_integer = item.role != Role::kPair && item.number.integer && item.number.unit == Unit::kNone;
  if (bare_integer || ends_in_limit(raw_phrase(at))) return std::nullopt;
  std::string_view gap = gap_after(at);
  if (in_brackets(at) && gap.starts_with(")")) gap.remove_prefix(1);
  if (const auto rest = without_remark(trimmed(gap)); read_meaning(gap.substr(0, gap.find(')'))).quantity == Quantity::kUnnamed) gap = rest;
  const size_t cut = clause_end(gap);
  const bool followed = gap.data() + gap.size() < line_.data() + line_.find_last_not_of(" \t") + 1;
  if (cut == std::string_view::npos && followed) return std::nullopt;
  if (cut != std::string_view::npos && (gap[cut] == ':' || gap[cut] == '=')) return std::nullopt;
  const std::string_view clause = gap.substr(0, cut);
  if (names_share(clause)) return std::nullopt;
  const auto words = split_words(clause);
  constexpr size_t kNear = 6;
  if (words.empty() || words.size() > kNear) return std::nullopt;
  Meaning meaning = read_meaning(clause);
  if (!is_accuracy(meaning.quantity)) return std::nullopt;
  if (meaning.split.empty()) meaning.split = split_of_clause(gap.substr(clause.size()));
  const std::string before = clean_label(last_clause(raw_phrase(at)));
  if (meaning.split.empty()) meaning.split = find_split(split_words(before));
  const size_t until = static_cast<size_t>(clause.data() + clause.size() - line_.data());
  return Named{full_label(before.empty() ? clean_label(clause) : before + " " + clean_label(clause)), meaning, {}, until};
}

/// Alone in round brackets, right after the number before.
bool LineJob::stands_in_brackets(size_t at) const {
  return at < found_.numbers.size() && trimmed(raw_phrase(at)) == "(" && gap_after(at).starts_with(")");
}

/// The number stands inside round brackets that were opened after the number before it.
bool LineJob::in_brackets(size_t at) const {
  const std::string_view raw = raw_phrase(at);
  const size_t open = raw.rfind('(');
  return open != std::string_view::npos && raw.find(')', open) == std::string_view::npos;
}

/// "0.91, 0.92", "from 0.91 to 0.92", "71.9 % and 70.2 %": the same quantity again. A number in brackets or after a plus-minus sign is
/// an average, an interval or a deviation of the one before.
std::optional<LineJob::Named> LineJob::continue_list(size_t at) const {
  if (!last_ || !last_was_figure_ || at == 0) return std::nullopt;
  std::string_view joint = trimmed(raw_phrase(at));
  if (joint.empty() && list_open_) return last_;                                                  // NumPy: "[0.7375 0.7447]"
  if (joint.starts_with(")")) joint = trimmed(without_call(joint).substr(1));                     // "tensor(0.7375), tensor(0.7447)"
  if (line_.substr(found_.numbers[at].number.begin - 1, 1) == "|" && joint == "|") return last_;  // "0.76|0.77", in one field
  return is_link(joint) ? last_ : std::nullopt;
}

/// A number in the same unit as the one before it, that nothing after it turns into a share or a difference.
bool LineJob::is_alike(size_t at) const {
  const PrintedNumber &number = found_.numbers[at].number, &last = found_.numbers[last_at_].number;
  if (number.unit != last.unit || number.integer != last.integer) return false;
  const std::string_view gap = gap_after(at);
  return !compares(gap) && !trimmed(gap).starts_with("of ") && read_meaning(gap.substr(0, clause_end(gap))).quantity != Quantity::kOther;
}

/// "QAT with 2 % dropout": the next word is what is measured.
bool LineJob::is_of_another_quantity(size_t at) const {
  const std::string_view gap = gap_after(at);
  const auto words = split_words(gap.substr(0, clause_end(gap)));
  return gap.starts_with(" ") && !words.empty() && foreignness(words, 0) != Foreign::kNo;
}

/// The quantity of the figure before, of another model.
LineJob::Named LineJob::continue_name(std::string_view model) const {
  std::string base = last_->base.empty() ? last_->label : last_->base;
  // "int8 accuracy: 0.912, float: 0.915": "float accuracy".
  const size_t space = base.find(' ');
  if (space != std::string::npos && names_form(base.substr(0, space), FormWord::kSure) && names_form(model, FormWord::kWeak))
    base.erase(0, space + 1);
  return {clean_label(model) + " " + base, last_->meaning, base};
}

/// "0.7375 vs. int8 0.7447", "91.9 %, and the PTQ export at 88.2 %", "from 76.2 % (float) to only 75.9 %": the same quantity of another
/// model. "99.1 % on the training set and 73.75 % on the test set": the clause between names the split of the figure before it.
std::optional<LineJob::Named> LineJob::continue_sentence(size_t at) const {
  if (!last_ || at == 0 || is_of_another_quantity(at)) return std::nullopt;
  const bool attained = found_.numbers[at].number.unit == Unit::kPercent && ends_in_attainment(raw_phrase(at)) && is_alike(at);
  if (attained) return continue_name(last_clause(raw_phrase(at)));
  if (!last_was_figure_) return std::nullopt;
  if (ends_in_earlier_value(raw_phrase(at)) && is_alike(at)) return last_;
  if (names_other_images(raw_phrase(at)) && is_alike(at)) return last_;
  const std::string_view joint = without_remark(trimmed(raw_phrase(at)));
  if (const std::string_view rest = after_links(joint); rest.size() < joint.size()) {
    if ((rest.empty() || leads_alone(rest)) && is_alike(at)) return last_;
    const bool spoken = !found_.numbers[at].number.integer && is_alike(at) && names_subject(rest);
    if (names_variant(rest) || spoken) return continue_name(rest);
  }
  if (const std::string_view model = leading_variant(raw_phrase(at)); !model.empty()) {  // "93.1 for float, 92.8 for QAT"
    const std::string_view next = leading_variant(gap_after(at)), link = trimmed(trimmed(raw_phrase(at)).substr(model.size()));
    if (!next.empty() && is_link(link) && is_alike(at)) return continue_name(next);
  }
  const std::string_view said = joint.substr(0, std::min({joint.find(" and"), joint.find(" but"), joint.find(" vs"), joint.find(',')}));
  if (said.size() == joint.size() || split_of_clause(said).empty()) return std::nullopt;
  if (!all_words_of(joint.substr(said.size()), {"and", "but", "vs", "only"}) && has_words(joint.substr(said.size()))) return std::nullopt;
  Named named = *last_;
  named.meaning.split.clear();
  return named;
}

/// "The float model gets 71.9 % and the int8 model 70.2 % accuracy": a percentage joined to one that is named after it.
std::optional<LineJob::Named> LineJob::find_name_of_next(size_t at) const {
  if (at + 1 >= found_.numbers.size()) return std::nullopt;
  const LineNumber &item = found_.numbers[at], &next = found_.numbers[at + 1];
  if (item.role != Role::kOpen || next.role != Role::kOpen || item.number.unit != Unit::kPercent || next.number.unit != Unit::kPercent)
    return std::nullopt;
  const std::string_view gap = gap_after(at);
  const bool joined = gap.find(" and ") != std::string_view::npos || gap.find(" vs") != std::string_view::npos || trimmed(gap) == "to" ||
                      trimmed(gap).starts_with("(") || gap.find(" but ") != std::string_view::npos ||
                      gap.find(" while ") != std::string_view::npos;
  if (!joined || read_meaning(gap).quantity != Quantity::kUnnamed) return std::nullopt;
  auto named = find_name_after(at + 1);
  const std::string before = clean_label(last_clause(raw_phrase(at)));
  if (named && find_split(split_words(before)) != "") named->meaning.split = find_split(split_words(before));
  if (named) named->label = before.empty() ? named->label : before + " accuracy";
  if (named) named->until = 0;  // those words name the next number too
  return named;
}

std::optional<LineJob::Named> LineJob::find_name(size_t at, const std::string& open_label) {
  const std::string_view raw = raw_phrase(at);
  if (ends_in_bound(raw)) return std::nullopt;
  if (auto named = find_name_before(at)) return named;
  if (read_meaning(last_field(raw)).quantity == Quantity::kOther) return std::nullopt;
  if (named_until_ > 0) {  // "71.9 % top-1 accuracy, 90.3 % top-5 accuracy": named after, as the figure before was
    if (auto named = find_name_after(at)) return named;
  }
  if (auto named = continue_list(at)) return named;
  if (auto named = find_name_after(at)) return named;
  if (auto named = continue_sentence(at)) return named;
  if (auto named = find_name_of_next(at)) return named;
  return at == 0 && !open_label.empty() ? find_name_above(raw, open_label) : std::nullopt;
}

/// The line before, or the heading of a list of models under it: "Accuracy:" above "  float: 0.7375".
std::optional<LineJob::Named> LineJob::find_name_above(std::string_view raw, const std::string& open_label) const {
  Meaning meaning = read_meaning(open_label);
  if (!is_accuracy(meaning.quantity)) return std::nullopt;
  if (!has_words(raw) || all_words_of(raw, {"value", "score", "result"})) return Named{clean_label(open_label), meaning};
  const auto& number = found_.numbers.front().number;
  const bool under = line_.starts_with("  ") || line_.starts_with("- ") || line_.starts_with("* ") || line_.starts_with("\t");
  const bool keyed = trimmed(raw).ends_with(":") || trimmed(raw).ends_with("=");
  if (!under || !keyed || (number.integer && number.unit == Unit::kNone) || read_meaning(raw).quantity != Quantity::kUnnamed)
    return std::nullopt;
  const std::string split = find_split(split_words(raw));
  if (!split.empty()) meaning.split = split;
  return Named{clean_label(open_label) + " " + clean_label(raw), meaning};
}

/// "accuracy (all 10000): 0.83", "acc (n 500) = 0.83": a whole number in brackets between a name and its sign.
bool LineJob::is_remark(size_t at) const {
  const LineNumber& item = found_.numbers[at];
  const std::string_view gap = gap_after(at);
  if (item.role != Role::kOpen || !item.number.integer || item.number.unit != Unit::kNone || !in_brackets(at) || !gap.starts_with(")"))
    return false;
  const std::string_view rest = trimmed(gap.substr(1));
  return rest.starts_with(":") || rest.starts_with("=");
}

/// "evaluate: [0.3456, 0.9021]": what Keras' evaluate returns, loss and accuracy.
bool LineJob::is_evaluation(size_t at) const {
  if (at + 1 >= found_.numbers.size() || found_.numbers[at].role != Role::kOpen || found_.numbers[at + 1].role != Role::kOpen) return false;
  const PrintedNumber& accuracy = found_.numbers[at + 1].number;
  const std::string_view before = trimmed(raw_phrase(at));
  const auto words = split_words(before);
  const bool evaluated = std::any_of(words.begin(), words.end(), [](const std::string& word) { return word.starts_with("evaluat"); });
  return evaluated && before.ends_with("[") && trimmed(gap_after(at)) == "," && trimmed(gap_after(at + 1)).starts_with("]") &&
         !accuracy.integer && value_of(accuracy) <= 1;
}

/// "test loss, test acc: [0.04, 0.98]", "acc (train/val): 0.99/0.95": as many names as numbers. Returns the number after the list, `at`
/// if it is none.
size_t LineJob::read_aligned_list(size_t at) {
  const std::string_view raw = raw_phrase(at);
  if (raw.find(". ") != std::string_view::npos) return at;  // sentences
  std::vector<std::string_view> parts = split_names(raw, ",/&");
  if (parts.size() == 1 && stands_in_brackets(at + 1)) parts = two_names(raw);
  if (parts.size() == 1 && is_evaluation(at)) {
    add(at + 1, {full_label(clean_label(raw) + " accuracy"), read_meaning("accuracy")});
    last_was_figure_ = false;
    return at + 2;
  }
  if (parts.size() < 2 || parts.size() > 6 || at + parts.size() > found_.numbers.size()) return at;
  std::vector<Meaning> meanings;
  const bool split_first = read_meaning(parts[0]).quantity == Quantity::kUnnamed;  // "Train/test accuracy"
  Quantity inherited = split_first ? read_meaning(parts.back()).quantity : Quantity::kUnnamed;
  for (const std::string_view part : parts) {
    Meaning meaning = read_meaning(part);
    if (meaning.quantity == Quantity::kUnnamed && !meaning.split.empty()) meaning.quantity = inherited;
    if (meaning.quantity == Quantity::kUnnamed) return at;
    inherited = meaning.quantity;
    meanings.push_back(meaning);
  }
  for (size_t k = 1; k < parts.size(); ++k) {
    const auto& before = found_.numbers[at + k - 1].number;
    const auto& number = found_.numbers[at + k].number;
    if (has_words(line_.substr(before.end, number.begin - before.end))) return at;
  }
  for (size_t k = 0; k < parts.size(); ++k) {
    if (!is_accuracy(meanings[k].quantity) || found_.numbers[at + k].role != Role::kOpen) continue;
    const bool named_by_first = k > 0 && !is_accuracy(read_meaning(parts[k]).quantity);  // "acc (train/val)"
    const std::string base = named_by_first ? clean_label(parts[0].substr(0, parts[0].find('('))) + " " : "";
    add(at + k, {full_label(base + clean_label(parts[k])), meanings[k]});
  }
  last_was_figure_ = false;
  return at + parts.size();
}

bool LineJob::add_pair(size_t at, const Named& named, const Place& place) {
  const auto& first = found_.numbers[at].number;
  const auto& second = found_.numbers[at + 1].number;
  const auto correct = count_of(first), total = count_of(second);
  if (!correct || !total || *total < 1) return false;
  const std::string printed(line_.substr(first.begin, second.digits_end - first.begin));
  collector_->add_ratio(printed, *correct, *total, named.meaning, place);
  return true;
}

/// The number of images that the line names for a figure, 0 if none. Of several, "0.91 (500 images), 0.93 (10,000 images)", it is the one
/// between the figure and the next; where sizes come first, "on 500 images 0.91, on 10,000 images 0.93", the last before it.
int64_t LineJob::size_beside(size_t at) const {
  const auto& sizes = found_.sizes;
  if (sizes.empty()) return 0;
  if (one_size_) return sizes.front().count;
  const auto is_figure = [](const LineNumber& item) { return item.role == Role::kOpen || item.role == Role::kPair; };
  const auto& numbers = found_.numbers;
  const auto after = std::upper_bound(sizes.begin(), sizes.end(), at, [](size_t place, const TestSize& size) { return place < size.at; });
  const auto first = std::find_if(numbers.begin(), numbers.end(), is_figure) - numbers.begin();
  if (static_cast<std::ptrdiff_t>(sizes.front().at) < first) return after == sizes.begin() ? 0 : std::prev(after)->count;
  if (after == sizes.end()) return 0;
  const auto behind = numbers.begin() + static_cast<std::ptrdiff_t>(numbers[at].role == Role::kPair ? at + 2 : at + 1);
  const auto beside = numbers.begin() + static_cast<std::ptrdiff_t>(after->at);
  return behind <= beside && std::none_of(behind, beside, is_figure) ? after->count : 0;
}

/// "0.9312 (float32), 0.9308 (int8)": " (float32)", or nothing.
std::string LineJob::form_behind(size_t at) const {
  constexpr size_t kLongestForm = 30;
  const std::string_view behind = line_.substr(found_.numbers[at].end, kLongestForm);
  const size_t open = behind.find_first_not_of(' '), close = behind.find(')');
  if (open == std::string_view::npos || behind[open] != '(' || close == std::string_view::npos) return {};
  const std::string_view inside = behind.substr(open, close + 1 - open);
  return inside.find_first_of(".%") == std::string_view::npos && names_form(inside, FormWord::kSure) &&
                 !is_accuracy(read_meaning(inside).quantity)
             ? " " + std::string(inside)
             : "";
}

bool LineJob::add(size_t at, const Named& named) {
  const LineNumber& item = found_.numbers[at];
  Place place{.line = line_of(at), .label = named.label + form_behind(at), .split = default_split_, .stated_total = size_beside(at)};
  if (const std::string clause = split_of_clause(gap_after(at)); named.meaning.split.empty() && !clause.empty()) {
    place.split = clause;
  } else if (named.meaning.split.empty()) {
    const bool key = split_words(named.label).size() <= kMostKeyWords;
    if ((!key || names_form(named.label, FormWord::kSure)) && default_split_ == "train") place.split = "";
    if (place.split.empty()) place.split = segment_split_;
    const bool names_all = read_meaning(lead_).quantity == Quantity::kUnnamed;  // "val_accuracy: 0.1 while accuracy is 0.98" does not
    const std::string lead_split = names_all ? find_split(split_words(lead_)) : "";
    if (!lead_split.empty()) place.split = lead_split;
    if (place.split.empty() && contrasts_split(line_.substr(found_.numbers[at].end, kLongestPhrase))) place.split = "train";
    if (place.split.empty()) place.split = split_of_tag(line_.substr(0, std::min(found_.numbers[at].number.begin, kLongestPhrase)));
  }
  if (item.role == Role::kPair) return add_pair(at, named, place);
  if (item.role != Role::kOpen) return false;
  const bool count = named.meaning.quantity == Quantity::kCorrect && item.number.integer && item.number.unit == Unit::kNone;
  if (count && followed_by_total(at)) return add_pair(at, named, place);
  return !count && collector_->add_number(line_, item.number, named.meaning, place);
}

/// "correct=9263, total=10000"
bool LineJob::followed_by_total(size_t at) const {
  return at + 1 < found_.numbers.size() && all_words_of(gap_after(at), {"total", "n", "count", "samples", "images", "all", "of"});
}

/// "dropped by 1.2 % from 76.1 % to 74.9 %": a number after "by" is a difference, and a quantity is being spoken of.
bool LineJob::is_difference(size_t at) {
  const std::string_view raw = raw_phrase(at);
  const auto words = split_words(raw);
  const bool by = !words.empty() && words.back() == "by" && trimmed(raw).ends_with("by");
  if (!by && found_.numbers[at].number.unit != Unit::kPoints) return compares(gap_after(at));
  const Meaning meaning = read_meaning(last_field(raw));
  last_was_figure_ = is_accuracy(meaning.quantity);
  if (last_was_figure_) last_ = Named{full_label(clean_label(last_field(raw))), meaning};
  last_at_ = at;
  return true;
}

/// "9815/10000 (98 %)", "0.9815 (9815/10000)", "71.878 (70.12)": what stands in brackets right after a figure is the figure again, or its
/// average. A ratio there names the number of images.
bool LineJob::repeats_figure(size_t at) {
  if (!last_was_figure_) return false;
  const std::string_view joint = trimmed(raw_phrase(at));
  if (joint.empty() || (joint.back() != '(' && joint.back() != '[') || without_call(joint).size() < joint.size()) return false;
  const Quantity quantity = read_meaning(joint).quantity;
  if (quantity != Quantity::kUnnamed && quantity != Quantity::kCorrect) return false;
  if (found_.numbers[at].role == Role::kPair) {
    const auto total = count_of(found_.numbers[at + 1].number);
    const std::string split = last_->meaning.split.empty() ? "test" : last_->meaning.split;
    if (total) collector_->add_size(split, *total, line_of(at), last_->label + " over " + std::to_string(*total));
  }
  return true;
}

size_t LineJob::read_number(size_t at, const std::string& open_label) {
  const Role role = found_.numbers[at].role;
  if (role != Role::kOpen && role != Role::kPair) {
    if (role == Role::kNothing || role == Role::kCounter) last_was_figure_ = false;
    return at + 1;
  }
  if (is_remark(at)) {
    found_.numbers[at].role = Role::kName;
    return at + 1;
  }
  if (is_difference(at)) return at + 1;
  if (const size_t next = read_aligned_list(at); next != at) return next;
  if (repeats_figure(at)) {
    last_was_figure_ = false;
    return role == Role::kPair ? at + 2 : at + 1;
  }
  const auto named = find_name(at, open_label);
  if (!named && role == Role::kOpen && found_.numbers[at].number.integer && ends_in_preposition(raw_phrase(at))) {
    found_.numbers[at].role = Role::kName;  // "top-1 with 8 bits: 0.71"
    return at + 1;
  }
  const std::string_view before = trimmed(raw_phrase(at));
  if (!before.empty()) list_open_ = before.back() == '[';
  if (before.find('|') != std::string_view::npos) segment_split_.clear();
  if (!named) {
    note_segment(before);
    const size_t length = found_.numbers[at].number.unit == Unit::kPercent ? other_name_length(gap_after(at)) : 0;
    if (length > 0) named_until_ = found_.numbers[at].end + length;
  }
  last_was_figure_ = named && add(at, *named);
  if (last_was_figure_) {
    last_ = named;
    last_at_ = at;
    named_until_ = named->until;
    last_->until = 0;
  }
  return role == Role::kPair ? at + 2 : at + 1;
}

/// Another quantity of a split names the split of the accuracy beside it, up to the next bar.
void LineJob::note_segment(std::string_view phrase) {
  const Meaning meaning = read_meaning(last_field(phrase));
  if (meaning.quantity == Quantity::kOther && !meaning.split.empty()) segment_split_ = meaning.split;
}

}  // namespace

void FreeTextReader::remember(const Passage& line, bool has_numbers) {
  const std::string_view text = trimmed(line.text);
  const auto words = split_words(text.substr(0, kLongestPhrase));
  if (text.empty()) context_.heading_split.clear();
  const bool heading =
      !has_numbers && !text.empty() && (text.back() == ':' || text.ends_with("...") || text.front() == '=' || text.front() == '#');
  if (heading || (!has_numbers && names_results(words))) context_.heading_split = find_split(words);
  if (has_numbers && !has_letters(text)) return;  // a column of numbers under its name
  const bool listed =
      has_numbers && context_.open_list &&
      (line.text.starts_with("  ") || line.text.starts_with("- ") || line.text.starts_with("* ") || line.text.starts_with("\t"));
  if (listed) return;  // a list of models under it
  context_.open_list = !has_numbers && !text.empty() && text.back() == ':';
  const bool open = !has_numbers && !text.empty() && (text.back() == ':' || text.back() == '=' || words.size() <= 2);
  context_.open_label = open ? std::string(text.substr(text.size() > kLongestPhrase ? text.size() - kLongestPhrase : 0)) : "";
  context_.in_epoch = !words.empty() && words.front() == "epoch" && words.size() <= 3;
}

void FreeTextReader::read_line(const Passage& line) {
  LineNumbers found = find_line_numbers(line, *collector_);
  const bool has_numbers = !found.numbers.empty();
  if (names_not_a_number(line.text))
    collector_->add_note(format("line {}: an accuracy that is not a number (nan or inf) was left out", line.starts.front().second));
  if (has_numbers && !found.unfinished) {
    // Keras: "accuracy" beside "val_accuracy", or in the line after "Epoch 3/10", is measured on the training images.
    const bool beside_validation = line.text.find("val_acc") != std::string::npos || line.text.find("val acc") != std::string::npos;
    // ... but where the training accuracy has a name of its own.
    const bool named_training = line.text.find("train_acc") != std::string::npos || line.text.find("train acc") != std::string::npos;
    const bool training = (beside_validation && !named_training) || (context_.in_epoch && found.finished_pass);
    const std::string open_label = context_.open_label, split = training ? "train" : context_.heading_split;
    LineJob(line, std::move(found), *collector_).run(open_label, split);
  }
  remember(line, has_numbers);
}

}  // namespace liteqat::audit
