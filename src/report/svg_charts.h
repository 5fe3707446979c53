// The charts of the report as inline SVG: drawing only, coordinates and words come in ready. Colours are CSS classes, so that both
// themes work. Tracks use percent coordinates and follow the width of their place; the others scale by viewBox.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "report/axis.h"
#include "report/html_builder.h"

namespace liteqat::report {

/// One row of a dot-and-whisker chart: a dot at value, a whisker from low to high. Draws the axis' grid behind, so that rows stacked
/// without gaps read as one chart.
struct IntervalMark {
  double low = 0, high = 0, value = 0;
  const char* family = "float";  // CSS class
  std::string title;             // tooltip
};
void add_interval_track(HtmlBuilder& html, const Axis& axis, const IntervalMark& mark, double reference);
/// The tick labels under the rows.
void add_axis_track(HtmlBuilder& html, const Axis& axis, const std::string& unit);

/// One row of a waterfall: a bar between two values over the axis' grid.
struct SpanMark {
  double from = 0, to = 0;
  const char* family = "up";  // CSS class
  std::string title;          // tooltip
};
void add_span_track(HtmlBuilder& html, const Axis& axis, const SpanMark& mark);

/// A horizontal bar of the given share of the width.
void add_bar(HtmlBuilder& html, double share, const char* family, const std::string& title);

struct Series {
  std::string name;
  const char* css_class = "train";  // CSS class
  std::vector<double> y = {};       // beside LineChart::x; not finite: no point
};

struct LineChart {
  std::string title, x_title, y_unit;
  Axis x_axis, y_axis;
  std::vector<double> x;
  std::vector<std::string> x_names;  // beside x: names in place of numbers, and no line from one to the next
  std::vector<Series> series;
};
void add_line_chart(HtmlBuilder& html, const LineChart& chart);

struct ConfusionChart {
  std::string title;
  const std::vector<std::vector<int64_t>>* counts = nullptr;  // [label][prediction]
  std::vector<std::string> class_names;
  int64_t largest_miss = 1;  // off the diagonal, over all charts that share the colour scale
};
void add_confusion(HtmlBuilder& html, const ConfusionChart& chart);

}  // namespace liteqat::report
