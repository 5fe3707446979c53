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
  Axis axis = make_axis(epochs, {.intervals = 8, .smallest_span = 1e-3});
  if (epochs.size() == 1) return Axis{.low = epochs[0] - 1, .high = epochs[0] + 1, .step = 1, .ticks = {epochs[0]}};
  if (axis.step < 1) axis = make_axis(epochs, {.intervals = static_cast<int>(epochs.back() - epochs.front()), .smallest_span = 1});
  axis.low = epochs.front();  // the curve starts at the axis, whatever the first round tick is
  axis.high = epochs.back();
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

void add_point_row(HtmlBuilder& html, const results::EpochPoint& point) {
  const auto counted = [](int64_t correct, int64_t total) {
    return total > 0 ? format("{} / {}  ({})", format_count(correct), format_count(total), percent_of(correct, total))
                     : std::string("\xe2\x80\x93");
  };
  html.open("tr", {}).element("th", {{"scope", "row"}, {"class", "num"}}, format("{}", point.epoch));
  html.element("td", {{"class", "num"}}, number_text(point.learning_rate));
  html.element("td", {{"class", "num"}}, number_text(point.train_loss));
  html.element("td", {{"class", "num"}}, counted(point.train_correct, point.train_total));
  html.element("td", {{"class", "num"}}, point.validation_loss ? number_text(*point.validation_loss) : "\xe2\x80\x93");
  html.element("td", {{"class", "num"}}, counted(point.validation_correct, point.validation_total)).close("tr");
}

void add_point_table(HtmlBuilder& html, const results::Curve& curve) {
  const bool folded = curve.points.size() > kTableOpenUpTo;
  if (folded) html.open("details", {}).element("summary", {}, format("All {} epochs as a table", curve.points.size()));
  html.open("div", {{"class", "scroll"}}).open("table", {}).open("thead", {}).open("tr", {});
  for (const char* heading : {"epoch", "learning rate", "training loss", "training correct", "validation loss", "validation correct"}) {
    html.element("th", {{"class", "num"}}, heading);
  }
  html.close("tr").close("thead").open("tbody", {});
  for (const results::EpochPoint& point : curve.points) add_point_row(html, point);
  html.close("tbody").close("table").close("div");
  if (folded) html.close("details");
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
  html.close("h3").open("div", {{"class", "pair"}});
  const Axis epochs = epoch_axis(values.epochs);
  add_chart(html, "Loss",
            {.title = curve.stage + ": loss per epoch",
             .y_unit = "",
             .x_axis = epochs,
             .y_axis = loss,
             .x = values.epochs,
             .series = {{"training", "train", values.train_loss}, {"validation", "validation", values.validation_loss}}});
  add_chart(html, "Accuracy",
            {.title = curve.stage + ": accuracy per epoch",
             .y_unit = " %",
             .x_axis = epochs,
             .y_axis = accuracy,
             .x = values.epochs,
             .series = {{"training", "train", values.train_accuracy}, {"validation", "validation", values.validation_accuracy}}});
  html.close("div");
  add_point_table(html, curve);
}

}  // namespace

void add_training(HtmlBuilder& html, const results::Run& run) {
  html.element("h2", {}, "Training");
  // Stages after the first continue its weights and are there to be compared: they share their axes.
  CurveValues later;
  for (size_t i = 1; i < run.curves.size(); ++i) {
    const CurveValues values = values_of(run.curves[i]);
    later.train_loss = joined(later.train_loss, joined(values.train_loss, values.validation_loss));
    later.train_accuracy = joined(later.train_accuracy, joined(values.train_accuracy, values.validation_accuracy));
  }
  const AxisRequest accuracy_request = {.intervals = 4, .floor = 0, .ceiling = 100, .smallest_span = 0.01};
  for (size_t i = 0; i < run.curves.size(); ++i) {
    if (run.curves[i].points.empty()) continue;
    const CurveValues own = values_of(run.curves[i]);
    const Axis loss = loss_axis(i == 0 ? joined(own.train_loss, own.validation_loss) : later.train_loss);
    const Axis accuracy = make_axis(i == 0 ? joined(own.train_accuracy, own.validation_accuracy) : later.train_accuracy, accuracy_request);
    add_curve(html, run.curves[i], loss, accuracy);
  }
  html.element(
      "p", {{"class", "note"}},
      "Training figures are means over the epoch while the weights were still changing; validation figures are taken at its end. The "
      "axes are zoomed to the data.");
}

}  // namespace liteqat::report
