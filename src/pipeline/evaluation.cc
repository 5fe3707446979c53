#include "pipeline/evaluation.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <map>

#include "audit/compare/compare.h"
#include "base/file.h"
#include "base/text.h"
#include "formats/npy/npy.h"
#include "formats/tflite/tflite.h"
#include "pipeline/test_images.h"
#include "quant/lower.h"

namespace liteqat::pipeline {
namespace {

constexpr const char* kFloatArithmetic = "float32";  // of trained and imported models: no quantized operator involved

struct Evaluated {
  std::string name;
  TrainedModel* trained = nullptr;  // null: the .tflite file of that name
};

Result<eval::Predictions> predict_trained(TrainedModel& model, const data::Split& split, const data::Normalization& normalization,
                                          ThreadPool& pool, Progress& progress) {
  quant::Plan* plan = model.plan ? &*model.plan : nullptr;
  LITEQAT_ASSIGN_OR_RETURN(std::vector<float> scores, train::predict(model.graph, plan, split, normalization, pool, progress));
  const auto classes = static_cast<int32_t>(static_cast<int64_t>(scores.size()) / std::max<int64_t>(split.count, 1));
  return eval::make_predictions(std::move(scores), classes);
}

Result<eval::Predictions> predict_deployed(const std::string& path, const data::Split& split, const data::Normalization& normalization,
                                           const eval::RunOptions& options, ThreadPool& pool, Progress& progress) {
  LITEQAT_ASSIGN_OR_RETURN(const Bytes bytes, read_file(path));
  LITEQAT_ASSIGN_OR_RETURN(const graph::Graph graph, formats::tflite::read(bytes, path));
  auto predictions = eval::run_model(graph, split, normalization, options, pool, progress);
  if (!predictions.ok()) return predictions.status().with_context(path);
  return predictions;
}

/// A model of any kind. A Keras model may hold operators that training lacks: it is lowered and run by the runtime, in float32.
Result<eval::Predictions> predict_loaded(AnyModel& any, data::Split& split, const data::Normalization& normalization,
                                         const eval::RunOptions& options, ThreadPool& pool, Progress& progress) {
  if (any.deployed) return eval::run_model(any.model.graph, split, normalization, options, pool, progress);
  if (!any.imported) {
    LITEQAT_RETURN_IF_ERROR(data::load_pixels(split, pool));
    return predict_trained(any.model, split, normalization, pool, progress);
  }
  LITEQAT_ASSIGN_OR_RETURN(const graph::Graph lowered, quant::lower_to_float(any.model.graph));
  return eval::run_model(lowered, split, normalization, {.isa = options.isa}, pool, progress);
}

/// Runs one model of the run, or reads what an earlier run of the same model left.
Result<eval::Predictions> evaluate_one(Context& context, const Evaluated& model) {
  const data::Split& split = context.dataset.test;
  const std::string stage = "eval " + model.name, output = "predictions/" + model.name + ".npy";
  if (context.directory.find_finished(stage)) {
    auto stored = read_scores(context.file(output), split.count);
    if (stored.ok()) return stored;
  }
  const Stopwatch watch;
  const data::Normalization normalization = make_normalization(context.recipe);
  const std::string file = model.name + ".tflite";
  Result<eval::Predictions> predictions =
      model.trained != nullptr
          ? predict_trained(*model.trained, split, normalization, context.pool, context.progress)
          : predict_deployed(context.file(file), split, normalization, {.isa = context.isa}, context.pool, context.progress);
  if (!predictions.ok()) return predictions.status().with_context(stage);
  LITEQAT_RETURN_IF_ERROR(write_scores(context.file(output), *predictions));
  const double seconds = watch.seconds();
  LITEQAT_RETURN_IF_ERROR(context.directory.finish_stage(stage, seconds, static_cast<double>(split.count) / seconds, {output}));
  return predictions;
}

/// Scores are written under the models' stems: two of the same name would write one file.
Status check_names(const std::vector<std::string>& models) {
  std::map<std::string, std::string> first;
  for (const std::string& path : models) {
    const auto [named, added] = first.emplace(std::filesystem::path(path).stem().string(), path);
    if (!added) return error(Code::kInvalidArgument, "--predictions: {} and {} would both write {}.npy", named->second, path, named->first);
  }
  return {};
}

/// What eval runs on. Training images are those of one folder, as they are.
Result<TestImages> read_evaluation_images(const EvaluateInputs& inputs, ThreadPool& pool) {
  if (inputs.split != "test" && inputs.split != "train") {
    return error(Code::kInvalidArgument, "--split {}: expected test or train", inputs.split);
  }
  const bool train = inputs.split == "train";
  if (train && (inputs.data_folders.size() > 1 || !inputs.copies.empty())) {
    return error(Code::kInvalidArgument,
                 "--split train: pools and copies are of test images; give one --data without --copies for training images");
  }
  LITEQAT_ASSIGN_OR_RETURN(const AnyModel first, read_any_model(inputs.models[0]));
  return read_test_images({.folders = inputs.data_folders,
                           .copies = inputs.copies,
                           .limit_images = inputs.limit_images,
                           .need = train ? catalog::Need::kTrain : catalog::Need::kTest,
                           .images = inputs.images,
                           .model = &first.model.graph},
                          pool);
}

/// The paired comparisons of all models, and for every pair whether its gap is more than chance and what it would take to see it.
Status compare_gaps(std::vector<audit::Answers> answers, const std::vector<int32_t>& labels, const TestImages& images,
                    results::Evaluation& evaluation) {
  audit::CompareOptions options;
  if (images.copied()) options.pictures = images.groups.pictures;
  LITEQAT_ASSIGN_OR_RETURN(results::Comparison comparison, audit::compare(answers, labels, options));
  for (results::Finding& finding : comparison.findings) {
    if (finding.check == "noise.within_sampling_error") evaluation.findings.push_back(std::move(finding));
  }
  evaluation.comparisons = std::move(comparison.pairs);
  return {};
}

/// A model may know classes that a folder of files has no image of.
Status check_classes(const std::string& path, const eval::Predictions& predictions, const TestImages& images,
                     const EvaluateInputs& inputs) {
  const int32_t classes = images.dataset.classes();
  if (predictions.classes == classes) return {};
  const char* advice = predictions.classes == classes + 1 ? " (--labels-offset 1 if its first one is background)" : "";
  return error(Code::kMismatch, "{}: gives {} scores an image{}, {} has {} classes", path, predictions.classes, advice,
               inputs.data_folders[0], classes);
}

}  // namespace

Status write_scores(const std::string& path, const eval::Predictions& predictions) {
  formats::npy::Array array;
  array.dtype = "<f4";
  array.shape = {static_cast<int64_t>(predictions.classed.size()), predictions.classes};
  array.data.resize(predictions.scores.size() * sizeof(float));
  std::memcpy(array.data.data(), predictions.scores.data(), array.data.size());
  return write_file(path, formats::npy::write(array));
}

Result<eval::Predictions> read_scores(const std::string& path, int64_t images) {
  LITEQAT_ASSIGN_OR_RETURN(const Bytes bytes, read_file(path));
  LITEQAT_ASSIGN_OR_RETURN(const formats::npy::Array array, formats::npy::read(bytes, path));
  if (array.dtype != "<f4" || array.shape.size() != 2 || array.shape[0] != images) {
    return error(Code::kMismatch, "{}: float32 scores of {} images were expected", path, images);
  }
  const auto values = array.as<float>();
  return eval::make_predictions({values.begin(), values.end()}, static_cast<int32_t>(array.shape[1]));
}

Status write_labels(const std::string& path, const data::Split& split) {
  formats::npy::Array array;
  array.dtype = "<i4";
  array.shape = {split.count};
  array.data.resize(split.labels.size() * sizeof(int32_t));
  std::memcpy(array.data.data(), split.labels.data(), array.data.size());
  return write_file(path, formats::npy::write(array));
}

Result<PredictionsByModel> run_evaluation_stage(Context& context, RunModels& models) {
  LITEQAT_RETURN_IF_ERROR(write_labels(context.file("predictions/labels.npy"), context.dataset.test));
  std::vector<Evaluated> evaluated = {{"float", &models.float_model}};
  if (models.control) evaluated.push_back({"float_control", &*models.control});
  if (models.qat) evaluated.push_back({"qat", &*models.qat});
  for (const std::string& type : context.recipe.types) evaluated.push_back({type, nullptr});
  PredictionsByModel all;
  for (const Evaluated& model : evaluated) {
    LITEQAT_ASSIGN_OR_RETURN(eval::Predictions predictions, evaluate_one(context, model));
    all.emplace_back(model.name, std::move(predictions));
  }
  return all;
}

std::vector<results::Metric> make_run_metrics(const PredictionsByModel& predictions, const data::Split& split) {
  std::vector<results::Metric> metrics;
  for (const auto& [name, answers] : predictions) {
    const bool trained = name == "float" || name == "float_control" || name == "qat";
    const char* arithmetic = trained ? kFloatArithmetic : runtime::profile_name(runtime::Profile::kLitertReference);
    results::Metric metric = eval::make_metric(name, arithmetic, split.name, answers, split.labels);
    metric.agreement = eval::count_agreement(answers, predictions.front().second);
    metric.agreement_with = predictions.front().first;
    metrics.push_back(std::move(metric));
  }
  return metrics;
}

Result<eval::Predictions> predict_any_model(const ModelRun& run, data::Split& split, ThreadPool& pool, Progress& progress) {
  LITEQAT_ASSIGN_OR_RETURN(AnyModel any, read_any_model(run.path));
  note_inactive_layers(any, run.path, progress);
  LITEQAT_ASSIGN_OR_RETURN(const data::Normalization normalization,
                           choose_normalization(run.preprocessing, any.model.graph, run.path, split.channels, progress));
  return predict_loaded(any, split, normalization, {.profile = run.profile, .isa = run.isa}, pool, progress);
}

Result<results::Evaluation> evaluate_models(const EvaluateInputs& inputs, Isa isa, ThreadPool& pool, Progress& progress) {
  LITEQAT_ASSIGN_OR_RETURN(const runtime::Profile profile, runtime::parse_profile(inputs.arithmetic));
  LITEQAT_ASSIGN_OR_RETURN(TestImages images, read_evaluation_images(inputs, pool));
  data::Split& split = inputs.split == "test" ? images.dataset.test : images.dataset.train;
  if (!inputs.predictions_folder.empty()) {
    LITEQAT_RETURN_IF_ERROR(check_names(inputs.models));
    LITEQAT_RETURN_IF_ERROR(make_folder(inputs.predictions_folder));
    LITEQAT_RETURN_IF_ERROR(write_labels(inputs.predictions_folder + "/labels.npy", split));
    if (!split.files.empty()) {
      LITEQAT_RETURN_IF_ERROR(write_text_file(inputs.predictions_folder + "/files.txt", join(split.files, "\n") + "\n"));
    }
  }
  results::Evaluation evaluation;
  evaluation.notes = images.notes;
  evaluation.images = images.reading;
  std::vector<audit::Answers> answers;
  for (const std::string& path : inputs.models) {
    LITEQAT_ASSIGN_OR_RETURN(AnyModel any, read_any_model(path));
    note_inactive_layers(any, path, progress);
    LITEQAT_ASSIGN_OR_RETURN(const data::Normalization normalization,
                             choose_normalization(inputs.preprocessing, any.model.graph, path, split.channels, progress));
    const std::string name = std::filesystem::path(path).stem().string();
    auto predictions = predict_loaded(any, split, normalization, {.profile = profile, .isa = isa}, pool, progress);
    if (!predictions.ok()) return predictions.status().with_context(path);
    LITEQAT_RETURN_IF_ERROR(check_classes(path, *predictions, images, inputs));
    evaluation.metrics.push_back(
        eval::make_metric(name, any.deployed ? inputs.arithmetic : kFloatArithmetic, split.name, *predictions, split.labels));
    if (inputs.split == "test") eval::describe_groups(predictions->classed, split.labels, images.groups, evaluation.metrics.back());
    if (!inputs.predictions_folder.empty()) {
      LITEQAT_RETURN_IF_ERROR(write_scores(format("{}/{}.npy", inputs.predictions_folder, name), *predictions));
    }
    audit::Answers& kept = answers.emplace_back();
    kept.name = name, kept.classes = predictions->classes, kept.classed = std::move(predictions->classed);
  }
  if (answers.size() > 1) LITEQAT_RETURN_IF_ERROR(compare_gaps(std::move(answers), split.labels, images, evaluation));
  return evaluation;
}

}  // namespace liteqat::pipeline
