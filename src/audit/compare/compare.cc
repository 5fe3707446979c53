#include "audit/compare/compare.h"

#include <algorithm>
#include <cmath>

#include "audit/compare/copies.h"
#include "audit/compare/findings.h"
#include "stats/comparisons.h"
#include "stats/holm.h"
#include "stats/images_needed.h"
#include "stats/intervals.h"
#include "stats/paired_difference.h"
#include "stats/paired_power.h"

namespace liteqat::audit {
namespace {

using results::PairComparison;

results::Interval make_interval(const char* method, const stats::Bounds& bounds, double level) {
  return {.method = method, .level = level, .low = bounds.low, .high = bounds.high};
}

results::ComparedModel describe(const Answers& answers, int64_t correct, bool labelled, double level) {
  results::ComparedModel model = {.name = answers.name, .ties = answers.ties};
  if (!labelled) return model;
  model.correct = correct;
  model.value = static_cast<double>(correct) / static_cast<double>(answers.count());
  model.interval = make_interval("wilson", stats::wilson_interval(correct, answers.count(), level), level);
  model.interval_exact = make_interval("clopper-pearson", stats::clopper_pearson_interval(correct, answers.count(), level), level);
  return model;
}

/// Counts every image once: the paired table, agreement and flips by class.
void count(const Answers& a, const Answers& b, std::span<const int32_t> labels, PairComparison& pair) {
  const std::vector<int32_t>& by = pair.labelled ? std::vector<int32_t>(labels.begin(), labels.end()) : a.classed;
  const int32_t classes = *std::max_element(by.begin(), by.end()) + 1;
  pair.flips.resize(static_cast<size_t>(classes));
  for (int32_t label = 0; label < classes; ++label) pair.flips[static_cast<size_t>(label)].label = label;
  for (size_t i = 0; i < by.size(); ++i) {
    results::ClassFlips& flips = pair.flips[static_cast<size_t>(by[i])];
    const bool same = a.classed[i] == b.classed[i];
    ++flips.total, flips.changed += !same, pair.agreement += same;
    if (!pair.labelled) continue;
    const bool a_right = a.classed[i] == by[i], b_right = b.classed[i] == by[i];
    pair.both_right += a_right && b_right, pair.both_wrong += !a_right && !b_right;
    pair.only_a += a_right && !b_right, pair.only_b += b_right && !a_right;
    flips.only_a += a_right && !b_right, flips.only_b += b_right && !a_right;
  }
}

void test(const CompareOptions& options, PairComparison& pair) {
  const stats::PairedCounts counts = {pair.only_a, pair.only_b, pair.total};
  const auto n = static_cast<double>(pair.total);
  pair.p_exact = pair.p_holm = stats::mcnemar_exact_p(pair.only_a, pair.only_b);
  pair.p_mid = stats::mcnemar_mid_p(pair.only_a, pair.only_b);
  pair.difference = static_cast<double>(pair.only_a - pair.only_b) / n;
  pair.difference_interval = make_interval("tango", stats::tango_interval(counts, options.level), options.level);
  pair.margin = options.margin;
  pair.equivalence_p = stats::equivalence_p(counts, options.margin);
  pair.discordance = static_cast<double>(pair.only_a + pair.only_b) / n;
  pair.smallest_gap = stats::smallest_paired_gap(pair.total, pair.discordance, {});
  pair.gap_asked = options.gap.value_or(std::fabs(pair.difference));
  pair.images_needed = stats::paired_images_needed(pair.gap_asked, pair.discordance, {});
  const double middle = (pair.a.value + pair.b.value) / 2, half = pair.gap_asked / 2;
  const stats::PowerGoal goal;
  pair.images_needed_unpaired =
      stats::images_needed_unpaired(std::min(1.0, middle + half), std::max(0.0, middle - half), goal.alpha, goal.power);
}

std::optional<results::ScoreDifference> compare_scores(const Answers& a, const Answers& b) {
  if (a.scores.empty() || b.scores.empty()) return std::nullopt;
  results::ScoreDifference difference;
  double sum = 0, squares = 0;
  int64_t finite = 0;
  for (size_t i = 0; i < a.scores.size(); ++i) {
    const double gap = std::fabs(static_cast<double>(a.scores[i]) - static_cast<double>(b.scores[i]));
    if (!std::isfinite(gap)) continue;  // -inf on either side
    sum += gap, squares += gap * gap, ++finite;
    difference.largest = std::max(difference.largest, gap);
  }
  if (finite == 0) return std::nullopt;
  difference.mean = sum / static_cast<double>(finite);
  difference.root_mean_square = std::sqrt(squares / static_cast<double>(finite));
  return difference;
}

Status check_pair(const Answers& a, const Answers& b) {
  if (a.count() != b.count()) {
    return error(Code::kMismatch, "{} answers for {} images, {} for {}: only answers on the same images can be compared", a.name, a.count(),
                 b.name, b.count());
  }
  if (a.classes > 0 && b.classes > 0 && a.classes != b.classes) {
    return error(Code::kMismatch, "{} gives {} scores an image, {} gives {}: they do not answer the same question", a.name, a.classes,
                 b.name, b.classes);
  }
  const auto beyond = [](const Answers& scored, const Answers& indexed) -> Status {
    if (scored.classes == 0 || indexed.classes > 0) return {};
    const int32_t largest = *std::max_element(indexed.classed.begin(), indexed.classed.end());
    if (largest < scored.classes) return {};
    return error(Code::kMismatch, "{} answers class {}, {} has scores for {} classes", indexed.name, largest, scored.name, scored.classes);
  };
  LITEQAT_RETURN_IF_ERROR(beyond(a, b));
  return beyond(b, a);
}

}  // namespace

Result<results::Comparison> compare(std::span<const Answers> models, std::span<const int32_t> labels, const CompareOptions& options) {
  if (models.size() < 2) return error(Code::kInvalidArgument, "compare: {} model, at least two are needed", models.size());
  if (models[0].count() == 0) return error(Code::kMismatch, "{}: no predictions", models[0].name);
  if (options.pictures != 0 && (options.pictures < 2 || models[0].count() % options.pictures != 0)) {
    return error(Code::kMismatch, "{}: {} answers for copies of {} pictures: as many for each of at least two were expected",
                 models[0].name, models[0].count(), options.pictures);
  }
  results::Comparison comparison;
  for (size_t first = 0; first < models.size(); ++first) {
    if (!labels.empty()) LITEQAT_RETURN_IF_ERROR(check_labels(models[first], labels));
    for (size_t second = first + 1; second < models.size(); ++second) {
      const Answers &a = models[first], &b = models[second];
      LITEQAT_RETURN_IF_ERROR(check_pair(a, b));
      PairComparison pair;
      pair.total = a.count(), pair.labelled = !labels.empty();
      count(a, b, labels, pair);
      pair.a = describe(a, pair.both_right + pair.only_a, pair.labelled, options.level);
      pair.b = describe(b, pair.both_right + pair.only_b, pair.labelled, options.level);
      if (pair.labelled) test(options, pair);
      if (pair.labelled && options.pictures > 0) test_copies(a, b, labels, options, pair);
      pair.scores = compare_scores(a, b);
      comparison.pairs.push_back(std::move(pair));
    }
  }
  std::vector<double> p;
  for (const PairComparison& pair : comparison.pairs) p.push_back(pair.p_exact);
  const std::vector<double> adjusted = stats::holm_adjusted(p);
  for (size_t i = 0; i < p.size(); ++i) comparison.pairs[i].p_holm = adjusted[i];
  for (const PairComparison& pair : comparison.pairs) add_pair_findings(pair, comparison.findings);
  return comparison;
}

}  // namespace liteqat::audit
