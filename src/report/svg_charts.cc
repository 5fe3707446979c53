#include "report/svg_charts.h"

#include <algorithm>
#include <cmath>

#include "base/format.h"

namespace liteqat::report {
namespace {

std::string coordinate(double value) {
  return format("{:.2f}", value);
}

/// Dots at the ends of an axis need room to be whole.
constexpr double kTrackInset = 1.5;
double track_percent(const Axis& axis, double value) {
  return kTrackInset + (100 - 2 * kTrackInset) * std::clamp(axis.position(value), 0.0, 1.0);
}
std::string track_x(const Axis& axis, double value) {
  return coordinate(track_percent(axis, value)) + "%";
}

struct Plot {
  double width = 460, height = 230;
  double left = 50, right = 14, top = 10, bottom = 34;

  double x(double position) const { return left + position * (width - left - right); }
  double y(double position) const { return height - bottom - position * (height - top - bottom); }
};

void add_text(HtmlBuilder& html, double x, double y, const char* anchor, const char* css_class, const std::string& text) {
  html.element("text", {{"x", coordinate(x)}, {"y", coordinate(y)}, {"text-anchor", anchor}, {"class", css_class}}, text);
}

void add_line(HtmlBuilder& html, double x1, double y1, double x2, double y2, const char* css_class) {
  html.single("line",
              {{"x1", coordinate(x1)}, {"y1", coordinate(y1)}, {"x2", coordinate(x2)}, {"y2", coordinate(y2)}, {"class", css_class}});
}

void open_svg(HtmlBuilder& html, double width, double height, const std::string& label) {
  html.open("svg", {{"viewBox", format("0 0 {:g} {:g}", width, height)}, {"role", "img"}, {"aria-label", label}, {"class", "chart"}});
}

/// The name or number of a place on the x axis.
std::string x_text(const LineChart& chart, double x) {
  const auto found = std::find(chart.x.begin(), chart.x.end(), x);
  const auto index = static_cast<size_t>(found - chart.x.begin());
  return index < chart.x_names.size() ? chart.x_names[index] : chart.x_axis.tick_text(x);
}

void add_axes(HtmlBuilder& html, const Plot& plot, const LineChart& chart) {
  for (const double tick : chart.y_axis.ticks) {
    const double y = plot.y(chart.y_axis.position(tick));
    add_line(html, plot.left, y, plot.width - plot.right, y, "grid");
    add_text(html, plot.left - 7, y + 4, "end", "tick", chart.y_axis.tick_text(tick) + chart.y_unit);
  }
  const double base = plot.y(0);
  add_line(html, plot.left, base, plot.width - plot.right, base, "base");
  for (const double tick : chart.x_axis.ticks) {
    if (tick < chart.x_axis.low || tick > chart.x_axis.high) continue;
    const double x = plot.x(chart.x_axis.position(tick));
    add_line(html, x, base, x, base + 4, "base");
    add_text(html, x, base + 16, "middle", "tick", x_text(chart, tick));
  }
  if (chart.x_names.empty()) add_text(html, plot.width - plot.right, plot.height - 4, "end", "axis-name", chart.x_title);
}

void add_series(HtmlBuilder& html, const Plot& plot, const LineChart& chart, const Series& series) {
  std::string path;
  bool pen_down = false;
  for (size_t i = 0; i < chart.x.size(); ++i) {
    if (!std::isfinite(series.y[i])) {
      pen_down = false;
      continue;
    }
    const double y = plot.y(std::clamp(chart.y_axis.position(series.y[i]), 0.0, 1.0));
    path += format("{}{:.2f} {:.2f}", pen_down ? "L" : "M", plot.x(chart.x_axis.position(chart.x[i])), y);
    pen_down = true;
  }
  if (!path.empty() && chart.x_names.empty()) html.single("path", {{"d", path}, {"class", format("line {}", series.css_class)}});
  constexpr size_t kDotsUpTo = 15;  // more would hide the line; the invisible ones still carry their tooltip
  const char* radius = chart.x_names.empty() ? "3" : "5";
  for (size_t i = 0; i < chart.x.size(); ++i) {
    if (!std::isfinite(series.y[i])) continue;
    const double x = plot.x(chart.x_axis.position(chart.x[i]));
    const double y = plot.y(std::clamp(chart.y_axis.position(series.y[i]), 0.0, 1.0));
    const std::string css_class = format("{} {}", chart.x.size() > kDotsUpTo ? "hidden-dot" : "dot", series.css_class);
    html.open("circle", {{"cx", coordinate(x)}, {"cy", coordinate(y)}, {"r", radius}, {"class", css_class}});
    html.element("title", {},
                 format("{} {}, {}: {:.5g}{}", chart.x_title, x_text(chart, chart.x[i]), series.name, series.y[i], chart.y_unit))
        .close("circle");
  }
}

/// At most `limit` bytes, cut before a UTF-8 continuation byte, marked by an ellipsis.
std::string shorten(const std::string& text, size_t limit) {
  if (text.size() <= limit) return text;
  size_t end = limit - 1;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end) + "\xe2\x80\xa6";
}

struct ConfusionLayout {
  size_t classes;
  double cell, left, top;
  bool counts_shown, names_turned;
};

ConfusionLayout lay_out(const ConfusionChart& chart) {
  constexpr size_t kCountsUpTo = 16, kNameLimit = 10;
  const size_t classes = chart.counts->size();
  size_t longest = 1;
  for (size_t i = 0; i < classes; ++i) longest = std::max(longest, std::min(chart.class_names[i].size(), kNameLimit));
  const double name_room = 10 + 6.2 * static_cast<double>(longest);
  if (classes > kCountsUpTo) return {classes, 300.0 / static_cast<double>(classes), 18, 18, false, false};
  const bool turned = longest > 3;
  return {classes, 30, 18 + name_room, 18 + (turned ? name_room : 16), true, turned};
}

void add_confusion_names(HtmlBuilder& html, const ConfusionChart& chart, const ConfusionLayout& layout) {
  const double side = layout.cell * static_cast<double>(layout.classes);
  add_text(html, layout.left + side / 2, 11, "middle", "axis-name", "predicted");
  const double middle = layout.top + side / 2;
  html.element("text",
               {{"transform", format("translate(11 {:.2f}) rotate(-90)", middle)}, {"text-anchor", "middle"}, {"class", "axis-name"}},
               "label");
  if (!layout.counts_shown) return;
  for (size_t i = 0; i < layout.classes; ++i) {
    const std::string name = shorten(chart.class_names[i], 10);
    const double center = layout.cell * (static_cast<double>(i) + 0.5);
    add_text(html, layout.left - 6, layout.top + center + 4, "end", "tick", name);
    if (layout.names_turned) {
      const std::string place = format("translate({:.2f} {:.2f}) rotate(-90)", layout.left + center + 4, layout.top - 6);
      html.element("text", {{"transform", place}, {"class", "tick"}}, name);
    } else {
      add_text(html, layout.left + center, layout.top - 6, "middle", "tick", name);
    }
  }
}

void add_confusion_cell(HtmlBuilder& html, const ConfusionChart& chart, const ConfusionLayout& layout, size_t label, size_t prediction,
                        int64_t row_total) {
  const int64_t count = (*chart.counts)[label][prediction];
  if (count == 0) return;
  const bool right = label == prediction;
  // Right answers by their share of the row, kept light; mistakes on a square-root scale, or single ones would be invisible.
  const double share = right ? static_cast<double>(count) / static_cast<double>(std::max<int64_t>(row_total, 1))
                             : std::sqrt(static_cast<double>(count) / static_cast<double>(std::max<int64_t>(chart.largest_miss, 1)));
  const std::string opacity = format("{:.3f}", right ? 0.10 + 0.30 * share : 0.12 + 0.68 * std::min(share, 1.0));
  const double x = layout.left + layout.cell * static_cast<double>(prediction), y = layout.top + layout.cell * static_cast<double>(label);
  const std::string side = coordinate(layout.counts_shown ? layout.cell - 1 : layout.cell);
  html.open("g", {});
  html.element("title", {}, format("{}, predicted {}: {}", chart.class_names[label], chart.class_names[prediction], count));
  html.single("rect", {{"x", coordinate(x)},
                       {"y", coordinate(y)},
                       {"width", side},
                       {"height", side},
                       {"class", right ? "hit" : "miss"},
                       {"fill-opacity", opacity}});
  if (layout.counts_shown) {
    add_text(html, x + (layout.cell - 1) / 2, y + layout.cell / 2 + 3.5, "middle", count > 9999 ? "count small" : "count",
             format("{}", count));
  }
  html.close("g");
}

}  // namespace

