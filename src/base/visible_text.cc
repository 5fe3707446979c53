#include "base/visible_text.h"

#include "base/format.h"

namespace liteqat {
namespace {

/// Of "\x1b[31m" at the beginning, 0 if there is none.
size_t color_bytes(std::string_view text) {
  if (!text.starts_with("\x1b[")) return 0;
  const size_t end = text.find_first_not_of("0123456789;", 2);
  return end != std::string_view::npos && text[end] == 'm' ? end + 1 : 0;
}

}  // namespace

std::string visible_text(std::string_view text, bool of_lines) {
  std::string visible;
  for (size_t at = 0; at < text.size(); ++at) {
    const auto letter = static_cast<unsigned char>(text[at]), next = static_cast<unsigned char>(at + 1 < text.size() ? text[at + 1] : 0);
    const size_t color = of_lines ? color_bytes(text.substr(at)) : 0;
    if (color > 0) {
      visible += text.substr(at, color);
      at += color - 1;
    } else if (letter == 0xC2 && next >= 0x80 && next < 0xA0) {  // UTF-8 of the control characters behind ASCII
      visible += format("\\x{:02x}", next);
      ++at;
    } else if ((letter < 0x20 && !(of_lines && (letter == '\n' || letter == '\t'))) || letter == 0x7F) {
      visible += format("\\x{:02x}", letter);
    } else {
      visible += text[at];
    }
  }
  return visible;
}

}  // namespace liteqat
