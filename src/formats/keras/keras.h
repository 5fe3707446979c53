// Keras models in: legacy whole-model .h5, .keras archives, and weights-only files as named tensors. Sequential and Functional models of
// the layers in layer_table.cc become training graphs: batch norm and activations as operators of their own, NHWC, OHWI, 1HWC.
//
// Nothing in a file is executed: layers are known by class name, a Lambda is refused. HDF5 and ZIP are read by a process of their own
// (formats/archive). Optimizer state, losses and metrics are not read. Not here: writing, channels-first layouts, layers with state.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "graph/graph.h"

namespace liteqat::formats::keras {

/// True if the bytes begin like an HDF5 file or a ZIP archive.
bool is_keras(std::span<const std::byte> bytes);

/// A model, and what of the file is not in its graph.
struct Imported {
  graph::Graph graph;
  std::vector<std::string> inactive_layers;  // "flip (RandomFlip)": do nothing at inference, and have no operator
};

/// The model as a float graph. Layer "x" owns the operator "x" and its weights "x/kernel", "x/bias", "x/gamma" ...; an activation named in
/// a layer's options is the operator "x/relu"; layers of a nested model "m" are "m/x". Weights have Role::kParameter or kStatistic.
/// Fails: as archive::read does; kCorruptFile, kUnsupported, kMismatch, kOutOfRange naming layer and class; kUnsupported for a file of
/// weights alone.
Result<Imported> read(const std::string& path);

/// A weight in Keras' own layout: kernels (H, W, in, out), depthwise (H, W, C, M), dense (in, out).
struct StoredWeight {
  std::vector<int64_t> shape;
  std::vector<float> values;
};

/// The weights of an .h5 without a model, legacy or Keras 3's .weights.h5, by "layer/weight" as in read(); empty if the file is none of
/// that kind, and then it may hold a whole model. Fails: as archive::read does; kCorruptFile for a listed weight that is not stored, for
/// two layers of one name.
Result<std::map<std::string, StoredWeight>> read_weights(const std::string& path);

/// The weight in the layout of a tensor of this shape (OHWI, 1HWC, [out, in], one value a channel); empty if it does not fit.
std::optional<std::vector<float>> convert_weight(const StoredWeight& weight, const graph::Shape& shape);

}  // namespace liteqat::formats::keras
