// Weights of one file put into a network of one's own, which may end in another head or take another input: --weights and --reinit.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "graph/graph.h"

namespace liteqat::pipeline {

/// What became of every tensor, by name.
struct WeightLoading {
  std::vector<std::string> loaded;
  std::vector<std::string> reinitialised;  // stay as the network's initializer made them
  std::vector<std::string> skipped;        // in the file, not in the network
  std::vector<std::string> inactive;       // layers of the file that do nothing at inference, as "flip (RandomFlip)"
  std::string note;                        // what the file could not say, if anything
};

/// Puts the file's weights and batch-norm statistics into the network, by name ("Conv1/kernel"). `reinit` names layers that keep their
/// fresh weights. The file: a .safetensors of ours or of a PyTorch state_dict, a float .tflite, Keras' .h5 or .keras, or Keras' weights
/// alone in a .h5 with layer names. `map_file`: a weight map (pipeline/torch_weights.h) for PyTorch modules of other names. Fails:
/// kInvalidArgument for a layer the network does not have or a map that the file has no use for, kMismatch for a tensor that the file lacks
/// or has in another shape, naming it and the --reinit that leaves it out.
Result<WeightLoading> load_initial_weights(const std::string& path, const std::vector<std::string>& reinit, graph::Graph& network,
                                           const std::string& map_file = "");

/// Lines of the table: loaded, reinitialised, skipped, with counts and names; what does nothing at inference, if any.
std::vector<std::string> print_weight_loading(const WeightLoading& loading, const std::string& path);

}  // namespace liteqat::pipeline
