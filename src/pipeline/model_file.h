// A trained model on disk: graph and weights, the quantization ranges of a QAT model, and, in a checkpoint, what resuming needs. One
// safetensors file; see formats/safetensors/graph_file.h for the graph. Also the one place that tells model files apart by content.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/progress.h"
#include "base/status.h"
#include "formats/tflite/extras.h"
#include "graph/graph.h"
#include "quant/plan.h"
#include "train/fit.h"

namespace liteqat::pipeline {

struct TrainedModel {
  graph::Graph graph;
  std::optional<quant::Plan> plan;  // of a QAT model
  train::FitState state;            // history always; optimizer slots in checkpoints only
  std::string recipe_hash;
};

/// The bytes of such a file. Fails: as store_graph.
Result<Bytes> encode_trained_model(const TrainedModel& model);
/// `path`: for messages. Fails: kCorruptFile with path and what does not fit.
Result<TrainedModel> decode_trained_model(const Bytes& bytes, const std::string& path);

/// Fails: kIo, with the path.
Status write_trained_model(const TrainedModel& model, const std::string& path);

/// Fails: kNotFound, kCorruptFile with path and what does not fit.
Result<TrainedModel> read_trained_model(const std::string& path);

/// Any model: a .tflite, a safetensors file of ours, or Keras' .h5 or .keras, told apart by their first bytes.
struct AnyModel {
  bool deployed = false;  // .tflite: graph is what the runtime executes
  bool imported = false;  // of Keras: a float training graph of any operators; only graph is filled
  TrainedModel model;     // deployed: only graph is filled
  int64_t file_bytes = 0;
  formats::tflite::Extras extras;            // of a .tflite
  std::vector<std::string> inactive_layers;  // of Keras: "flip (RandomFlip)", do nothing at inference and are not in the graph
};
Result<AnyModel> read_any_model(const std::string& path);

/// Tells which layers of the file are not in the graph, if any.
void note_inactive_layers(const AnyModel& any, const std::string& path, Progress& progress);

/// The float training graph of any model: as it is, or raised from a float32 or float16 .tflite (quant/raise.h). Fails: kUnsupported, with
/// the path, for a .tflite of integers, naming the way to a float one.
Result<graph::Graph> take_training_graph(AnyModel any, const std::string& path);

}  // namespace liteqat::pipeline
