#include <algorithm>
#include <array>

#include "base/format.h"
#include "base/text.h"
#include "report/report.h"
#include "report/words.h"

namespace liteqat::report {
namespace {

constexpr const char* kBold = "\x1b[1m";
constexpr const char* kDim = "\x1b[2m";
constexpr const char* kPlain = "\x1b[0m";
constexpr size_t kGap = 3;  // spaces between columns

struct Column {
  std::string heading;
  bool right = true;
  bool dim = false;
  std::vector<std::string> cells = {};

  size_t width() const {
    size_t widest = heading.size();
    for (const std::string& cell : cells) widest = std::max(widest, cell.size());
    return widest;
  }
};

std::string agreement_text(const results::Metric& metric) {
  if (!metric.agreement) return "-";
  return format("{} ({})", *metric.agreement, percent_of(*metric.agreement, metric.total));
}

/// The model that agreement is counted against, from the first metric that has it.
std::string reference_model(const std::vector<const results::Metric*>& metrics) {
  for (const results::Metric* metric : metrics) {
    if (metric->agreement) return metric->agreement_with;
  }
  return "";
}

std::vector<Column> make_columns(const results::Run& run, const std::vector<const results::Metric*>& metrics,
                                 const std::string& reference) {
  Column model{.heading = "model", .right = false}, count{.heading = "correct/total"}, value{.heading = "accuracy"};
  Column interval{.heading = level_text(metrics.front()->interval.level) + " interval", .dim = true};
  Column agreement{.heading = "same class as " + reference}, size{.heading = "file size"}, ties{.heading = "ties"};
  bool any_ties = false;
  for (const results::Metric* metric : metrics) {
    const results::ModelFile* file = find_file(run, metric->model);
    model.cells.push_back(metric_label(run, *metric));
    count.cells.push_back(format("{}/{}", metric->correct, metric->total));
    value.cells.push_back(percent(metric->value, metric->total));
    interval.cells.push_back(percent_range(metric->interval, metric->total));
    agreement.cells.push_back(agreement_text(*metric));
    size.cells.push_back(file != nullptr ? format_bytes(file->bytes) : "-");
    ties.cells.push_back(format("{}", metric->ties));
    any_ties |= metric->ties != 0;
  }
  std::vector<Column> columns = {std::move(model), std::move(count), std::move(value), std::move(interval)};
  if (!reference.empty()) columns.push_back(std::move(agreement));
  if (!run.models.empty()) columns.push_back(std::move(size));
  if (any_ties) columns.push_back(std::move(ties));
  return columns;
}

size_t total_width(const std::vector<Column>& columns) {
  size_t width = 0;
  for (const Column& column : columns) width += column.width() + (width == 0 ? 0 : kGap);
  return width;
}

/// Cell `row`, or the heading for row < 0, padded; colour goes around the padded text so that it never shifts a column.
std::string cell_text(const Column& column, int64_t row, bool color) {
  const std::string& text = row < 0 ? column.heading : column.cells[static_cast<size_t>(row)];
  const std::string padded = column.right ? format("{:>{}}", text, column.width()) : format("{:<{}}", text, column.width());
  if (!color) return padded;
  if (row < 0) return kBold + padded + kPlain;
  return column.dim ? kDim + padded + kPlain : padded;
}

std::string line_text(const std::vector<Column>& columns, int64_t row, bool color) {
  std::string line;
  for (const Column& column : columns) {
    if (!line.empty()) line += std::string(kGap, ' ');
    line += cell_text(column, row, color);
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line + "\n";
}

std::string legend(const std::vector<const results::Metric*>& metrics, const std::vector<Column>& columns, const std::string& hidden) {
  std::string text = format("{} split; interval: {}", kShownSplit, method_text(metrics.front()->interval.method));
  if (columns.back().heading == "ties") text += "; ties: images whose largest score is shared, the first class counts";
  if (!hidden.empty()) text += format("; left out for width: {}", hidden);
  return text;
}

}  // namespace

std::string render_table(const results::Run& run, const TableStyle& style) {
  const auto metrics = metrics_of_split(run, kShownSplit);
  if (metrics.empty()) return format("The record has no figure for the {} split.\n", kShownSplit);
  std::vector<Column> columns = make_columns(run, metrics, reference_model(metrics));
  constexpr size_t kAlwaysShown = 3;  // model, correct/total, accuracy
  std::vector<std::string> hidden;
  while (columns.size() > kAlwaysShown && total_width(columns) > static_cast<size_t>(std::max(style.width, 0))) {
    hidden.insert(hidden.begin(), columns.back().heading);
    columns.pop_back();
  }
  std::string table = line_text(columns, -1, style.color);
  for (size_t row = 0; row < metrics.size(); ++row) table += line_text(columns, static_cast<int64_t>(row), style.color);
  const std::string note = legend(metrics, columns, join(hidden, ", "));
  return table + (style.color ? kDim + note + kPlain : note) + "\n";
}

}  // namespace liteqat::report
