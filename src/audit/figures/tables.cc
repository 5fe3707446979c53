#include "audit/figures/tables.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "audit/figures/bare_sentences.h"
#include "audit/figures/model_names.h"
#include "audit/figures/table_rows.h"
#include "audit/figures/vocabulary.h"
#include "base/format.h"

namespace liteqat::audit {
namespace {

constexpr size_t kMostColumns = 60;
constexpr size_t kLongestCell = 120;

struct Row {
  size_t line = 0;  // index into the lines
  Cells cells;
};

struct Table {
  size_t begin = 0, end = 0;  // lines
  Cells header;
  std::vector<Row> rows;
  std::string caption;  // the line above, where neither columns nor rows name an accuracy
  std::string title;    // the line above a table with drawn columns, whatever it says
  bool drawn = false;   // by bars or LaTeX's signs: no log is taken for one
};

std::optional<PrintedNumber> cell_number(const std::string& cell) {
  return cell.size() > kLongestCell ? std::nullopt : read_number_cell(cell);
}

struct Ratio {
  int64_t correct, total;
};

/// "9815/10000", with what may follow in brackets.
std::optional<Ratio> cell_ratio(const std::string& cell) {
  if (cell.size() > kLongestCell) return std::nullopt;
  const auto first = scan_number(cell, 0);
  if (!first || first->end >= cell.size()) return std::nullopt;
  const size_t slash = cell.find_first_not_of(' ', first->end);
  if (slash == std::string::npos || cell[slash] != '/') return std::nullopt;
  const size_t next = cell.find_first_not_of(' ', slash + 1);
  const auto second = next == std::string::npos ? std::nullopt : scan_number(cell, next);
  if (!second) return std::nullopt;
  const auto correct = count_of(*first), total = count_of(*second);
  if (!correct || !total || *total < 1) return std::nullopt;
  return Ratio{*correct, *total};
}

/// "Latency", "loss": a row of something else, whatever its column or the table's caption say.
bool names_another(const Row& row) {
  return read_meaning(row.cells.front()).quantity == Quantity::kOther;
}

size_t count_numbers(const Cells& cells) {
  return static_cast<size_t>(
      std::count_if(cells.begin(), cells.end(), [](const std::string& cell) { return cell_number(cell) || cell_ratio(cell); }));
}

bool can_be_header(const Cells& cells, TableKind kind) {
  if (cells.size() < 2 || cells.size() > kMostColumns || count_numbers(cells) > 0) return false;
  if (kind != TableKind::kWords && kind != TableKind::kColumns && kind != TableKind::kCommas) return true;
  // Prose and log lines have these; names of columns do not.
  return std::none_of(cells.begin(), cells.end(), [](const std::string& cell) {
    return cell.size() > 40 || cell.find(':') != std::string::npos || cell.find('=') != std::string::npos || cell.ends_with(".");
  });
}

bool has_digit(const std::string& text) {
  return text.find_first_of("0123456789") != std::string::npos;
}

/// Rows that may be looked at in all: a few passes over the text. A text in which every line could be the header of all that follow would
/// otherwise take time that grows with its square.
struct Budget {
  size_t rows;
};

/// A header of several lines with no rule between them: "| Validation |" above "| Accuracy |" names one column.
void extend_header(const std::vector<TextLine>& lines, TableKind kind, Table& table) {
  constexpr size_t kMostLines = 4;
  for (size_t i = table.begin + 1; i < std::min(lines.size(), table.begin + kMostLines); ++i) {
    if (is_partial_rule(lines[i].text)) continue;
    const Cells cells = split_row(lines[i].text, kind);
    if (is_rule(lines[i].text) || has_digit(lines[i].text) || cells.size() != table.header.size() || !can_be_header(cells, kind)) return;
    for (size_t column = 0; column < cells.size(); ++column) {
      if (!cells[column].empty()) table.header[column] += (table.header[column].empty() ? "" : " ") + cells[column];
    }
    table.end = i + 1;
  }
}

/// The rows below a header that have as many cells; with aligned columns one more is a column of row names without a header. The first row
/// must hold a digit.
Table find_rows(const std::vector<TextLine>& lines, size_t at, TableKind kind, const std::vector<bool>& taken, Budget& budget) {
  Table table{at, at + 1, split_row(without_bar(lines[at].text), kind), {}, {}, {}, false};
  if (!can_be_header(table.header, kind)) return table;
  const bool aligned = kind == TableKind::kColumns || kind == TableKind::kWords;
  if (kind == TableKind::kBars || kind == TableKind::kLatex) extend_header(lines, kind, table);
  for (size_t i = table.end; i < lines.size() && !taken[i] && budget.rows > 0; ++i, --budget.rows) {
    if (is_rule(lines[i].text)) continue;
    if (table.rows.empty() && !has_digit(lines[i].text)) break;
    Cells cells = split_row(lines[i].text, kind);
    const bool names_first = (aligned || kind == TableKind::kBars) && table.rows.empty() && cells.size() == table.header.size() + 1;
    if (names_first) table.header.insert(table.header.begin(), "");
    if (cells.size() != table.header.size()) break;
    table.rows.push_back({i, std::move(cells)});
    table.end = i + 1;
  }
  return table;
}

/// Reads one table's cells.
class TableReader {
 public:
  TableReader(const Table& table, const std::vector<TextLine>& lines, Collector& collector)
      : table_(&table), lines_(&lines), collector_(&collector) {
    for (const std::string& name : table.header) columns_.push_back(read_meaning(name));
    find_column_roles();
  }

