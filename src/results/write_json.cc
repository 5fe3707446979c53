// Records to JSON. Our own layout instead of nlohmann's: two-space indent, but a list of plain values stays on one line, so that a
// confusion matrix reads as a matrix.
#include <cmath>

#include "results/base64.h"
#include "results/json_reader.h"
#include "results/records.h"
#include "results/verdict.h"

namespace liteqat::results {
namespace {

/// Not a number and the infinities become null (nlohmann's rule); bytes that are no UTF-8 become U+FFFD, because file names may hold any.
std::string scalar(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool fits_one_line(const Json& array) {
  for (const Json& element : array) {
    if (element.is_structured()) return false;
  }
  return true;
}

void print(const Json& value, size_t depth, std::string& out) {
  if (!value.is_structured()) {
    out += scalar(value);
    return;
  }
  const bool object = value.is_object();
  const bool one_line = value.empty() || (!object && fits_one_line(value));
  const std::string newline = "\n" + std::string(2 * (depth + 1), ' ');
  out += object ? '{' : '[';
  bool first = true;
  for (const auto& item : value.items()) {
    if (!first) out += one_line ? ", " : ",";
    if (!one_line) out += newline;
    if (object) out += scalar(item.key()) + ": ";
    print(item.value(), depth + 1, out);
    first = false;
  }
  if (!one_line) out += "\n" + std::string(2 * depth, ' ');
  out += object ? '}' : ']';
}

std::string print_document(const Json& document) {
  std::string out;
  print(document, 0, out);
  out += '\n';
  return out;
}

template <typename Record>
Json list(const std::vector<Record>& records, Json (*one)(const Record&)) {
  Json array = Json::array();
  for (const Record& record : records) array.push_back(one(record));
  return array;
}

/// Counts stand in evidence as doubles; written as integers where they are.
Json evidence_value(double value) {
  constexpr double kExact = 9007199254740992.0;  // 2^53: below it every whole double is one integer
  if (std::abs(value) < kExact && value == std::floor(value)) return static_cast<int64_t>(value);
  return value;
}

Json metric_json(const Metric& metric) {
  Json json;
  json["id"] = metric.id;
  json["model"] = metric.model;
  json["arithmetic"] = metric.arithmetic;
  json["split"] = metric.split;
  json["correct"] = metric.correct;
  json["total"] = metric.total;
  json["value"] = metric.value;
  json["interval"]["method"] = metric.interval.method;
  json["interval"]["level"] = metric.interval.level;
  json["interval"]["low"] = metric.interval.low;
  json["interval"]["high"] = metric.interval.high;
  json["ties"] = metric.ties;
  if (metric.agreement) {
    json["agreement"] = *metric.agreement;
    json["agreement_with"] = metric.agreement_with;
  }
  if (!metric.confusion.empty()) json["confusion"] = metric.confusion;
  return json;
}

Json finding_json(const Finding& finding) {
  Json json;
  json["check"] = finding.check;
  json["verdict"] = verdict_name(finding.verdict);
  json["subject"] = finding.subject;
  json["summary"] = finding.summary;
  json["evidence"] = Json::object();
  for (const auto& [key, value] : finding.evidence) json["evidence"][key] = evidence_value(value);
  json["advice"] = finding.advice;
  return json;
}

Json environment_json(const Environment& environment) {
  Json json;
  json["version"] = environment.version;
  json["cpu"] = environment.cpu;
  json["cpu_flags"] = environment.cpu_flags;
  json["isa"] = environment.isa;
  json["threads"] = environment.threads;
  json["libraries"] = Json::object();
  for (const auto& [name, version] : environment.libraries) json["libraries"][name] = version;
  return json;
}

Json data_json(const std::vector<DataSplit>& splits) {
  Json json = Json::object();
  for (const DataSplit& split : splits) {
    json[split.name]["count"] = split.count;
    json[split.name]["sha256"] = split.sha256;
  }
  return json;
}

Json stage_json(const Stage& stage) {
  Json json;
  json["name"] = stage.name;
  json["seconds"] = stage.seconds;
  if (stage.images_per_second) json["images_per_second"] = *stage.images_per_second;
  return json;
}

Json point_json(const EpochPoint& point) {
  Json json;
  json["epoch"] = point.epoch;
  json["learning_rate"] = point.learning_rate;
  json["train_loss"] = point.train_loss;
  json["train_correct"] = point.train_correct;
  json["train_total"] = point.train_total;
  if (point.validation_loss) json["validation_loss"] = *point.validation_loss;
  json["validation_correct"] = point.validation_correct;
  json["validation_total"] = point.validation_total;
  return json;
}

Json curve_json(const Curve& curve) {
  Json json;
  json["stage"] = curve.stage;
  json["points"] = list(curve.points, point_json);
  return json;
}

Json model_json(const ModelFile& model) {
  Json json;
  json["model"] = model.model;
  json["path"] = model.path;
  json["bytes"] = model.bytes;
  json["sha256"] = model.sha256;
  json["type"] = model.type;
  json["description"] = model.description;
  return json;
}

Json disagreement_json(const Disagreement& image) {
  Json json;
  json["index"] = image.index;
  json["label"] = image.label;
  json["height"] = image.height;
  json["width"] = image.width;
  json["channels"] = image.channels;
  json["predictions"] = Json::object();
  for (const auto& [model, prediction] : image.predictions) json["predictions"][model] = prediction;
  json["pixels"] = encode_base64(image.pixels);
  return json;
}

}  // namespace

std::string run_to_json(const Run& run) {
  Json json;
  json["schema"] = kRunSchema;
  json["recipe"] = run.recipe;
  json["recipe_hash"] = run.recipe_hash;
  json["dataset"] = run.dataset;
  json["class_names"] = run.class_names;
  json["seed"] = run.seed;
  json["environment"] = environment_json(run.environment);
  json["data"] = data_json(run.data);
  json["stages"] = list(run.stages, stage_json);
  json["metrics"] = list(run.metrics, metric_json);
  json["findings"] = list(run.findings, finding_json);
  json["models"] = list(run.models, model_json);
  json["curves"] = list(run.curves, curve_json);
  json["disagreements"] = list(run.disagreements, disagreement_json);
  return print_document(json);
}

std::string eval_to_json(const std::vector<Metric>& metrics) {
  Json json;
  json["schema"] = "liteqat/eval/1";
  json["metrics"] = list(metrics, metric_json);
  return print_document(json);
}

}  // namespace liteqat::results
