// Where the figures come from: files, stages, data, provenance of every metric, environment.
#include <algorithm>
#include <cmath>

#include "base/format.h"
#include "base/text.h"
#include "report/sections.h"
#include "report/svg_charts.h"
#include "report/words.h"

namespace liteqat::report {
namespace {

constexpr size_t kHashShown = 12;

/// The first characters; the whole hash is the tooltip.
void add_hash(HtmlBuilder& html, const std::string& hash) {
  html.element("code", {{"title", hash}, {"class", "hash"}}, hash.substr(0, kHashShown));
}

void open_table(HtmlBuilder& html, std::initializer_list<std::pair<const char*, bool>> headings) {
  html.open("div", {{"class", "scroll"}}).open("table", {}).open("thead", {}).open("tr", {});
  for (const auto& [heading, numeric] : headings) html.element("th", {{"class", numeric ? "num" : "words"}}, heading);
  html.close("tr").close("thead").open("tbody", {});
}

void close_table(HtmlBuilder& html) {
  html.close("tbody").close("table").close("div");
}

void add_pair(HtmlBuilder& html, const std::string& name, const std::string& value) {
  if (!value.empty()) html.element("dt", {}, name).element("dd", {}, value);
}

std::vector<const results::ModelFile*> ordered_files(const results::Run& run) {
  std::vector<std::string> names;
  for (const results::ModelFile& file : run.models) names.push_back(file.model);
  std::vector<const results::ModelFile*> files;
  for (const std::string& name : order_models(names)) {
    for (const results::ModelFile& file : run.models) {
      const bool taken = std::find(files.begin(), files.end(), &file) != files.end();
      if (file.model == name && !taken) files.push_back(&file);
    }
  }
  return files;
}

}  // namespace

void add_files(HtmlBuilder& html, const results::Run& run) {
  html.element("h2", {}, "Files");
  int64_t largest = 1;
  for (const results::ModelFile& file : run.models) largest = std::max(largest, file.bytes);
  html.open("div", {{"class", "rows bars"}});
  for (const results::ModelFile* file : ordered_files(run)) {
    html.open("div", {{"class", "row"}})
        .open("span", {{"class", "row-name"}})
        .text(file->path)
        .element("small", {}, file->type)
        .close("span");
    const std::string bytes = format("{} bytes", format_count(file->bytes));
    add_bar(html, static_cast<double>(file->bytes) / static_cast<double>(largest), family_of(run, file->model), file->path + ": " + bytes);
    html.open("span", {{"class", "row-figure"}}).text(format_bytes(file->bytes)).element("small", {}, bytes).close("span").close("div");
  }
  html.close("div");
}

void add_stages(HtmlBuilder& html, const results::Run& run) {
  html.element("h2", {}, "Stages");
  double longest = 0;
  for (const results::Stage& stage : run.stages) longest = std::max(longest, std::isfinite(stage.seconds) ? stage.seconds : 0);
  html.open("div", {{"class", "rows bars"}});
  for (const results::Stage& stage : run.stages) {
    html.open("div", {{"class", "row"}}).element("span", {{"class", "row-name"}}, stage.name);
    add_bar(html, longest > 0 ? stage.seconds / longest : 0, "neutral", stage.name + ": " + seconds_text(stage.seconds));
    html.open("span", {{"class", "row-figure"}}).text(seconds_text(stage.seconds));
    const bool known = stage.images_per_second && std::isfinite(*stage.images_per_second) && std::abs(*stage.images_per_second) < 1e15;
    if (known) html.element("small", {}, format("{} images/s", format_count(std::llround(*stage.images_per_second))));
    html.close("span").close("div");
  }
  html.close("div");
}

void add_provenance(HtmlBuilder& html, const results::Run& run) {
  html.element("h2", {}, "Where each figure comes from");
  open_table(html, {{"figure", false},
                    {"correct / total", true},
                    {"model file", false},
                    {"arithmetic", false},
                    {"split", false},
                    {"in run.json", false}});
  for (size_t i = 0; i < run.metrics.size(); ++i) {
    const results::Metric& metric = run.metrics[i];
    const results::ModelFile* file = find_file(run, metric.model);
    html.open("tr", {}).open("th", {{"scope", "row"}}).element("code", {}, metric.id).close("th");
    html.element("td", {{"class", "num"}}, format("{} / {}", format_count(metric.correct), format_count(metric.total))).open("td", {});
    if (file != nullptr) {
      html.element("code", {}, file->path).text(" ");
      if (!file->sha256.empty()) add_hash(html, file->sha256);
      if (!file->description.empty()) html.element("div", {{"class", "soft small"}}, file->description);
      for (const results::FloatLayerRecord& layer : file->float_layers) {
        html.element("div", {{"class", "soft small"}}, format("in float: {} {} ({})", layer.op, layer.name, layer.reason));
      }
    } else {
      html.element("span", {{"class", "soft"}}, "no file in the record");
    }
    html.close("td").element("td", {}, metric.arithmetic).element("td", {}, metric.split);
    html.open("td", {}).element("code", {}, format("metrics[{}]", i)).close("td").close("tr");
  }
  close_table(html);
  if (run.calibration) {
    html.element("p", {},
                 format("Ranges were calibrated on {}; {} of them are among the test images.", run.calibration->rule,
                        format_count(run.calibration->overlap.value_or(0))));
  }
  if (run.data.empty()) return;
  html.element("h3", {}, "Data");
  open_table(html, {{"split", false}, {"images", true}, {"SHA-256", false}});
  for (const results::DataSplit& split : run.data) {
    html.open("tr", {}).element("th", {{"scope", "row"}}, split.name).element("td", {{"class", "num"}}, format_count(split.count));
    html.open("td", {}).element("code", {{"class", "hash wrap"}}, split.sha256).close("td").close("tr");
  }
  close_table(html);
}

void add_environment(HtmlBuilder& html, const results::Run& run) {
  const results::Environment& environment = run.environment;
  html.element("h2", {}, "Environment").open("dl", {});
  add_pair(html, "liteqat", environment.version);
  add_pair(html, "recipe", run.recipe);
  add_pair(html, "recipe hash", run.recipe_hash);
  add_pair(html, "dataset", run.dataset);
  add_pair(html, "seed", format("{}", run.seed));
  add_pair(html, "processor", environment.cpu);
  add_pair(html, "instruction set used", environment.isa);
  add_pair(html, "processor flags", environment.cpu_flags);
  add_pair(html, "threads", format("{}", environment.threads));
  if (environment.ranks > 1) add_pair(html, "ranks", format("{}", environment.ranks));
  for (const auto& [name, version] : environment.libraries) add_pair(html, name, version);
  html.close("dl");
}

}  // namespace liteqat::report
