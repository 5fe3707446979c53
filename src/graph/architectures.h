// Networks by name, built with fresh weights that are a pure function of the seed (Keras initializers: glorot uniform kernels, zero bias).
#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"

namespace liteqat::graph {

struct ArchitectureOptions {
  std::string name;  // one of architecture_names()
  int32_t height = 28, width = 28, channels = 1, classes = 10;
  float alpha = 1.0f;                 // width multiplier where the network has one
  float batch_norm_momentum = 0.99f;  // Keras' sense
  float batch_norm_epsilon = 1e-3f;
  uint64_t seed = 0;
};

std::vector<std::string> architecture_names();

/// Fails: kInvalidArgument for an unknown name (the nearest known one is named), kUnsupported for sizes the network cannot take.
Result<Graph> make_architecture(const ArchitectureOptions& options);

}  // namespace liteqat::graph
