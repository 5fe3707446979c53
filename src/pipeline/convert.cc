#include "pipeline/convert.h"

#include <algorithm>

#include "base/file.h"
#include "base/text.h"
#include "formats/tflite/tflite.h"
#include "hash/sha256.h"
#include "pipeline/known_answers.h"
#include "pipeline/training_stage.h"
#include "quant/dequantize.h"
#include "quant/lower_weights.h"
#include "quant/passes.h"

namespace liteqat::pipeline {
namespace {

Result<Bytes> write_tflite(const graph::Graph& graph, const std::string& path, const formats::tflite::Extras& extras = {}) {
  LITEQAT_ASSIGN_OR_RETURN(Bytes bytes, formats::tflite::write(graph, extras));
  LITEQAT_RETURN_IF_ERROR(write_file(path, bytes));
  return bytes;
}

Result<graph::Graph> lower_for_type(Context& context, const std::string& type, const TrainedModel& float_model,
                                    const TrainedModel* qat_model, quant::IoType io) {
  if (type == "float32") return quant::lower_to_float(float_model.graph);
  if (type == "qat_int8") {
    LITEQAT_CHECK(qat_model != nullptr && qat_model->plan.has_value());
    return quant::lower_to_int8(qat_model->graph, *qat_model->plan, io);
  }
  LITEQAT_ASSIGN_OR_RETURN(const graph::Graph real, quant::lower_to_float(float_model.graph));
  if (type == "float16") return quant::lower_to_float16(real);
  if (type == "dynamic") {
    std::vector<quant::FloatLayer> float_layers;
    return quant::lower_to_dynamic(real, {}, float_layers);
  }
  // The method of `liteqat convert` by default, on the recipe's calibration images.
  const bool wide = type == "ptq_int16x8";
  const quant::LayerChoice choice = {.type = wide ? quant::LayerType::kInt16x8 : quant::LayerType::kInt8};
  LITEQAT_ASSIGN_OR_RETURN(const ptq::Method method, make_method({}, choice.type));
  const ptq::Request request = {
      .model = real, .layers = std::vector<quant::LayerChoice>(real.ops.size(), choice), .method = method, .ranges = {}};
  const data::Split images = take_calibration_images(context.recipe, context.dataset);
  const data::Normalization normalization = make_normalization(context.recipe);
  const ptq::Machine machine = {context.isa, context.pool, context.progress};
  LITEQAT_ASSIGN_OR_RETURN(const ptq::Outcome outcome, ptq::quantize_after_training(request, {images, normalization}, machine));
  return wide ? Result<graph::Graph>(outcome.quantized.graph) : quant::change_io(outcome.quantized.graph, io);
}

}  // namespace

Status run_convert_stage(Context& context, const TrainedModel& float_model, const TrainedModel* qat_model) {
  LITEQAT_ASSIGN_OR_RETURN(const quant::IoType io, quant::parse_io_type(context.recipe.io));
  for (const std::string& type : context.recipe.types) {
    const std::string stage = "convert " + type, output = type + ".tflite";
    if (context.directory.find_finished(stage)) continue;
    const Stopwatch watch;
    auto lowered = lower_for_type(context, type, float_model, qat_model, io);
    if (!lowered.ok()) return lowered.status().with_context(stage);
    LITEQAT_ASSIGN_OR_RETURN(const Bytes bytes, write_tflite(*lowered, context.file(output)));
    context.progress.note(format("{}: {} ({})", stage, output, format_bytes(static_cast<int64_t>(bytes.size()))));
    LITEQAT_RETURN_IF_ERROR(context.directory.finish_stage(stage, watch.seconds(), std::nullopt, {output}));
  }
  return {};
}

namespace {

const std::vector<std::string> kTypes = {"float32", "float16", "dynamic", "int8", "int16x8"};

bool is_calibrated(const std::string& type) {
  return type == "int8" || type == "int16x8";
}

Status check_inputs(const ConvertInputs& inputs) {
  if (std::ranges::find(kTypes, inputs.type) == kTypes.end()) {
    return error(Code::kInvalidArgument, "--type {}: not a type this version writes, expected {}", inputs.type, join(kTypes, ", "));
  }
  if (inputs.io != "float32" && inputs.type != "int8") {
    return error(Code::kInvalidArgument, "--io {}: a model of type {} has float32 inputs and outputs", inputs.io, inputs.type);
  }
  return {};
}

/// What is converted: a .tflite that computes in float32 as it is, one of integers only as the float model it stands for.
Result<graph::Graph> take_source(const ConvertInputs& inputs, const AnyModel& any) {
  if (inputs.dequantize && !any.deployed) {
    return error(Code::kInvalidArgument, "--dequantize {}: only an integer .tflite can be dequantized", inputs.source);
  }
  if (!any.deployed) return any.model.graph;
  graph::Graph model = any.model.graph;
  quant::fold_dequantized_constants(model);
  quant::remove_unused_tensors(model);
  const Status real = quant::check_float(model);
  if (real.ok() && !inputs.dequantize) return model;
  if (real.ok()) return error(Code::kInvalidArgument, "--dequantize {}: the model computes in float32 already", inputs.source);
  if (!inputs.dequantize) {
    return error(Code::kUnsupported, "{}: {}: a quantized .tflite is converted with --dequantize only, as the float model it stands for",
                 inputs.source, real.message());
  }
  auto dequantized = quant::dequantize_graph(any.model.graph);
  return dequantized.ok() ? std::move(dequantized) : Result<graph::Graph>(dequantized.status().with_context(inputs.source));
}

/// Of a .tflite source what it held beside the model, but for the record of the conversion that made it, which the new file is not of.
formats::tflite::Extras take_extras(const AnyModel& any) {
  formats::tflite::Extras extras = any.extras;
  std::erase_if(extras.metadata, [](const auto& entry) { return entry.name == "CONVERSION_METADATA"; });
  return extras;
}

Result<graph::Graph> lower_weights(const ConvertInputs& inputs, const graph::Graph& model, results::ConversionRecord& record) {
  if (inputs.type == "float32") return model;
  if (inputs.type == "float16") return quant::lower_to_float16(model);
  std::vector<quant::FloatLayer> float_layers;
  quant::DynamicOptions options = {.per_channel = !inputs.post_training.per_tensor, .skipped = {}};
  LITEQAT_ASSIGN_OR_RETURN(const auto layers, choose_layers(model, inputs.post_training, quant::LayerType::kInt8));
  for (size_t op = 0; op < layers.size(); ++op) {
    if (layers[op].type == quant::LayerType::kFloat32) options.skipped.push_back(model.ops[op].name);
  }
  auto lowered = quant::lower_to_dynamic(model, options, float_layers);
  for (const quant::FloatLayer& layer : float_layers) record.float_layers.push_back({layer.op, layer.name, layer.reason});
  return lowered;
}

/// Known answers and the C array, where they are asked for.
Status write_companions(const ConvertInputs& inputs, const graph::Graph& model, const Bytes& bytes, const ptq::Machine& machine) {
  if (!inputs.c_array.empty()) LITEQAT_RETURN_IF_ERROR(write_text_file(inputs.c_array, print_c_array(bytes, inputs.c_array)));
  if (inputs.vectors_folder.empty()) return {};
  const bool evaluated = !inputs.post_training.eval_folder.empty();
  const std::string& folder = evaluated ? inputs.post_training.eval_folder : inputs.post_training.calibration_folder;
  if (folder.empty()) return error(Code::kInvalidArgument, "--vectors needs images: give their folder with --eval DIR or --calibrate DIR");
  const DataRequest request = {.folder = folder, .images = inputs.post_training.images, .model = &model, .need = catalog::Need::kTest};
  data::Split listed;
  if (evaluated) {
    LITEQAT_ASSIGN_OR_RETURN(DataReading reading, read_any_dataset(request, machine.pool));
    listed = std::move(reading.dataset.test);
  } else {
    LITEQAT_ASSIGN_OR_RETURN(listed, read_calibration_images(request, machine.pool));
  }
  LITEQAT_ASSIGN_OR_RETURN(const data::Split split, load_first(listed, inputs.vectors, machine.pool));
  LITEQAT_ASSIGN_OR_RETURN(const data::Normalization normalization,
                           choose_normalization(inputs.preprocessing, model, inputs.source, split.channels, machine.progress));
  return write_vectors(model, {split, normalization}, inputs.vectors, machine.isa, inputs.vectors_folder);
}

}  // namespace

Result<ConvertOutputs> convert_model(const ConvertInputs& inputs, Isa isa, ThreadPool& pool, Progress& progress) {
  LITEQAT_RETURN_IF_ERROR(check_inputs(inputs));
  LITEQAT_ASSIGN_OR_RETURN(const quant::IoType io, quant::parse_io_type(inputs.io));
  LITEQAT_ASSIGN_OR_RETURN(const AnyModel any, read_any_model(inputs.source));
  note_inactive_layers(any, inputs.source, progress);
  LITEQAT_ASSIGN_OR_RETURN(const graph::Graph source, take_source(inputs, any));
  const TrainedModel& model = any.model;
  LITEQAT_ASSIGN_OR_RETURN(const graph::Graph real, quant::lower_to_float(source));
  const ptq::Machine machine = {isa, pool, progress};
  const quant::LayerType type = inputs.type == "int16x8" ? quant::LayerType::kInt16x8 : quant::LayerType::kInt8;
  const PostTrainingTask task = {real, inputs.source, type, io, inputs.preprocessing};
  results::ConversionRecord record = {
      .source = inputs.source, .file = inputs.output, .type = inputs.type, .io = inputs.io, .ranges = "none", .bytes = 0, .sha256 = ""};
  Result<graph::Graph> lowered = Status(Code::kInternal, "");
  if (!is_calibrated(inputs.type)) {
    lowered = lower_weights(inputs, real, record);
  } else if (model.plan && inputs.type == "int8") {
    if (!inputs.post_training.layers_file.empty() || !inputs.post_training.skipped.empty()) {
      return error(Code::kInvalidArgument, "{}: which layers stay in float was settled in training (keys qat.layers and qat.skip)",
                   inputs.source);
    }
    record.ranges = "training";
    LITEQAT_ASSIGN_OR_RETURN(const graph::Graph deployed, quant::deployed_operators(model.graph));
    for (const quant::FloatLayer& layer : quant::list_float_layers(deployed, *model.plan)) {
      record.float_layers.push_back({layer.op, layer.name, layer.reason});
    }
    lowered = quant::lower_to_int8(model.graph, *model.plan, io);
  } else {
    lowered = quantize_on_request(inputs.post_training, task, machine, record);
  }
  if (!lowered.ok()) return lowered.status();
  if (record.calibration) {
    lowered->info.description = format("Calibrated on {}, pixels' SHA-256 {}.", record.calibration->rule, record.calibration->sha256);
  }
  LITEQAT_ASSIGN_OR_RETURN(const Bytes bytes, write_tflite(*lowered, inputs.output, take_extras(any)));
  LITEQAT_RETURN_IF_ERROR(write_companions(inputs, *lowered, bytes, machine));
  record.bytes = static_cast<int64_t>(bytes.size());
  record.sha256 = sha256(bytes);
  LITEQAT_RETURN_IF_ERROR(measure_conversion(inputs.post_training, task, *lowered, machine, record));
  return ConvertOutputs{std::move(record)};
}

}  // namespace liteqat::pipeline
