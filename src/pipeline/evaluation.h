// Measuring models on the same images: the stage of a run, and `liteqat eval` and `liteqat predict` on their own.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "eval/evaluate.h"
#include "pipeline/context.h"
#include "pipeline/images.h"
#include "pipeline/model_file.h"
#include "pipeline/preprocessing.h"
#include "results/evaluation_record.h"
#include "results/records.h"

namespace liteqat::pipeline {

/// Predictions of one model of a run on the test split, by the model's name in run.json.
using PredictionsByModel = std::vector<std::pair<std::string, eval::Predictions>>;

struct RunModels {
  TrainedModel float_model;
  std::optional<TrainedModel> control, qat;
};

/// Evaluates every model of the run on the test split -> predictions/<model>.npy, labels.npy. A model whose file has not changed since its
/// predictions were written is not run again. Order: float, float_control, qat, then the .tflite files.
Result<PredictionsByModel> run_evaluation_stage(Context& context, RunModels& models);

/// One metric per model, agreement with `float` filled in.
std::vector<results::Metric> make_run_metrics(const PredictionsByModel& predictions, const data::Split& split);

/// A model file on its own, outside a run.
struct ModelRun {
  std::string path;
  PreprocessingRequest preprocessing;
  runtime::Profile profile = runtime::Profile::kLitertReference;  // of .tflite files
  Isa isa = Isa::kReference;
};
/// Scores of a .tflite, safetensors or Keras model. Brings the split into memory where the model is one that train runs. Fails as
/// choose_normalization and eval::run_model do.
Result<eval::Predictions> predict_any_model(const ModelRun& run, data::Split& split, ThreadPool& pool, Progress& progress);

struct EvaluateInputs {
  std::vector<std::string> models;
  std::vector<std::string> data_folders;  // several: their test images pooled
  std::string copies;                     // "mirror,shift:2": altered copies of the test images; empty: none
  std::string split = "test";
  std::string arithmetic = "litert-reference";
  std::string predictions_folder;      // empty: none written
  int64_t limit_images = 0;            // of each folder
  PreprocessingRequest preprocessing;  // where the model carries no contract, and against it if given
  ImageRequest images;                 // what it leaves open follows from the first model
};
/// Metrics of every model; of two and more also what their gaps mean. Images in files of their own are decoded while the model runs; those
/// files' names go beside the predictions (files.txt). Fails: as the readers do; kInvalidArgument for an unknown split, and
/// for training images of several folders or with copies.
Result<results::Evaluation> evaluate_models(const EvaluateInputs& inputs, Isa isa, ThreadPool& pool, Progress& progress);

struct PredictInputs {
  std::string model, inputs, output;
  bool raw = false;  // inputs and outputs in the model's own types
  std::string arithmetic = "litert-reference";
  PreprocessingRequest preprocessing;  // where the model carries no contract, and against it if given
  ImageRequest images;                 // of inputs that are an image file or a folder of them; then OUTPUT.files.txt names the rows
};
/// Fails: kMismatch when shapes or types do not fit, with what was expected and found.
Status predict_to_file(const PredictInputs& inputs, Isa isa, ThreadPool& pool, Progress& progress);

/// .npy files of predictions and labels.
Status write_scores(const std::string& path, const eval::Predictions& predictions);
Result<eval::Predictions> read_scores(const std::string& path, int64_t images);
Status write_labels(const std::string& path, const data::Split& split);

}  // namespace liteqat::pipeline
