// The explanation record to JSON.
#include "results/explain_record.h"
#include "results/json_writer.h"

namespace liteqat::results {
namespace {

template <typename Value>
Json or_null(const std::optional<Value>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json numerators_json(const std::optional<Numerators>& numerators) {
  if (!numerators) return nullptr;
  Json json = Json::object();
  json["total"] = numerators->total;
  json["low"] = numerators->low;
  json["high"] = numerators->high;
  return json;
}

}  // namespace

Json figure_json(const FigureRecord& figure) {
  Json json = Json::object();
  json["label"] = figure.label;
  json["line"] = figure.line;
  json["printed"] = figure.printed;
  json["value"] = figure.value;
  json["form"] = figure.form;
  json["split"] = figure.split;
  json["numerators"] = Json::object();
  for (const auto& [split, numerators] : figure.numerators) json["numerators"][split] = numerators_json(numerators);
  json["possible"] = or_null(figure.possible);
  return json;
}

Json hypothesis_json(const Hypothesis& hypothesis) {
  Json json = Json::object();
  json["id"] = hypothesis.id;
  json["subject"] = hypothesis.subject;
  json["implied_accuracy"] = or_null(hypothesis.implied_accuracy);
  json["implied_correct"] = or_null(hypothesis.implied_correct);
  json["implied_total"] = or_null(hypothesis.implied_total);
  json["weight"] = hypothesis.weight;
  json["tied_with"] = hypothesis.tied_with;
  json["why"] = hypothesis.why;
  json["how_to_check"] = hypothesis.how_to_check;
  return json;
}

namespace {

Json comparison_json(const FigureComparison& comparison) {
  Json json = Json::object();
  json["a"] = comparison.a;
  json["b"] = comparison.b;
  json["difference"] = comparison.difference;
  json["z"] = comparison.z;
  json["p_unpaired"] = comparison.p_unpaired;
  json["significant_below_discordant"] = or_null(comparison.significant_below_discordant);
  json["images_needed"] = or_null(comparison.images_needed);
  json["images_more"] = or_null(comparison.images_more);
  return json;
}

Json fact_json(const Fact& fact) {
  Json json = Json::object();
  json["what"] = fact.what;
  json["count"] = fact.count;
  json["source"] = fact.source;
  return json;
}

}  // namespace

std::string explanation_to_json(const Explanation& explanation) {
  Json json = Json::object();
  json["schema"] = "liteqat/explain/1";
  json["facts"] = list(explanation.facts, fact_json);
  json["figures"] = list(explanation.figures, figure_json);
  json["hypotheses"] = list(explanation.hypotheses, hypothesis_json);
  json["comparisons"] = list(explanation.comparisons, comparison_json);
  json["findings"] = list(explanation.findings, finding_json);
  json["notes"] = explanation.notes;
  return print_document(json);
}

}  // namespace liteqat::results
