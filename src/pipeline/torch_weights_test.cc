#include "pipeline/torch_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <numeric>

#include "graph/architectures.h"
#include "numeric/float16.h"

namespace liteqat::pipeline {
namespace {

using formats::safetensors::File;
using testing::ElementsAre;
using testing::HasSubstr;

/// 0, 1, 2, ...: an element says where it stood.
std::vector<float> counting(size_t count) {
  std::vector<float> values(count);
  std::iota(values.begin(), values.end(), 0.0f);
  return values;
}

void put(File& file, const std::string& name, const std::vector<int64_t>& shape, const std::vector<float>& values) {
  formats::safetensors::Array array{graph::DType::kFloat32, shape, Bytes(values.size() * sizeof(float))};
  std::memcpy(array.data.data(), values.data(), array.data.size());
  file.arrays[name] = std::move(array);
}

graph::Graph guide() {
  return graph::make_architecture({.name = "mnist_guide"}).value();
}

TEST(TorchWeights, TurnsKernelsAndColumnsOfFlattenedImages) {
  const graph::Graph network = guide();  // conv 3x3 to 12 channels, pooled to 13 x 13, dense on the flattened image
  File file;
  put(file, "conv2d.weight", {12, 1, 3, 3}, counting(108));
  put(file, "dense.weight", {10, 2028}, counting(20280));
  const TorchWeights weights = TorchWeights::make(file, {}, "f").value();
  EXPECT_EQ(weights.find("conv2d/kernel"), "conv2d.weight");
  EXPECT_EQ(weights.find("conv2d/bias"), "");
  EXPECT_EQ(weights.convert("conv2d.weight", network, network.find_tensor("conv2d/kernel")), counting(108));  // one input channel
  const auto dense = weights.convert("dense.weight", network, network.find_tensor("dense/kernel"));
  ASSERT_TRUE(dense.has_value());
  for (size_t unit = 0; unit < 10; ++unit) {
    for (size_t position = 0; position < 169; ++position) {
      for (size_t channel = 0; channel < 12; ++channel) {
        ASSERT_EQ((*dense)[(unit * 169 + position) * 12 + channel], static_cast<float>((unit * 12 + channel) * 169 + position));
      }
    }
  }
}

TEST(TorchWeights, TurnsConvolutionsAndDepthwiseOnes) {
  const graph::Graph network =
      graph::make_architecture({.name = "torchvision_mobilenet_v2", .height = 32, .width = 32, .channels = 3}).value();
  File file;
  put(file, "features.0.0.weight", {32, 3, 3, 3}, counting(864));
  put(file, "features.1.conv.0.0.weight", {32, 1, 3, 3}, counting(288));
  const TorchWeights weights = TorchWeights::make(file, {}, "f").value();
  const auto first = weights.convert("features.0.0.weight", network, network.find_tensor("features.0.0/kernel"));
  const auto depthwise = weights.convert("features.1.conv.0.0.weight", network, network.find_tensor("features.1.conv.0.0/kernel"));
  ASSERT_TRUE(first && depthwise);
  for (size_t out = 0; out < 32; ++out) {
    for (size_t position = 0; position < 9; ++position) {
      for (size_t in = 0; in < 3; ++in) {
        ASSERT_EQ((*first)[(out * 9 + position) * 3 + in], static_cast<float>((out * 3 + in) * 9 + position));
      }
      ASSERT_EQ((*depthwise)[position * 32 + out], static_cast<float>(out * 9 + position));
    }
  }
  EXPECT_FALSE(weights.convert("features.0.0.weight", network, network.find_tensor("features.18.0/kernel")).has_value());
}

TEST(TorchWeights, FindsModulesByMapAndByKnownNames) {
  File file;
  put(file, "stem.weight", {1}, {1});
  put(file, "features.2.conv.1.1.running_var", {1}, {1});
  put(file, "layer1.0.bn1.num_batches_tracked", {1}, {3});
  const TorchWeights weights = TorchWeights::make(file, {{"conv2d", "stem"}, {"nowhere", "x"}}, "f").value();
  EXPECT_EQ(weights.find("conv2d/kernel"), "stem.weight");
  EXPECT_EQ(weights.find("conv2d/moving_mean"), "");
  EXPECT_EQ(weights.find("block_1_depthwise_BN/moving_variance"), "features.2.conv.1.1.running_var");
  EXPECT_EQ(weights.find("stem/kernel"), "stem.weight");
  EXPECT_THAT(weights.names(), ElementsAre("features.2.conv.1.1.running_var", "stem.weight"));
  EXPECT_THAT(weights.unknown_layers(guide()), ElementsAre("nowhere"));
}

TEST(TorchWeights, ReadsFloat16AndRefusesWhatIsNoWeight) {
  File file;
  formats::safetensors::Array half{graph::DType::kFloat16, {12}, Bytes(24)};
  for (size_t i = 0; i < 12; ++i) {
    const uint16_t bits = numeric::narrow_float16(0.5f * static_cast<float>(i));
    std::memcpy(half.data.data() + 2 * i, &bits, 2);
  }
  file.arrays["conv2d.bias"] = half;
  const TorchWeights weights = TorchWeights::make(file, {}, "f").value();
  const graph::Graph network = guide();
  const auto bias = weights.convert("conv2d.bias", network, network.find_tensor("conv2d/bias"));
  ASSERT_TRUE(bias.has_value());
  EXPECT_EQ((*bias)[3], 1.5f);
  File nan;
  put(nan, "a.weight", {2}, {1.0f, std::nanf("")});
  EXPECT_THAT(TorchWeights::make(nan, {}, "f").status().message(), HasSubstr("array 'a.weight': element 1 is nan"));
  File integer;
  integer.arrays["a.weight"] = {graph::DType::kInt32, {1}, Bytes(4)};
  const Status refused = TorchWeights::make(integer, {}, "f").status();
  EXPECT_EQ(refused.code(), Code::kUnsupported);
  EXPECT_THAT(refused.message(), HasSubstr("f: array 'a.weight' is int32"));
}

TEST(TorchWeights, MapsAreTables) {
  EXPECT_EQ(parse_weight_map("[layers]\n\"a\" = \"b.c\"\n", "f").value(), (WeightMap{{"a", "b.c"}}));
  EXPECT_THAT(parse_weight_map("[layers\n", "f").status().message(), HasSubstr("f, line 1"));
  EXPECT_THAT(parse_weight_map("[other]\n", "f").status().message(), HasSubstr("unknown key 'other'"));
  EXPECT_THAT(parse_weight_map("", "f").status().message(), HasSubstr("no [layers]"));
  EXPECT_THAT(parse_weight_map("[layers]\na = 1\n", "f").status().message(), HasSubstr("'a' must be"));
}

}  // namespace
}  // namespace liteqat::pipeline
