#include "pipeline/compare.h"

#include <algorithm>
#include <filesystem>

#include "audit/compare/compare.h"
#include "base/file.h"
#include "pipeline/data_tools.h"
#include "pipeline/evaluation.h"
#include "pipeline/prediction_file.h"
#include "report/comparison.h"

namespace liteqat::pipeline {
namespace {

bool is_model(const std::string& path) {
  const std::string extension = std::filesystem::path(path).extension().string();
  return extension == ".tflite" || extension == ".safetensors";
}

Result<audit::Answers> run_source(const std::string& path, const CompareInputs& inputs, const data::Dataset& dataset, Isa isa,
                                  ThreadPool& pool, Progress& progress) {
  LITEQAT_ASSIGN_OR_RETURN(const runtime::Profile profile, runtime::parse_profile(inputs.arithmetic));
  const ModelRun run = {.path = path, .preprocessing = inputs.preprocessing, .profile = profile, .isa = isa};
  auto predictions = predict_any_model(run, dataset.test, pool, progress);
  if (!predictions.ok()) return predictions.status().with_context(path);
  return audit::make_answers(std::filesystem::path(path).stem().string(), std::move(predictions->scores), predictions->classes);
}

}  // namespace

Result<CompareOutputs> compare_sources(const CompareInputs& inputs, Isa isa, ThreadPool& pool, Progress& progress) {
  std::optional<data::Dataset> dataset;
  if (!inputs.data_folder.empty()) {
    LITEQAT_ASSIGN_OR_RETURN(dataset, read_any_dataset(inputs.data_folder));
  }
  std::vector<audit::Answers> models;
  for (const std::string& source : inputs.sources) {
    if (!is_model(source)) {
      LITEQAT_ASSIGN_OR_RETURN(audit::Answers answers, read_prediction_file(source));
      models.push_back(std::move(answers));
      continue;
    }
    if (!dataset) return error(Code::kInvalidArgument, "{}: is a model; give the images to run it on with --data DIR", source);
    LITEQAT_ASSIGN_OR_RETURN(audit::Answers answers, run_source(source, inputs, *dataset, isa, pool, progress));
    models.push_back(std::move(answers));
  }
  for (size_t i = 0; i < models.size(); ++i) {
    const auto same = [&](const audit::Answers& other) { return &other != &models[i] && other.name == models[i].name; };
    if (std::any_of(models.begin(), models.end(), same)) models[i].name = inputs.sources[i];
  }
  std::vector<int32_t> labels;
  if (!inputs.labels.empty()) {
    LITEQAT_ASSIGN_OR_RETURN(labels, read_label_file(inputs.labels));
  } else if (dataset) {
    labels = dataset->test.labels;
  }
  CompareOutputs outputs;
  LITEQAT_ASSIGN_OR_RETURN(outputs.record, audit::compare(models, labels, {.margin = inputs.margin, .gap = inputs.gap}));
  outputs.text = report::render_comparison(outputs.record, inputs.details);
  return outputs;
}

}  // namespace liteqat::pipeline
