#include <algorithm>

#include "graph/networks.h"

namespace liteqat::graph {
namespace {

constexpr int32_t kReduction = 4;  // of a gate's hidden layer, as MobileNetV3's

/// Squeeze-and-excite (Hu et al. 2018) as two dense layers on the mean: every channel times a sigmoid of all channels.
TensorId excite(GraphBuilder& builder, const std::string& name, TensorId x) {
  const int32_t channels = builder.shape(x).back();
  TensorId gate = builder.global_mean(name + "_squeeze", x);
  gate = builder.relu(name + "_reduce_relu", builder.dense(name + "_reduce", gate, std::max(1, channels / kReduction)));
  gate = builder.logistic(name + "_sigmoid", builder.dense(name + "_expand", gate, channels));
  return builder.multiply(name + "_excite", x, builder.reshape(name + "_gate", gate, {-1, 1, 1, channels}));
}

TensorId swish_block(GraphBuilder& builder, const std::string& name, TensorId x) {
  return builder.hard_swish(name + "_swish", builder.batch_norm(name + "_bn", x));
}

}  // namespace

Result<Graph> make_gated_small(const ArchitectureOptions& options, GraphBuilder& builder) {
  TensorId x = builder.input(options.height, options.width, options.channels);
  x = swish_block(builder, "stem", builder.conv2d("stem", x, {.filters = 16, .kernel = 3, .stride = 2}));
  // Two views of the same place: near, and twice as far.
  const TensorId near = swish_block(builder, "near", builder.depthwise("near", x, {.filters = 1, .kernel = 3}));
  const TensorId far = swish_block(builder, "far", builder.depthwise("far", x, {.filters = 1, .kernel = 3, .dilation = 2}));
  x = excite(builder, "gate", builder.concatenate("views", {near, far}));
  x = swish_block(builder, "mix", builder.conv2d("mix", x, {.filters = 32}));
  x = swish_block(builder, "wide", builder.conv2d("wide", x, {.filters = 32, .kernel = 3, .dilation = 2}));
  x = builder.global_mean("global_mean", builder.max_pool("pool", x, {}));
  return builder.finish(builder.dense("dense", x, options.classes), "logits");
}

}  // namespace liteqat::graph
