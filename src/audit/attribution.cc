#include <algorithm>
#include <cmath>

#include "audit/audit.h"
#include "audit/checks/claimed.h"

namespace liteqat::audit {
namespace {

std::optional<double> accuracy(const Evidence& evidence, const std::string& name, const std::string& profile = {}) {
  for (const AuditedModel& subject : evidence.subjects) {
    const auto right = subject.name == name ? right_count(evidence, subject, "test", profile) : std::nullopt;
    if (right) return fraction(*right);
  }
  return std::nullopt;
}

/// What a finding holds responsible for a claimed figure, in the words of the parts.
std::string part_of(const std::string& check) {
  if (check.starts_with("metric.") || check.starts_with("labels.")) return "metric";
  if (check.starts_with("split.")) return "data split";
  if (check.starts_with("input.")) return "preprocessing";
  return "unexplained";
}

const Claim* claim_of(const Evidence& evidence, Kind kind) {
  for (const Claim& claim : evidence.claims) {
    if (claim.subject && claim.figure.split == "test" && evidence.subjects[*claim.subject].kind == kind) return &claim;
  }
  return nullptr;
}

/// Walks from one accuracy to the next; every step is a part.
class Walk {
 public:
  Walk(results::Attribution& attribution, double start) : attribution_(attribution), at_(start) {}
  void step(const std::string& part, const std::string& how, std::optional<double> to) {
    if (!to) return;
    attribution_.parts.push_back({.part = part, .how = how, .value = *to - at_});
    at_ = *to;
  }

 private:
  results::Attribution& attribution_;
  double at_;
};

/// The part that turns a right figure into the claimed one, by the first finding that explains it.
void add_claim_part(const Claim& claim, const std::vector<results::Finding>& findings, bool forward, double right, Walk& walk) {
  if (std::fabs(claim.figure.value - right) < 1e-7) return;  // the digits of a float32 at most
  const auto found = std::find_if(findings.begin(), findings.end(), [&](const results::Finding& finding) {
    return finding.subject == claim.figure.label && finding.counts.contains("reproduced") && part_of(finding.check) != "unexplained";
  });
  const std::string part = found == findings.end() ? "unexplained" : part_of(found->check);
  const std::string how =
      found == findings.end() ? claim.figure.label + " against the right figure" : claim.figure.label + ": " + found->check;
  walk.step(part, how, forward ? claim.figure.value : right);
}

}  // namespace

std::optional<results::Attribution> attribute_gap(const Evidence& evidence, const std::vector<results::Finding>& findings) {
  const AuditedModel *real = nullptr, *integer = nullptr;
  const Claim *from = claim_of(evidence, Kind::kFloat), *to = claim_of(evidence, Kind::kInteger);
  for (const AuditedModel& subject : evidence.subjects) {
    if (!right_count(evidence, subject, "test")) continue;
    const bool claimed_float = from != nullptr && &subject == &evidence.subjects[*from->subject];
    const bool claimed_integer = to != nullptr && &subject == &evidence.subjects[*to->subject];
    if (subject.kind == Kind::kFloat && (real == nullptr || claimed_float || (from == nullptr && subject.name == "float"))) real = &subject;
    if (subject.kind == Kind::kInteger && (integer == nullptr || claimed_integer || (to == nullptr && subject.name == "qat_int8")))
      integer = &subject;
  }
  if (real == nullptr || integer == nullptr) return std::nullopt;
  results::Attribution attribution;
  const double start = fraction(*right_count(evidence, *real, "test")), end = fraction(*right_count(evidence, *integer, "test"));
  attribution.from = from != nullptr ? from->figure.label : real->name, attribution.to = to != nullptr ? to->figure.label : integer->name;
  attribution.from_value = from != nullptr ? from->figure.value : start;
  Walk walk(attribution, attribution.from_value);
  if (from != nullptr) add_claim_part(*from, findings, false, start, walk);
  const bool trained_further = integer->name == "qat_int8" || integer->name.find("qat") != std::string::npos;
  if (trained_further && real->name == "float") {
    walk.step("extra training", "float_control less float", accuracy(evidence, "float_control"));
    const bool control = accuracy(evidence, "float_control").has_value();
    walk.step(control ? "fake quantization" : "extra training and fake quantization", control ? "qat less float_control" : "qat less float",
              accuracy(evidence, "qat"));
  }
  // Without the model in between, nobody can say how much of the step is training that came before conversion.
  const bool separated = !trained_further || accuracy(evidence, "qat").has_value();
  walk.step(separated ? "conversion" : "training and conversion together", integer->name + " under " + integer->find("test")->profile, end);
  double last = end;
  if (to != nullptr) {
    for (const Measured& measured : integer->measured) {
      const auto right = right_count(evidence, *integer, "test", measured.profile);
      const auto explained = std::find_if(findings.begin(), findings.end(), [&](const results::Finding& finding) {
        return finding.subject == to->figure.label && finding.counts.contains("reproduced");
      });
      const bool under = explained != findings.end() && explained->summary.find("under " + measured.profile) != std::string::npos;
      if (measured.split != "test" || !right || !(prints(to->figure, *right) || under) || fraction(*right) == last) continue;
      walk.step("runtime", integer->name + " under " + measured.profile, fraction(*right));
      last = fraction(*right);
      break;
    }
    add_claim_part(*to, findings, true, last, walk);
  }
  attribution.to_value = attribution.from_value;
  for (const results::AttributionPart& part : attribution.parts) attribution.to_value += part.value;
  return attribution;
}

}  // namespace liteqat::audit