void add_interval_track(HtmlBuilder& html, const Axis& axis, const IntervalMark& mark, double reference) {
  html.open("svg", {{"class", "track"}, {"width", "100%"}, {"height", "34"}, {"role", "img"}, {"aria-label", mark.title}});
  html.element("title", {}, mark.title);
  for (const double tick : axis.ticks) {
    const std::string x = track_x(axis, tick);
    html.single("line", {{"x1", x}, {"y1", "0"}, {"x2", x}, {"y2", "34"}, {"class", "grid"}});
  }
  if (std::isfinite(reference)) {
    const std::string x = track_x(axis, reference);
    html.single("line", {{"x1", x}, {"y1", "0"}, {"x2", x}, {"y2", "34"}, {"class", "reference"}});
  }
  if (std::isfinite(mark.low) && std::isfinite(mark.high)) {
    const std::string low = track_x(axis, mark.low), high = track_x(axis, mark.high);
    const std::string whisker = format("whisker {}", mark.family);
    html.single("line", {{"x1", low}, {"y1", "17"}, {"x2", high}, {"y2", "17"}, {"class", whisker}});
    for (const std::string& end : {low, high})
      html.single("line", {{"x1", end}, {"y1", "11"}, {"x2", end}, {"y2", "23"}, {"class", whisker}});
  }
  if (std::isfinite(mark.value)) {
    html.single("circle", {{"cx", track_x(axis, mark.value)}, {"cy", "17"}, {"r", "6"}, {"class", format("dot {}", mark.family)}});
  }
  html.close("svg");
}

