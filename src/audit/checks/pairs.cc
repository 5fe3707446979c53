#include "audit/checks/pairs.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "audit/checks/harm.h"
#include "audit/compare/compare.h"
#include "audit/compare/findings.h"
#include "base/format.h"
#include "stats/holm.h"

namespace liteqat::audit {
namespace {

/// A model with its answers on the labelled test images.
struct Side {
  const AuditedModel* subject = nullptr;
  const Answers* answers = nullptr;
};

enum class Relation {
  kUnknown,
  kOneModel,        // a run's float model in its formats, which must answer alike
  kUnquantized,     // two float models: nothing between them is quantization
  kSameTraining,    // quantized without further training
  kDeployed,        // a quantization-aware model and its integer form, which should answer alike
  kTrainedFurther,  // one of the two went on training where the other one ended, as a run's names say
  kOtherWeights,    // the same by the weights, which are not the other one's rounded
};

struct SidePair {
  Side a, b;
  Relation relation = Relation::kUnknown;
};

bool is_one_of(const std::string& name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// By the names that a run gives its models, else by the weights of an integer model beside its float twin's.
Relation relation_of(const Evidence& evidence, const Side& a, const Side& b) {
  const std::string &first = a.subject->name, &second = b.subject->name;
  if (evidence.run && is_one_of(first, {"float", "float32", "float16"})) {
    if (is_one_of(second, {"float", "float32", "float16"})) return Relation::kOneModel;
    if (is_one_of(second, {"float_control", "qat", "qat_int8"})) return Relation::kTrainedFurther;
    if (second == "ptq_int8") return Relation::kSameTraining;
  }
  if (is_deployment(first, second)) return Relation::kDeployed;
  if (b.subject->study && b.subject->study->other_weights == first) return Relation::kOtherWeights;
  if (b.subject->study && !b.subject->study->own_weights && b.subject->study->twin == first)
    return same_training(*b.subject->study) ? Relation::kSameTraining : Relation::kOtherWeights;
  const bool both_float = a.subject->kind == Kind::kFloat && b.subject->kind == Kind::kFloat;
  return both_float ? Relation::kUnquantized : Relation::kUnknown;
}

/// Every model with the first float one (the first model where there is none), and a run's fake-quantized model with its integer form.
std::vector<SidePair> pair_up(const Evidence& evidence) {
  std::vector<Side> sides;
  for (const AuditedModel& subject : evidence.subjects) {
    const Measured* measured = subject.find("test");
    if (measured == nullptr || measured->answers.classed.size() != evidence.labels.size() || evidence.labels.empty()) continue;
    sides.push_back({&subject, &measured->answers});
  }
  // Whatever the order in which models were given, the first float one is what the others are held against.
  const auto partner = std::find_if(sides.begin(), sides.end(), [](const Side& side) { return side.subject->kind == Kind::kFloat; });
  if (partner != sides.end()) std::rotate(sides.begin(), partner, partner + 1);
  std::vector<SidePair> pairs;
  for (size_t i = 1; i < sides.size(); ++i) pairs.push_back({sides[0], sides[i], relation_of(evidence, sides[0], sides[i])});
  const auto named = [&](const char* name) {
    return std::find_if(sides.begin(), sides.end(), [&](const Side& side) { return side.subject->name == name; });
  };
  const auto trained = named("qat"), deployed = named("qat_int8");
  if (evidence.run && trained != sides.end() && deployed != sides.end() && trained != sides.begin() && deployed != sides.begin())
    pairs.push_back({*trained, *deployed, Relation::kDeployed});
  return pairs;
}

/// Why what a finding doubts is to be expected of two models that came about so; empty where it is not.
std::string explain_doubt(Relation relation, const results::PairComparison& pair, const results::Finding& finding) {
  const bool flips = finding.check == "quant.flips_by_class", identical = finding.check == "report.identical_figures";
  const bool apart = flips || (finding.check == "noise.equivalent" && pair.p_holm < kSignificant);
  if (relation == Relation::kOneModel && identical) return " It is one model in two formats.";
  if (relation == Relation::kUnquantized && flips) return " Neither of the two is quantized.";
  if (relation == Relation::kTrainedFurther && apart)
    return " One of the two was trained further: the difference is real, and no sign of quantization.";
  if (relation == Relation::kOtherWeights && apart) {
    return format(
        " The weights of {} are not those of {} rounded (trained further, or its channels rescaled): the difference is no sign of rounding "
        "alone.",
        pair.b.name, pair.a.name);
  }
  return "";
}

/// What is known of how the two came about: a difference that training explains is no doubt about quantization or the report.
void apply_relation(Relation relation, const results::PairComparison& pair, size_t pairs, results::Finding& finding) {
  if (finding.verdict != results::Verdict::kDoubt) return;
  const std::string why = explain_doubt(relation, pair, finding);
  const bool by_chance =  // Bonferroni over the pairs
      finding.check == "quant.flips_by_class" && finding.evidence["p"] * static_cast<double>(pairs) >= kSignificant;
  if (why.empty() && !by_chance) return;
  finding.verdict = results::Verdict::kClear, finding.advice.clear();
  finding.summary += why;
}

}  // namespace

void add_pair_findings_of(const Check& check, const Evidence& evidence, Findings& findings) {
  std::vector<results::PairComparison> compared;
  std::vector<Relation> relations;
  std::vector<double> p;
  for (const SidePair& sides : pair_up(evidence)) {
    std::vector<Answers> two = {*sides.a.answers, *sides.b.answers};
    two[0].name = sides.a.subject->name, two[1].name = sides.b.subject->name;
    const auto comparison = compare(two, evidence.labels, {});
    if (!comparison.ok()) continue;  // answers of another number of classes: nothing to compare
    compared.push_back(comparison->pairs[0]);
    relations.push_back(sides.relation);
    p.push_back(compared.back().p_exact);
  }
  const std::vector<double> adjusted = stats::holm_adjusted(p);
  for (size_t i = 0; i < compared.size(); ++i) {
    compared[i].p_holm = adjusted[i];
    std::vector<results::Finding> all;
    add_pair_findings(compared[i], all);
    for (results::Finding& finding : all) {
      if (finding.check != check.id) continue;
      apply_relation(relations[i], compared[i], compared.size(), finding);
      findings.push_back(std::move(finding));
    }
  }
}

}  // namespace liteqat::audit
