#include "audit/compare/copies.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/check.h"
#include "stats/clusters.h"

namespace liteqat::audit {
namespace {

using Clusters = std::vector<stats::Cluster>;

void set_interval(const Clusters& right, double level, results::ComparedModel& model) {
  const stats::ClusteredProportion proportion = stats::clustered_proportion(right, level);
  model.interval = {.method = "wilson at the effective number of images",
                    .level = level,
                    .low = proportion.interval.low,
                    .high = proportion.interval.high};
  model.interval_exact.reset();
}

}  // namespace

void test_copies(const Answers& a, const Answers& b, std::span<const int32_t> labels, const CompareOptions& options,
                 results::PairComparison& pair) {
  const auto pictures = static_cast<size_t>(options.pictures);
  LITEQAT_CHECK(pictures >= 2 && labels.size() % pictures == 0);
  const auto forms = static_cast<int64_t>(labels.size() / pictures);
  Clusters right_a(pictures, {0, forms}), right_b = right_a, less = right_a;
  for (size_t i = 0; i < labels.size(); ++i) {
    const bool in_a = a.classed[i] == labels[i], in_b = b.classed[i] == labels[i];
    right_a[i % pictures].sum += in_a, right_b[i % pictures].sum += in_b;
    less[i % pictures].sum += static_cast<int64_t>(in_a) - static_cast<int64_t>(in_b);
  }
  set_interval(right_a, options.level, pair.a);
  set_interval(right_b, options.level, pair.b);
  const stats::ClusteredDifference difference = stats::clustered_difference(less, options.level, options.margin);
  pair.difference_interval = {
      .method = "student's t on pictures", .level = options.level, .low = difference.interval.low, .high = difference.interval.high};
  pair.p_exact = pair.p_mid = pair.p_holm = difference.p;
  pair.equivalence_p = difference.equivalence_p;
  pair.smallest_gap = stats::smallest_clustered_gap(difference.mean, {});
  pair.images_needed = stats::clusters_needed(difference.mean, pair.gap_asked, {});
  pair.images_needed_unpaired.reset();  // another set would have copies of its own
  pair.clusters = results::ClusterComparison{.pictures = options.pictures, .images_each = forms, .p = difference.p};
}

}  // namespace liteqat::audit
