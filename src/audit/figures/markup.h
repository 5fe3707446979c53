// Tables of markup languages as the rows that a reader sees: HTML's cells between tags, LaTeX's rows with a cell on each line. Private to
// figures.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "audit/figures/text_lines.h"

namespace liteqat::audit {

/// "71.88&nbsp;%" -> "71.88 %": entities of characters that stand around numbers, numeric ones included. "&lt;" stays, so that no tag
/// arises.
std::string without_entities(std::string_view line);

/// HTML rows as "| cell | cell |" on the line of their "<tr>"; other lines without tags of text ("<b>", "<p>"). A cell over several columns
/// is repeated. Lines without HTML stay as they are.
std::vector<TextLine> open_html(std::vector<TextLine> lines);

/// Lines that "&" at an end or at the start of the next one makes one row of LaTeX, joined on the first. Texts without "\\\\" stay.
std::vector<TextLine> join_latex_rows(std::vector<TextLine> lines);

}  // namespace liteqat::audit