  /// True if a column or a row names an accuracy and has numbers.
  bool read() {
    bool found = false;
    for (const Row& row : table_->rows) found = read_row(row) || found;
    return found;
  }

  /// Every number stands in a column that names another quantity: a table, and nothing in it for the reader of lines.
  bool names_all_others() const {
    return std::all_of(table_->rows.begin(), table_->rows.end(), [&](const Row& row) {
      for (size_t i = 1; i < row.cells.size(); ++i) {
        if (cell_number(row.cells[i]) && columns_[i].quantity != Quantity::kOther) return false;
      }
      return true;
    });
  }

 private:
  void find_column_roles();
  void find_data_set_columns();
  bool read_row(const Row& row);
  bool read_cell(const Row& row, size_t column, const Meaning& row_meaning, int64_t total);
  bool column_in_percent(size_t column) const;
  std::string row_name(const Row& row) const;
  static bool row_in_percent(const Row& row);

  const Table* table_;
  const std::vector<TextLine>* lines_;
  Collector* collector_;
  std::vector<Meaning> columns_;
  std::vector<bool> percent_columns_;
  Meaning corner_;  // of the first header or the caption: names the whole table
  std::optional<size_t> total_column_;
  bool counted_rows_ = false;  // the first column only counts: epochs
  bool has_validation_ = false;
  bool has_both_losses_ = false;  // of training and validation: fastai's and Transformers' accuracy beside them is of the validation images
};

bool names_total(const std::string& header) {
  const auto words = split_words(header);
  constexpr std::array<std::string_view, 9> kTotals = {"n", "total", "images", "samples", "support", "count", "num", "examples", "size"};
  return !words.empty() && words.size() <= 3 && std::find(kTotals.begin(), kTotals.end(), words.back()) != kTotals.end() &&
         header.find('(') == std::string::npos;
}

/// "Epochs", "Bits": columns that only say how a model was made, in a table whose caption names the figures.
bool names_setting(const std::string& header) {
  const auto words = split_words(header);
  constexpr std::array<std::string_view, 9> kWidths = {"bit", "bits", "bitwidth", "year", "depth", "width", "layers", "resolution", "w"};
  return !words.empty() && (is_counter_word(words.back()) || std::find(kWidths.begin(), kWidths.end(), words.back()) != kWidths.end());
}

void TableReader::find_column_roles() {
  for (size_t i = 0; i < columns_.size(); ++i) {
    percent_columns_.push_back(column_in_percent(i));
    if (names_total(table_->header[i]) && !total_column_) total_column_ = i;
    if (is_accuracy(columns_[i].quantity) && columns_[i].split == "validation") has_validation_ = true;
  }
  const auto has_loss = [&](std::string_view split) {
    return std::any_of(columns_.begin(), columns_.end(),
                       [&](const Meaning& column) { return column.quantity == Quantity::kOther && column.split == split; });
  };
  has_both_losses_ = has_loss("train") && has_loss("validation");
  const auto words = split_words(table_->header.front());
  counted_rows_ = !words.empty() && is_counter_word(words.front());
  const bool any_column =
      std::any_of(columns_.begin() + 1, columns_.end(), [](const Meaning& column) { return is_accuracy(column.quantity); });
  const bool any_row = std::any_of(table_->rows.begin(), table_->rows.end(),
                                   [](const Row& row) { return is_accuracy(read_meaning(row.cells.front()).quantity); });
  if (any_column || any_row) return;
  corner_ = columns_.front();
  if (!is_accuracy(corner_.quantity)) corner_ = read_meaning(table_->caption);
  for (size_t i = 1; i < columns_.size(); ++i) {
    if (names_setting(table_->header[i])) columns_[i].quantity = Quantity::kOther;
  }
  if (table_->drawn && corner_.quantity == Quantity::kUnnamed) find_data_set_columns();
}

/// True if a word says that something else is measured.
bool names_another_quantity(std::string_view text) {
  const auto words = split_words(text);
  for (size_t i = 0; i < words.size(); ++i) {
    if (foreignness(words, i) != Foreign::kNo) return true;
  }
  return false;
}

/// "CIFAR-10", "ImageNet": a data set and nothing else.
bool is_data_set(const std::string& header) {
  std::string letters;
  for (const std::string& word : split_words(header)) {  // "image", "net"
    if (word.find_first_not_of("0123456789") != std::string::npos) letters += word;
  }
  return is_data_set_word(letters) || letters == "fashionmnist" || letters == "tinyimagenet";
}

/// "Method | CIFAR-10 | Time (h)" above forms of a model: what such tables print of a data set is an accuracy.
void TableReader::find_data_set_columns() {
  const bool forms =
      std::any_of(table_->rows.begin(), table_->rows.end(), [](const Row& row) { return names_form(row.cells.front(), FormWord::kWeak); });
  if (!forms || names_another_quantity(table_->title) || names_another_quantity(table_->caption)) return;
  for (size_t i = 1; i < columns_.size(); ++i) {
    if (!is_data_set(table_->header[i])) continue;
    std::set<Style> styles;
    for (const Row& row : table_->rows) {
      if (const auto number = cell_number(row.cells[i])) styles.insert(style_of(*number));
    }
    if (!styles.empty() && !styles.contains(Style::kNone) && !styles.contains(Style::kShort)) columns_[i] = read_meaning("accuracy");
  }
}

bool TableReader::column_in_percent(size_t column) const {
  if (columns_[column].percent) return true;
  return std::any_of(table_->rows.begin(), table_->rows.end(), [&](const Row& row) {
    const auto number = cell_number(row.cells[column]);
    return number && number->unit == Unit::kNone && value_of(*number) > 1 && value_of(*number) <= 100 && !names_another(row);
  });
}

bool TableReader::row_in_percent(const Row& row) {
  if (read_meaning(row.cells.front()).percent) return true;
  return std::any_of(row.cells.begin() + 1, row.cells.end(), [](const std::string& cell) {
    const auto number = cell_number(cell);
    return number && number->unit == Unit::kNone && value_of(*number) > 1;
  });
}

/// The first cell, or with a first column of numbers its header too: "epoch 3".
std::string TableReader::row_name(const Row& row) const {
  const std::string& first = row.cells.front();
  if (cell_number(first) && !table_->header.front().empty()) return table_->header.front() + " " + first;
  std::string name = clean_label(first);
  for (size_t i = 1; i < row.cells.size(); ++i) {  // further columns of names: dataset, precision
    if (row.cells[i].empty() || cell_number(row.cells[i]) || cell_ratio(row.cells[i]) || row.cells[i].size() > 30) break;
    name += " " + clean_label(row.cells[i]);
  }
  return name;
}

bool TableReader::read_cell(const Row& row, size_t column, const Meaning& row_meaning, int64_t total) {
  const bool by_column = is_accuracy(columns_[column].quantity), by_row = !by_column && columns_[column].quantity == Quantity::kUnnamed;
  Meaning meaning = by_column ? columns_[column] : is_accuracy(row_meaning.quantity) ? row_meaning : corner_;
  if (!is_accuracy(meaning.quantity) || (!by_column && !by_row) || column == total_column_) return false;
  if (row_meaning.quantity == Quantity::kOther) return false;
  if (meaning.split.empty()) meaning.split = by_column ? row_meaning.split : columns_[column].split;
  const std::string name = row_name(row), header = clean_label(table_->header[column]);
  Place place{.line = (*lines_)[row.line].number, .label = name.empty() ? header : header.empty() ? name : name + ", " + header};
  place.split = has_validation_ ? "train" : has_both_losses_ ? "validation" : "";
  place.in_percent = by_column ? percent_columns_[column] : row_in_percent(row);
  place.stated_total = total;
  if (counted_rows_) place.series = header;
  const std::string& cell = row.cells[column];
  if (const auto ratio = cell_ratio(cell)) {
    constexpr int64_t kFewest = 10;
    if (!by_column && ratio->total < kFewest) return false;  // "4/4" bits, in a table that only its caption names
    const std::string printed = cell.substr(0, cell.find_first_of("(["));
    collector_->add_ratio(printed.substr(0, printed.find_last_not_of(' ') + 1), ratio->correct, ratio->total, meaning, place);
    return true;
  }
  const auto number = cell_number(cell);
  if (!number) return false;
  const auto count = count_of(*number);
  if (meaning.quantity == Quantity::kCorrect && count && *count > 100) {
    if (total == 0) return false;
    collector_->add_ratio(format("{}/{}", *count, total), *count, total, meaning, place);
    return true;
  }
  return collector_->add_number(cell, *number, meaning, place);
}

/// "train_a1b2c_00000": a name that a program made up, whose words say nothing.
bool is_identifier(const std::string& cell) {
  constexpr size_t kLongest = 3;  // digits that people write: "resnet152"
  size_t run = 0;
  for (const char letter : cell) {
    run = letter >= '0' && letter <= '9' ? run + 1 : 0;
    if (run > kLongest && cell.find(' ') == std::string::npos) return true;
  }
  return false;
}

bool TableReader::read_row(const Row& row) {
  int64_t total = 0;
  if (total_column_) {
    const auto number = cell_number(row.cells[*total_column_]);
    const auto count = number ? count_of(*number) : std::nullopt;
    if (count && *count >= 10) total = *count;
  }
  Meaning row_meaning = read_meaning(row.cells.front());
  if (cell_number(row.cells.front()) || is_identifier(row.cells.front())) row_meaning = {};
  bool found = false;
  for (size_t column = 0; column < row.cells.size(); ++column) {
    const bool name_column = column == 0 && !is_accuracy(columns_[0].quantity);
    if (!name_column) found = read_cell(row, column, row_meaning, total) || found;
  }
  return found;
}

/// scikit-learn: "accuracy 0.98 10000" under "precision recall f1-score support"; the support column names the images, its rows the
/// classes.
bool read_classification_report(const std::vector<TextLine>& lines, size_t at, Collector& collector, std::vector<bool>& taken) {
  const Cells header = split_row(lines[at].text, TableKind::kWords);
  if (header.size() != 4 || header[0] != "precision" || header[1] != "recall" || !header[2].starts_with("f1") || header[3] != "support")
    return false;
  int64_t classes = 0, images = 0;
  size_t i = at + 1;
  for (; i < lines.size(); ++i) {
    const Cells cells = split_row(lines[i].text, TableKind::kWords);
    if (cells.empty()) {
      if (lines[i].text.find_first_not_of(" \t") == std::string::npos) continue;
      break;
    }
    const auto last = cell_number(cells.back());
    const auto support = last ? count_of(*last) : std::nullopt;
    if (!support || cells.size() < 3) break;
    const bool summary = cells[0] == "accuracy" || cells[1] == "avg";
    if (!summary) ++classes;
    if (cells[0] != "accuracy") continue;
    images = *support;
    const auto number = cell_number(cells[1]);
    if (number)
      collector.add_number(cells[1], *number, read_meaning("accuracy"),
                           {.line = lines[i].number, .label = "accuracy", .stated_total = images});
  }
  std::fill(taken.begin() + static_cast<std::ptrdiff_t>(at), taken.begin() + static_cast<std::ptrdiff_t>(i), true);
  if (images > 0) collector.add_size("test", images, lines[at].number, "support of the classification report");
  if (classes > 1 && images > 0) collector.add_size("classes", classes, lines[at].number, "rows of the classification report");
  return true;
}

/// "ImageNet top-1 accuracy (%), 50,000 images": no sentence and no figure.
bool is_short_caption(const std::string& text) {
  constexpr size_t kMostWords = 12;
  if (text.find_first_of(":=|") != std::string::npos || text.find('.') != std::string::npos) return false;
  return split_words(text).size() <= kMostWords && is_accuracy(read_meaning(text).quantity) && !names_another_quantity(text);
}

bool is_blank(const std::string& text) {
  return text.find_first_not_of(" \t") == std::string::npos;
}

/// Below a table only what says that it is a caption ("Table: ...", "\\caption{...}"), or looks like one right below it and above nothing:
/// a heading of what follows is none.
std::string find_caption_below(const std::vector<TextLine>& lines, size_t end) {
  for (size_t i = end; i < std::min(end + 6, lines.size()); ++i) {
    const std::string& text = lines[i].text;
    if (text.starts_with("Table") || text.starts_with("\\caption") || text.starts_with(": ")) return text.substr(0, 200);
    if (is_blank(text) || is_rule(text) || text.starts_with("\\end{tab")) continue;
    const bool alone = i == end && (i + 1 >= lines.size() || is_blank(lines[i + 1].text));
    return alone && is_short_caption(text) ? text : "";
  }
  return {};
}

/// The line above a table: its title or caption.
std::string find_caption_above(const std::vector<TextLine>& lines, size_t at) {
  for (size_t back = 1; back <= 6 && back <= at; ++back) {
    const std::string& text = lines[at - back].text;
    if (is_blank(text) || is_rule(text) || text.find("\\begin") != std::string::npos || text.find("\\centering") != std::string::npos)
      continue;
    return text.size() > 200 || text.find("://") != std::string::npos ? "" : text;
  }
  return {};
}

/// A caption below may as well be the next table's: the one above comes first.
std::string find_caption(const std::vector<TextLine>& lines, size_t at, size_t end) {
  const std::string above = find_caption_above(lines, at);
  if (is_accuracy(read_meaning(above).quantity)) return above;
  const std::string below = find_caption_below(lines, end);
  return is_short_caption(below) && names_another_quantity(above) ? "" : below;  // "Latency" above
}

}  // namespace

void read_tables(const std::vector<TextLine>& lines, Collector& collector, std::vector<bool>& taken) {
  constexpr std::array<TableKind, 7> kKinds = {TableKind::kBars,   TableKind::kLatex,   TableKind::kTabs, TableKind::kSemicolons,
                                               TableKind::kCommas, TableKind::kColumns, TableKind::kWords};
  Budget budget{20 * lines.size() + 1000};
  for (size_t at = 0; at + 1 < lines.size() && budget.rows > 0; ++at) {
    if (taken[at] || is_rule(lines[at].text)) continue;
    if (read_classification_report(lines, at, collector, taken)) continue;
    for (const TableKind kind : kKinds) {
      Table table = find_rows(lines, at, kind, taken, budget);
      if (table.rows.empty() ||
          std::all_of(table.rows.begin(), table.rows.end(), [](const Row& row) { return count_numbers(row.cells) == 0; }))
        continue;
      if (kind != TableKind::kWords && kind != TableKind::kCommas) table.caption = find_caption(lines, at, table.end);
      table.drawn = kind == TableKind::kBars || kind == TableKind::kLatex;
      if (table.drawn) table.title = find_caption_above(lines, at);
      TableReader reader(table, lines, collector);
      if (!reader.read() && (kind != TableKind::kBars || !reader.names_all_others())) continue;
      std::fill(taken.begin() + static_cast<std::ptrdiff_t>(table.begin), taken.begin() + static_cast<std::ptrdiff_t>(table.end), true);
      break;
    }
  }
}

}  // namespace liteqat::audit
