#include "audit/checks/variants.h"

#include <utility>

#include "audit/checks/answer_file.h"
#include "audit/checks/claimed.h"
#include "audit/checks/harm.h"
#include "audit/checks/levels.h"
#include "base/format.h"
#include "stats/comparisons.h"

namespace liteqat::audit {
namespace {

struct Judged {
  const Variant* variant = nullptr;
  results::Count count;
  int64_t only_variant = 0, only_convention = 0;
};

Judged judge(const Variant& variant, const Answers& convention, const std::vector<int32_t>& labels) {
  Judged judged = {.variant = &variant, .count = {0, static_cast<int64_t>(labels.size())}};
  for (size_t i = 0; i < labels.size(); ++i) {
    const bool there = variant.classed[i] == labels[i], here = convention.classed[i] == labels[i];
    judged.count.correct += there;
    judged.only_variant += there && !here, judged.only_convention += here && !there;
  }
  return judged;
}

/// Better than the convention by more than chance; but where the float twin, fed as the convention says, is right on more still, the model
/// is what is wrong and not the convention.
bool is_better(const Judged& judged, const std::optional<Harm>& harm) {
  if (harm && harm->hurts && fraction(harm->twin) >= fraction(judged.count)) return false;
  const double gap = static_cast<double>(judged.only_variant - judged.only_convention) / static_cast<double>(judged.count.total);
  return gap >= kProblemGap && stats::mcnemar_exact_p(judged.only_variant, judged.only_convention) < kProblemP;
}

/// The claim, if any, that this variant's figure prints and that is not right.
const Claim* claim_printed(const Evidence& evidence, size_t subject, const results::Count& count) {
  for (const Claim& claim : evidence.claims) {
    if (claim.subject == subject && !claim_is_right(evidence, claim) && prints(claim.figure, count)) return &claim;
  }
  return nullptr;
}

results::Finding describe(const Check& check, const Evidence& evidence, size_t index, const Judged& judged, const results::Count& right) {
  const AuditedModel& subject = evidence.subjects[index];
  results::Finding finding = make_finding(check, results::Verdict::kClear, subject.name,
                                          format("Fed {}, {} of {} are right; fed as {}, {}.", judged.variant->description,
                                                 judged.count.correct, judged.count.total, subject.convention, right.correct));
  finding.counts = {{"right", right}, {"reproduced", judged.count}};
  if (const Claim* claim = claim_printed(evidence, index, judged.count)) {
    finding.verdict = beyond_sampling_noise(claim->figure, right) ? results::Verdict::kProblem : results::Verdict::kDoubt;
    finding.subject = claim->figure.label;
    finding.summary = format("{} is what {} gives when fed {}; fed as {}, it gives {}.", claim->figure.printed, subject.name,
                             judged.variant->description, subject.convention, count_text(right));
  } else if (const auto file = file_holds(subject, judged.variant->classed)) {
    finding = describe_file(check, subject, *file, format("the answers of {} fed {}", subject.name, judged.variant->description));
    finding.counts = {{"right", right}, {"reproduced", judged.count}};
  } else if (is_better(judged, measure_harm(evidence, subject))) {
    finding.verdict = results::Verdict::kProblem;
    finding.summary = format("{} is right on {} when fed {}, on {} when fed as {}: the convention is not what it was trained with.",
                             subject.name, count_text(judged.count), judged.variant->description, right.correct, subject.convention);
    if (subject.study && subject.study->own_weights)
      finding.summary += " Or its weights were damaged before the file was written, which only the float model could tell.";
  }
  return finding;
}

}  // namespace

void judge_variants(const Check& check, const Evidence& evidence, const std::string& advice, Findings& findings) {
  for (size_t index = 0; index < evidence.subjects.size(); ++index) {
    const AuditedModel& subject = evidence.subjects[index];
    const Measured* convention = subject.find("test");
    const auto right = right_count(evidence, subject, "test");
    if (convention == nullptr || !right) continue;
    // One that prints a claim, else one whose answers a prediction file holds, else the one that is right most often.
    const auto rank = [&](const Judged& judged) {
      const int explains = claim_printed(evidence, index, judged.count) != nullptr ? 2
                           : file_holds(subject, judged.variant->classed)          ? 1
                                                                                   : 0;
      return std::pair(explains, judged.count.correct);
    };
    Judged best;
    for (const Variant& variant : subject.variants) {
      if (variant.check != check.id || variant.classed.size() != evidence.labels.size()) continue;
      const Judged judged = judge(variant, convention->answers, evidence.labels);
      if (best.variant == nullptr || rank(judged) > rank(best)) best = judged;
    }
    if (best.variant == nullptr) continue;
    results::Finding finding = describe(check, evidence, index, best, *right);
    if (finding.verdict != results::Verdict::kClear) finding.advice = advice;
    findings.push_back(std::move(finding));
  }
}

}  // namespace liteqat::audit
