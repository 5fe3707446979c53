#include "pipeline/post_training.h"

#include <algorithm>

#include "base/file.h"
#include "eval/evaluate.h"
#include "formats/tflite/tflite.h"
#include "pipeline/ranges_file.h"
#include "ptq/layer_noise.h"
#include "ptq/sensitivity.h"
#include "stats/comparisons.h"
#include "stats/paired_difference.h"

namespace liteqat::pipeline {

using graph::Graph;
using quant::LayerChoice;
using quant::LayerType;

namespace {

constexpr int64_t kNoiseImages = 128;        // whose activations the closing table compares
constexpr int64_t kLargestTable = 16 << 20;  // bytes of a calibration table

std::vector<std::string> method_names(const ptq::Method& method, int pairs) {
  std::vector<std::string> names;
  if (method.equalize) names.push_back(format("cross-layer equalization of {} pairs", pairs));
  if (method.optimize_rounding) names.push_back("optimized rounding");
  if (method.correct_bias) names.push_back("bias correction");
  if (method.reestimate) names.push_back("re-estimated deviations");
  return names;
}

Result<std::optional<quant::Ranges>> read_ranges(const std::string& path, const Graph& model) {
  if (path.empty() || !file_exists(path)) return std::optional<quant::Ranges>();
  LITEQAT_ASSIGN_OR_RETURN(const std::string text, read_text_file(path, kLargestTable));
  LITEQAT_ASSIGN_OR_RETURN(quant::Ranges ranges, parse_ranges(text, path, model));
  return std::optional(std::move(ranges));
}

/// Test images of the evaluation folder; the calibration's data set where both are one folder.
Result<data::Split> read_evaluation(const PostTrainingInputs& inputs, const PostTrainingTask& task, const ptq::Machine& machine) {
  LITEQAT_ASSIGN_OR_RETURN(
      DataReading reading,
      read_any_dataset({.folder = inputs.eval_folder, .images = inputs.images, .model = &task.model, .need = catalog::Need::kTest},
                       machine.pool));
  return std::move(reading.dataset.test);
}

std::vector<results::FloatLayerRecord> record_float_layers(const std::vector<quant::FloatLayer>& layers) {
  std::vector<results::FloatLayerRecord> records;
  for (const quant::FloatLayer& layer : layers) records.push_back({layer.op, layer.name, layer.reason});
  return records;
}

/// Correct answers of a model on the evaluation images.
Result<eval::Predictions> answer(const Graph& model, const data::Split& split, const data::Normalization& normalization,
                                 const ptq::Machine& machine) {
  return eval::run_model(model, split, normalization, {.isa = machine.isa}, machine.pool, machine.progress);
}

int64_t count_correct(const eval::Predictions& predictions, const data::Split& split) {
  int64_t correct = 0;
  for (size_t image = 0; image < split.labels.size(); ++image) correct += predictions.classed[image] == split.labels[image];
  return correct;
}

/// Spares the most sensitive layers one after the other and records what each step costs and gains. Leaves the last step's choice.
class MixedPrecision {
 public:
  MixedPrecision(const PostTrainingInputs& inputs, const PostTrainingTask& task, const ptq::Images& images, const ptq::Machine& machine)
      : inputs_(inputs), task_(task), images_(images), machine_(machine) {}

  Status run(ptq::Request& request, const std::vector<ptq::LayerSensitivity>& order, results::ConversionRecord& record) {
    LITEQAT_ASSIGN_OR_RETURN(const LayerType spared, quant::parse_layer_type(inputs_.mixed));
    if (spared == LayerType::kInt8) return error(Code::kInvalidArgument, "--mixed int8: expected float32 or int16x8");
    if (!inputs_.eval_folder.empty()) {
      LITEQAT_ASSIGN_OR_RETURN(evaluation_, read_evaluation(inputs_, task_, machine_));
    }
    const auto most = std::min(static_cast<size_t>(std::max<int64_t>(inputs_.mixed_layers, 0)), order.size());
    for (size_t count = 0; count <= most; ++count) {
      if (count > 0) request.layers[order[count - 1].op].type = spared;
      LITEQAT_RETURN_IF_ERROR(step(request, static_cast<int64_t>(count), count == 0 ? "" : order[count - 1].name, record));
    }
    return {};
  }

