#include "audit/audit.h"

#include <algorithm>
#include <utility>

#include "audit/checks/claimed.h"

namespace liteqat::audit {
namespace {

/// A wrong claim that nothing explains stands before what merely bears on it; one that a finding explains does not need to be said twice.
void drop_repeated_claims(std::vector<results::Finding>& findings) {
  const auto explains = [](const results::Finding& finding) {
    return finding.verdict <= results::Verdict::kDoubt && finding.check != "report.not_reproducible" &&
           finding.check != "granularity.impossible";
  };
  for (results::Finding& finding : findings) {
    if (finding.check != "report.not_reproducible" && finding.check != "granularity.impossible") continue;
    const auto explained = std::find_if(findings.begin(), findings.end(), [&](const results::Finding& other) {
      return explains(other) && other.subject == finding.subject && other.counts.contains("reproduced");
    });
    if (explained != findings.end() && finding.verdict == results::Verdict::kProblem) {
      finding.verdict = results::Verdict::kDoubt;
      finding.advice = "See " + explained->check + ".";
    }
  }
}

/// A reading that prints fewer digits than it has explains less than one that is the printed number itself.
/// A consequence of a finding that explains it comes after both.
int rank_within_verdict(const results::Finding& finding) {
  if (finding.advice.starts_with("See ") && (finding.check == "report.not_reproducible" || finding.check == "granularity.impossible"))
    return 2;
  const auto rounded = finding.evidence.find("rounded");
  return rounded != finding.evidence.end() && rounded->second != 0 ? 1 : 0;
}

}  // namespace

std::vector<results::Finding> run_checks(const Evidence& evidence) {
  std::vector<results::Finding> findings;
  for (const Check* check : all_checks()) {
    const size_t before = findings.size();
    check->run(*check, evidence, findings);
    if (findings.size() > before) continue;
    findings.push_back(make_finding(*check, results::Verdict::kSkipped, "", check->question, std::string("Needs ") + check->needs + "."));
  }
  drop_repeated_claims(findings);
  std::stable_sort(findings.begin(), findings.end(), [](const results::Finding& a, const results::Finding& b) {
    return std::pair(a.verdict, rank_within_verdict(a)) < std::pair(b.verdict, rank_within_verdict(b));
  });
  return findings;
}

}  // namespace liteqat::audit
