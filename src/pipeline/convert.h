// From trained models to .tflite files: the stage of a run, and `liteqat convert` on its own.
#pragma once

#include "pipeline/context.h"
#include "pipeline/model_file.h"
#include "pipeline/post_training.h"
#include "quant/lower.h"
#include "results/model_record.h"

namespace liteqat::pipeline {

/// Writes the files that recipe.types asks for into the run directory: float32.tflite, ptq_int8.tflite, qat_int8.tflite.
/// qat_model may be null if the recipe has no qat_int8.
Status run_convert_stage(Context& context, const TrainedModel& float_model, const TrainedModel* qat_model);

struct ConvertInputs {
  std::string source;                  // safetensors of ours, Keras' .h5 or .keras, or a .tflite
  std::string output;                  // .tflite
  std::string type = "float32";        // float32 | float16 | dynamic | int8 | int16x8
  std::string io = "float32";          // float32 | int8 | uint8, of int8 models
  bool dequantize = false;             // an integer .tflite is read as the float model that it stands for
  PostTrainingInputs post_training;    // how a float model becomes int8 or int16x8, and what is measured
  PreprocessingRequest preprocessing;  // where the model carries no contract, and against it if given
  std::string vectors_folder;          // known answers of the evaluation images, else of the calibration images
  int64_t vectors = 4;                 // so many
  std::string c_array;                 // a C header that holds the file
};

struct ConvertOutputs {
  results::ConversionRecord record;
};

/// Fails: kInvalidArgument for integers from a float model without calibration data, kUnsupported for types we do not write and for an
/// integer .tflite without `dequantize`.
Result<ConvertOutputs> convert_model(const ConvertInputs& inputs, Isa isa, ThreadPool& pool, Progress& progress);

}  // namespace liteqat::pipeline