 private:
  Status step(const ptq::Request& request, int64_t count, const std::string& layer, results::ConversionRecord& record) {
    LITEQAT_ASSIGN_OR_RETURN(const ptq::Outcome outcome, ptq::quantize_after_training(request, images_, machine_));
    LITEQAT_ASSIGN_OR_RETURN(const Bytes bytes, formats::tflite::write(outcome.quantized.graph));
    LITEQAT_ASSIGN_OR_RETURN(const double sqnr,
                             ptq::measure_output_noise(task_.model, outcome.quantized.graph, images_, kNoiseImages, machine_));
    results::TradeOffRecord record_of = {
        .spared = count, .layer = layer, .type = inputs_.mixed, .bytes = static_cast<int64_t>(bytes.size()), .sqnr_db = sqnr};
    if (evaluation_) {
      LITEQAT_ASSIGN_OR_RETURN(const auto predictions, answer(outcome.quantized.graph, *evaluation_, images_.normalization, machine_));
      record_of.correct = count_correct(predictions, *evaluation_);
    }
    record.trade_off.push_back(std::move(record_of));
    return {};
  }

  const PostTrainingInputs& inputs_;
  const PostTrainingTask& task_;
  const ptq::Images& images_;
  const ptq::Machine& machine_;
  std::optional<data::Split> evaluation_;
};

/// The sensitivity scan where it is asked for or mixed precision needs it.
Status scan(const PostTrainingInputs& inputs, const PostTrainingTask& task, ptq::Request& request, const ptq::Images& images,
            const ptq::Machine& machine, results::ConversionRecord& record) {
  if (!inputs.sensitivity && inputs.mixed.empty()) return {};
  if (request.method.equalize && !inputs.mixed.empty()) {
    return error(Code::kInvalidArgument, "--mixed and --equalize: the scan's ranges are those of the model as it is; choose one of them");
  }
  if (!request.ranges) {
    LITEQAT_ASSIGN_OR_RETURN(request.ranges, ptq::calibrate(task.model, images, request.method.calibrator, machine));
  }
  LITEQAT_ASSIGN_OR_RETURN(const auto order, ptq::scan_layers(task.model, *request.ranges, request.layers, images, {}, machine));
  for (const ptq::LayerSensitivity& layer : order) record.sensitivity.push_back({layer.kind, layer.name, "int8", layer.sqnr_db});
  if (inputs.mixed.empty()) return {};
  return MixedPrecision(inputs, task, images, machine).run(request, order, record);
}

Status record_noise(const ptq::Outcome& outcome, const ptq::Images& images, const ptq::Machine& machine,
                    results::ConversionRecord& record) {
  LITEQAT_ASSIGN_OR_RETURN(const auto noise, ptq::measure_noise(outcome.model, outcome.quantized, images, kNoiseImages, machine));
  for (const ptq::LayerNoise& layer : noise) record.layers.push_back({layer.op, layer.name, layer.type, layer.sqnr_db});
  return {};
}

}  // namespace

Result<ptq::Method> make_method(const PostTrainingInputs& inputs, LayerType type) {
  ptq::Method method;
  method.calibrator.kind = type == LayerType::kInt16x8 ? quant::Calibrator::kMinMax : quant::Calibrator::kPercentile;
  if (!inputs.calibrator.empty()) {
    LITEQAT_ASSIGN_OR_RETURN(method.calibrator.kind, quant::parse_calibrator(inputs.calibrator));
  }
  method.calibrator.percentile = inputs.percentile;
  if (inputs.rounding != "nearest" && inputs.rounding != "optimized") {
    return error(Code::kInvalidArgument, "--rounding {}: expected nearest or optimized", inputs.rounding);
  }
  method.equalize = inputs.equalize;
  method.optimize_rounding = inputs.rounding == "optimized";
  method.correct_bias = inputs.bias_correction;
  method.reestimate = inputs.reestimate;
  return method;
}

Result<std::vector<LayerChoice>> choose_layers(const Graph& model, const PostTrainingInputs& inputs, LayerType type) {
  std::vector<LayerChoice> layers(model.ops.size(), {.type = type, .per_channel = !inputs.per_tensor});
  LITEQAT_ASSIGN_OR_RETURN(const std::string text, read_layers_file(inputs.layers_file));
  LITEQAT_ASSIGN_OR_RETURN(const auto overrides, collect_overrides(text, inputs.layers_file, inputs.skipped));
  LITEQAT_RETURN_IF_ERROR(apply_overrides(model, overrides, layers));
  return layers;
}

Result<Graph> quantize_on_request(const PostTrainingInputs& inputs, const PostTrainingTask& task, const ptq::Machine& machine,
                                  results::ConversionRecord& record) {
  if (inputs.calibration_folder.empty()) {
    return error(
        Code::kInvalidArgument,
        "{}: a float model becomes int8 by post-training quantization, which needs training images: give their folder with --calibrate DIR",
        task.source);
  }
  LITEQAT_ASSIGN_OR_RETURN(const ptq::Method method, make_method(inputs, task.type));
  LITEQAT_ASSIGN_OR_RETURN(
      const data::Split known,
      read_calibration_images({.folder = inputs.calibration_folder, .images = inputs.images, .model = &task.model}, machine.pool));
  LITEQAT_ASSIGN_OR_RETURN(data::Split chosen, choose_calibration_images(known, inputs.rule));
  LITEQAT_RETURN_IF_ERROR(data::load_pixels(chosen, machine.pool));
  LITEQAT_ASSIGN_OR_RETURN(const data::Normalization normalization,
                           choose_normalization(task.preprocessing, task.model, task.source, chosen.channels, machine.progress));
  const ptq::Images images = {chosen, normalization};
  ptq::Request request = {.model = task.model, .layers = {}, .method = method, .ranges = {}};
  LITEQAT_ASSIGN_OR_RETURN(request.layers, choose_layers(task.model, inputs, task.type));
  LITEQAT_ASSIGN_OR_RETURN(request.ranges, read_ranges(inputs.ranges_file, task.model));
  const bool from_file = request.ranges.has_value();
  LITEQAT_RETURN_IF_ERROR(scan(inputs, task, request, images, machine, record));
  LITEQAT_ASSIGN_OR_RETURN(ptq::Outcome outcome, ptq::quantize_after_training(request, images, machine));
  record.ranges = from_file ? "file" : "calibration";
  record.calibration = results::CalibrationRecord{.images = chosen.count,
                                                  .rule = rule_text(inputs.rule, chosen, known),
                                                  .sha256 = hash_pixels(chosen),
                                                  .overlap = {},
                                                  .calibrator = quant::calibrator_name(method.calibrator.kind),
                                                  .methods = method_names(method, outcome.equalized_pairs)};
  if (!inputs.eval_folder.empty()) {
    LITEQAT_ASSIGN_OR_RETURN(const data::Split evaluation, read_evaluation(inputs, task, machine));
    LITEQAT_ASSIGN_OR_RETURN(record.calibration->overlap, count_common_images(chosen, evaluation));
  }
  if (!inputs.ranges_file.empty() && !from_file) {
    const std::string comment = format("Ranges of {}: {}, {}, pixels' SHA-256 {}", task.source, record.calibration->rule,
                                       record.calibration->calibrator, record.calibration->sha256);
    LITEQAT_RETURN_IF_ERROR(write_text_file(inputs.ranges_file, print_ranges(outcome.ranges, outcome.model, comment)));
  }
  LITEQAT_RETURN_IF_ERROR(record_noise(outcome, images, machine, record));
  record.float_layers = record_float_layers(outcome.quantized.float_layers);
  return quant::change_io(outcome.quantized.graph, task.io);
}

Status measure_conversion(const PostTrainingInputs& inputs, const PostTrainingTask& task, const Graph& converted,
                          const ptq::Machine& machine, results::ConversionRecord& record) {
  LITEQAT_ASSIGN_OR_RETURN(const auto interpreter, runtime::Interpreter::prepare(converted, {.isa = machine.isa}));
  record.arena_bytes = interpreter.arena_bytes();
  if (inputs.eval_folder.empty()) return {};
  LITEQAT_ASSIGN_OR_RETURN(const data::Split split, read_evaluation(inputs, task, machine));
  LITEQAT_ASSIGN_OR_RETURN(const data::Normalization normalization,
                           choose_normalization(task.preprocessing, task.model, task.source, split.channels, machine.progress));
  LITEQAT_ASSIGN_OR_RETURN(const eval::Predictions real, answer(task.model, split, normalization, machine));
  LITEQAT_ASSIGN_OR_RETURN(const eval::Predictions integer, answer(converted, split, normalization, machine));
  stats::PairedCounts counts = {.total = split.count};
  for (size_t image = 0; image < split.labels.size(); ++image) {
    const bool right = integer.classed[image] == split.labels[image], was_right = real.classed[image] == split.labels[image];
    counts.only_a += right && !was_right;
    counts.only_b += was_right && !right;
  }
  const stats::Bounds interval = stats::tango_interval(counts, 0.95);
  record.accuracy =
      results::ConversionAccuracy{.split = split.name,
                                  .total = split.count,
                                  .float_correct = count_correct(real, split),
                                  .correct = count_correct(integer, split),
                                  .agreement = eval::count_agreement(real, integer),
                                  .difference = static_cast<double>(counts.only_a - counts.only_b) / static_cast<double>(counts.total),
                                  .low = interval.low,
                                  .high = interval.high,
                                  .p = stats::mcnemar_exact_p(counts.only_a, counts.only_b)};
  return {};
}

}  // namespace liteqat::pipeline
