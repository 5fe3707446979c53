#include "report/evaluation.h"

#include <algorithm>

#include "base/format.h"
#include "base/text.h"
#include "results/verdict.h"

namespace liteqat::report {
namespace {

std::string metric_line(const results::Metric& metric) {
  std::string line = format("{:<28} {:>6}/{:<6} {:.4f}  [{:.4f}, {:.4f}]  {}", metric.id, metric.correct, metric.total, metric.value,
                            metric.interval.low, metric.interval.high, metric.arithmetic);
  if (metric.ties > 0) line += format("  {} ties", metric.ties);
  return line + "\n";
}

std::string class_table(const results::Metric& metric) {
  std::string text = format("\n{} by class (label: right of total)\n", metric.id);
  for (size_t label = 0; label < metric.confusion.size(); ++label) {
    int64_t total = 0;
    for (int64_t count : metric.confusion[label]) total += count;
    text += format("  {:>4}: {:>6} of {:<6}\n", label, metric.confusion[label][label], total);
  }
  return text;
}

}  // namespace

std::string part_lines(const std::vector<results::MetricPart>& parts) {
  size_t width = 26;
  for (const results::MetricPart& part : parts) width = std::max(width, part.name.size());
  std::string text;
  for (const results::MetricPart& part : parts) {
    text += format("  {:<{}} {:>6}/{:<6}", part.name, width, part.correct, part.total);
    text += part.total > 0 ? format(" {:.4f}  [{:.4f}, {:.4f}]\n", part.value, part.interval.low, part.interval.high) : "\n";
  }
  return text;
}

std::string cluster_line(const results::Metric& metric) {
  if (!metric.clusters) return "";
  return format("  design effect {:.2f}: {} images, copies of {} pictures, say as much as {:.0f} independent images\n",
                metric.clusters->design_effect, format_count(metric.total), format_count(metric.clusters->pictures),
                metric.clusters->effective_images);
}

std::string render_evaluation(const results::Evaluation& evaluation, bool by_class) {
  std::string text;
  for (const results::Metric& metric : evaluation.metrics)
    text += metric_line(metric) + part_lines(metric.directories) + part_lines(metric.copies) + cluster_line(metric);
  if (by_class) {
    for (const results::Metric& metric : evaluation.metrics) text += class_table(metric);
  }
  if (!evaluation.findings.empty() || !evaluation.notes.empty()) text += "\n";
  for (const results::Finding& finding : evaluation.findings) {
    text += format("{}: {}\n", finding.subject, finding.summary);
    if (!finding.advice.empty()) text += finding.advice + "\n";
  }
  for (const std::string& note : evaluation.notes) text += note + "\n";
  return text;
}

}  // namespace liteqat::report
