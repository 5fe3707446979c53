#include <algorithm>
#include <cmath>
#include <string>

#include "graph/networks.h"

namespace liteqat::graph {
namespace {

/// A row of table 2 of Sandler et al. 2018, MobileNetV2: `repeat` inverted residual blocks, the first with `stride`.
struct Stage {
  int32_t expansion, filters, repeat, stride;
};

constexpr Stage kKerasStages[] = {{1, 16, 1, 1}, {6, 24, 2, 2},  {6, 32, 3, 2}, {6, 64, 4, 2},
                                  {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};
constexpr Stage kCifarStages[] = {{1, 16, 1, 1}, {6, 24, 2, 1},  {6, 32, 3, 2}, {6, 64, 4, 2},
                                  {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};

/// keras.applications' _make_divisible with divisor 8: the nearest multiple that loses at most a tenth.
int32_t make_divisible(double width) {
  int32_t multiple = std::max(8, static_cast<int32_t>(width + 4) / 8 * 8);
  if (multiple < 0.9 * width) multiple += 8;
  return multiple;
}

/// The multiplier as its decimal text says it, so that 0.35f gives the widths that Python's 0.35 gives.
double exact_alpha(float alpha) {
  return std::round(static_cast<double>(alpha) * 1e6) / 1e6;
}

/// Names of one block, as keras.applications spells them.
struct BlockNames {
  std::string prefix;  // "expanded_conv_" or "block_7_"

  std::string operator()(const char* part) const { return prefix + part; }
};

/// Zeros that make a 3x3 VALID window at stride 2 start where Keras' correct_pad puts it: (0,1) for even extents, (1,1) for odd ones.
TensorId correct_pad(GraphBuilder& builder, const std::string& name, TensorId x) {
  const Shape& shape = builder.shape(x);
  return builder.pad(name, x, {0, 0, shape[1] % 2, 1, shape[2] % 2, 1, 0, 0});
}

struct BlockOptions {
  int32_t expansion, filters, stride;
  bool explicit_pad;  // keras.applications pads at stride 2 by an operator of its own
};

TensorId inverted_residual(GraphBuilder& builder, const BlockNames& name, TensorId block_input, const BlockOptions& options) {
  const int32_t channels = builder.shape(block_input).back();
  TensorId x = block_input;
  if (options.expansion > 1) {
    x = builder.conv2d(name("expand"), x, {.filters = channels * options.expansion});
    x = builder.relu6(name("expand_relu"), builder.batch_norm(name("expand_BN"), x));
  }
  const bool padded = options.stride == 2 && options.explicit_pad;
  if (padded) x = correct_pad(builder, name("pad"), x);
  x = builder.depthwise(name("depthwise"), x,
                        {.filters = 1, .kernel = 3, .stride = options.stride, .padding = padded ? Padding::kValid : Padding::kSame});
  x = builder.relu6(name("depthwise_relu"), builder.batch_norm(name("depthwise_BN"), x));
  x = builder.batch_norm(name("project_BN"), builder.conv2d(name("project"), x, {.filters = options.filters}));
  if (options.stride == 1 && channels == options.filters) x = builder.add(name("add"), block_input, x);
  return x;
}

struct Trunk {
  std::span<const Stage> stages;
  int32_t first_stride;
  bool explicit_pad;
};

/// Everything up to the pooled features [N, 1280 or more].
TensorId make_trunk(const ArchitectureOptions& options, const Trunk& trunk, GraphBuilder& builder) {
  const double alpha = exact_alpha(options.alpha);
  TensorId x = builder.input(options.height, options.width, options.channels);
  x = builder.conv2d("Conv1", x, {.filters = make_divisible(32 * alpha), .kernel = 3, .stride = trunk.first_stride});
  x = builder.relu6("Conv1_relu", builder.batch_norm("bn_Conv1", x));
  int32_t block = 0;
  for (const Stage& stage : trunk.stages) {
    const int32_t filters = make_divisible(std::floor(stage.filters * alpha));
    for (int32_t repeat = 0; repeat < stage.repeat; ++repeat, ++block) {
      const BlockNames names = {block == 0 ? "expanded_conv_" : format("block_{}_", block)};
      x = inverted_residual(builder, names, x, {stage.expansion, filters, repeat == 0 ? stage.stride : 1, trunk.explicit_pad});
    }
  }
  x = builder.conv2d("Conv_1", x, {.filters = alpha > 1.0 ? make_divisible(1280 * alpha) : 1280});
  x = builder.relu6("out_relu", builder.batch_norm("Conv_1_bn", x));
  return builder.global_mean("global_average_pooling2d", x);
}

Result<Graph> make_keras_variant(const ArchitectureOptions& options, GraphBuilder& builder) {
  constexpr int32_t kMinSize = 32;  // keras.applications' own limit
  if (options.height < kMinSize || options.width < kMinSize) {
    return error(Code::kUnsupported, "images must be at least {} x {}, found {} x {}", kMinSize, kMinSize, options.height, options.width);
  }
  TensorId x = make_trunk(options, {kKerasStages, 2, true}, builder);
  std::string name = options.dense_units.empty() ? "predictions" : "dense";  // Keras numbers its dense layers from the second on
  for (size_t layer = 0; layer < options.dense_units.size(); ++layer) {
    x = builder.relu(name + "_relu", builder.dense(name, x, options.dense_units[layer]));
    name = format("dense_{}", layer + 1);
  }
  x = builder.dense(name, x, options.classes);
  if (!options.softmax) return builder.finish(x, "logits");
  return builder.finish(builder.softmax(name + "_softmax", x), "probabilities");
}

}  // namespace

Result<Graph> make_mobilenet_v2_keras(const ArchitectureOptions& options, GraphBuilder& builder) {
  return make_keras_variant(options, builder);
}

Result<Graph> make_case_study(const ArchitectureOptions& options, GraphBuilder& builder) {
  ArchitectureOptions head = options;
  head.dense_units = {2048};
  head.softmax = true;
  return make_keras_variant(head, builder);
}

Result<Graph> make_mobilenet_v2_cifar(const ArchitectureOptions& options, GraphBuilder& builder) {
  const TensorId features = make_trunk(options, {kCifarStages, 1, false}, builder);
  return builder.finish(builder.dense("predictions", features, options.classes), "logits");
}

}  // namespace liteqat::graph
