#include "audit/figures/key_values.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>
#include <set>

#include "audit/figures/vocabulary.h"
#include "base/format.h"

namespace liteqat::audit {
namespace {

constexpr int kDeepest = 64;  // levels of nesting; deeper is no log of figures

struct Leaf {
  std::string path, parent, key;  // "test.accuracy[1]", "test", "accuracy"
  std::string_view token;         // as printed, of a number
  size_t line = 0;
};

/// A tolerant reader of one object or list; fails on anything that no JSON or Python literal has.
class LiteralReader {
 public:
  LiteralReader(std::string_view text, size_t at, size_t line) : text_(text), at_(at), line_(line) {}

  /// True if a whole object or list was read; end() is then behind it, else where the text stopped making sense.
  bool read() { return read_value("", "", 0); }
  size_t end() const { return at_; }
  size_t line() const { return line_; }
  const std::vector<Leaf>& leaves() const { return leaves_; }
  const std::map<std::string, std::string>& names() const { return names_; }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip_space();
  bool read_value(const std::string& path, const std::string& key, int depth);
  bool read_object(const std::string& path, int depth);
  bool read_list(const std::string& path, const std::string& key, char close, int depth);
  bool read_string(std::string& out);
  bool read_scalar(const std::string& path, const std::string& key);

