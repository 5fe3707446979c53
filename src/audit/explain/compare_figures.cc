#include "audit/explain/compare_figures.h"

#include <algorithm>

#include "base/format.h"
#include "stats/comparisons.h"
#include "stats/images_needed.h"
#include "stats/mcnemar_limit.h"

namespace liteqat::audit {
namespace {

constexpr size_t kAllPairs = 12;  // figures of which all 66 pairs are compared
constexpr size_t kMostPairs = 200;
constexpr double kPower = 0.8;

int64_t middle(const Comparable& one) {
  return one.counts.low + (one.counts.high - one.counts.low) / 2;
}

results::FigureComparison compare_pair(const Comparable& a, const Comparable& b) {
  const int64_t correct_a = middle(a), correct_b = middle(b);
  const double share_a = static_cast<double>(correct_a) / static_cast<double>(a.total);
  const double share_b = static_cast<double>(correct_b) / static_cast<double>(b.total);
  const stats::ZTest test = stats::two_proportion_z(correct_a, a.total, correct_b, b.total);
  results::FigureComparison comparison{a.figure->label, b.figure->label, share_a - share_b, test.z, test.p};
  if (a.total == b.total)
    comparison.significant_below_discordant = stats::largest_significant_discordance(correct_a, correct_b, a.total, kAlpha);
  comparison.images_needed = stats::images_needed_unpaired(share_a, share_b, kAlpha, kPower);
  if (comparison.images_needed) comparison.images_more = std::max<int64_t>(0, *comparison.images_needed - std::min(a.total, b.total));
  return comparison;
}

bool comparable(const Comparable& a, const Comparable& b) {
  return a.figure->split == b.figure->split && a.figure->top_k == b.figure->top_k;
}

}  // namespace

std::vector<results::FigureComparison> compare_figures(const std::vector<Comparable>& figures, std::vector<std::string>& notes) {
  std::vector<results::FigureComparison> comparisons;
  const bool all = figures.size() <= kAllPairs;
  for (size_t i = 0; i < figures.size() && comparisons.size() < kMostPairs; ++i) {
    const size_t end = all ? figures.size() : std::min(i + 2, figures.size());
    for (size_t j = i + 1; j < end; ++j) {
      if (comparable(figures[i], figures[j])) comparisons.push_back(compare_pair(figures[i], figures[j]));
    }
  }
  if (!all) notes.push_back(format("{} figures: only neighbours in the text were compared, {} pairs", figures.size(), comparisons.size()));
  return comparisons;
}

}  // namespace liteqat::audit
