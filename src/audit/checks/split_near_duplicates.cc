#include <algorithm>
#include <cmath>

#include "audit/checks/all.h"
#include "audit/checks/levels.h"
#include "base/format.h"
#include "base/text.h"
#include "stats/comparisons.h"

namespace liteqat::audit {
namespace {

constexpr double kProblemDeviations = 5, kDoubtDeviations = 3;

/// Test images of a public set with a near duplicate in its training split, measured here with the same hash. On the genuine set the count
/// is this one, not a random number; MNIST's splits are not exchangeable (other writers).
struct KnownBaseline {
  const char* name;
  int64_t near, test;
};
constexpr KnownBaseline kKnown[] = {{"mnist", 2050, 10000}, {"cifar10", 148, 10000}};

double known_rate(const std::string& name) {
  for (const KnownBaseline& known : kKnown) {
    if (name == known.name) return static_cast<double>(known.near) / static_cast<double>(known.test);
  }
  return 0;
}

void run(const Check& check, const Evidence& evidence, Findings& findings) {
  if (!evidence.data || evidence.data->across.baseline_checked == 0) return;
  const CopyCounts& copies = evidence.data->across;
  const int64_t near = copies.near + copies.exact;
  const double p = stats::two_proportion_z(near, copies.checked, copies.baseline_hits, copies.baseline_checked).p / 2;
  const double rate = static_cast<double>(near) / static_cast<double>(copies.checked);
  const double known = known_rate(evidence.data->name), baseline = std::max(copies.baseline, known);
  const bool excess = rate > baseline;
  const auto checked = static_cast<double>(copies.checked);
  const double deviations = (rate - baseline) * checked / std::sqrt(std::max(1.0, baseline * (1 - baseline) * checked));
  results::Finding finding = make_finding(
      check, results::Verdict::kClear, evidence.data->name,
      format(
          "{} of {} test images ({:.2f} %) have a near duplicate in the training split; among training images themselves it is {:.2f} %.",
          format_count(near), format_count(copies.checked), 100 * rate, 100 * copies.baseline));
  if (known > 0) finding.summary += format(" The public set has {:.2f} %.", 100 * known);
  const bool problem = known > 0 ? deviations > kProblemDeviations : p < kProblemP;
  const bool doubt = known > 0 ? deviations > kDoubtDeviations : p < kDoubtP;
  if (excess && doubt) {
    finding.verdict = problem ? results::Verdict::kProblem : results::Verdict::kDoubt;
    finding.advice = "More than the set itself has: look at the pairs, and keep pictures of one origin in one split.";
  }
  finding.evidence = {{"exact", static_cast<double>(copies.exact)},
                      {"near", static_cast<double>(copies.near)},
                      {"baseline", baseline},
                      {"p", excess ? p : 1 - p}};
  finding.lists["pairs"] = copies.pairs;
  findings.push_back(std::move(finding));
}

}  // namespace

const Check kSplitNearDuplicates = {
    .id = "split.near_duplicates",
    .question = "Have test images near duplicates in the training split, more than the set has by itself?",
    .needs = "both splits of the data set (--data DIR)",
    .statistic =
        "share of test images with a near duplicate among the training images (perceptual hash, then pixels), against the same share "
        "of training images among the others: an honest split cannot tell them apart",
    .threshold =
        "an excess over the larger of both baselines: 5 deviations are a problem, 3 a doubt; without a public baseline a one-sided "
        "two-proportion z with p < 1e-6 and p < 1e-3",
    .error_rate = "0 on the genuine public sets; 1e-6 and 1e-3 for splits drawn at random from one source",
    .run = run,
};

}  // namespace liteqat::audit
