#include <algorithm>
#include <cmath>

#include "audit/audit.h"
#include "audit/checks/claimed.h"
#include "audit/roles.h"
#include "stats/comparisons.h"
#include "stats/paired_difference.h"

namespace liteqat::audit {
namespace {

/// A place on the way: an accuracy, with the test answers behind it where there are any.
struct Station {
  double value = 0;
  const Answers* answers = nullptr;
};

std::optional<Station> station(const Evidence& evidence, const AuditedModel& subject, const std::string& split = "test",
                               const std::string& profile = {}) {
  const auto right = right_count(evidence, subject, split, profile);
  if (!right) return std::nullopt;
  return Station{fraction(*right), split == "test" ? &subject.find(split, profile)->answers : nullptr};
}

std::optional<Station> station(const Evidence& evidence, const std::string& role) {
  const AuditedModel* subject = find_role(evidence, role);
  return subject != nullptr ? station(evidence, *subject) : std::nullopt;
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
  Walk(const Evidence& evidence, results::Attribution& attribution, Station start)
      : evidence_(evidence), attribution_(attribution), at_(start) {}

  /// The part just added; null where there is nowhere to go.
  results::AttributionPart* step(const std::string& part, const std::string& how, const std::optional<Station>& to) {
    if (!to) return nullptr;
    attribution_.parts.push_back({.part = part, .how = how, .value = to->value - at_.value});
    results::AttributionPart& added = attribution_.parts.back();
    if (at_.answers != nullptr && to->answers != nullptr) judge_noise(*at_.answers, *to->answers, added);
    at_ = *to;
    return &added;
  }
  const Station& at() const { return at_; }

 private:
  /// The exact McNemar test says whether the step is more than chance, Tango's interval how large it may be.
  void judge_noise(const Answers& before, const Answers& after, results::AttributionPart& part) const {
    constexpr double kLevel = 0.95;
    stats::PairedCounts counts{.only_a = 0, .only_b = 0, .total = evidence_.total()};
    for (size_t i = 0; i < evidence_.labels.size(); ++i) {
      const bool was = before.classed[i] == evidence_.labels[i], is = after.classed[i] == evidence_.labels[i];
      counts.only_a += is && !was, counts.only_b += was && !is;
    }
    const stats::Bounds bounds = stats::tango_interval(counts, kLevel);
    part.interval = {.method = "tango", .level = kLevel, .low = bounds.low, .high = bounds.high};
    part.noise = stats::mcnemar_exact_p(counts.only_a, counts.only_b) >= 1 - kLevel;
  }

  const Evidence& evidence_;
  results::Attribution& attribution_;
  Station at_;
};

const results::Finding* explanation_of(const Claim& claim, const std::vector<results::Finding>& findings) {
  const auto found = std::find_if(findings.begin(), findings.end(), [&](const results::Finding& finding) {
    return finding.subject == claim.figure.label && finding.counts.contains("reproduced") && part_of(finding.check) != "unexplained";
  });
  return found == findings.end() ? nullptr : &*found;
}

/// What the mistake of a finding makes of the subject's answers under a profile. Empty for mistakes that are not measured under every one.
std::optional<double> mistaken(const Evidence& evidence, const AuditedModel& subject, const std::string& check,
                               const std::string& profile) {
  const auto right = right_count(evidence, subject, "test", profile);
  if (check == "metric.one_hot_elementwise" && right) return 1 - 2 * (1 - fraction(*right)) / evidence.classes;
  if (check == "split.train") {
    const auto train = right_count(evidence, subject, "train", profile);
    return train ? std::optional(fraction(*train)) : std::nullopt;
  }
  return std::nullopt;
}

/// The part that turns a right figure into the claimed one, by the first finding that explains it. Null where the claim is the right
/// figure.
results::AttributionPart* add_claim_part(const Claim& claim, const results::Finding* explanation, double to, Walk& walk) {
  if (std::fabs(to - walk.at().value) < 1e-7) return nullptr;  // the digits of a float32 at most
  return walk.step(explanation == nullptr ? "unexplained" : part_of(explanation->check),
                   claim.figure.label + (explanation == nullptr ? " against the right figure" : ": " + explanation->check), Station{to});
}

/// Float to fake-quantized training, as far as the models in between are known.
void add_training_parts(const Evidence& evidence, Walk& walk) {
  const auto control = station(evidence, "float_control");
  walk.step("extra training", "float_control less float", control);
  walk.step(control ? "fake quantization" : "extra training and fake quantization", control ? "qat less float_control" : "qat less float",
            station(evidence, "qat"));
}

/// Runtime, then what explains the claim; each also measured with the other already made.
void add_last_parts(const Evidence& evidence, const Claim& claim, const AuditedModel& integer,
                    const std::vector<results::Finding>& findings, Walk& walk) {
  const results::Finding* explanation = explanation_of(claim, findings);
  const std::string first = integer.find("test")->profile;
  const double before = walk.at().value;
  std::string last = first;
  for (const Measured& measured : integer.measured) {
    const auto right = right_count(evidence, integer, "test", measured.profile);
    const bool under = explanation != nullptr && explanation->summary.find("under " + measured.profile) != std::string::npos;
    if (measured.split != "test" || !right || !(prints(claim.figure, *right) || under) || fraction(*right) == before) continue;
    last = measured.profile;
    break;
  }
  const std::string check = explanation != nullptr ? explanation->check : "";
  const auto first_mistaken = mistaken(evidence, integer, check, first), last_mistaken = mistaken(evidence, integer, check, last);
  const bool both = last != first && first_mistaken && last_mistaken;
  if (last != first) {
    auto* part = walk.step("runtime", integer.name + " under " + last + " less " + first, station(evidence, integer, "test", last));
    if (part != nullptr && both) {
      part->other_order = last_mistaken.value_or(0) - first_mistaken.value_or(0);
      part->other_how = "after the change below";
    }
  }
  auto* part = add_claim_part(claim, explanation, claim.figure.value, walk);
  if (part != nullptr && both) {
    part->other_order = first_mistaken.value_or(0) - before;
    part->other_how = "under " + first;
  }
}

/// The float and the integer model the gap lies between: those with claimed figures, else the run's own.
std::pair<const AuditedModel*, const AuditedModel*> find_ends(const Evidence& evidence, const Claim* from, const Claim* to) {
  const AuditedModel *real = nullptr, *integer = nullptr;
  for (const AuditedModel& subject : evidence.subjects) {
    if (!right_count(evidence, subject, "test")) continue;
    const bool claimed_float = from != nullptr && &subject == &evidence.subjects[*from->subject];
    const bool claimed_integer = to != nullptr && &subject == &evidence.subjects[*to->subject];
    if (subject.kind == Kind::kFloat && (real == nullptr || claimed_float || (from == nullptr && has_role(subject.name, "float"))))
      real = &subject;
    if (subject.kind == Kind::kInteger && (integer == nullptr || claimed_integer || (to == nullptr && has_role(subject.name, "qat_int8"))))
      integer = &subject;
  }
  return {real, integer};
}

}  // namespace

std::optional<results::Attribution> attribute_gap(const Evidence& evidence, const std::vector<results::Finding>& findings) {
  const Claim *from = claim_of(evidence, Kind::kFloat), *to = claim_of(evidence, Kind::kInteger);
  const auto [real, integer] = find_ends(evidence, from, to);
  if (real == nullptr || integer == nullptr) return std::nullopt;
  const Station start = *station(evidence, *real);
  results::Attribution attribution;
  attribution.from = from != nullptr ? from->figure.label : real->name;
  attribution.to = to != nullptr ? to->figure.label : integer->name;
  attribution.from_value = from != nullptr ? from->figure.value : start.value;
  const bool right_start = std::fabs(attribution.from_value - start.value) < 1e-7;
  Walk walk(evidence, attribution, right_start ? Station{attribution.from_value, start.answers} : Station{attribution.from_value});
  if (!right_start) {
    const results::Finding* explanation = explanation_of(*from, findings);
    walk.step(explanation == nullptr ? "unexplained" : part_of(explanation->check),
              from->figure.label + (explanation == nullptr ? " against the right figure" : ": " + explanation->check), start);
  }
  const bool trained_further = integer->name.find("qat") != std::string::npos;
  if (trained_further && has_role(real->name, "float")) add_training_parts(evidence, walk);
  // Without the model in between, nobody can say how much of the step is training that came before conversion.
  const bool separated = !trained_further || station(evidence, "qat").has_value();
  const std::string& profile = integer->find("test")->profile;
  auto* conversion =
      walk.step(separated ? "conversion" : "training and conversion together",
                integer->name + (profile == "file" ? ", by its file of answers" : " under " + profile), station(evidence, *integer));
  const auto quantized_first = station(evidence, "ptq_int8");
  if (trained_further && separated && quantized_first && has_role(real->name, "float")) {
    conversion->other_order = quantized_first->value - start.value;
    conversion->other_how = "ptq_int8 less float: before the further training";
  }
  if (to != nullptr) add_last_parts(evidence, *to, *integer, findings, walk);
  attribution.to_value = attribution.from_value;
  for (const results::AttributionPart& part : attribution.parts) attribution.to_value += part.value;
  return attribution;
}

}  // namespace liteqat::audit
