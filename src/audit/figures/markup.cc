#include "audit/figures/markup.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <optional>

#include "audit/figures/phrases.h"

namespace liteqat::audit {
namespace {

constexpr size_t kLongestRow = 20000;  // bytes: a row that never ends is no row

/// The character that an entity's name (without '&' and ';') stands for; empty if none of ours.
std::string entity(std::string_view name) {
  struct Named {
    std::string_view name, text;
  };
  static constexpr std::array<Named, 10> kNamed = {{{"nbsp", " "},
                                                    {"thinsp", " "},
                                                    {"ensp", " "},
                                                    {"percnt", "%"},
                                                    {"plusmn", "\xC2\xB1"},
                                                    {"pm", "\xC2\xB1"},
                                                    {"minus", "-"},
                                                    {"ndash", "-"},
                                                    {"mdash", " - "},
                                                    {"rarr", "->"}}};
  for (const Named& known : kNamed) {
    if (name == known.name) return std::string(known.text);
  }
  if (!name.starts_with('#') || name.size() < 2) return {};
  const bool hex = name[1] == 'x' || name[1] == 'X';
  uint32_t code = 0;
  for (const char digit : name.substr(hex ? 2 : 1)) {
    const bool decimal = digit >= '0' && digit <= '9';
    if (!decimal && (!hex || std::isxdigit(static_cast<unsigned char>(digit)) == 0)) return {};
    code = code * (hex ? 16 : 10) + static_cast<uint32_t>(decimal ? digit - '0' : (digit | 0x20) - 'a' + 10);
    if (code > 0xFFFF) return {};
  }
  std::string text;
  if (code >= 0x20 && code != '<' && code != '>' && code != '&') append_utf8(code, text);
  return text;
}

struct Tag {
  std::string name;     // lower case: "td"
  bool closes = false;  // "</td>"
  size_t columns = 1;   // colspan
  size_t end = 0;       // behind '>'
};

/// The tag at `at`, if one of HTML's stands there: "<keras.Sequential object>" is none.
std::optional<Tag> read_tag(std::string_view line, size_t at) {
  constexpr std::array<std::string_view, 29> kNames = {"table", "tr",     "td",   "th",   "thead", "tbody", "tfoot", "caption", "b",   "i",
                                                       "em",    "strong", "span", "code", "pre",   "p",     "br",    "div",     "li",  "ul",
                                                       "ol",    "sup",    "sub",  "font", "a",     "u",     "small", "html",    "body"};
  Tag tag;
  size_t i = at + 1;
  tag.closes = i < line.size() && line[i] == '/';
  if (tag.closes) ++i;
  for (; i < line.size() && std::isalpha(static_cast<unsigned char>(line[i])) != 0; ++i)
    tag.name += static_cast<char>(std::tolower(static_cast<unsigned char>(line[i])));
  if (std::find(kNames.begin(), kNames.end(), tag.name) == kNames.end()) return std::nullopt;
  const size_t close = line.find_first_of("<>", i);
  if (close == std::string_view::npos || line[close] != '>') return std::nullopt;
  if (i < close && line[i] != ' ' && line[i] != '/') return std::nullopt;
  const std::string_view attributes = line.substr(i, close - i);
  if (size_t span = attributes.find("colspan="); span != std::string_view::npos) {
    span = attributes.find_first_of("0123456789", span);
    constexpr size_t kMostColumns = 60;
    size_t columns = 0;
    for (; span < attributes.size() && std::isdigit(static_cast<unsigned char>(attributes[span])) != 0 && columns <= kMostColumns; ++span)
      columns = columns * 10 + static_cast<size_t>(attributes[span] - '0');
    tag.columns = std::clamp<size_t>(columns, 1, kMostColumns);
  }
  tag.end = close + 1;
  return tag;
}

/// Reads the lines of a text with HTML tables one after the other.
class HtmlRows {
 public:
  std::vector<TextLine> read(const std::vector<TextLine>& lines) {
    for (const TextLine& line : lines) read_line(line);
    finish_row();
    return std::move(lines_);
  }

