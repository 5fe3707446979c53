#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

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

/// Whose network it is: how layers are called, and how stride 2 is padded.
enum class Style {
  kSame,         // our CIFAR variant: Keras' names, SAME everywhere
  kKeras,        // keras.applications: zeros by an operator of its own, as SAME puts them
  kTorchvision,  // PyTorch's module names, one zero on every side
};

/// A layer's name in that style from Keras' name.
class LayerNames {
 public:
  explicit LayerNames(Style style) : style_(style) {}
  std::string operator()(const std::string& keras) const {
    const std::string module = style_ == Style::kTorchvision ? torchvision_module(keras) : "";
    return module.empty() ? keras : module;
  }

 private:
  Style style_;
};

/// Zeros that make a 3x3 VALID window at stride 2 start where Keras' correct_pad puts it: (0,1) for even extents, (1,1) for odd ones.
TensorId correct_pad(GraphBuilder& builder, const std::string& name, TensorId x) {
  const Shape& shape = builder.shape(x);
  return builder.pad(name, x, {0, 0, shape[1] % 2, 1, shape[2] % 2, 1, 0, 0});
}

/// PyTorch's padding=1, which for a window at stride 2 on an even extent is another than SAME.
TensorId symmetric_pad(GraphBuilder& builder, const std::string& name, TensorId x) {
  return builder.pad(name, x, {0, 0, 1, 1, 1, 1, 0, 0});
}

struct BlockOptions {
  int32_t expansion, filters, stride;
  Style style;
};

TensorId inverted_residual(GraphBuilder& builder, const std::string& prefix, TensorId block_input, const BlockOptions& options) {
  const LayerNames name(options.style);
  const int32_t channels = builder.shape(block_input).back();
  TensorId x = block_input;
  if (options.expansion > 1) {
    x = builder.conv2d(name(prefix + "expand"), x, {.filters = channels * options.expansion});
    x = builder.relu6(prefix + "expand_relu", builder.batch_norm(name(prefix + "expand_BN"), x));
  }
  const bool padded = options.stride == 2 && options.style != Style::kSame;
  if (padded) x = (options.style == Style::kKeras ? correct_pad : symmetric_pad)(builder, prefix + "pad", x);
  x = builder.depthwise(name(prefix + "depthwise"), x,
                        {.filters = 1, .kernel = 3, .stride = options.stride, .padding = padded ? Padding::kValid : Padding::kSame});
  x = builder.relu6(prefix + "depthwise_relu", builder.batch_norm(name(prefix + "depthwise_BN"), x));
  x = builder.batch_norm(name(prefix + "project_BN"), builder.conv2d(name(prefix + "project"), x, {.filters = options.filters}));
  if (options.stride == 1 && channels == options.filters) x = builder.add(prefix + "add", block_input, x);
  return x;
}

struct Trunk {
  std::span<const Stage> stages;
  int32_t first_stride;
  Style style;
};

/// Everything up to the pooled features [N, 1280 or more].
TensorId make_trunk(const ArchitectureOptions& options, const Trunk& trunk, GraphBuilder& builder) {
  const double alpha = exact_alpha(options.alpha);
  const LayerNames name(trunk.style);
  TensorId x = builder.input(options.height, options.width, options.channels);
  const bool padded = trunk.style == Style::kTorchvision;
  if (padded) x = symmetric_pad(builder, "Conv1_pad", x);
  x = builder.conv2d(name("Conv1"), x,
                     {.filters = make_divisible(32 * alpha),
                      .kernel = 3,
                      .stride = trunk.first_stride,
                      .padding = padded ? Padding::kValid : Padding::kSame});
  x = builder.relu6("Conv1_relu", builder.batch_norm(name("bn_Conv1"), x));
  int32_t block = 0;
  for (const Stage& stage : trunk.stages) {
    const int32_t filters = make_divisible(std::floor(stage.filters * alpha));
    for (int32_t repeat = 0; repeat < stage.repeat; ++repeat, ++block) {
      const std::string prefix = block == 0 ? "expanded_conv_" : format("block_{}_", block);
      x = inverted_residual(builder, prefix, x, {stage.expansion, filters, repeat == 0 ? stage.stride : 1, trunk.style});
    }
  }
  x = builder.conv2d(name("Conv_1"), x, {.filters = alpha > 1.0 ? make_divisible(1280 * alpha) : 1280});
  x = builder.relu6("out_relu", builder.batch_norm(name("Conv_1_bn"), x));
  return builder.global_mean("global_average_pooling2d", x);
}

Result<Graph> make_keras_variant(const ArchitectureOptions& options, GraphBuilder& builder) {
  constexpr int32_t kMinSize = 32;  // keras.applications' own limit
  if (options.height < kMinSize || options.width < kMinSize) {
    return error(Code::kUnsupported, "images must be at least {} x {}, found {} x {}", kMinSize, kMinSize, options.height, options.width);
  }
  TensorId x = make_trunk(options, {kKerasStages, 2, Style::kKeras}, builder);
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

std::string torchvision_module(const std::string& keras_layer) {
  constexpr std::pair<const char*, const char*> kEnds[] = {{"Conv1", "features.0.0"},
                                                           {"bn_Conv1", "features.0.1"},
                                                           {"Conv_1", "features.18.0"},
                                                           {"Conv_1_bn", "features.18.1"},
                                                           {"predictions", "classifier.1"}};
  for (const auto& [keras, module] : kEnds) {
    if (keras_layer == keras) return module;
  }
  // Where a block has an expansion, the other parts stand one place further.
  constexpr std::pair<const char*, std::pair<const char*, const char*>> kParts[] = {
      {"expand", {"", "0.0"}},          {"expand_BN", {"", "0.1"}}, {"depthwise", {"0.0", "1.0"}},
      {"depthwise_BN", {"0.1", "1.1"}}, {"project", {"1", "2"}},    {"project_BN", {"2", "3"}}};
  constexpr int kLastBlock = 16;
  for (int block = 0; block <= kLastBlock; ++block) {
    const std::string prefix = block == 0 ? "expanded_conv_" : format("block_{}_", block);
    if (!keras_layer.starts_with(prefix)) continue;
    for (const auto& [part, places] : kParts) {
      const std::string place = block == 0 ? places.first : places.second;
      if (keras_layer == prefix + part && !place.empty()) return format("features.{}.conv.{}", block + 1, place);
    }
  }
  return "";
}

Result<Graph> make_torchvision_mobilenet_v2(const ArchitectureOptions& options, GraphBuilder& builder) {
  const TensorId features = make_trunk(options, {kKerasStages, 2, Style::kTorchvision}, builder);
  return builder.finish(builder.dense("classifier.1", features, options.classes), "logits");
}

Result<Graph> make_mobilenet_v2_cifar(const ArchitectureOptions& options, GraphBuilder& builder) {
  const TensorId features = make_trunk(options, {kCifarStages, 1, Style::kSame}, builder);
  return builder.finish(builder.dense("predictions", features, options.classes), "logits");
}

}  // namespace liteqat::graph
