// Post-training quantization on the command line's terms: which images calibrate, which methods, which layers how, and what it cost.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/cpu.h"
#include "base/progress.h"
#include "base/thread_pool.h"
#include "pipeline/calibration_images.h"
#include "pipeline/images.h"
#include "pipeline/layers_file.h"
#include "pipeline/preprocessing.h"
#include "ptq/quantize.h"
#include "results/model_record.h"

namespace liteqat::pipeline {

/// As a person states it. Defaults are those of measured comparison (docs/quantization.md).
struct PostTrainingInputs {
  std::string calibration_folder;  // data set whose training images calibrate
  std::string eval_folder;         // data set whose test images measure; empty: not measured
  ImageRequest images;             // how both are read
  CalibrationRule rule;
  std::string calibrator;  // empty: percentile for int8, minmax for int16x8, whose 65,536 codes need no clipping
  double percentile = 99.99;
  std::string rounding = "optimized";  // nearest | optimized
  bool equalize = false, bias_correction = true, reestimate = false;
  bool per_tensor = false;
  std::string ranges_file;           // read if it exists, else written
  std::string layers_file;           // layers_file.h
  std::vector<std::string> skipped;  // patterns of operators that stay in float
  bool sensitivity = false;
  std::string mixed;         // "", float32, int16x8: what the most sensitive layers become
  int64_t mixed_layers = 4;  // so many
};

/// What to quantize.
struct PostTrainingTask {
  const graph::Graph& model;  // fused float graph
  std::string source;         // its file, for messages
  quant::LayerType type = quant::LayerType::kInt8;
  quant::IoType io = quant::IoType::kFloat32;
  const PreprocessingRequest& preprocessing;
};

/// The methods by name. Fails: kInvalidArgument for an unknown one.
Result<ptq::Method> make_method(const PostTrainingInputs& inputs, quant::LayerType type);

/// One choice per operator: the model's type, then --per-tensor, the layers file, --skip.
Result<std::vector<quant::LayerChoice>> choose_layers(const graph::Graph& model, const PostTrainingInputs& inputs, quant::LayerType type);

/// Fails: kInvalidArgument without calibration data or for unknown words; as ptq::quantize_after_training does.
Result<graph::Graph> quantize_on_request(const PostTrainingInputs& inputs, const PostTrainingTask& task, const ptq::Machine& machine,
                                         results::ConversionRecord& record);

/// Fills in accuracy on the evaluation images, if there are any.
Status measure_conversion(const PostTrainingInputs& inputs, const PostTrainingTask& task, const graph::Graph& converted,
                          const ptq::Machine& machine, results::ConversionRecord& record);

}  // namespace liteqat::pipeline