void add_span_track(HtmlBuilder& html, const Axis& axis, const SpanMark& mark) {
  html.open("svg", {{"class", "track"}, {"width", "100%"}, {"height", "34"}, {"role", "img"}, {"aria-label", mark.title}});
  html.element("title", {}, mark.title);
  for (const double tick : axis.ticks) {
    const std::string x = track_x(axis, tick);
    html.single("line", {{"x1", x}, {"y1", "0"}, {"x2", x}, {"y2", "34"}, {"class", "grid"}});
  }
  if (std::isfinite(mark.from) && std::isfinite(mark.to)) {
    constexpr double kThinnest = 0.3;  // percent of the width: a step of one image still shows
    const double low = track_percent(axis, std::min(mark.from, mark.to)), high = track_percent(axis, std::max(mark.from, mark.to));
    const std::string width = coordinate(std::max(high - low, kThinnest)) + "%", x = coordinate(low) + "%", end = track_x(axis, mark.to);
    html.single("rect", {{"x", x}, {"y", "9"}, {"width", width}, {"height", "16"}, {"rx", "2"}, {"class", format("span {}", mark.family)}});
    html.single("line", {{"x1", end}, {"y1", "17"}, {"x2", end}, {"y2", "34"}, {"class", "base"}});
  }
  html.close("svg");
}

void add_axis_track(HtmlBuilder& html, const Axis& axis, const std::string& unit) {
  html.open("svg", {{"class", "track"}, {"width", "100%"}, {"height", "24"}, {"aria-hidden", "true"}});
  for (const double tick : axis.ticks) {
    html.element("text", {{"x", track_x(axis, tick)}, {"y", "16"}, {"text-anchor", "middle"}, {"class", "tick"}},
                 axis.tick_text(tick) + unit);
  }
  html.close("svg");
}

void add_bar(HtmlBuilder& html, double share, const char* family, const std::string& title) {
  const std::string width = coordinate(100 * std::clamp(std::isfinite(share) ? share : 0.0, 0.0, 1.0)) + "%";
  html.open("svg", {{"class", "bar-track"}, {"width", "100%"}, {"height", "14"}, {"role", "img"}, {"aria-label", title}});
  html.single("rect", {{"x", "0"}, {"y", "0"}, {"width", "100%"}, {"height", "14"}, {"rx", "3"}, {"class", "bar-ground"}});
  html.single("rect", {{"x", "0"}, {"y", "0"}, {"width", width}, {"height", "14"}, {"rx", "3"}, {"class", format("bar {}", family)}});
  html.close("svg");
}

void add_line_chart(HtmlBuilder& html, const LineChart& chart) {
  if (chart.x.empty()) return;
  Plot plot;
  if (!chart.x_names.empty()) plot.height = 170, plot.bottom = 24;  // no course to show
  open_svg(html, plot.width, plot.height, chart.title);
  add_axes(html, plot, chart);
  for (const Series& series : chart.series) add_series(html, plot, chart, series);
  html.close("svg");
}

void add_confusion(HtmlBuilder& html, const ConfusionChart& chart) {
  const ConfusionLayout layout = lay_out(chart);
  const double side = layout.cell * static_cast<double>(layout.classes);
  open_svg(html, layout.left + side + 2, layout.top + side + 2, chart.title);
  const std::string extent = coordinate(side);
  html.single(
      "rect",
      {{"x", coordinate(layout.left)}, {"y", coordinate(layout.top)}, {"width", extent}, {"height", extent}, {"class", "matrix-ground"}});
  add_confusion_names(html, chart, layout);
  for (size_t label = 0; label < layout.classes; ++label) {
    const std::vector<int64_t>& row = (*chart.counts)[label];
    int64_t row_total = 0;
    for (const int64_t count : row) row_total += count;
    for (size_t prediction = 0; prediction < std::min(row.size(), layout.classes); ++prediction) {
      add_confusion_cell(html, chart, layout, label, prediction, row_total);
    }
  }
  html.close("svg");
}

}  // namespace liteqat::report
