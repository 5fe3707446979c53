#include "audit/checks/claimed.h"

#include <algorithm>
#include <cmath>

#include "audit/explain/granularity.h"
#include "base/format.h"
#include "base/text.h"
#include "stats/intervals.h"

namespace liteqat::audit {
namespace {

using results::Count;
using results::Finding;
using results::Verdict;

Finding explained(const Check& check, const Claim& claim, const AuditedModel& subject, const Reproduction& found, const Count& right) {
  constexpr double kFewDigits = 5e-4;  // half a place of three decimals: fewer digits agree by accident
  const bool matters = beyond_sampling_noise(claim.figure, right) && half_place(claim.figure) <= kFewDigits * (1 + 1e-9);
  const std::string under = found.profile.empty() ? "" : format(" under {}", found.profile);
  Finding finding = make_finding(check, matters ? Verdict::kProblem : Verdict::kDoubt, claim.figure.label,
                                 format("{} is not the accuracy of {}: it is what {} would print{}; right is {}.", claim.figure.printed,
                                        subject.name, found.description, under, count_text(right)));
  finding.counts = {{"right", right}, {"reproduced", found.printed}};
  if (const auto claimed = numerators(claim.figure, right.total)) finding.counts["claimed"] = {claimed->low, right.total};
  finding.words["model"] = subject.name;
  constexpr int32_t kAllDigits = 12;  // so many places were not rounded for people
  const bool exact = claim.figure.scale >= kAllDigits || prints_exactly(claim.figure, found.printed.correct, found.printed.total);
  finding.evidence["rounded"] = exact ? 0 : 1;
  if (!prints(claim.figure, found.printed)) {
    finding.summary += format(" The digits agree to within {} of {}, as much as other arithmetic changes.", found.slack,
                              format_count(found.printed.total));
  }
  return finding;
}

}  // namespace

bool prints(const Figure& figure, const Count& printed) {
  if (printed.total <= 0) return false;
  if (printed.total > 1'000'000'000) {
    // Beyond the exact test's range: within half of the last printed place.
    return std::fabs(static_cast<double>(printed.correct) / static_cast<double>(printed.total) - figure.value) <=
           half_place(figure) * (1 + 1e-9) + 1e-12;
  }
  const auto range = whole_numerators(figure, printed.total);
  return range && range->low <= printed.correct && printed.correct <= range->high;
}

bool nearly_prints(const Figure& figure, const Reproduction& made) {
  if (made.slack == 0 || made.printed.total > 1'000'000'000) return false;
  const auto range = whole_numerators(figure, made.printed.total);
  return range && range->low <= made.printed.correct + made.slack && made.printed.correct - made.slack <= range->high;
}

std::optional<Count> right_count(const Evidence& evidence, const AuditedModel& subject, const std::string& split,
                                 const std::string& profile) {
  const Measured* measured = subject.find(split, profile);
  const std::vector<int32_t>& labels = split == "test" ? evidence.labels : evidence.train_labels;
  if (measured == nullptr || labels.empty() || measured->answers.classed.size() != labels.size()) return std::nullopt;
  return Count{count_correct(measured->answers, labels), measured->answers.count()};
}

bool claim_is_right(const Evidence& evidence, const Claim& claim) {
  if (!claim.subject) return false;
  const AuditedModel& subject = evidence.subjects[*claim.subject];
  const std::string split = claim.figure.split == "train" ? "train" : "test";
  for (const Measured& measured : subject.measured) {
    if (measured.split != split) continue;
    const auto right = right_count(evidence, subject, split, measured.profile);
    if (right && prints(claim.figure, *right)) return true;
  }
  return false;
}

bool beyond_sampling_noise(const Figure& figure, const Count& right) {
  const stats::Bounds bounds = stats::wilson_interval(right.correct, right.total, 0.95);
  return figure.value < bounds.low - half_place(figure) || figure.value > bounds.high + half_place(figure);
}

void explain_claims(const Check& check, const Evidence& evidence, const MakeReproductions& make, const std::string& advice,
                    Findings& findings) {
  for (size_t index = 0; index < evidence.subjects.size(); ++index) {
    const AuditedModel& subject = evidence.subjects[index];
    const std::vector<Reproduction> made = make(evidence, subject);
    const auto right = right_count(evidence, subject, "test");
    if (made.empty() || !right) continue;
    bool any = false;
    for (const Claim& claim : evidence.claims) {
      if (claim.subject != index || claim_is_right(evidence, claim)) continue;
      auto found = std::find_if(made.begin(), made.end(), [&](const Reproduction& one) { return prints(claim.figure, one.printed); });
      if (found == made.end() && beyond_sampling_noise(claim.figure, *right)) {
        found = std::find_if(made.begin(), made.end(), [&](const Reproduction& one) { return nearly_prints(claim.figure, one); });
      }
      if (found == made.end()) continue;
      findings.push_back(explained(check, claim, subject, *found, *right));
      findings.back().advice = advice;
      any = true;
    }
    if (any) continue;
    Finding finding = make_finding(check, Verdict::kClear, subject.name,
                                   format("No claimed figure is what {} would print for {}: {:.6g} (right: {:.6g}).", made[0].description,
                                          subject.name, fraction(made[0].printed), fraction(*right)));
    finding.counts = {{"right", *right}, {"reproduced", made[0].printed}};
    findings.push_back(std::move(finding));
  }
}

}  // namespace liteqat::audit
