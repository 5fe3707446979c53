// Masthead, findings, and the accuracies with their intervals.
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/format.h"
#include "base/text.h"
#include "report/sections.h"
#include "report/svg_charts.h"
#include "report/words.h"
#include "results/verdict.h"

namespace liteqat::report {
namespace {

constexpr const char* kDash = " \xe2\x80\x93 ";

std::string of_images(const results::Metric& metric) {
  return format("{} of {}", format_count(metric.correct), format_count(metric.total));
}

std::string headline(const results::Run& run, const results::Metric& metric) {
  std::string text =
      format("{} classifies {} {} images correctly: {} ({} interval {})", metric_label(run, metric), of_images(metric), metric.split,
             percent(metric.value, metric.total), level_text(metric.interval.level), percent_range(metric.interval, metric.total, " to "));
  if (const results::ModelFile* file = find_file(run, metric.model)) text += format(", in a file of {}", format_bytes(file->bytes));
  text += ".";
  if (metric.agreement && metric.agreement_with != metric.model) {
    text += format(" It gives {} images the same class as {}.", format_count(*metric.agreement), metric.agreement_with);
  }
  return text;
}

void add_tile(HtmlBuilder& html, const std::string& name, const std::string& figure, const std::string& note) {
  html.open("div", {{"class", "tile"}});
  html.element("div", {{"class", "tile-name"}}, name);
  html.element("div", {{"class", "tile-figure"}}, figure);
  html.element("div", {{"class", "tile-note"}}, note);
  html.close("div");
}

void add_tiles(HtmlBuilder& html, const results::Run& run, const results::Metric& metric) {
  html.open("div", {{"class", "tiles"}});
  add_tile(html, "Accuracy of " + metric_label(run, metric), percent(metric.value, metric.total), of_images(metric) + " images");
  const auto metrics = metrics_of_split(run, metric.split);
  if (metrics.front() != &metric) {
    const results::Metric& first = *metrics.front();
    add_tile(html, "Accuracy of " + metric_label(run, first), percent(first.value, first.total), of_images(first) + " images");
  }
  if (metric.agreement && metric.agreement_with != metric.model) {
    add_tile(html, "Same class as " + metric.agreement_with, percent_of(*metric.agreement, metric.total),
             format("{} of {} images", format_count(*metric.agreement), format_count(metric.total)));
  }
  if (const results::ModelFile* file = find_file(run, metric.model)) {
    const results::ModelFile* float_file = find_file(run, "float32");
    const bool compare = float_file != nullptr && float_file != file;
    add_tile(html, "File size of " + metric.model, format_bytes(file->bytes),
             compare ? format("float32: {}", format_bytes(float_file->bytes)) : format("{} bytes", format_count(file->bytes)));
  }
  html.close("div");
}

Axis accuracy_axis(const std::vector<const results::Metric*>& metrics) {
  std::vector<double> values;
  for (const results::Metric* metric : metrics) {
    for (const double value : {metric->interval.low, metric->interval.high, metric->value}) values.push_back(100 * value);
  }
  return make_axis(values, {.intervals = 5, .floor = 0, .ceiling = 100, .smallest_span = 0.01});
}

const results::Metric* find_metric(const std::vector<const results::Metric*>& metrics, const char* model) {
  for (const results::Metric* metric : metrics) {
    if (metric->model == model) return metric;
  }
  return nullptr;
}

void add_key(HtmlBuilder& html, const std::string& swatch, const char* words) {
  html.open("span", {{"class", "key"}}).element("i", {{"class", swatch}}, "").text(words).close("span");
}

void add_accuracy_chart(HtmlBuilder& html, const results::Run& run, const std::vector<const results::Metric*>& metrics) {
  const Axis axis = accuracy_axis(metrics);
  const results::Metric* reference = find_metric(metrics, "float");
  html.open("figure", {{"class", "rows dots"}});
  for (const results::Metric* metric : metrics) {
    html.open("div", {{"class", "row"}});
    html.element("span", {{"class", "row-name"}}, metric_label(run, *metric));
    const std::string title = format("{}: {}, {} interval {}", metric_label(run, *metric), percent(metric->value, metric->total),
                                     level_text(metric->interval.level), percent_range(metric->interval, metric->total, kDash));
    add_interval_track(html, axis,
                       {.low = 100 * metric->interval.low,
                        .high = 100 * metric->interval.high,
                        .value = 100 * metric->value,
                        .family = family_of(run, metric->model),
                        .title = title},
                       reference != nullptr ? 100 * reference->value : std::numeric_limits<double>::quiet_NaN());
    html.element("span", {{"class", "row-figure"}}, percent(metric->value, metric->total)).close("div");
  }
  html.open("div", {{"class", "row row-axis"}}).element("span", {}, "");
  add_axis_track(html, axis, " %");
  html.element("span", {}, "").close("div");
  html.open("figcaption", {});
  for (const auto& [family, words] :
       {std::pair("float", "evaluated in float"), {"fake_quant", "fake-quantized, evaluated in float"}, {"integer", "integer file"}}) {
    const bool used = std::any_of(metrics.begin(), metrics.end(), [&run, family = std::string(family)](const results::Metric* metric) {
      return family_of(run, metric->model) == family;
    });
    if (used) add_key(html, format("swatch {}", family), words);
  }
  if (reference != nullptr) add_key(html, "swatch-reference", "float");
  html.element("span", {{"class", "note"}},
               format("Dot: accuracy; whisker: {} {} interval. The axis shows {} to {} %, not the whole range.",
                      level_text(metrics.front()->interval.level), method_text(metrics.front()->interval.method), axis.tick_text(axis.low),
                      axis.tick_text(axis.high)));
  html.close("figcaption").close("figure");
}

void add_accuracy_table(HtmlBuilder& html, const results::Run& run, const std::vector<const results::Metric*>& metrics) {
  std::string reference = "float";
  for (const results::Metric* metric : metrics) {
    if (metric->agreement) reference = metric->agreement_with;
  }
  html.open("div", {{"class", "scroll"}}).open("table", {}).open("thead", {}).open("tr", {});
  html.element("th", {}, "model");
  const std::string interval = level_text(metrics.front()->interval.level) + " interval";
  for (const std::string& heading : {std::string("correct / total"), std::string("accuracy"), interval, "same class as " + reference,
                                     std::string("ties"), std::string("file size")}) {
    html.element("th", {{"class", "num"}}, heading);
  }
  html.close("tr").close("thead").open("tbody", {});
  for (const results::Metric* metric : metrics) {
    const results::ModelFile* file = find_file(run, metric->model);
    html.open("tr", {}).open("th", {{"scope", "row"}});
    html.element("i", {{"class", format("swatch {}", family_of(run, metric->model))}}, "").text(metric_label(run, *metric)).close("th");
    html.element("td", {{"class", "num"}}, format("{} / {}", format_count(metric->correct), format_count(metric->total)));
    html.element("td", {{"class", "num strong"}}, percent(metric->value, metric->total));
    html.element("td", {{"class", "num"}}, percent_range(metric->interval, metric->total, kDash));
    html.open("td", {{"class", "num"}});
    if (metric->agreement) {
      html.text(format_count(*metric->agreement))
          .element("span", {{"class", "soft"}}, format(" ({})", percent_of(*metric->agreement, metric->total)));
    } else {
      html.text("\xe2\x80\x93");
    }
    html.close("td").element("td", {{"class", "num"}}, format_count(metric->ties));
    html.element("td", {{"class", "num"}}, file != nullptr ? format_bytes(file->bytes) : "\xe2\x80\x93").close("tr");
  }
  html.close("tbody").close("table").close("div");
}

}  // namespace

void add_masthead(HtmlBuilder& html, const results::Run& run) {
  html.element("p", {{"class", "eyebrow"}}, "liteqat run report");
  html.open("h1", {}).text(run.recipe.empty() ? "unnamed recipe" : run.recipe);
  if (!run.dataset.empty()) html.element("span", {{"class", "on"}}, " on " + run.dataset);
  html.close("h1");
  const results::Metric* metric = headline_metric(run);
  html.element("p", {{"class", "headline"}}, metric != nullptr ? headline(run, *metric) : "This record has no accuracy yet.");
  if (metric != nullptr) add_tiles(html, run, *metric);
}

void add_accuracy(HtmlBuilder& html, const results::Run& run) {
  html.element("h2", {}, "Accuracy");
  for (const std::string& split : splits_with_metrics(run)) {
    const auto metrics = metrics_of_split(run, split);
    html.element("h3", {}, format("{} split, {} images", split, format_count(metrics.front()->total)));
    add_accuracy_chart(html, run, metrics);
    add_accuracy_table(html, run, metrics);
  }
  html.element(
      "p", {{"class", "note"}},
      "A prediction is the first class with the largest raw score; ties counts the images whose largest score is shared. Every figure "
      "carries the number of images behind it.");
}

}  // namespace liteqat::report
