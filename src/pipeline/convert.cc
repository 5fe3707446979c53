#include "pipeline/convert.h"

#include <algorithm>

#include "base/file.h"
#include "base/hash.h"
#include "base/text.h"
#include "formats/tflite/tflite.h"
#include "pipeline/data_tools.h"
#include "pipeline/training_stage.h"

namespace liteqat::pipeline {
namespace {

Result<Bytes> write_tflite(const graph::Graph& graph, const std::string& path) {
  LITEQAT_ASSIGN_OR_RETURN(Bytes bytes, formats::tflite::write(graph));
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
  LITEQAT_ASSIGN_OR_RETURN(const QuantizedModel calibrated,
                           calibrate_for_ptq(float_model.graph, take_calibration_images(context.recipe, context.dataset),
                                             make_normalization(context.recipe), context.pool, context.progress));
  return quant::lower_to_int8(calibrated.graph, calibrated.plan, io);
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

Result<graph::Graph> lower_by_calibration(const ConvertInputs& inputs, const graph::Graph& model, quant::IoType io, ThreadPool& pool,
                                          Progress& progress) {
  if (inputs.calibration_folder.empty()) {
    return error(
        Code::kInvalidArgument,
        "{}: a float model becomes int8 by post-training quantization, which needs training images: give their folder with --calibrate DIR",
        inputs.source);
  }
  LITEQAT_ASSIGN_OR_RETURN(const data::Dataset dataset, read_any_dataset(inputs.calibration_folder));
  LITEQAT_ASSIGN_OR_RETURN(const data::Normalization normalization,
                           choose_normalization(inputs.preprocessing, model, inputs.source, dataset.train.channels, progress));
  LITEQAT_ASSIGN_OR_RETURN(
      const QuantizedModel calibrated,
      calibrate_for_ptq(model, data::take_first(dataset.train, inputs.calibration_images), normalization, pool, progress));
  return quant::lower_to_int8(calibrated.graph, calibrated.plan, io);
}

}  // namespace

Result<ConvertOutputs> convert_model(const ConvertInputs& inputs, ThreadPool& pool, Progress& progress) {
  const std::vector<std::string> known = {"float32", "int8"};
  if (std::find(known.begin(), known.end(), inputs.type) == known.end()) {
    return error(Code::kInvalidArgument, "--type {}: not a type this version writes, expected {}", inputs.type, join(known, " or "));
  }
  LITEQAT_ASSIGN_OR_RETURN(const quant::IoType io, quant::parse_io_type(inputs.io));
  LITEQAT_ASSIGN_OR_RETURN(const AnyModel any, read_any_model(inputs.source));
  if (any.deployed) {
    return error(Code::kUnsupported,
                 "{}: is a .tflite file already; convert takes a liteqat model (.safetensors) or a Keras model (.h5, .keras)",
                 inputs.source);
  }
  const TrainedModel& model = any.model;
  Result<graph::Graph> lowered = inputs.type == "float32" ? quant::lower_to_float(model.graph)
                                 : model.plan             ? quant::lower_to_int8(model.graph, *model.plan, io)
                                                          : lower_by_calibration(inputs, model.graph, io, pool, progress);
  if (!lowered.ok()) return lowered.status();
  LITEQAT_ASSIGN_OR_RETURN(const Bytes bytes, write_tflite(*lowered, inputs.output));
  results::ConversionRecord record = {.source = inputs.source,
                                      .file = inputs.output,
                                      .type = inputs.type,
                                      .io = inputs.type == "float32" ? "float32" : inputs.io,
                                      .ranges = inputs.type == "float32" ? "none"
                                                : model.plan             ? "training"
                                                                         : "calibration",
                                      .bytes = static_cast<int64_t>(bytes.size()),
                                      .sha256 = sha256(bytes)};
  return ConvertOutputs{format("{}: {} with {} input and output, {}", record.file, record.type, record.io, format_bytes(record.bytes)),
                        std::move(record)};
}

}  // namespace liteqat::pipeline
