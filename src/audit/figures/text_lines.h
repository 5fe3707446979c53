// Bytes as pasted -> lines as a reader saw them: UTF-16 and byte order marks, terminal colours, carriage returns and backspaces of
// progress bars, box drawing, odd spaces, full-width punctuation; rows of HTML and LaTeX on one line each. Private to figures.
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
  int32_t count = 0;            // of lines in the text
  int64_t control_bytes = 0;    // bytes that stand in no text: many mean a binary file
};

/// Appends a character below U+10000 in UTF-8.
void append_utf8(uint32_t code, std::string& out);

CleanText clean_lines(std::string_view bytes);

}  // namespace liteqat::audit
