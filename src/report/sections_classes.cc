// What happens class by class and image by image: confusion matrices, recall, and the images on which the models disagree.
#include <algorithm>
#include <limits>

#include "base/format.h"
#include "base/text.h"
#include "report/png.h"
#include "report/sections.h"
#include "report/svg_charts.h"
#include "report/words.h"
#include "results/base64.h"

namespace liteqat::report {
namespace {

int64_t largest_miss(const std::vector<const results::Metric*>& metrics) {
  int64_t largest = 1;
  for (const results::Metric* metric : metrics) {
    for (size_t label = 0; label < metric->confusion.size(); ++label) {
      for (size_t prediction = 0; prediction < metric->confusion[label].size(); ++prediction) {
        if (label != prediction) largest = std::max(largest, metric->confusion[label][prediction]);
      }
    }
  }
  return largest;
}

/// Correct and total images of one label.
std::pair<int64_t, int64_t> recall_counts(const results::Metric& metric, size_t label) {
  if (label >= metric.confusion.size()) return {0, 0};
  const std::vector<int64_t>& row = metric.confusion[label];
  int64_t total = 0;
  for (const int64_t count : row) total += count;
  return {label < row.size() ? row[label] : 0, total};
}

/// Fewest and most missed images of a class, over all models.
struct MissedRange {
  int64_t fewest = std::numeric_limits<int64_t>::max(), most = 0;
};

void add_recall_cell(HtmlBuilder& html, int64_t correct, int64_t total, const MissedRange& range) {
  // Five steps of tint by missed images, so that the weak classes stand out without a second table.
  const double share =
      static_cast<double>(total - correct - range.fewest) / static_cast<double>(std::max<int64_t>(range.most - range.fewest, 1));
  html.open("td", {{"class", format("num tint{}", std::clamp(static_cast<int>(5 * share), 0, 4))}});
  html.element("span", {{"class", "recall"}}, percent_of(correct, total));
  html.element("span", {{"class", "recall-count"}}, format("{} / {}", format_count(correct), format_count(total))).close("td");
}

struct Group {
  int32_t prediction;
  std::vector<std::string> models;
};

/// Models with the same answer together, in the order of models.
std::vector<Group> group_predictions(const results::Disagreement& image) {
  std::vector<std::string> models;
  for (const auto& [model, prediction] : image.predictions) models.push_back(model);
  std::vector<Group> groups;
  for (const std::string& model : order_models(models)) {
    const int32_t prediction = image.predictions.at(model);
    const auto same =
        std::find_if(groups.begin(), groups.end(), [prediction](const Group& group) { return group.prediction == prediction; });
    if (same != groups.end()) {
      same->models.push_back(model);
    } else {
      groups.push_back({prediction, {model}});
    }
  }
  return groups;
}

void add_disagreement(HtmlBuilder& html, const results::Run& run, const results::Disagreement& image) {
  html.open("figure", {{"class", "image-card"}});
  if (const auto png = encode_png(image.pixels, image.height, image.width, image.channels)) {
    const std::string label = format("image {}, label {}", image.index, class_name(run, image.label));
    html.single("img", {{"src", "data:image/png;base64," + results::encode_base64(*png)}, {"alt", label}, {"class", "pixels"}});
  } else {
    html.element("span", {{"class", "pixels"}}, "no pixels");
  }
  html.open("figcaption", {}).open("p", {{"class", "image-head"}});
  html.text("label ").element("strong", {}, class_name(run, image.label));
  html.element("span", {{"class", "soft"}}, format(" \xc2\xb7 image {}", image.index)).close("p");
  for (const Group& group : group_predictions(image)) {
    html.open("p", {{"class", "answer"}});
    html.element("span", {{"class", group.prediction == image.label ? "chip right" : "chip wrong"}}, class_name(run, group.prediction));
    html.element("span", {{"class", "soft"}}, join(group.models, ", ")).close("p");
  }
  html.close("figcaption").close("figure");
}

}  // namespace

std::vector<const results::Metric*> confusion_metrics(const results::Run& run) {
  for (const std::string& split : splits_with_metrics(run)) {
    std::vector<const results::Metric*> metrics = metrics_of_split(run, split);
    std::erase_if(metrics, [](const results::Metric* metric) { return metric->confusion.empty(); });
    if (!metrics.empty()) return metrics;
  }
  return {};
}

void add_confusions(HtmlBuilder& html, const results::Run& run) {
  const auto metrics = confusion_metrics(run);
  html.element("h2", {}, "Confusion");
  html.element(
      "p", {{"class", "note"}},
      format("Rows are labels, columns predictions, on the {} split. Mistakes share one colour scale over all matrices (square root, up "
             "to {} images); right answers are tinted by their share of the row; empty cells are zero.",
             metrics.front()->split, format_count(largest_miss(metrics))));
  html.open("div", {{"class", "matrices"}});
  for (const results::Metric* metric : metrics) {
    ConfusionChart chart{.title = "Confusion matrix of " + metric_label(run, *metric),
                         .counts = &metric->confusion,
                         .class_names = {},
                         .largest_miss = largest_miss(metrics)};
    for (size_t i = 0; i < metric->confusion.size(); ++i) chart.class_names.push_back(class_name(run, static_cast<int64_t>(i)));
    html.open("figure", {}).open("figcaption", {}).element("span", {{"class", "chart-title"}}, metric_label(run, *metric));
    html.element("span", {{"class", "soft"}}, format("{} wrong", format_count(metric->total - metric->correct))).close("figcaption");
    add_confusion(html, chart);
    html.close("figure");
  }
  html.close("div");
}

void add_classes(HtmlBuilder& html, const results::Run& run) {
  const auto metrics = confusion_metrics(run);
  size_t classes = 0;
  MissedRange range;
  for (const results::Metric* metric : metrics) {
    classes = std::max(classes, metric->confusion.size());
    for (size_t label = 0; label < metric->confusion.size(); ++label) {
      const auto [correct, total] = recall_counts(*metric, label);
      range.fewest = std::min(range.fewest, total - correct);
      range.most = std::max(range.most, total - correct);
    }
  }
  html.element("h2", {}, "Classes");
  html.element("p", {{"class", "note"}},
               format("Recall on the {} split: images of the class that were given this class, of all images of the "
                      "class. The tint runs from the fewest missed images to the most.",
                      metrics.front()->split));
  html.open("div", {{"class", "scroll"}}).open("table", {{"class", "classes"}}).open("thead", {}).open("tr", {}).element("th", {}, "class");
  for (const results::Metric* metric : metrics) html.element("th", {{"class", "num"}}, metric_label(run, *metric));
  html.close("tr").close("thead").open("tbody", {});
  for (size_t label = 0; label < classes; ++label) {
    html.open("tr", {}).element("th", {{"scope", "row"}}, class_name(run, static_cast<int64_t>(label)));
    for (const results::Metric* metric : metrics) {
      const auto [correct, total] = recall_counts(*metric, label);
      add_recall_cell(html, correct, total, range);
    }
    html.close("tr");
  }
  html.close("tbody").close("table").close("div");
}

void add_disagreements(HtmlBuilder& html, const results::Run& run) {
  html.element("h2", {}, "Images the models disagree on");
  html.open("p", {{"class", "note"}}).text(format("The first {} in file order, with their label. ", run.disagreements.size()));
  html.element("span", {{"class", "chip right"}}, "filled").text(" is the label, ");
  html.element("span", {{"class", "chip wrong"}}, "outlined").text(" another class.").close("p");
  html.open("div", {{"class", "images"}});
  for (const results::Disagreement& image : run.disagreements) add_disagreement(html, run, image);
  html.close("div");
}

}  // namespace liteqat::report
