// One call of one layer: what every layer function gets, and the functions themselves by class. Private to formats/keras.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "formats/archive/archive.h"
#include "formats/keras/emitter.h"
#include "formats/keras/layer_options.h"
#include "formats/keras/model_config.h"

namespace liteqat::formats::keras {

struct LayerCall {
  const Layer& layer;
  std::string name;  // "inner/conv1": the operator's and the weights' name
  std::span<const TensorId> inputs;
  std::span<const archive::Array* const> weights;  // in the order of expected_weights; as stored
  Emitter& emit;
  LayerOptions options;

  TensorId x() const { return inputs[0]; }
  const graph::Shape& shape() const { return emit.shape(inputs[0]); }

  /// The stored array of that name. Fails: kMismatch if it is missing or has another shape, kOutOfRange if a value is not finite.
  Result<const archive::Array*> weight(const std::string& weight_name, const std::vector<int64_t>& expected_shape) const;
  bool has_weight(const std::string& weight_name) const;

  /// Appends the activation that the layer's options name under `key`; x itself for none. Fails: kUnsupported naming it.
  Result<TensorId> activation(TensorId x, const char* key = "activation") const;

  /// kMismatch unless the input has this rank.
  Status require_rank(size_t rank) const;
};

/// What imports a class of layers.
struct LayerImporter {
  const char* class_name;
  size_t least_inputs, most_inputs;
  Result<TensorId> (*import)(const LayerCall& call);
};

/// nullptr for an unknown class.
const LayerImporter* find_layer_importer(const std::string& class_name);
/// "Add, Activation, ...".
std::string known_layer_classes();

/// Classes whose layers give back their one input at inference: what they do to it they do in training only.
bool is_inactive_at_inference(const std::string& class_name);

// convolution.cc
Result<TensorId> import_conv2d(const LayerCall& call);
Result<TensorId> import_depthwise(const LayerCall& call);
Result<TensorId> import_separable(const LayerCall& call);
// dense.cc
Result<TensorId> import_dense(const LayerCall& call);
Result<TensorId> import_batch_norm(const LayerCall& call);
// activations.cc
Result<TensorId> import_activation(const LayerCall& call);
Result<TensorId> import_relu(const LayerCall& call);
Result<TensorId> import_leaky_relu(const LayerCall& call);
Result<TensorId> import_softmax(const LayerCall& call);
// elementwise.cc
Result<TensorId> import_add(const LayerCall& call);
Result<TensorId> import_subtract(const LayerCall& call);
Result<TensorId> import_multiply(const LayerCall& call);
Result<TensorId> import_maximum(const LayerCall& call);
Result<TensorId> import_minimum(const LayerCall& call);
Result<TensorId> import_concatenate(const LayerCall& call);
// scaling.cc
Result<TensorId> import_rescaling(const LayerCall& call);
Result<TensorId> import_normalization(const LayerCall& call);
// spatial.cc
Result<TensorId> import_max_pooling(const LayerCall& call);
Result<TensorId> import_average_pooling(const LayerCall& call);
Result<TensorId> import_global_average(const LayerCall& call);
Result<TensorId> import_global_max(const LayerCall& call);
Result<TensorId> import_zero_padding(const LayerCall& call);
Result<TensorId> import_up_sampling(const LayerCall& call);
Result<TensorId> import_resizing(const LayerCall& call);
Result<TensorId> import_flatten(const LayerCall& call);
Result<TensorId> import_reshape(const LayerCall& call);

}  // namespace liteqat::formats::keras
