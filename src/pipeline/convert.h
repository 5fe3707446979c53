// From trained models to .tflite files: the stage of a run, and `liteqat convert` on its own.
#pragma once

#include "pipeline/context.h"
#include "pipeline/model_file.h"
#include "pipeline/preprocessing.h"
#include "quant/lower.h"
#include "results/model_record.h"

namespace liteqat::pipeline {

/// Writes the files that recipe.types asks for into the run directory: float32.tflite, ptq_int8.tflite, qat_int8.tflite.
/// qat_model may be null if the recipe has no qat_int8.
Status run_convert_stage(Context& context, const TrainedModel& float_model, const TrainedModel* qat_model);

struct ConvertInputs {
  std::string source;              // safetensors of ours, or Keras' .h5 or .keras
  std::string output;              // .tflite
  std::string type = "float32";    // float32 | int8
  std::string io = "float32";      // float32 | int8 | uint8
  std::string calibration_folder;  // data set whose training images calibrate post-training quantization
  int64_t calibration_images = 1000;
  PreprocessingRequest preprocessing;  // where the model carries no contract, and against it if given
};

struct ConvertOutputs {
  std::string description;  // one line: what was written
  results::ConversionRecord record;
};

/// Fails: kInvalidArgument for int8 from a float model without calibration data, kUnsupported for types we do not write.
Result<ConvertOutputs> convert_model(const ConvertInputs& inputs, ThreadPool& pool, Progress& progress);

}  // namespace liteqat::pipeline
