// Bytes as pasted -> lines as a reader saw them: UTF-16 and byte order marks, terminal colours, carriage returns and backspaces of
// progress bars, box drawing and odd spaces. Private to figures.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace liteqat::audit {

struct TextLine {
  int32_t number = 1;
  std::string text;
};

struct CleanText {
  std::vector<TextLine> lines;  // a line of the text without a single '\n' can give several, with the same number
  int64_t control_bytes = 0;    // bytes that stand in no text: many mean a binary file
};

CleanText clean_lines(std::string_view bytes);

}  // namespace liteqat::audit
