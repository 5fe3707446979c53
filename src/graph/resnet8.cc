#include <algorithm>
#include <string>

#include "graph/networks.h"

namespace liteqat::graph {
namespace {

/// Keras' automatic layer names: "conv2d", "conv2d_1", ...
class CountedNames {
 public:
  explicit CountedNames(std::string base) : base_(std::move(base)) {}
  std::string next() { return count_++ == 0 ? base_ : format("{}_{}", base_, count_ - 1); }

 private:
  std::string base_;
  int32_t count_ = 0;
};

/// Layers in the order of MLPerf Tiny's reference, so that names and weights match its Keras file.
class ResNet8 {
 public:
  ResNet8(const ArchitectureOptions& options, GraphBuilder& builder) : options_(options), builder_(builder) {}

  Result<Graph> make() {
    TensorId x = builder_.input(options_.height, options_.width, options_.channels);
    x = relu(conv_bn(x, 16, 3, 1));
    x = block(x, 16, 1);
    x = block(x, 32, 2);
    x = block(x, 64, 2);
    const int32_t pool = std::min(builder_.shape(x)[1], builder_.shape(x)[2]);
    x = builder_.average_pool("average_pooling2d", x, {.filter_h = pool, .filter_w = pool});
    x = builder_.reshape("flatten", x, {-1, static_cast<int32_t>(elem_count(builder_.shape(x)))});
    x = builder_.dense("dense", x, options_.classes, Initializer::kHeNormal);
    return builder_.finish(builder_.softmax("dense_softmax", x), "probabilities");
  }

 private:
  TensorId conv(TensorId x, int32_t filters, int32_t kernel, int32_t stride) {
    return builder_.conv2d(conv_names_.next(), x,
                           {.filters = filters, .kernel = kernel, .stride = stride, .bias = true, .initializer = Initializer::kHeNormal});
  }
  TensorId conv_bn(TensorId x, int32_t filters, int32_t kernel, int32_t stride) {
    x = conv(x, filters, kernel, stride);
    return builder_.batch_norm(batch_norm_names_.next(), x);
  }
  TensorId relu(TensorId x) { return builder_.relu(activation_names_.next(), x); }

  /// Two 3x3 convolutions; where the shape changes a 1x1 convolution without batch norm carries the shortcut.
  TensorId block(TensorId x, int32_t filters, int32_t stride) {
    TensorId y = relu(conv_bn(x, filters, 3, stride));
    y = conv_bn(y, filters, 3, 1);
    const TensorId shortcut = stride == 1 ? x : conv(x, filters, 1, stride);
    return relu(builder_.add(add_names_.next(), shortcut, y));
  }

  const ArchitectureOptions& options_;
  GraphBuilder& builder_;
  CountedNames conv_names_{"conv2d"}, batch_norm_names_{"batch_normalization"}, activation_names_{"activation"}, add_names_{"add"};
};

}  // namespace

Result<Graph> make_resnet8(const ArchitectureOptions& options, GraphBuilder& builder) {
  return ResNet8(options, builder).make();
}

}  // namespace liteqat::graph
