#include <algorithm>

#include "audit/checks/all.h"
#include "audit/checks/claimed.h"
#include "base/format.h"

namespace liteqat::audit {
namespace {

constexpr double kProblemShare = 0.99;

void run(const Check& check, const Evidence& evidence, Findings& findings) {
  for (const AuditedModel& subject : evidence.subjects) {
    const Measured* measured = subject.find("test");
    if (measured == nullptr || measured->answers.count() < 20) continue;
    std::vector<int64_t> counts;
    for (const int32_t answer : measured->answers.classed) {
      if (static_cast<size_t>(answer) >= counts.size()) counts.resize(static_cast<size_t>(answer) + 1);
      ++counts[static_cast<size_t>(answer)];
    }
    const auto largest = std::max_element(counts.begin(), counts.end());
    const double share = static_cast<double>(*largest) / static_cast<double>(measured->answers.count());
    int64_t labelled = 0;
    for (const int32_t label : evidence.labels) labelled += label == largest - counts.begin();
    const bool expected = !evidence.labels.empty() && static_cast<double>(labelled) > 0.9 * static_cast<double>(evidence.labels.size());
    results::Finding finding =
        make_finding(check, results::Verdict::kClear, subject.name,
                     format("The most frequent answer is class {}, {:.1f} % of the images.", largest - counts.begin(), 100 * share));
    finding.evidence = {{"class", static_cast<double>(largest - counts.begin())}, {"share", share}};
    if (const auto right = right_count(evidence, subject, "test")) finding.counts["right"] = *right;
    if (share >= kProblemShare && !expected) {
      finding.verdict = results::Verdict::kProblem;
      finding.summary = format("{} of {} images are given class {}: the output does not depend on the image.", *largest,
                               measured->answers.count(), largest - counts.begin());
      finding.advice =
          "Look where it becomes constant: quant.layer_sqnr with the float model beside it, training.batch_norm_state with the run.";
    }
    findings.push_back(std::move(finding));
  }
}

}  // namespace

const Check kQuantConstantOutput = {
    .id = "quant.constant_output",
    .question = "Does the model give every image the same class?",
    .needs = "a model with --data, or --predictions, of at least 20 images",
    .statistic = "share of the most frequent answer",
    .threshold = "99 %, unless nine tenths of the labels are of that class",
    .error_rate = "0 for a model that is better than the most frequent class",
    .run = run,
};

}  // namespace liteqat::audit
