#include "audit/figures/text_lines.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "audit/figures/latex.h"
#include "audit/figures/markup.h"
#include "audit/figures/numbers.h"

namespace liteqat::audit {

void append_utf8(uint32_t code, std::string& out) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xE0 | (code >> 12 & 0x0F));
    out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

namespace {

/// Windows PowerShell redirects to UTF-16 with a byte order mark. Surrogate pairs (no digit, no letter of a label) become spaces.
std::string decode_utf16(std::string_view bytes, bool big_endian) {
  std::string out;
  out.reserve(bytes.size() / 2);
  for (size_t i = 2; i + 1 < bytes.size(); i += 2) {
    const auto first = static_cast<uint8_t>(bytes[i]), second = static_cast<uint8_t>(bytes[i + 1]);
    const uint32_t code = big_endian ? first << 8 | second : second << 8 | first;
    append_utf8(code >= 0xD800 && code < 0xE000 ? ' ' : code, out);
  }
  return out;
}

std::string decode(std::string_view bytes) {
  if (bytes.starts_with("\xFF\xFE")) return decode_utf16(bytes, false);
  if (bytes.starts_with("\xFE\xFF")) return decode_utf16(bytes, true);
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  return std::string(bytes);
}

/// The end of the terminal sequence that starts at `at` with ESC: colours, cursor moves, titles.
size_t skip_escape(std::string_view text, size_t at) {
  size_t i = at + 1;
  if (i >= text.size()) return i;
  if (text[i] == '[') {
    for (++i; i < text.size() && !(text[i] >= '@' && text[i] <= '~') && text[i] != '\n';) ++i;
    return i < text.size() && text[i] != '\n' ? i + 1 : i;
  }
  if (text[i] == ']') {
    while (i < text.size() && text[i] != '\a' && text[i] != '\x1b' && text[i] != '\n') ++i;
    return i < text.size() && text[i] == '\a' ? i + 1 : i;
  }
  return i + 1;
}

/// Full-width forms of ASCII (U+FF01 to U+FF5E) and the punctuation of Chinese and Japanese, with the space that a reader of log lines
/// looks for. Empty if `text` starts with none.
std::string wide_form(std::string_view text) {
  if (text.size() < 3) return {};
  if (text.starts_with("\xE3\x80\x80")) return " ";
  if (text.starts_with("\xE3\x80\x81")) return ", ";
  if (text.starts_with("\xE3\x80\x82")) return ". ";
  const auto second = static_cast<uint8_t>(text[1]), third = static_cast<uint8_t>(text[2]);
  if (text[0] != '\xEF' || (second != 0xBC && second != 0xBD) || third < 0x80) return {};
  const int offset = (second - 0xBC) * 0x40 + third - 0x80;
  if (offset < 1 || offset > 0x5E) return {};
  const char plain = static_cast<char>(' ' + offset);
  return plain == ',' || plain == ';' || plain == ':' ? std::string{plain, ' '} : std::string{plain};
}

/// What stands for a multi-byte character that matters: narrow spaces (inside a number they group thousands), minus signs, table lines,
/// progress bars. Empty: keep as it is.
std::string plain_form(std::string_view text, size_t at, size_t& length) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kForms = {{{"\xC2\xA0", " "},
                                                                                            {"\xE2\x80\xAF", " "},
                                                                                            {"\xE2\x80\x89", " "},
                                                                                            {"\xE2\x80\x90", "-"},
                                                                                            {"\xE2\x80\x91", "-"},
                                                                                            {"\xE2\x88\x92", "-"},
                                                                                            {"\xE2\x80\x93", "-"},
                                                                                            {"\xE2\x80\x94", " - "},
                                                                                            {"\xE2\x94\x82", "|"},
                                                                                            {"\xE2\x94\x83", "|"},
                                                                                            {"\xE2\x95\x91", "|"}}};
  const std::string_view rest = text.substr(at);
  for (const auto& [from, to] : kForms) {
    if (rest.starts_with(from)) {
      length = from.size();
      return std::string(to);
    }
  }
  if (rest.starts_with("\xE2\x94") || rest.starts_with("\xE2\x95") || rest.starts_with("\xE2\x96")) {
    length = std::min<size_t>(3, rest.size());
    return "=";
  }
  const std::string wide = wide_form(rest);
  if (!wide.empty()) length = 3;
  return wide;
}

/// One line's bytes without terminal control; '\r' marks where the terminal went back to the start of the line.
std::string clean_line(std::string_view raw, int64_t& control_bytes) {
  std::string out;
  out.reserve(raw.size());
  for (size_t i = 0; i < raw.size();) {
    const char letter = raw[i];
    size_t length = 0;
    if (letter == '\x1b') {
      i = skip_escape(raw, i);
    } else if (letter == '\b') {  // Keras deletes its progress bar with a run of these
      while (i < raw.size() && raw[i] == '\b') ++i;
      out += '\r';
    } else if (static_cast<uint8_t>(letter) >= 0x80) {
      const std::string form = plain_form(raw, i, length);
      const bool groups = form == " " && !out.empty() && is_digit(out.back()) && i + length < raw.size() && is_digit(raw[i + length]);
      if (form.empty()) out += letter;
      out += groups ? "_" : form;
      i += length > 0 ? length : 1;
    } else {
      const bool control = static_cast<uint8_t>(letter) < 0x20 && letter != '\t' && letter != '\r' && letter != '\f';
      if (control) ++control_bytes;
      out += control || letter == '\f' ? ' ' : letter;
      ++i;
    }
  }
  return out;
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t") == std::string_view::npos;
}

/// "12/313 [==>...", " 45%|####   |": a state of a progress bar that the next state overwrites.
bool is_progress_state(std::string_view text) {
  size_t i = text.find_first_not_of(" \t");
  if (i == std::string_view::npos) return false;
  const size_t start = i;
  while (i < text.size() && is_digit(text[i])) ++i;
  return (i > start && i < text.size() && text[i] == '/') || text.find("%|") != std::string_view::npos;
}

/// With '\n' in the text, '\r' overwrites: only the last state of a line was ever to be read. Without, it can be the line end itself.
void add_line(std::string_view text, int32_t number, bool overwrites, std::vector<TextLine>& lines) {
  std::vector<std::string_view> states;
  while (true) {
    const size_t end = text.find('\r');
    if (const std::string_view state = text.substr(0, end); !is_blank(state)) states.push_back(state);
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  if (states.empty()) lines.push_back({number, ""});
  for (size_t i = 0; i < states.size(); ++i) {
    const bool last = i + 1 == states.size();
    if (last || (!overwrites && !is_progress_state(states[i]))) lines.push_back({number, std::string(states[i])});
  }
}

}  // namespace

CleanText clean_lines(std::string_view bytes) {
  const std::string text = decode(bytes);
  const bool overwrites = text.find('\n') != std::string::npos;
  CleanText clean;
  int32_t number = 1;
  for (size_t at = 0; at < text.size(); ++number) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = without_entities(std::string_view(text).substr(at, end - at));
    add_line(clean_line(line, clean.control_bytes), number, overwrites, clean.lines);
    at = end + 1;
  }
  clean.count = clean.lines.empty() ? 0 : clean.lines.back().number;
  clean.lines = join_latex_rows(open_html(std::move(clean.lines)));
  for (TextLine& line : clean.lines) line.text = plain_latex(std::move(line.text));
  return clean;
}

}  // namespace liteqat::audit
