// Builds a float training graph layer by layer, as Keras' functional API does: one call a layer, named tensors, fresh weights.
//
// Layer "x" owns the operator "x", its output tensor "x" and the tensors "x/kernel", "x/bias", "x/gamma", "x/beta", "x/moving_mean",
// "x/moving_variance". Weights are a pure function of (seed, tensor name). The first failure sticks: later calls do nothing and
// finish() reports it. Not for graphs from files: those are read as they are.
#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"

namespace liteqat::graph {

enum class Initializer {
  kGlorotUniform,  // Keras: uniform in +-sqrt(6 / (fan_in + fan_out)) (Glorot, Bengio 2010)
  kHeNormal,       // Keras: normal of variance 2 / fan_in, cut at two standard deviations and rescaled (He et al. 2015)
};

struct ConvLayer {
  int32_t filters = 0;  // of a depthwise layer: the depth multiplier
  int32_t kernel = 1, stride = 1;
  Padding padding = Padding::kSame;
  bool bias = false;
  Initializer initializer = Initializer::kGlorotUniform;
  int32_t dilation = 1;
};

struct PoolLayer {
  int32_t filter_h = 2, filter_w = 2;
  int32_t stride = 0;  // 0: the filter, as in Keras
};

class GraphBuilder {
 public:
  GraphBuilder(std::string model_name, uint64_t seed, const BatchNormParams& batch_norm);

  /// Shape [1,H,W,C], type float32, named "input".
  TensorId input(int32_t height, int32_t width, int32_t channels);

  TensorId conv2d(const std::string& name, TensorId x, const ConvLayer& layer);
  TensorId depthwise(const std::string& name, TensorId x, const ConvLayer& layer);
  TensorId dense(const std::string& name, TensorId x, int32_t units, Initializer initializer = Initializer::kGlorotUniform);
  TensorId batch_norm(const std::string& name, TensorId x);
  TensorId relu(const std::string& name, TensorId x);
  TensorId relu6(const std::string& name, TensorId x);
  TensorId hard_swish(const std::string& name, TensorId x);
  TensorId logistic(const std::string& name, TensorId x);
  TensorId add(const std::string& name, TensorId a, TensorId b);
  /// Equal shapes, or extents of 1 stretched.
  TensorId multiply(const std::string& name, TensorId a, TensorId b);
  TensorId concatenate(const std::string& name, const std::vector<TensorId>& parts, int32_t axis = -1);
  TensorId max_pool(const std::string& name, TensorId x, const PoolLayer& layer);
  TensorId average_pool(const std::string& name, TensorId x, const PoolLayer& layer);
  /// Mean over height and width: [N,H,W,C] -> [N,C].
  TensorId global_mean(const std::string& name, TensorId x);
  TensorId pad(const std::string& name, TensorId x, const std::vector<int32_t>& paddings);
  TensorId reshape(const std::string& name, TensorId x, const Shape& new_shape);
  TensorId softmax(const std::string& name, TensorId x);

  const Shape& shape(TensorId id) const;

  /// Marks the one output, names it and validates everything.
  Result<Graph> finish(TensorId output, const std::string& output_name);

 private:
  TensorId add_op(OpKind kind, const std::string& name, std::vector<TensorId> inputs, OpParams params);
  TensorId add_indices(const std::string& name, const Shape& shape, const std::vector<int32_t>& values);
  TensorId add_filled(const std::string& name, Role role, int32_t count, float value);
  /// Fans as Keras counts them over its own weight layout.
  TensorId add_kernel(const std::string& name, const Shape& shape, int64_t fan_in, int64_t fan_out, Initializer initializer);
  TensorId add_tensor(Tensor tensor);

  Graph graph_;
  std::vector<Shape> shapes_;  // by tensor id
  uint64_t seed_;
  BatchNormParams batch_norm_;
  Status status_;
};

}  // namespace liteqat::graph
