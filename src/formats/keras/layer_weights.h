// Which arrays of a file belong to which layer, in each of the three ways Keras stores them. Private to formats/keras.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/status.h"
#include "formats/archive/archive.h"
#include "formats/keras/model_config.h"

namespace liteqat::formats::keras {

/// The weights that a layer of this class and these options has, in Keras' order, trainable ones first.
struct WeightName {
  std::string name;
  bool trainable = true;
};
std::vector<WeightName> expected_weights(const Layer& layer);

/// Arrays of every layer by its path ("conv1", "inner/conv1"), in the layer's own order. They point into `contents`. A layer for which
/// nothing is stored has no entry.
using WeightsByLayer = std::map<std::string, std::vector<const archive::Array*>>;
Result<WeightsByLayer> assign_weights(const Model& model, const archive::Contents& contents);

/// Every array that a legacy file without a model lists, by "layer/weight"; the kernel of a DepthwiseConv2D is a "kernel". Fails:
/// kCorruptFile.
Result<std::map<std::string, const archive::Array*>> list_weights(const archive::Contents& contents);

}  // namespace liteqat::formats::keras
