// Lines of prose that an editor or a mail program wrapped -> the passage that a reader sees, with the line of every byte. Logs, tables,
// lists and code stay line by line. Private to figures.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "audit/figures/text_lines.h"

namespace liteqat::audit {

struct Passage {
  std::string text;
  std::vector<std::pair<size_t, int32_t>> starts;  // where a line of the text starts in `text`, and its number; never empty

  int32_t line_at(size_t at) const;
};

/// The lines that are not taken, in order; an empty line is a passage of its own.
std::vector<Passage> join_wrapped_lines(const std::vector<TextLine>& lines, const std::vector<bool>& taken);

}  // namespace liteqat::audit
