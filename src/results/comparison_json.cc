#include <algorithm>

#include "results/comparison.h"
#include "results/evaluation_record.h"
#include "results/json_writer.h"

namespace liteqat::results {
namespace {

template <typename T>
Json or_null(bool known, const T& value) {
  return known ? Json(value) : Json();
}

Json model_json(const ComparedModel& model, bool labelled) {
  Json json = Json::object();
  json["name"] = model.name;
  json["correct"] = or_null(labelled, model.correct);
  json["value"] = or_null(labelled, model.value);
  json["interval"] = labelled ? interval_json(model.interval) : Json();
  json["interval_exact"] = model.interval_exact ? interval_json(*model.interval_exact) : Json();
  json["ties"] = model.ties;
  return json;
}

Json flips_json(const ClassFlips& flips) {
  Json json = Json::object();
  json["class"] = flips.label;
  json["total"] = flips.total;
  json["changed"] = flips.changed;
  json["only_a"] = flips.only_a;
  json["only_b"] = flips.only_b;
  return json;
}

void add_power(const PairComparison& pair, Json& json) {
  Json& power = json["power"] = Json::object();
  power["alpha"] = 0.05;
  power["power"] = 0.8;
  power["discordance"] = pair.discordance;
  power["smallest_gap"] = or_null(pair.smallest_gap.has_value(), pair.smallest_gap.value_or(0));
  power["gap"] = pair.gap_asked;
  const int64_t there = pair.clusters ? pair.clusters->pictures : pair.total;
  const auto add = [&](const std::string& suffix, const std::optional<int64_t>& needed) {
    power["images_needed" + suffix] = or_null(needed.has_value(), needed.value_or(0));
    power["images_more" + suffix] = or_null(needed.has_value(), std::max<int64_t>(0, needed.value_or(0) - there));
  };
  add("", pair.images_needed);
  add("_unpaired", pair.images_needed_unpaired);
}

/// What stands in place of McNemar's test where images are copies.
Json clusters_json(const PairComparison& pair) {
  Json json = Json::object();
  json["pictures"] = pair.clusters->pictures;
  json["images_each"] = pair.clusters->images_each;
  json["p"] = pair.clusters->p;
  json["p_holm"] = pair.p_holm;
  return json;
}

void add_pair(const PairComparison& pair, Json& json) {
  json["total"] = pair.total;
  json["agreement"] = pair.agreement;
  json["a"] = model_json(pair.a, pair.labelled);
  json["b"] = model_json(pair.b, pair.labelled);
  json["both_right"] = or_null(pair.labelled, pair.both_right);
  json["only_a"] = or_null(pair.labelled, pair.only_a);
  json["only_b"] = or_null(pair.labelled, pair.only_b);
  json["both_wrong"] = or_null(pair.labelled, pair.both_wrong);
  if (pair.labelled) {
    Json& mcnemar = json["mcnemar"] = nullptr;
    if (pair.clusters) {
      json["clusters"] = clusters_json(pair);
    } else {
      mcnemar = {{"p_exact", pair.p_exact}, {"p_mid", pair.p_mid}, {"p_holm", pair.p_holm}};
    }
    json["difference"] = {{"value", pair.difference}, {"interval", interval_json(pair.difference_interval)}};
    json["equivalence"] = {{"margin", pair.margin}, {"p", pair.equivalence_p}};
    add_power(pair, json);
  } else {
    for (const char* key : {"mcnemar", "difference", "equivalence", "power"}) json[key] = nullptr;
  }
  json["flips_by"] = pair.labelled ? "label" : "class answered by a";
  json["flips"] = list(pair.flips, flips_json);
  json["score_difference"] = nullptr;
  if (pair.scores) {
    Json& scores = json["score_difference"] = Json::object();
    scores["mean"] = pair.scores->mean;
    scores["root_mean_square"] = pair.scores->root_mean_square;
    scores["largest"] = pair.scores->largest;
  }
}

Json model_parts_json(const ModelParts& model) {
  Json json = Json::object();
  json["name"] = model.name;
  if (!model.directories.empty()) json["directories"] = parts_json(model.directories, "directory");
  if (!model.copies.empty()) json["copies"] = parts_json(model.copies, "copy");
  return json;
}

Json pair_json(const PairComparison& pair) {
  Json json = Json::object();
  add_pair(pair, json);
  return json;
}

}  // namespace

std::string evaluation_to_json(const Evaluation& evaluation) {
  Json json = Json::object();
  json["schema"] = "liteqat/eval/1";
  if (evaluation.images) json["images"] = image_reading_json(*evaluation.images);
  json["metrics"] = list(evaluation.metrics, metric_json);
  if (!evaluation.comparisons.empty()) json["comparisons"] = list(evaluation.comparisons, pair_json);
  if (!evaluation.findings.empty()) json["findings"] = list(evaluation.findings, finding_json);
  if (!evaluation.notes.empty()) json["notes"] = evaluation.notes;
  return print_document(json);
}

std::string comparison_to_json(const Comparison& comparison) {
  Json json = Json::object();
  json["schema"] = "liteqat/compare/1";
  add_pair(comparison.pairs.front(), json);
  if (comparison.pairs.size() > 1) json["comparisons"] = list(comparison.pairs, pair_json);
  json["findings"] = list(comparison.findings, finding_json);
  if (!comparison.parts.empty()) json["parts"] = list(comparison.parts, model_parts_json);
  if (!comparison.notes.empty()) json["notes"] = comparison.notes;
  return print_document(json);
}

}  // namespace liteqat::results
