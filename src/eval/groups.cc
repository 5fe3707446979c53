#include "eval/groups.h"

#include <algorithm>

#include "base/check.h"
#include "stats/clusters.h"
#include "stats/intervals.h"

namespace liteqat::eval {
namespace {

constexpr double kLevel = 0.95;

results::MetricPart make_part(const std::string& name, int64_t correct, int64_t total) {
  results::MetricPart part = {.name = name, .correct = correct, .total = total};
  if (total == 0) return part;
  part.value = static_cast<double>(correct) / static_cast<double>(total);
  const stats::Bounds bounds = stats::wilson_interval(correct, total, kLevel);
  part.interval = {.method = "wilson", .level = kLevel, .low = bounds.low, .high = bounds.high};
  return part;
}

results::Interval clustered_interval(const stats::ClusteredProportion& proportion) {
  return {.method = "wilson at the effective number of images",
          .level = kLevel,
          .low = proportion.interval.low,
          .high = proportion.interval.high};
}

}  // namespace

void describe_groups(std::span<const int32_t> classed, std::span<const int32_t> labels, const ImageGroups& groups,
                     results::Metric& metric) {
  LITEQAT_CHECK_EQ(classed.size(), labels.size());
  const auto forms = std::max<int64_t>(1, static_cast<int64_t>(groups.kinds.size()));
  LITEQAT_CHECK_EQ(static_cast<int64_t>(labels.size()), groups.pictures * forms);
  const auto pictures = static_cast<size_t>(groups.pictures);
  std::vector<stats::Cluster> clusters(pictures, {0, forms});
  std::vector<int64_t> by_kind(static_cast<size_t>(forms));
  for (size_t i = 0; i < labels.size(); ++i) {
    const bool right = classed[i] == labels[i];
    clusters[i % pictures].sum += right, by_kind[i / pictures] += right;
  }
  const bool copied = !groups.kinds.empty();
  for (const ImageGroups::Directory& directory : groups.directories) {
    const auto own = std::span(clusters).subspan(static_cast<size_t>(directory.begin), static_cast<size_t>(directory.count));
    int64_t correct = 0;
    for (const stats::Cluster& cluster : own) correct += cluster.sum;
    metric.directories.push_back(make_part(directory.name, correct, directory.count * forms));
    if (copied && own.size() >= 2) metric.directories.back().interval = clustered_interval(stats::clustered_proportion(own, kLevel));
  }
  if (!copied) return;
  for (size_t kind = 0; kind < by_kind.size(); ++kind)
    metric.copies.push_back(make_part(groups.kinds[kind], by_kind[kind], groups.pictures));
  const stats::ClusteredProportion all = stats::clustered_proportion(clusters, kLevel);
  metric.interval = clustered_interval(all);
  metric.clusters = results::ClusterRecord{
      .pictures = groups.pictures, .images_each = forms, .design_effect = all.design_effect, .effective_images = all.effective_total};
}

}  // namespace liteqat::eval
