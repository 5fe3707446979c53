// What an audit is given, read from disk: a run directory or model files, and the data set. Private to pipeline.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "audit/evidence.h"
#include "base/status.h"
#include "pipeline/audit.h"
#include "pipeline/test_images.h"

namespace liteqat::pipeline {

struct AuditMaterial {
  std::vector<std::pair<std::string, graph::Graph>> models;  // that run: .tflite as they are, safetensors lowered to float
  std::vector<audit::AuditedModel> answered;                 // of a run: models whose answers are kept, without a graph
  std::map<std::string, audit::Answers> kept;                // of a quick audit: the run's own answers, by deployed model
  std::map<std::string, audit::AuditedModel> twins;          // by integer model: its float form; graphs lie in twin_graphs
  std::map<std::string, graph::Graph> twin_graphs;
  std::optional<data::Dataset> dataset;
  TestImages pool;                                   // how the data set's test images were put together; its own data set is empty
  std::vector<int32_t> labels;                       // the run's, where there is no data set
  std::vector<audit::Answers> predictions;           // of --predictions, of the pool's images
  std::optional<std::vector<int32_t>> given_labels;  // of --labels, likewise
  std::optional<results::Run> run;
  std::vector<audit::TrainingFacts> training;
  std::optional<graph::Graph> batch_normed;  // the float network before batch normalization is folded; empty where it has none
  data::Normalization normalization;         // of batch_normed
  std::vector<int64_t> batch_sizes;          // of the run's loops, its training's first
};

/// Fails: kInvalidArgument when nothing was given, a folder is no run or models and a run are mixed; kMismatch when prediction files and
/// labels are of other images; as the readers do. All that can be wrong with what was given is said here, before anything is measured.
Result<AuditMaterial> read_audit_material(const AuditInputs& inputs, ThreadPool& pool);

}  // namespace liteqat::pipeline
