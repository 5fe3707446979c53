// The run and evaluation records to JSON.
#include "results/base64.h"
#include "results/json_writer.h"
#include "results/records.h"
#include "results/verdict.h"

namespace liteqat::results {
namespace {

Json environment_json(const Environment& environment) {
  Json json = Json::object();
  json["version"] = environment.version;
  json["cpu"] = environment.cpu;
  json["cpu_flags"] = environment.cpu_flags;
  json["isa"] = environment.isa;
  json["threads"] = environment.threads;
  if (environment.ranks > 1) json["ranks"] = environment.ranks;
  json["libraries"] = Json::object();
  for (const auto& [name, version] : environment.libraries) json["libraries"][name] = version;
  return json;
}

Json data_json(const std::vector<DataSplit>& splits) {
  Json json = Json::object();
  for (const DataSplit& split : splits) {
    json[split.name] = {{"count", split.count}, {"sha256", split.sha256}};
  }
  return json;
}

Json stage_json(const Stage& stage) {
  Json json = Json::object();
  json["name"] = stage.name;
  json["seconds"] = stage.seconds;
  if (stage.images_per_second) json["images_per_second"] = *stage.images_per_second;
  return json;
}

Json point_json(const EpochPoint& point) {
  Json json = Json::object();
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

Json part_json(const AttributionPart& part) {
  Json json = Json::object();
  json["part"] = part.part;
  json["how"] = part.how;
  json["value"] = part.value;
  if (part.interval) json["interval"] = interval_json(*part.interval);
  if (part.interval) json["noise"] = part.noise;
  if (part.other_order) json["other_order"] = *part.other_order;
  if (part.other_order) json["other_how"] = part.other_how;
  return json;
}

Json curve_json(const Curve& curve) {
  Json json = Json::object();
  json["stage"] = curve.stage;
  json["points"] = list(curve.points, point_json);
  return json;
}

Json model_json(const ModelFile& model) {
  Json json = Json::object();
  json["model"] = model.model;
  json["path"] = model.path;
  json["bytes"] = model.bytes;
  json["sha256"] = model.sha256;
  json["type"] = model.type;
  json["description"] = model.description;
  if (!model.float_layers.empty()) json["float_layers"] = Json::array();
  for (const FloatLayerRecord& layer : model.float_layers) {
    json["float_layers"].push_back({{"op", layer.op}, {"name", layer.name}, {"reason", layer.reason}});
  }
  return json;
}

Json calibration_images_json(const CalibrationRecord& calibration) {
  return Json{{"images", calibration.images},
              {"rule", calibration.rule},
              {"sha256", calibration.sha256},
              {"overlap", calibration.overlap.value_or(0)}};
}

Json disagreement_json(const Disagreement& image) {
  Json json = Json::object();
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

Json attribution_json(const Attribution& attribution) {
  Json json = Json::object();
  json["from"] = attribution.from;
  json["to"] = attribution.to;
  json["from_value"] = attribution.from_value;
  json["to_value"] = attribution.to_value;
  json["parts"] = list(attribution.parts, part_json);
  return json;
}

std::string run_to_json(const Run& run) {
  Json json = Json::object();
  json["schema"] = kRunSchema;
  json["recipe"] = run.recipe;
  json["recipe_hash"] = run.recipe_hash;
  json["recipe_text"] = run.recipe_text;
  json["dataset"] = run.dataset;
  json["class_names"] = run.class_names;
  json["seed"] = run.seed;
  json["environment"] = environment_json(run.environment);
  json["data"] = data_json(run.data);
  if (run.images) json["images"] = image_reading_json(*run.images);
  if (run.calibration) json["calibration"] = calibration_images_json(*run.calibration);
  json["stages"] = list(run.stages, stage_json);
  json["metrics"] = list(run.metrics, metric_json);
  json["findings"] = list(run.findings, finding_json);
  if (run.attribution) json["attribution"] = attribution_json(*run.attribution);
  json["models"] = list(run.models, model_json);
  json["curves"] = list(run.curves, curve_json);
  json["disagreements"] = list(run.disagreements, disagreement_json);
  return print_document(json);
}

}  // namespace liteqat::results
