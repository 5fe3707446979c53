#include <cctype>

#include "audit/checks/all.h"
#include "audit/explain/facts.h"
#include "audit/explain/findings.h"

namespace liteqat::audit {
namespace {

/// explain's words as the sentences that stand beside those of other checks.
std::string sentence(std::string words) {
  if (words.empty()) return words;
  words.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(words.front())));
  return words.back() == '.' ? words : words + ".";
}

void run(const Check& check, const Evidence& evidence, Findings& findings) {
  for (const Claim& claim : evidence.claims) {
    std::optional<int64_t> total;
    if (claim.figure.split == "test" && !evidence.labels.empty()) total = evidence.total();
    if (claim.figure.split == "train" && evidence.data) total = evidence.data->train;
    if (claim.figure.split == "validation" && evidence.data) total = evidence.data->train / 10;
    if (claim.figure.class_average || (!total && claim.figure.value <= 1)) continue;
    results::Finding finding =
        granularity_finding(claim.figure, total, total ? numerators(claim.figure, *total) : std::optional<CountRange>());
    finding.check = check.id;
    finding.summary = sentence(finding.summary);
    finding.advice = sentence(finding.advice);
    findings.push_back(std::move(finding));
  }
}

}  // namespace

const Check kGranularityImpossible = {
    .id = "granularity.impossible",
    .question = "Can any whole number of right images print the claimed digits?",
    .needs = "a claimed figure (--claimed TEXT) and the size of its split (--data DIR or --labels FILE)",
    .statistic = "counts k with k / n printing the digits (the GRIM test of Brown and Heathers, 2017)",
    .threshold = "none is a problem for a test figure, a doubt for another split's",
    .error_rate = "0: integer arithmetic",
    .run = run,
};

}  // namespace liteqat::audit
