// torchvision's ResNet-18, 34 and 50 (He et al. 2015, the stride of a bottleneck in its 3x3 convolution), under its module names.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "graph/networks.h"

namespace liteqat::graph {
namespace {

class ResNet {
 public:
  ResNet(const ArchitectureOptions& options, GraphBuilder& builder) : options_(options), builder_(builder) {}

  Result<Graph> make(const std::vector<int32_t>& blocks, bool bottleneck) {
    TensorId x = builder_.input(options_.height, options_.width, options_.channels);
    x = builder_.relu("relu", conv_bn("conv1", "bn1", x, {.filters = width(64), .kernel = 7, .stride = 2}));
    // PyTorch's pooling pads with -infinity. Behind a RELU zero is the same: no value is smaller, and every window holds one.
    x = builder_.max_pool("maxpool", pad("maxpool", x, 1), {.filter_h = 3, .filter_w = 3, .stride = 2});
    for (size_t stage = 0; stage < blocks.size(); ++stage) {
      const int32_t filters = width(64 << stage);
      for (int32_t block = 0; block < blocks[stage]; ++block) {
        const std::string name = format("layer{}.{}", stage + 1, block);
        x = residual(name, x, filters, block == 0 && stage > 0 ? 2 : 1, bottleneck);
      }
    }
    x = builder_.global_mean("avgpool", x);
    return builder_.finish(builder_.dense("fc", x, options_.classes), "logits");
  }

 private:
  int32_t width(int32_t filters) const {
    return std::max(1, static_cast<int32_t>(std::lround(static_cast<double>(filters) * static_cast<double>(options_.alpha))));
  }

  TensorId pad(const std::string& name, TensorId x, int32_t amount) {
    return builder_.pad(name + "/pad", x, {0, 0, amount, amount, amount, amount, 0, 0});
  }

  /// padding = (kernel - 1) / 2 on every side, which at stride 1 is SAME.
  TensorId conv_bn(const std::string& conv, const std::string& batch_norm, TensorId x, ConvLayer layer) {
    layer.initializer = Initializer::kHeNormal;
    if (layer.stride > 1 && layer.kernel > 1) {
      x = pad(conv, x, (layer.kernel - 1) / 2);
      layer.padding = Padding::kValid;
    }
    return builder_.batch_norm(batch_norm, builder_.conv2d(conv, x, layer));
  }

  TensorId residual(const std::string& name, TensorId x, int32_t filters, int32_t stride, bool bottleneck) {
    const int32_t outputs = bottleneck ? 4 * filters : filters;
    TensorId y = x;
    if (bottleneck) {
      y = builder_.relu(name + ".relu1", conv_bn(name + ".conv1", name + ".bn1", y, {.filters = filters}));
      y = builder_.relu(name + ".relu2", conv_bn(name + ".conv2", name + ".bn2", y, {.filters = filters, .kernel = 3, .stride = stride}));
      y = conv_bn(name + ".conv3", name + ".bn3", y, {.filters = outputs});
    } else {
      y = builder_.relu(name + ".relu1", conv_bn(name + ".conv1", name + ".bn1", y, {.filters = filters, .kernel = 3, .stride = stride}));
      y = conv_bn(name + ".conv2", name + ".bn2", y, {.filters = filters, .kernel = 3});
    }
    const bool changes = stride != 1 || builder_.shape(x).back() != outputs;
    if (changes) x = conv_bn(name + ".downsample.0", name + ".downsample.1", x, {.filters = outputs, .stride = stride});
    return builder_.relu(name + ".relu", builder_.add(name + ".add", y, x));
  }

  const ArchitectureOptions& options_;
  GraphBuilder& builder_;
};

}  // namespace

Result<Graph> make_torchvision_resnet18(const ArchitectureOptions& options, GraphBuilder& builder) {
  return ResNet(options, builder).make({2, 2, 2, 2}, false);
}

Result<Graph> make_torchvision_resnet34(const ArchitectureOptions& options, GraphBuilder& builder) {
  return ResNet(options, builder).make({3, 4, 6, 3}, false);
}

Result<Graph> make_torchvision_resnet50(const ArchitectureOptions& options, GraphBuilder& builder) {
  return ResNet(options, builder).make({3, 4, 6, 3}, true);
}

}  // namespace liteqat::graph
