#include "audit/checks/all.h"
#include "base/format.h"
#include "base/text.h"

namespace liteqat::audit {
namespace {

void run(const Check& check, const Evidence& evidence, Findings& findings) {
  if (!evidence.data) return;
  const CopyCounts& copies = evidence.data->across;
  results::Finding finding =
      make_finding(check, results::Verdict::kClear, evidence.data->name,
                   format("None of {} test images is an exact copy of a training image.", format_count(copies.checked)));
  if (copies.exact > 0) {
    finding.verdict = results::Verdict::kProblem;
    finding.summary = format("{} of {} test images are exact copies of training images; the public set has none.",
                             format_count(copies.exact), format_count(copies.checked));
    finding.advice = "Remove them from the training split and train again, or from the test split and evaluate again.";
  }
  finding.evidence["exact"] = static_cast<double>(copies.exact);
  finding.evidence["baseline"] = 0;
  finding.lists["pairs"] = copies.exact > 0 ? copies.pairs : std::vector<int64_t>{};
  findings.push_back(std::move(finding));
}

}  // namespace

const Check kSplitLeak = {
    .id = "split.leak",
    .question = "Do test images stand in the training split?",
    .needs = "both splits of the data set (--data DIR)",
    .statistic = "test images whose bytes equal a training image",
    .threshold = "one: MNIST and CIFAR-10 have none",
    .error_rate = "0 on the public sets",
    .run = run,
};

}  // namespace liteqat::audit
