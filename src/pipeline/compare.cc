#include "pipeline/compare.h"

#include <algorithm>
#include <filesystem>

#include "audit/compare/compare.h"
#include "base/file.h"
#include "pipeline/evaluation.h"
#include "pipeline/prediction_file.h"
#include "pipeline/test_images.h"
#include "report/comparison.h"

namespace liteqat::pipeline {
namespace {

bool is_model(const std::string& path) {
  const std::string extension = std::filesystem::path(path).extension().string();
  return extension == ".tflite" || extension == ".safetensors" || extension == ".h5" || extension == ".hdf5" || extension == ".keras";
}

Result<audit::Answers> run_source(const std::string& path, const CompareInputs& inputs, data::Dataset& dataset, Isa isa, ThreadPool& pool,
                                  Progress& progress) {
  LITEQAT_ASSIGN_OR_RETURN(const runtime::Profile profile, runtime::parse_profile(inputs.arithmetic));
  const ModelRun run = {.path = path, .preprocessing = inputs.preprocessing, .profile = profile, .isa = isa};
  auto predictions = predict_any_model(run, dataset.test, pool, progress);
  if (!predictions.ok()) return predictions.status().with_context(path);
  return audit::make_answers(std::filesystem::path(path).stem().string(), std::move(predictions->scores), predictions->classes);
}

/// For the first model there is, if any.
Result<TestImages> read_compared_images(const CompareInputs& inputs, ThreadPool& pool) {
  PoolRequest request = {.folders = inputs.data_folders, .copies = inputs.copies};
  request.images = inputs.images;
  const auto first = std::find_if(inputs.sources.begin(), inputs.sources.end(), is_model);
  if (first == inputs.sources.end()) return read_test_images(request, pool);
  LITEQAT_ASSIGN_OR_RETURN(const AnyModel model, read_any_model(*first));
  request.model = &model.model.graph;
  return read_test_images(request, pool);
}

/// Every model's right answers by folder of the pool and by form of the copies.
void add_directories(const std::vector<audit::Answers>& models, const std::vector<int32_t>& labels, const eval::ImageGroups& groups,
                     results::Comparison& record) {
  if (groups.directories.empty() && groups.kinds.empty()) return;
  for (const audit::Answers& answers : models) {
    results::Metric metric;
    metric.id = metric.model = answers.name, metric.split = "test";
    eval::describe_groups(answers.classed, labels, groups, metric);
    record.parts.push_back({answers.name, std::move(metric.directories), std::move(metric.copies)});
  }
}

}  // namespace

Result<CompareOutputs> compare_sources(const CompareInputs& inputs, Isa isa, ThreadPool& pool, Progress& progress) {
  std::optional<TestImages> images;
  if (!inputs.data_folders.empty()) {
    LITEQAT_ASSIGN_OR_RETURN(images, read_compared_images(inputs, pool));
  } else if (!inputs.copies.empty()) {
    return error(Code::kInvalidArgument, "--copies {}: copies are of the test images of --data DIR", inputs.copies);
  }
  std::vector<audit::Answers> models;
  for (const std::string& source : inputs.sources) {
    if (!is_model(source)) {
      LITEQAT_ASSIGN_OR_RETURN(audit::Answers answers, read_prediction_file(source));
      models.push_back(images ? select_pooled(std::move(answers), *images) : std::move(answers));
      continue;
    }
    if (!images) return error(Code::kInvalidArgument, "{}: is a model; give the images to run it on with --data DIR", source);
    LITEQAT_ASSIGN_OR_RETURN(audit::Answers answers, run_source(source, inputs, images->dataset, isa, pool, progress));
    models.push_back(std::move(answers));
  }
  for (size_t i = 0; i < models.size(); ++i) {
    const auto same = [&](const audit::Answers& other) { return &other != &models[i] && other.name == models[i].name; };
    if (std::any_of(models.begin(), models.end(), same)) models[i].name = inputs.sources[i];
  }
  std::vector<int32_t> labels;
  if (!inputs.labels.empty()) {
    LITEQAT_ASSIGN_OR_RETURN(labels, read_label_file(inputs.labels));
    if (images) labels = select_pooled(std::move(labels), *images);
  } else if (images) {
    labels = images->dataset.test.labels;
  }
  audit::CompareOptions options;
  options.margin = inputs.margin, options.gap = inputs.gap;
  if (images && images->copied()) options.pictures = images->groups.pictures;
  CompareOutputs outputs;
  LITEQAT_ASSIGN_OR_RETURN(outputs.record, audit::compare(models, labels, options));
  if (images) outputs.record.notes = images->notes;
  if (images) add_directories(models, labels, images->groups, outputs.record);
  outputs.text = report::render_comparison(outputs.record, inputs.details);
  return outputs;
}

}  // namespace liteqat::pipeline
