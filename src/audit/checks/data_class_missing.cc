#include <cmath>

#include "audit/checks/all.h"
#include "audit/checks/levels.h"
#include "base/format.h"
#include "base/text.h"

namespace liteqat::audit {
namespace {

void look_at(const Check& check, const std::string& split, const std::vector<int64_t>& counts, Findings& findings) {
  std::vector<int64_t> missing;
  int64_t total = 0;
  for (size_t c = 0; c < counts.size(); ++c) {
    total += counts[c];
    if (counts[c] == 0) missing.push_back(static_cast<int64_t>(c));
  }
  const auto classes = static_cast<double>(counts.size());
  // Bonferroni bound on a class missing from so many images drawn evenly.
  const double by_chance = classes * std::pow(1 - 1 / classes, static_cast<double>(total));
  results::Finding finding =
      make_finding(check, results::Verdict::kClear, split, format("{}: all {} classes have images.", split, counts.size()));
  if (!missing.empty()) {
    finding.verdict = by_chance < kProblemP ? results::Verdict::kProblem : results::Verdict::kDoubt;
    finding.summary = format("{}: {} of {} classes have no image among {} (first: class {}).", split, missing.size(), counts.size(),
                             format_count(total), missing[0]);
    finding.advice = "An accuracy over the other classes is another figure; take the complete split.";
  }
  finding.lists["classes"] = missing;
  finding.evidence["chance"] = std::min(1.0, by_chance);
  findings.push_back(std::move(finding));
}

void run(const Check& check, const Evidence& evidence, Findings& findings) {
  if (evidence.data) {
    look_at(check, "test", evidence.data->test_counts, findings);
    look_at(check, "train", evidence.data->train_counts, findings);
  } else if (!evidence.labels.empty() && evidence.classes > 1) {
    std::vector<int64_t> counts(static_cast<size_t>(evidence.classes));
    for (const int32_t label : evidence.labels) ++counts[static_cast<size_t>(label)];
    look_at(check, "test", counts, findings);
  }
}

}  // namespace

const Check kDataClassMissing = {
    .id = "data.class_missing",
    .question = "Does every class have images in every split?",
    .needs = "--data DIR or --labels FILE",
    .statistic = "images per class",
    .threshold = "none; a problem where so many images drawn evenly would miss a class with probability below 1e-6, else a doubt",
    .error_rate = "1e-6 per split with balanced classes",
    .run = run,
};

}  // namespace liteqat::audit
