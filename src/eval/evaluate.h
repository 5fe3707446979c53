// Runs deployed models over a split and counts. The prediction is the first maximum of the raw output; images whose maximum is shared
// are counted as ties. Works on scores whatever produced them: pipeline hands in those of train's float forward too.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/cpu.h"
#include "base/progress.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "data/batches.h"
#include "data/dataset.h"
#include "graph/graph.h"
#include "results/records.h"
#include "runtime/interpreter.h"

namespace liteqat::eval {

/// One model's answers on one split, in file order.
struct Predictions {
  int32_t classes = 0;
  std::vector<float> scores;     // [images, classes]; dequantized where the model's output is integer
  std::vector<int32_t> classed;  // [images] first maximum
  std::vector<bool> tied;
};
Predictions make_predictions(std::vector<float> scores, int32_t classes);

struct RunOptions {
  runtime::Profile profile = runtime::Profile::kLitertReference;
  Isa isa = Isa::kReference;
  int32_t batch = 0;  // images at a time; 0: as many as keep a worker's activations in its cache. The scores do not depend on it
};

/// Scores of a deployed graph with one image input and one [N, classes] output. Float inputs get normalized pixels; integer inputs get
/// clamp(round(normalized / scale) + zero_point) in float32, as QUANTIZE does. Images that are not in memory are read by the workers,
/// batch by batch, while others compute. Fails: kMismatch when image and input shapes differ; as the split's images.
Result<Predictions> run_model(const graph::Graph& model, const data::Split& split, const data::Normalization& normalization,
                              const RunOptions& options, ThreadPool& pool, Progress& progress);

/// Metric "<model>.<split>" with a 95 % Wilson interval and the confusion matrix.
results::Metric make_metric(const std::string& model, const std::string& arithmetic, const std::string& split_name,
                            const Predictions& predictions, std::span<const int32_t> labels);

/// Images given the same class by both.
int64_t count_agreement(const Predictions& a, const Predictions& b);

/// The first `limit` images (in file order) on which not all models agree.
std::vector<results::Disagreement> find_disagreements(const std::vector<std::pair<std::string, const Predictions*>>& models,
                                                      const data::Split& split, int64_t limit);

}  // namespace liteqat::eval
