#include "results/json_writer.h"
#include "results/model_record.h"

namespace liteqat::results {
namespace {

Json tensor_json(const TensorRecord& tensor) {
  Json json = Json::object();
  json["id"] = tensor.id;
  json["name"] = tensor.name;
  json["type"] = tensor.type;
  json["shape"] = tensor.shape;
  if (!tensor.scale.empty()) {
    json["scale"] = tensor.scale;
    json["zero_point"] = tensor.zero_point;
    if (tensor.scale.size() > 1) json["axis"] = tensor.axis;
  }
  if (tensor.low && tensor.high) json["range"] = {*tensor.low, *tensor.high};
  json["bytes"] = tensor.bytes;
  json["place"] = tensor_place_name(tensor.place);
  if (tensor.place == TensorPlace::kArena) {
    json["offset"] = tensor.offset;
    json["operators"] = {tensor.first_op, tensor.last_op};
  }
  if (tensor.in_place_of) json["in_place_of"] = *tensor.in_place_of;
  return json;
}

Json layer_json(const LayerRecord& layer) {
  Json json = Json::object();
  json["index"] = layer.index;
  json["operator"] = layer.op;
  json["name"] = layer.name;
  if (!layer.kernel.empty()) {
    json["kernel"] = layer.kernel;
    json["scratch_bytes"] = layer.scratch_bytes;
  }
  json["macs"] = layer.macs;
  json["inputs"] = layer.inputs;
  json["outputs"] = layer.outputs;
  return json;
}

Json tensors_json(const ModelRecord& model, const std::vector<int32_t>& ids) {
  Json array = Json::array();
  for (int32_t id : ids) array.push_back(tensor_json(model.tensor(id)));
  return array;
}

void add_training(const ModelRecord& model, Json& json) {
  if (model.trainable_parameters) json["trainable_parameters"] = *model.trainable_parameters;
  if (model.parameters) json["parameters"] = *model.parameters;
  if (model.epochs) json["epochs"] = *model.epochs;
  if (!model.scheme.empty()) {
    json["scheme"] = model.scheme;
    json["quantizers"] = model.quantizers;
  }
}

void add_execution(const ModelRecord& model, Json& json) {
  if (!model.memory) return;
  json["memory"] = {{"arena_bytes", model.memory->arena_bytes},
                    {"live_peak_bytes", model.memory->live_peak_bytes},
                    {"scratch_bytes", model.memory->scratch_bytes}};
  json["isa"] = model.isa;
}

}  // namespace

const char* tensor_place_name(TensorPlace place) {
  switch (place) {
    case TensorPlace::kNone:
      return "none";
    case TensorPlace::kConstant:
      return "constant";
    case TensorPlace::kArena:
      return "arena";
  }
  return "none";
}

std::string model_to_json(const ModelRecord& model, bool with_layers) {
  Json json = Json::object();
  json["schema"] = "liteqat/inspect/1";
  json["file"] = model.file;
  json["format"] = model.format;
  json["file_bytes"] = model.file_bytes;
  if (!model.description.empty()) json["description"] = model.description;
  json["inputs"] = tensors_json(model, model.inputs);
  json["outputs"] = tensors_json(model, model.outputs);
  if (!model.mean.empty()) json["preprocessing"] = {{"mean", model.mean}, {"std", model.std}};
  if (!model.labels.empty()) json["labels"] = model.labels;
  json["operators"] = model.operators;
  if (!model.inactive_layers.empty()) json["inactive_layers"] = model.inactive_layers;
  json["constant_bytes"] = model.constant_bytes;
  json["macs"] = model.macs;
  add_training(model, json);
  add_execution(model, json);
  if (with_layers) {
    json["layers"] = list(model.layers, layer_json);
    json["tensors"] = list(model.tensors, tensor_json);
  }
  return print_document(json);
}

namespace {

Json calibration_json(const CalibrationRecord& calibration) {
  Json json = Json::object();
  json["images"] = calibration.images;
  json["rule"] = calibration.rule;
  json["sha256"] = calibration.sha256;
  json["overlap"] = calibration.overlap ? Json(*calibration.overlap) : Json();
  json["calibrator"] = calibration.calibrator;
  json["methods"] = calibration.methods;
  return json;
}

Json accuracy_json(const ConversionAccuracy& accuracy) {
  Json json = Json::object();
  json["split"] = accuracy.split;
  json["total"] = accuracy.total;
  json["float_correct"] = accuracy.float_correct;
  json["correct"] = accuracy.correct;
  json["agreement"] = accuracy.agreement;
  json["difference"] = accuracy.difference;
  json["interval"] = Json{{"level", 0.95}, {"low", accuracy.low}, {"high", accuracy.high}};
  json["p_exact"] = accuracy.p;
  return json;
}

/// JSON has no infinity: null stands for an operator whose values did not change.
Json noise_json(const LayerNoiseRecord& layer) {
  return Json{{"op", layer.op}, {"name", layer.name}, {"type", layer.type}, {"sqnr_db", layer.sqnr_db}};
}

Json trade_off_json(const TradeOffRecord& step) {
  Json json = {{"spared", step.spared}, {"layer", step.layer}, {"type", step.type}, {"bytes", step.bytes}, {"sqnr_db", step.sqnr_db}};
  json["correct"] = step.correct ? Json(*step.correct) : Json();
  return json;
}

Json float_layer_json(const FloatLayerRecord& layer) {
  return Json{{"op", layer.op}, {"name", layer.name}, {"reason", layer.reason}};
}

}  // namespace

std::string conversion_to_json(const ConversionRecord& conversion) {
  Json json = Json::object();
  json["schema"] = "liteqat/convert/1";
  json["source"] = conversion.source;
  json["file"] = conversion.file;
  json["type"] = conversion.type;
  json["io"] = conversion.io;
  json["ranges"] = conversion.ranges;
  json["bytes"] = conversion.bytes;
  json["sha256"] = conversion.sha256;
  if (conversion.calibration) json["calibration"] = calibration_json(*conversion.calibration);
  if (conversion.accuracy) json["accuracy"] = accuracy_json(*conversion.accuracy);
  if (conversion.arena_bytes) json["arena_bytes"] = *conversion.arena_bytes;
  if (!conversion.layers.empty()) json["layers"] = list(conversion.layers, noise_json);
  if (!conversion.sensitivity.empty()) json["sensitivity"] = list(conversion.sensitivity, noise_json);
  if (!conversion.trade_off.empty()) json["trade_off"] = list(conversion.trade_off, trade_off_json);
  if (!conversion.float_layers.empty()) json["float_layers"] = list(conversion.float_layers, float_layer_json);
  return print_document(json);
}

}  // namespace liteqat::results
