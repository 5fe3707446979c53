#include "pipeline/audit_sources.h"

#include <algorithm>
#include <filesystem>

#include "base/file.h"
#include "pipeline/context.h"
#include "pipeline/model_file.h"
#include "pipeline/prediction_file.h"
#include "pipeline/training_mode.h"
#include "quant/lower.h"

namespace liteqat::pipeline {
namespace {

namespace fs = std::filesystem;

Result<graph::Graph> read_runnable(const std::string& path) {
  LITEQAT_ASSIGN_OR_RETURN(AnyModel any, read_any_model(path));
  if (any.deployed) return std::move(any.model.graph);
  auto lowered = quant::lower_to_float(any.model.graph);
  if (!lowered.ok()) return lowered.status().with_context(path);
  return lowered;
}

/// Decay of activation ranges that QAT starts from constants; 0 where it starts from calibration images.
double uncalibrated_decay(const std::string& path) {
  const auto model = read_trained_model(path);
  if (!model.ok() || !model->plan || model->plan->scheme == quant::Scheme::kLiteqat8Bit) return 0;
  for (const quant::Quantizer& quantizer : model->plan->quantizers) {
    if (!quantizer.weight && quantizer.update == quant::RangeUpdate::kMovingAverage) return quantizer.decay;
  }
  return 0;
}

/// Training steps of the run's stages; those of QAT go on where float training ended.
Status add_training(const std::string& folder, const Recipe& recipe, AuditMaterial& material) {
  const std::string path = folder + "/float.safetensors", qat = folder + "/qat.safetensors";
  if (!file_exists(path)) return {};
  LITEQAT_ASSIGN_OR_RETURN(TrainedModel model, read_trained_model(path));
  // Whoever trained a model that was given may have had any momentum, and any number of steps.
  const bool own = recipe.pretrained.empty();
  const double momentum = own && has_batch_norm(model.graph) ? recipe.batch_norm_momentum : 0;
  const auto steps = [&](const TrainingRecipe& training) {
    const int64_t images = material.dataset ? split_training(training, material.dataset->train).train.count : 0;
    return steps_per_epoch(training, images) * training.epochs;
  };
  const int64_t before = own ? steps(recipe.train) : 0;
  if (own) material.training.push_back({.stage = "float", .batch_norm_momentum = momentum, .steps = before});
  if (file_exists(qat)) {
    material.training.push_back({.stage = "qat",
                                 .batch_norm_momentum = momentum,
                                 .steps = before + steps(recipe.qat),
                                 .range_decay = uncalibrated_decay(qat),
                                 .range_steps = steps(recipe.qat)});
  }
  if (momentum == 0) return {};
  material.batch_normed = std::move(model.graph);
  material.normalization = make_normalization(recipe);
  material.batch_sizes = {recipe.train.batch_size, recipe.qat.batch_size};
  return {};
}

/// The float form of the fake-quantized model, beside which its integer form is studied.
void add_qat_twin(const std::string& folder, AuditMaterial& material) {
  const std::string path = folder + "/qat.safetensors";
  if (!file_exists(path)) return;
  auto graph = read_runnable(path);
  if (!graph.ok()) return;  // no twin: the integer model's own weights serve
  const graph::Graph& kept = material.twin_graphs.insert_or_assign("qat_int8", *std::move(graph)).first->second;
  audit::AuditedModel twin;
  twin.name = "qat", twin.kind = audit::Kind::kFloat, twin.graph = &kept;
  material.twins.insert_or_assign("qat_int8", std::move(twin));
}

Status add_run_model(const std::string& folder, const results::ModelFile& file, bool keep_answers, AuditMaterial& material) {
  const std::string predictions = folder + "/predictions/" + file.model + ".npy";
  if (fs::path(file.path).extension() == ".tflite") {
    LITEQAT_ASSIGN_OR_RETURN(graph::Graph graph, read_runnable(folder + "/" + file.path));
    material.models.emplace_back(file.model, std::move(graph));
    if (!keep_answers || !file_exists(predictions)) return {};
    LITEQAT_ASSIGN_OR_RETURN(audit::Answers answers, read_prediction_file(predictions));
    material.kept.insert_or_assign(file.model, std::move(answers));
    return {};
  }
  if (!file_exists(predictions)) return {};
  LITEQAT_ASSIGN_OR_RETURN(audit::Answers answers, read_prediction_file(predictions));
  audit::AuditedModel subject;
  subject.name = file.model;
  subject.kind = file.model == "qat" ? audit::Kind::kUnknown : audit::Kind::kFloat;
  subject.measured.push_back({"float32", "test", std::move(answers)});
  material.answered.push_back(std::move(subject));
  return {};
}

Status read_run(const std::string& folder, const AuditInputs& inputs, ThreadPool& pool, AuditMaterial& material) {
  LITEQAT_ASSIGN_OR_RETURN(const std::string text, read_text_file(folder + "/run.json"));
  LITEQAT_ASSIGN_OR_RETURN(material.run, results::run_from_json(text, folder + "/run.json"));
  LITEQAT_ASSIGN_OR_RETURN(Recipe recipe, read_recipe(folder + "/recipe.toml", {.settings = {}, .use_environment = false}));
  if (inputs.data_folders.size() > 1) {
    return error(Code::kInvalidArgument, "{}: a run is audited on its own data; to pool folders, give its .tflite files with --data",
                 folder);
  }
  if (!inputs.data_folders.empty()) recipe.data_folder = inputs.data_folders[0];
  const bool data_at_hand = !recipe.data_folder.empty() || recipe.dataset == "mnist";
  if (data_at_hand) {
    LITEQAT_ASSIGN_OR_RETURN(DataReading reading, read_recipe_data(recipe, pool));
    material.dataset = std::move(reading.dataset);
  }
  for (const results::ModelFile& file : material.run->models) {
    LITEQAT_RETURN_IF_ERROR(add_run_model(folder, file, inputs.quick, material));
  }
  if (file_exists(folder + "/predictions/labels.npy")) {
    LITEQAT_ASSIGN_OR_RETURN(material.labels, read_label_file(folder + "/predictions/labels.npy"));
  }
  add_qat_twin(folder, material);
  return add_training(folder, recipe, material);
}

Status read_models(const AuditInputs& inputs, ThreadPool& pool, AuditMaterial& material) {
  for (const std::string& path : inputs.sources) {
    LITEQAT_ASSIGN_OR_RETURN(graph::Graph graph, read_runnable(path));
    if (graph.inputs.size() != 1 || graph.outputs.size() != 1) {
      return error(Code::kUnsupported, "{}: has {} inputs and {} outputs, audit takes image classifiers with one of each", path,
                   graph.inputs.size(), graph.outputs.size());
    }
    material.models.emplace_back(fs::path(path).stem().string(), std::move(graph));
  }
  if (inputs.data_folders.empty()) return {};
  PoolRequest request = {.folders = inputs.data_folders};
  request.need = catalog::Need::kBoth;
  request.images = inputs.images;
  request.model = material.models.empty() ? nullptr : &material.models[0].second;
  LITEQAT_ASSIGN_OR_RETURN(material.pool, read_test_images(request, pool));
  material.dataset = std::move(material.pool.dataset);
  LITEQAT_RETURN_IF_ERROR(data::load_pixels(material.dataset->train, pool));
  LITEQAT_RETURN_IF_ERROR(data::load_pixels(material.dataset->test, pool));
  return {};
}

/// Prediction files and labels, which must fit each other and the images.
Status read_answers(const AuditInputs& inputs, AuditMaterial& material) {
  if (!inputs.labels.empty()) {
    LITEQAT_ASSIGN_OR_RETURN(std::vector<int32_t> labels, read_label_file(inputs.labels));
    material.given_labels = select_pooled(std::move(labels), material.pool);
  }
  const std::vector<int32_t>& own = material.dataset ? material.dataset->test.labels : material.labels;
  const std::vector<int32_t>& labels = material.given_labels ? *material.given_labels : own;
  if (material.dataset && labels.size() != own.size()) {
    return error(Code::kMismatch, "{}: {} labels, the data set has {} test images", inputs.labels, labels.size(), own.size());
  }
  for (const std::string& file : inputs.predictions) {
    LITEQAT_ASSIGN_OR_RETURN(audit::Answers answers, read_prediction_file(file));
    answers = select_pooled(std::move(answers), material.pool);
    if (!labels.empty()) LITEQAT_RETURN_IF_ERROR(audit::check_labels(answers, labels));
    material.predictions.push_back(std::move(answers));
  }
  return {};
}

Status read_sources(const AuditInputs& inputs, ThreadPool& pool, AuditMaterial& material) {
  const auto folder =
      std::find_if(inputs.sources.begin(), inputs.sources.end(), [](const std::string& path) { return fs::is_directory(path); });
  if (folder == inputs.sources.end()) return read_models(inputs, pool, material);
  if (inputs.sources.size() > 1) {
    return error(Code::kInvalidArgument, "{}: is a folder; audit takes one run directory, or model files", *folder);
  }
  if (!file_exists(*folder + "/run.json")) {
    return error(Code::kNotFound, "{}: holds no run.json, so it is no finished run directory", *folder);
  }
  return read_run(*folder, inputs, pool, material);
}

}  // namespace

Result<AuditMaterial> read_audit_material(const AuditInputs& inputs, ThreadPool& pool) {
  AuditMaterial material;
  if (inputs.sources.empty() && inputs.predictions.empty() && inputs.claimed.empty()) {
    return error(Code::kInvalidArgument, "audit: nothing to look at; give a run directory, .tflite files, --predictions or --claimed");
  }
  LITEQAT_RETURN_IF_ERROR(read_sources(inputs, pool, material));
  LITEQAT_RETURN_IF_ERROR(read_answers(inputs, material));
  return material;
}

}  // namespace liteqat::pipeline
