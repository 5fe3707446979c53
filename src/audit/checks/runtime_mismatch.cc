#include <algorithm>
#include <cmath>

#include "audit/checks/all.h"
#include "audit/checks/claimed.h"
#include "base/format.h"
#include "base/text.h"

namespace liteqat::audit {
namespace {

constexpr double kDoubtShare = 0.005, kProblemShare = 0.05;

void run(const Check& check, const Evidence& evidence, Findings& findings) {
  for (const AuditedModel& subject : evidence.subjects) {
    const Measured* file = subject.find("test", "file");
    if (subject.graph == nullptr || file == nullptr) continue;
    int64_t fewest = file->answers.count() + 1;
    std::string profile;
    for (const Measured& measured : subject.measured) {
      if (measured.split != "test" || measured.profile == "file" || measured.answers.count() != file->answers.count()) continue;
      int64_t changed = 0;
      for (size_t i = 0; i < file->answers.classed.size(); ++i) changed += file->answers.classed[i] != measured.answers.classed[i];
      if (changed < fewest) fewest = changed, profile = measured.profile;
    }
    if (profile.empty()) continue;
    const double share = static_cast<double>(fewest) / static_cast<double>(file->answers.count());
    results::Finding finding = make_finding(check, results::Verdict::kClear, subject.name,
                                            format("The prediction file differs from the model's own answers under {} in {} of {} images.",
                                                   profile, format_count(fewest), format_count(file->answers.count())));
    if (share > kDoubtShare) {
      finding.verdict = share > kProblemShare ? results::Verdict::kProblem : results::Verdict::kDoubt;
      finding.advice = "Another model, other images, another order or other preprocessing: see labels.order and input.*.";
    }
    finding.evidence = {{"changed", static_cast<double>(fewest)}, {"total", static_cast<double>(file->answers.count())}};
    finding.words["profile"] = profile;
    findings.push_back(std::move(finding));
  }
}

}  // namespace

const Check kRuntimeMismatch = {
    .id = "runtime.mismatch",
    .question = "Did this model write that prediction file?",
    .needs = "a .tflite model, --data DIR and a prediction file with the model's stem (--predictions)",
    .statistic = "images whose class differs from the model's own under the nearest arithmetic profile",
    .threshold = "more than 0.5 % is a doubt, more than 5 % a problem: profiles change some 0.1 to 0.5 % of a network's answers",
    .error_rate = "0 for a file this runtime wrote",
    .run = run,
};

}  // namespace liteqat::audit