  std::string_view text_;
  size_t at_, line_;
  std::vector<Leaf> leaves_;
  std::map<std::string, std::string> names_;  // of a path: what "metric", "name" or "model" beside its values says
};

void LiteralReader::skip_space() {
  for (; at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0; ++at_) {
    if (text_[at_] == '\n') ++line_;
  }
}

bool LiteralReader::read_string(std::string& out) {
  const char quote = peek();
  for (++at_; at_ < text_.size() && text_[at_] != quote; ++at_) {
    if (text_[at_] == '\n') return false;
    if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
    constexpr size_t kLongestKey = 200;
    if (out.size() < kLongestKey) out += text_[at_];
  }
  if (at_ >= text_.size()) return false;
  ++at_;
  return true;
}

/// Numbers, true, None, NaN and calls around a number as NumPy 2 prints them: np.float64(0.98).
bool LiteralReader::read_scalar(const std::string& path, const std::string& key) {
  size_t begin = at_;
  int open = 0;
  for (; at_ < text_.size(); ++at_) {
    const char letter = text_[at_];
    if (letter == '(') ++open;
    if (letter == ')' && open-- == 0) break;
    const bool word =
        std::isalnum(static_cast<unsigned char>(letter)) != 0 || std::string_view("+-._()").find(letter) != std::string_view::npos;
    if (!word) break;
  }
  std::string_view token = text_.substr(begin, at_ - begin);
  if (token.empty()) return false;
  if (const size_t bracket = token.find('('); bracket != std::string_view::npos && token.back() == ')')
    token = token.substr(bracket + 1, token.size() - bracket - 2);
  const bool number = !token.empty() && (std::isdigit(static_cast<unsigned char>(token.front())) != 0 || token.front() == '-' ||
                                         token.front() == '.' || token.front() == '+');
  const size_t parent_end = path.size() > key.size() ? path.find_last_of('.', path.size() - 1) : std::string::npos;
  if (number) leaves_.push_back({path, parent_end == std::string::npos ? "" : path.substr(0, parent_end), key, token, line_});
  return number || token == "true" || token == "false" || token == "null" || token == "True" || token == "False" || token == "None" ||
         token == "NaN" || token == "nan" || token == "Infinity" || token == "inf" || token == "-Infinity";
}

bool LiteralReader::read_value(const std::string& path, const std::string& key, int depth) {
  if (depth > kDeepest) return false;
  skip_space();
  const char letter = peek();
  if (letter == '{') return read_object(path, depth);
  if (letter == '[' || letter == '(') return read_list(path, key, letter == '[' ? ']' : ')', depth);
  if (letter != '"' && letter != '\'') return read_scalar(path, key);
  const size_t begin = at_ + 1, line = line_;
  std::string value;
  if (!read_string(value)) return false;
  const size_t parent_end = path.find_last_of('.');
  const std::string parent = parent_end == std::string::npos ? "" : path.substr(0, parent_end);
  if (key == "metric" || key == "name" || key == "model" || key == "id" || key == "label" || key == "metric_name" || key == "key" ||
      key == "tag" || key == "split" || key == "subset") {
    auto& name = names_[parent];
    name += (name.empty() ? "" : " ") + value;
  }
  const auto number = read_number_cell(value);  // "98.15 %" as a string
  if (number) leaves_.push_back({path, parent, key, text_.substr(begin, at_ - 1 - begin), line});
  return true;
}

bool LiteralReader::read_object(const std::string& path, int depth) {
  ++at_;
  while (true) {
    skip_space();
    if (peek() == '}') return ++at_, true;
    std::string key;
    if (peek() == '"' || peek() == '\'') {
      if (!read_string(key)) return false;
    } else {  // Python: {0: 0.98, 1: 0.97}
      while (std::isdigit(static_cast<unsigned char>(peek())) != 0) key += text_[at_++];
      if (key.empty()) return false;
    }
    skip_space();
    if (peek() != ':') return false;
    ++at_;
    if (!read_value(path.empty() ? key : path + "." + key, key, depth + 1)) return false;
    skip_space();
    if (peek() == ',')
      ++at_;
    else if (peek() != '}')
      return false;
  }
}

bool LiteralReader::read_list(const std::string& path, const std::string& key, char close, int depth) {
  ++at_;
  for (size_t index = 0;; ++index) {
    skip_space();
    if (peek() == close) return ++at_, true;
    if (!read_value(format("{}[{}]", path, index), key, depth + 1)) return false;
    skip_space();
    if (peek() == ',')
      ++at_;
    else if (peek() != close)
      return false;
  }
}

bool is_total_key(const std::string& key) {
  return key == "total" || key == "count" || key == "n" || key == "num_samples" || key == "samples" || key == "n_samples" ||
         key == "num_images" || key == "images" || key == "size" || key == "num_examples" || key == "support";
}

/// The meaning of a path: its last component that decides; a component further out adds the split.
Meaning path_meaning(const Leaf& leaf, const std::map<std::string, std::string>& names) {
  Meaning meaning = read_meaning(leaf.key);
  const auto name = names.find(leaf.parent);
  const bool generic = leaf.key == "value" || leaf.key == "score" || leaf.key == "result" || leaf.key == "mean";
  if (meaning.quantity == Quantity::kUnnamed && generic && name != names.end()) meaning = read_meaning(name->second);
  std::string rest = leaf.path;
  while (meaning.quantity == Quantity::kUnnamed) {
    const size_t dot = rest.find_last_of('.');
    if (dot == std::string::npos) break;
    rest.resize(dot);
    const size_t start = rest.find_last_of('.');
    const std::string split = meaning.split;
    meaning = read_meaning(rest.substr(start == std::string::npos ? 0 : start + 1));
    if (!split.empty()) meaning.split = split;
  }
  if (meaning.split.empty()) meaning.split = find_split(split_words(leaf.path));
  if (meaning.split.empty() && name != names.end()) meaning.split = find_split(split_words(name->second));
  return meaning;
}

/// "test_size": 10000, "num_classes": 10, "n_test": 10000. True if the key names one.
bool add_named_size(const Leaf& leaf, int64_t count, int32_t line, Collector& collector) {
  const auto words = split_words(leaf.key);
  const auto has = [&](std::string_view word) { return std::find(words.begin(), words.end(), word) != words.end(); };
  if (has("classes") && count >= 2) {
    collector.add_size("classes", count, line, leaf.path + " " + std::string(leaf.token));
    return true;
  }
  const std::string split = find_split(words);
  const bool sized = has("size") || has("n") || has("num") || has("samples") || has("images") || has("count") || has("examples");
  if (split.empty() || !sized || has("batch")) return false;
  collector.add_size(split, count, line, leaf.path + " " + std::string(leaf.token));
  return true;
}

class LiteralFigures {
 public:
  LiteralFigures(const LiteralReader& reader, const std::vector<TextLine>& lines, Collector& collector)
      : reader_(&reader), lines_(&lines), collector_(&collector) {}

  /// True if the text held a figure or a size.
  bool add() {
    find_pairs();
    for (const Leaf& leaf : reader_->leaves()) add_leaf(leaf);
    return found_;
  }

 private:
  int32_t line_number(const Leaf& leaf) const { return (*lines_)[std::min(leaf.line, lines_->size() - 1)].number; }