 private:
  void read_line(const TextLine& line) {
    std::string outside;
    const std::string_view text = line.text;
    for (size_t at = 0; at < text.size();) {
      const auto tag = text[at] == '<' ? read_tag(text, at) : std::nullopt;
      if (!tag) {
        take_letter(text[at], outside);
        ++at;
        continue;
      }
      take_tag(*tag, line.number);
      at = tag->end;
    }
    if (in_row_ && row_.size() + cell_.size() > kLongestRow) finish_row();
    if (in_row_) {
      cell_ += ' ';
    } else if (!trimmed(outside).empty() || trimmed(text).empty()) {
      lines_.push_back({line.number, std::move(outside)});
    }
  }

  void take_letter(char letter, std::string& outside) {
    if (in_cell_) {
      cell_ += letter == '|' ? '/' : letter;
      return;
    }
    if (in_row_ && letter != ' ' && letter != '\t') finish_row();  // text between rows
    if (!in_row_) outside += letter;
  }

  void take_tag(const Tag& tag, int32_t line) {
    const bool cell = tag.name == "td" || tag.name == "th", row = tag.name == "tr";
    const bool frame = tag.name == "table" || tag.name == "thead" || tag.name == "tbody" || tag.name == "tfoot";
    if (row || frame) finish_row();
    if (row && !tag.closes) {
      in_row_ = true;
      row_line_ = line;
    } else if (cell && in_row_) {
      finish_cell();
      in_cell_ = !tag.closes;
      columns_ = tag.columns;
    } else if (in_cell_ && tag.name == "br") {
      cell_ += ' ';
    }
  }

  void finish_cell() {
    for (size_t i = 0; in_cell_ && i < columns_; ++i) row_ += " " + std::string(trimmed(cell_)) + " |";
    in_cell_ = false;
    cell_.clear();
  }

  void finish_row() {
    if (in_row_) finish_cell();
    if (!row_.empty()) lines_.push_back({row_line_, "|" + row_});
    row_.clear();
    in_row_ = false;
  }

  std::vector<TextLine> lines_;
  std::string row_, cell_;
  bool in_row_ = false, in_cell_ = false;
  size_t columns_ = 1;
  int32_t row_line_ = 1;
};

bool holds_tag(const TextLine& line) {
  for (size_t at = line.text.find('<'); at != std::string::npos; at = line.text.find('<', at + 1)) {
    if (read_tag(line.text, at)) return true;
  }
  return false;
}

bool starts_cell(std::string_view line) {
  line = trimmed(line);
  return line.starts_with('&') && !line.starts_with("&&");
}

bool awaits_cell(std::string_view line) {
  line = trimmed(line);
  return line.ends_with('&') && !line.ends_with("&&") && !line.ends_with("\\&");
}

}  // namespace

std::string without_entities(std::string_view line) {
  std::string out;
  for (size_t at = 0; at < line.size();) {
    constexpr size_t kLongestName = 8;
    const size_t end = line[at] == '&' ? line.substr(at, kLongestName + 2).find(';') : std::string_view::npos;
    const std::string text = end == std::string_view::npos ? "" : entity(line.substr(at + 1, end - 1));
    out += text.empty() ? std::string(1, line[at]) : text;
    at += text.empty() ? 1 : end + 1;
  }
  return out;
}

std::vector<TextLine> open_html(std::vector<TextLine> lines) {
  if (std::none_of(lines.begin(), lines.end(), holds_tag)) return lines;
  return HtmlRows().read(lines);
}

std::vector<TextLine> join_latex_rows(std::vector<TextLine> lines) {
  const bool latex =
      std::any_of(lines.begin(), lines.end(), [](const TextLine& line) { return line.text.find("\\\\") != std::string::npos; });
  if (!latex) return lines;
  std::vector<TextLine> joined;
  for (TextLine& line : lines) {
    const bool goes_on = !joined.empty() && (starts_cell(line.text) || awaits_cell(joined.back().text)) &&
                         joined.back().text.find("\\\\") == std::string::npos && joined.back().text.size() < kLongestRow;
    if (goes_on) {
      joined.back().text += " " + line.text;
    } else {
      joined.push_back(std::move(line));
    }
  }
  return joined;
}

}  // namespace liteqat::audit
