// Lines of a table -> rows of cells, by the kind of table. Private to figures.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace liteqat::audit {

enum class TableKind { kBars, kLatex, kTabs, kSemicolons, kCommas, kColumns, kWords };

using Cells = std::vector<std::string>;

/// The cells of a line under one kind; empty if the line is none of that kind's. Rule lines ("|---|---|", "\hline") give no cells.
Cells split_row(std::string_view line, TableKind kind);

/// "|---|:--|", "+----+", "\hline", "====": drawn between rows.
bool is_rule(std::string_view line);

/// A rule under some columns of a header that goes on below it: "\\cmidrule(lr){2-3}".
bool is_partial_rule(std::string_view line);

/// "classes top1_acc: 100%|####| 157/157 [...]" -> "classes top1_acc": what a finished progress bar is called stands alone.
std::string_view without_bar(std::string_view line);

}  // namespace liteqat::audit
