#include <algorithm>

#include "audit/checks/all.h"
#include "audit/checks/claimed.h"
#include "base/format.h"

namespace liteqat::audit {
namespace {

/// Claims against what was measured.
void look_at_claims(const Check& check, const Evidence& evidence, Findings& findings) {
  for (const Claim& claim : evidence.claims) {
    if (!claim.subject || (claim.figure.split != "test" && claim.figure.split != "train")) continue;
    const AuditedModel& subject = evidence.subjects[*claim.subject];
    const auto right = right_count(evidence, subject, claim.figure.split);
    if (!right) continue;
    const bool same = claim_is_right(evidence, claim);
    results::Finding finding =
        make_finding(check, results::Verdict::kClear, claim.figure.label,
                     same ? format("{} is what {} gives.", claim.figure.printed, subject.name)
                          : format("{} is not what {} gives: {}.", claim.figure.printed, subject.name, count_text(*right)));
    finding.counts["right"] = *right;
    if (!same) {
      finding.verdict = beyond_sampling_noise(claim.figure, *right) ? results::Verdict::kProblem : results::Verdict::kDoubt;
      finding.advice =
          "If a known mistake prints it, a finding of the same figure above says which; if none does, check that model, data and text "
          "belong together.";
    }
    findings.push_back(std::move(finding));
  }
}

/// The run's own record against its models run again.
void look_at_run(const Check& check, const Evidence& evidence, Findings& findings) {
  if (!evidence.run) return;
  for (const results::Metric& metric : evidence.run->metrics) {
    const auto subject = std::find_if(evidence.subjects.begin(), evidence.subjects.end(),
                                      [&](const AuditedModel& one) { return one.name == metric.model && one.graph != nullptr; });
    if (subject == evidence.subjects.end() || metric.split != "test") continue;
    const auto right = right_count(evidence, *subject, "test", metric.arithmetic);
    if (!right) continue;
    const bool same = right->correct == metric.correct && right->total == metric.total;
    results::Finding finding =
        make_finding(check, same ? results::Verdict::kClear : results::Verdict::kProblem, metric.id,
                     format("run.json says {} of {}; the model run again gives {}.", metric.correct, metric.total, count_text(*right)));
    if (!same) finding.advice = "Model, data or record was changed after the run: run it again.";
    finding.counts = {{"claimed", {metric.correct, metric.total}}, {"right", *right}};
    findings.push_back(std::move(finding));
  }
}

void run(const Check& check, const Evidence& evidence, Findings& findings) {
  look_at_claims(check, evidence, findings);
  look_at_run(check, evidence, findings);
}

}  // namespace

const Check kReportNotReproducible = {
    .id = "report.not_reproducible",
    .question = "Does the model give the figure that is claimed or recorded?",
    .needs = "a claimed figure of a model at hand (--claimed TEXT), or a run directory; and labelled test images",
    .statistic = "the right count under every arithmetic profile",
    .threshold = "other digits are a doubt, a problem outside the 95 % Wilson interval; a record that differs by one image is a problem",
    .error_rate = "0: the runtime's integers are reproducible",
    .run = run,
};

}  // namespace liteqat::audit
