#include "audit/checks/all.h"
#include "base/format.h"
#include "base/text.h"

namespace liteqat::audit {
namespace {

constexpr double kDoubtShare = 1e-3;

void run(const Check& check, const Evidence& evidence, Findings& findings) {
  if (!evidence.data) return;
  const auto look_at = [&](const std::string& split, int64_t copies, int64_t total) {
    results::Finding finding =
        make_finding(check, results::Verdict::kClear, split,
                     format("{}: {} of {} images are exact copies of an earlier one.", split, format_count(copies), format_count(total)));
    if (static_cast<double>(copies) > kDoubtShare * static_cast<double>(total)) {
      finding.verdict = results::Verdict::kDoubt;
      finding.advice = "Copies count several times: the interval is wider than it says.";
    }
    finding.evidence["exact"] = static_cast<double>(copies);
    findings.push_back(std::move(finding));
  };
  look_at("test", evidence.data->duplicates_test, evidence.data->test);
  look_at("train", evidence.data->duplicates_train, evidence.data->train);
}

}  // namespace

const Check kSplitDuplicates = {
    .id = "split.duplicates",
    .question = "Do images stand several times in one split?",
    .needs = "the data set (--data DIR)",
    .statistic = "images whose bytes equal an earlier image of the same split",
    .threshold = "more than one in a thousand is a doubt",
    .error_rate = "0 on MNIST and CIFAR-10, which have fewer",
    .run = run,
};

}  // namespace liteqat::audit