  /// {"correct": 9815, "total": 10000} in one object.
  void find_pairs() {
    for (const Leaf& leaf : reader_->leaves()) {
      const auto number = read_number_cell(leaf.token);
      const auto count = number ? count_of(*number) : std::nullopt;
      if (leaf.key.starts_with("val_")) validated_.insert(leaf.path.substr(0, leaf.path.find_last_not_of("[]0123456789") + 1));
      if (count && is_total_key(leaf.key)) totals_[leaf.parent] = {*count, leaf.token};
    }
  }

  /// Keras' history: "accuracy" beside "val_accuracy" is measured on the training images.
  bool beside_validation(const Leaf& leaf) const {
    const std::string prefix = leaf.parent.empty() ? "val_" : leaf.parent + ".val_";
    return validated_.count(prefix + leaf.key) > 0;
  }

  void add_leaf(const Leaf& leaf) {
    const auto number = read_number_cell(leaf.token);
    if (!number) return;
    const auto count = count_of(*number);
    const auto total = totals_.find(leaf.parent);
    const auto name = reader_->names().find(leaf.parent);
    const std::string label = (name == reader_->names().end() ? "" : clean_label(name->second) + " ") + leaf.path;
    Place place{.line = line_number(leaf), .label = label};
    place.stated_total = total == totals_.end() ? 0 : total->second.first;
    if (leaf.path.ends_with("]")) place.series = label.substr(0, label.find_last_not_of("[]0123456789") + 1);
    if (beside_validation(leaf)) place.split = "train";
    Meaning meaning = path_meaning(leaf, reader_->names());
    const auto key_words = split_words(leaf.key);  // "best_acc_epoch": 163; "train_acc_epoch": 0.98 is an accuracy
    if (count && key_words.size() > 1 && is_counter_word(key_words.back())) meaning.quantity = Quantity::kOther;
    const bool right_count = count && (leaf.key == "correct" || leaf.key == "num_correct" || leaf.key == "n_correct");
    if (right_count && total != totals_.end() && total->second.first > 0) {
      found_ = true;
      meaning.quantity = Quantity::kCorrect;
      collector_->add_ratio(format("{}/{}", leaf.token, total->second.second), *count, total->second.first, meaning, place);
    } else if (is_accuracy(meaning.quantity) && !right_count) {
      found_ = collector_->add_number(leaf.token, *number, meaning, place) || found_;
    } else if (count) {
      found_ = add_named_size(leaf, *count, place.line, *collector_) || found_;
    }
  }

  const LiteralReader* reader_;
  const std::vector<TextLine>* lines_;
  Collector* collector_;
  std::map<std::string, std::pair<int64_t, std::string_view>> totals_;  // by parent
  bool found_ = false;
  std::set<std::string> validated_;  // paths of "val_..." keys
};

/// An object starts with '{' and a key, a list of objects with '['; "[0.04, 0.98]" alone has no names and is left to the line's own words.
bool can_start(std::string_view text, size_t at) {
  const char open = text[at];
  size_t next = at + 1;
  while (next < text.size() && std::isspace(static_cast<unsigned char>(text[next])) != 0) ++next;
  if (next >= text.size()) return false;
  if (open == '{') return text[next] == '"' || text[next] == '\'' || text[next] == '}';
  return open == '[' && text[next] == '{';
}

}  // namespace

void read_key_values(const std::vector<TextLine>& lines, Collector& collector, std::vector<bool>& taken) {
  std::string text;
  std::vector<size_t> starts;
  for (const TextLine& line : lines) {
    starts.push_back(text.size());
    text += line.text + "\n";
  }
  size_t failed_until = 0;  // an opening bracket inside what has failed is not tried again: the whole stays linear
  for (size_t at = text.find_first_of("{["); at != std::string::npos; at = text.find_first_of("{[", at)) {
    if (at < failed_until || !can_start(text, at)) {
      ++at;
      continue;
    }
    const size_t line = static_cast<size_t>(std::upper_bound(starts.begin(), starts.end(), at) - starts.begin()) - 1;
    LiteralReader reader(text, at, line);
    if (!reader.read()) {
      failed_until = reader.end();
      ++at;
      continue;
    }
    // "{'lr': 0.1} -> val_acc=0.81": what holds no figure leaves its line to the reader of lines.
    const bool found = LiteralFigures(reader, lines, collector).add();
    const size_t taken_from = found || reader.line() > line ? line : lines.size();
    for (size_t i = taken_from; i <= std::min(reader.line(), lines.size() - 1); ++i) taken[i] = true;
    at = std::max(reader.end(), at + 1);
  }
}

}  // namespace liteqat::audit
