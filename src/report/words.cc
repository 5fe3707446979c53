#include "report/words.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/format.h"
#include "base/text.h"

namespace liteqat::report {
namespace {

constexpr std::array kOrder = {"float", "float_control", "qat", "float32", "float16", "ptq_int8", "qat_int8"};

size_t rank_of(const std::string& model) {
  return static_cast<size_t>(std::find(kOrder.begin(), kOrder.end(), model) - kOrder.begin());
}

int percent_decimals(int64_t total) {
  int decimals = 2;
  for (int64_t supported = 10000; supported < total && decimals < 9; supported *= 10) ++decimals;
  return decimals;
}

bool contains(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

std::string percent(double fraction, int64_t total) {
  if (!std::isfinite(fraction)) return "n/a";
  return format("{:.{}f} %", 100 * fraction, percent_decimals(total));
}

std::string percent_of(int64_t part, int64_t total) {
  return total > 0 ? percent(static_cast<double>(part) / static_cast<double>(total), total) : "n/a";
}

std::string percent_range(const results::Interval& interval, int64_t total, const char* between) {
  if (!std::isfinite(interval.low) || !std::isfinite(interval.high)) return "n/a";
  return format("{:.{}f}{}{}", 100 * interval.low, percent_decimals(total), between, percent(interval.high, total));
}

std::string level_text(double level) {
  return std::isfinite(level) ? format("{:.6g} %", 100 * level) : "n/a";
}

std::string method_text(const std::string& method) {
  return method == "wilson" ? "Wilson" : method;
}

std::string number_text(double value) {
  return std::isfinite(value) ? format("{:.4g}", value) : "n/a";
}

std::string seconds_text(double seconds) {
  if (!std::isfinite(seconds)) return "n/a";
  if (seconds < 10) return format("{:.2f} s", seconds);
  if (seconds < 300) return format("{:.1f} s", seconds);
  if (seconds > 1e15) return format("{:.3g} s", seconds);
  const auto whole = static_cast<int64_t>(std::llround(seconds));
  if (whole < 3600) return format("{} min {:02} s", whole / 60, whole % 60);
  const int64_t minutes = (whole + 30) / 60;
  return format("{} h {:02} min", minutes / 60, minutes % 60);
}

std::string class_name(const results::Run& run, int64_t index) {
  const bool named = index >= 0 && index < static_cast<int64_t>(run.class_names.size());
  return named ? run.class_names[static_cast<size_t>(index)] : format("{}", index);
}

std::vector<std::string> order_models(const std::vector<std::string>& models) {
  std::vector<std::string> ordered = models;
  std::stable_sort(ordered.begin(), ordered.end(), [](const auto& a, const auto& b) { return rank_of(a) < rank_of(b); });
  return ordered;
}

std::vector<const results::Metric*> metrics_of_split(const results::Run& run, const std::string& split) {
  std::vector<const results::Metric*> metrics;
  for (const results::Metric& metric : run.metrics) {
    if (metric.split == split) metrics.push_back(&metric);
  }
  std::stable_sort(metrics.begin(), metrics.end(), [](const auto* a, const auto* b) { return rank_of(a->model) < rank_of(b->model); });
  return metrics;
}

std::vector<std::string> splits_with_metrics(const results::Run& run) {
  std::vector<std::string> splits;
  for (const results::Metric& metric : run.metrics) {
    if (std::find(splits.begin(), splits.end(), metric.split) == splits.end()) splits.push_back(metric.split);
  }
  std::stable_partition(splits.begin(), splits.end(), [](const std::string& split) { return split == kShownSplit; });
  return splits;
}

std::string metric_label(const results::Run& run, const results::Metric& metric) {
  for (const results::Metric& other : run.metrics) {
    if (&other != &metric && other.model == metric.model && other.split == metric.split)
      return metric.model + " (" + metric.arithmetic + ")";
  }
  return metric.model;
}

const results::ModelFile* find_file(const results::Run& run, const std::string& model) {
  for (const results::ModelFile& file : run.models) {
    if (file.model == model) return &file;
  }
  return nullptr;
}

const char* family_of(const results::Run& run, const std::string& model) {
  if (model == "qat") return "fake_quant";
  const results::ModelFile* file = find_file(run, model);
  const bool integer = file != nullptr && !file->type.empty() ? contains(file->type, "int") : contains(model, "int8");
  return integer ? "integer" : "float";
}

const results::Metric* headline_metric(const results::Run& run) {
  const std::vector<std::string> splits = splits_with_metrics(run);
  if (splits.empty()) return nullptr;
  const auto metrics = metrics_of_split(run, splits.front());
  for (const char* wanted : {"qat_int8", "ptq_int8"}) {
    for (const results::Metric* metric : metrics) {
      if (metric->model == wanted) return metric;
    }
  }
  return metrics.back();
}

std::vector<std::string> evidence_words(const results::Finding& finding) {
  constexpr size_t kShown = 16;  // of a list
  std::vector<std::string> items;
  for (const auto& [key, count] : finding.counts) {
    items.push_back(format("{} = {} of {}", key, format_count(count.correct), format_count(count.total)));
  }
  for (const auto& [key, value] : finding.evidence) items.push_back(format("{} = {:.10g}", key, value));
  for (const auto& [key, word] : finding.words) items.push_back(format("{} = {}", key, word));
  for (const auto& [key, values] : finding.lists) {
    std::string text;
    for (size_t i = 0; i < std::min(values.size(), kShown); ++i) text += format("{}{}", i ? ", " : "", values[i]);
    if (values.size() > kShown) text += format(", ... ({} in all)", values.size());
    items.push_back(format("{} = {}", key, text));
  }
  return items;
}

}  // namespace liteqat::report
