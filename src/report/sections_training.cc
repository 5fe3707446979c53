// Training curves: loss and accuracy per epoch, training and validation, stage by stage.
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/format.h"
#include "base/text.h"
#include "report/sections.h"
#include "report/svg_charts.h"
#include "report/words.h"

namespace liteqat::report {
namespace {

constexpr double kNoPoint = std::numeric_limits<double>::quiet_NaN();
constexpr size_t kTableOpenUpTo = 3;  // epochs; a longer table starts folded

const AxisRequest kAccuracyRequest = {.intervals = 4, .floor = 0, .ceiling = 100, .smallest_span = 0.01};

double accuracy_percent(int64_t correct, int64_t total) {
  return total > 0 ? 100 * static_cast<double>(correct) / static_cast<double>(total) : kNoPoint;
}

struct CurveValues {
  std::vector<double> epochs, train_loss, validation_loss, train_accuracy, validation_accuracy;
};

CurveValues values_of(const results::Curve& curve) {
  CurveValues values;
  for (const results::EpochPoint& point : curve.points) {
    values.epochs.push_back(point.epoch);
    values.train_loss.push_back(point.train_loss);
    values.validation_loss.push_back(point.validation_loss.value_or(kNoPoint));
    values.train_accuracy.push_back(accuracy_percent(point.train_correct, point.train_total));
    values.validation_accuracy.push_back(accuracy_percent(point.validation_correct, point.validation_total));
  }
  return values;
}

std::vector<double> joined(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> all = a;
  all.insert(all.end(), b.begin(), b.end());
  return all;
}

void append(CurveValues& all, const CurveValues& more) {
  all.epochs = joined(all.epochs, more.epochs);
  all.train_loss = joined(all.train_loss, more.train_loss);
  all.validation_loss = joined(all.validation_loss, more.validation_loss);
  all.train_accuracy = joined(all.train_accuracy, more.train_accuracy);
  all.validation_accuracy = joined(all.validation_accuracy, more.validation_accuracy);
}

/// From zero unless that would press the curve into the upper half.
Axis loss_axis(std::vector<double> values) {
  double low = INFINITY, high = -INFINITY;
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  if (low >= 0 && low < high / 2) values.push_back(0);
  return make_axis(values, {.intervals = 4, .smallest_span = 1e-3});
}

Axis epoch_axis(const std::vector<double>& epochs) {
  const auto [first, last] = std::minmax_element(epochs.begin(), epochs.end());
  if (*first == *last) return Axis{.low = *first - 1, .high = *first + 1, .step = 1, .ticks = {*first}};
  Axis axis = make_axis(epochs, {.intervals = std::min(8, static_cast<int>(*last - *first)), .smallest_span = 1});
  axis.low = *first;  // the curve starts at the edge, whatever the first round tick is
  axis.high = *last;
  return axis;
}

/// One place for each of `count` stages.
Axis stage_axis(size_t count) {
  Axis axis;
  axis.low = 0.5;
  axis.high = static_cast<double>(count) + 0.5;
  for (size_t i = 1; i <= count; ++i) axis.ticks.push_back(static_cast<double>(i));
  return axis;
}

void add_chart(HtmlBuilder& html, const std::string& heading, const LineChart& chart) {
  html.open("figure", {}).open("figcaption", {}).element("span", {{"class", "chart-title"}}, heading);
  for (const Series& series : chart.series) {
    const bool any = std::any_of(series.y.begin(), series.y.end(), [](double y) { return std::isfinite(y); });
    if (!any) continue;
    html.open("span", {{"class", "key"}})
        .element("i", {{"class", format("swatch {}", series.css_class)}}, "")
        .text(series.name)
        .close("span");
  }
  html.close("figcaption");
  add_line_chart(html, chart);
  html.close("figure");
}

void open_point_table(HtmlBuilder& html, const char* first_heading) {
  html.open("div", {{"class", "scroll"}}).open("table", {}).open("thead", {}).open("tr", {}).element("th", {}, first_heading);
  for (const char* heading : {"learning rate", "training loss", "training correct", "validation loss", "validation correct"}) {
    html.element("th", {{"class", "num"}}, heading);
  }
  html.close("tr").close("thead").open("tbody", {});
}

void add_point_row(HtmlBuilder& html, const std::string& name, const results::EpochPoint& point) {
  const auto counted = [](int64_t correct, int64_t total) {
    return total > 0 ? format("{} / {}  ({})", format_count(correct), format_count(total), percent_of(correct, total))
                     : std::string("\xe2\x80\x93");
  };
  html.open("tr", {}).element("th", {{"scope", "row"}}, name);
  html.element("td", {{"class", "num"}}, number_text(point.learning_rate));
  html.element("td", {{"class", "num"}}, number_text(point.train_loss));
  html.element("td", {{"class", "num"}}, counted(point.train_correct, point.train_total));
  html.element("td", {{"class", "num"}}, point.validation_loss ? number_text(*point.validation_loss) : "\xe2\x80\x93");
  html.element("td", {{"class", "num"}}, counted(point.validation_correct, point.validation_total)).close("tr");
}

void close_point_table(HtmlBuilder& html) {
  html.close("tbody").close("table").close("div");
}

void add_point_table(HtmlBuilder& html, const results::Curve& curve) {
  const bool folded = curve.points.size() > kTableOpenUpTo;
  if (folded) html.open("details", {}).element("summary", {}, format("All {} epochs as a table", curve.points.size()));
  open_point_table(html, "epoch");
  for (const results::EpochPoint& point : curve.points) add_point_row(html, format("{}", point.epoch), point);
  close_point_table(html);
  if (folded) html.close("details");
}

void add_chart_pair(HtmlBuilder& html, LineChart chart, const CurveValues& values, const Axis& loss, const Axis& accuracy) {
  const std::string title = chart.title;
  html.open("div", {{"class", "pair"}});
  chart.title = title + ": loss";
  chart.y_axis = loss;
  chart.series = {{"training", "train", values.train_loss}, {"validation", "validation", values.validation_loss}};
  add_chart(html, "Loss", chart);
  chart.title = title + ": accuracy";
  chart.y_axis = accuracy;
  chart.y_unit = " %";
  chart.series = {{"training", "train", values.train_accuracy}, {"validation", "validation", values.validation_accuracy}};
  add_chart(html, "Accuracy", chart);
  html.close("div");
}

std::string stage_words(const std::string& stage) {
  if (stage == "float") return "float training";
  if (stage == "qat") return "quantization-aware training";
  if (stage == "float_control") return "float control: as many extra steps, no fake quantization";
  return stage;
}

void add_curve(HtmlBuilder& html, const results::Curve& curve, const Axis& loss, const Axis& accuracy) {
  const CurveValues values = values_of(curve);
  html.open("h3", {}).element("code", {}, curve.stage);
  const std::string words = stage_words(curve.stage);
  if (words != curve.stage) html.element("span", {{"class", "soft"}}, "  " + words);
  html.close("h3");
  LineChart chart;
  chart.title = curve.stage;
  chart.x_title = "epoch";
  chart.x_axis = epoch_axis(values.epochs);
  chart.x = values.epochs;
  add_chart_pair(html, chart, values, loss, accuracy);
  add_point_table(html, curve);
}

/// A run whose stages are single epochs has no courses to draw: one pair of charts with the stages side by side, one table.
void add_single_epochs(HtmlBuilder& html, const std::vector<results::Curve>& curves) {
  CurveValues values;
  LineChart chart;
  chart.title = "all stages";
  chart.x_title = "stage";
  chart.x_axis = stage_axis(curves.size());
  for (const results::Curve& curve : curves) {
    const CurveValues own = values_of(curve);
    append(values, own);
    chart.x.push_back(static_cast<double>(chart.x.size() + 1));
    chart.x_names.push_back(curve.stage);
  }
  const Axis loss = loss_axis(joined(values.train_loss, values.validation_loss));
  const Axis accuracy = make_axis(joined(values.train_accuracy, values.validation_accuracy), kAccuracyRequest);
  add_chart_pair(html, chart, values, loss, accuracy);
  open_point_table(html, "stage");
  for (const results::Curve& curve : curves) add_point_row(html, curve.stage, curve.points.front());
  close_point_table(html);
}

}  // namespace

void add_training(HtmlBuilder& html, const results::Run& run) {
  html.element("h2", {}, "Training");
  std::vector<results::Curve> curves = run.curves;
  std::erase_if(curves, [](const results::Curve& curve) { return curve.points.empty(); });
  const bool single = std::all_of(curves.begin(), curves.end(), [](const results::Curve& curve) { return curve.points.size() == 1; });
  if (single) {
    add_single_epochs(html, curves);
  } else {
    // Stages after the first continue its weights and are there to be compared: they share their axes.
    CurveValues later;
    for (size_t i = 1; i < curves.size(); ++i) append(later, values_of(curves[i]));
    for (size_t i = 0; i < curves.size(); ++i) {
      const CurveValues shown = i == 0 ? values_of(curves[i]) : later;
      const Axis loss = loss_axis(joined(shown.train_loss, shown.validation_loss));
      add_curve(html, curves[i], loss, make_axis(joined(shown.train_accuracy, shown.validation_accuracy), kAccuracyRequest));
    }
  }
  html.element(
      "p", {{"class", "note"}},
      "Training figures are means over the epoch while the weights were still changing; validation figures are taken at its end. The "
      "axes are zoomed to the data.");
}

}  // namespace liteqat::report
