#include "pipeline/toml_text.h"

#include <algorithm>

#include "base/format.h"

namespace liteqat::pipeline {
namespace {

std::string with_point(std::string text) {
  return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

/// Behind the string that begins at `at`, of one line or of several.
size_t find_string_end(std::string_view text, size_t at) {
  const char quote = text[at];
  const std::string three(3, quote);
  const bool lines = text.substr(at).starts_with(three);
  for (size_t end = at + (lines ? 3 : 1); end < text.size(); ++end) {
    if (text[end] == '\\' && quote == '"') {
      ++end;
    } else if (!lines && (text[end] == quote || text[end] == '\n')) {
      return text[end] == quote ? end + 1 : end;
    } else if (lines && text.substr(end).starts_with(three)) {
      end += 3;  // up to two quotes more belong to the text
      return end + std::min<size_t>(2, std::min(text.find_first_not_of(quote, end), text.size()) - end);
    }
  }
  return text.size();
}

}  // namespace

std::string toml_string(const std::string& value) {
  std::string text = "\"";
  for (char letter : value) {
    if (letter == '"' || letter == '\\') text += '\\';
    if (static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f) {
      text += format("\\u{:04x}", static_cast<int>(letter));
    } else {
      text += letter;
    }
  }
  return text + "\"";
}

std::string toml_number(double value) {
  return with_point(format("{}", value));
}

std::string toml_number(float value) {
  return with_point(format("{}", value));
}

Status check_toml_keys(std::string_view text, const std::string& path) {
  constexpr int kMostParts = 32;  // and toml++ itself allows 256 values inside each other
  int parts = 1;
  for (size_t at = 0; at < text.size();) {
    const char letter = text[at];
    if (letter == '"' || letter == '\'') {
      at = find_string_end(text, at);
      continue;
    }
    if (letter == '#') {
      at = std::min(text.find('\n', at), text.size());
      continue;
    }
    if (std::string_view(",=[]{}\n").find(letter) != std::string_view::npos) parts = 1;
    if (letter == '.' && ++parts > kMostParts) {
      const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
      return error(Code::kCorruptFile, "{}, line {}: a key of more than {} parts", path, line, kMostParts);
    }
    ++at;
  }
  return {};
}

}  // namespace liteqat::pipeline
