#include "formats/keras/layer_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace liteqat::formats::keras {
namespace {

using testing::ElementsAre;

/// A legacy file's layer whose list names these weights.
void add_layer(archive::Contents& contents, const std::string& layer, const std::vector<std::string>& weights) {
  contents.lists["/@layer_names"].push_back(layer);
  for (const std::string& weight : weights) {
    const std::string name = layer + "/" + weight + ":0";
    contents.lists["/" + layer + "@weight_names"].push_back(name);
    contents.arrays["/" + layer + "/" + name] = {{1}, {1.0f}};
  }
}

TEST(LayerWeights, OnlyADepthwiseKernelThatIsAloneIsAKernel) {
  archive::Contents contents;
  add_layer(contents, "dw", {"depthwise_kernel", "bias"});
  add_layer(contents, "sep", {"depthwise_kernel", "pointwise_kernel"});
  const auto listed = list_weights(contents);
  ASSERT_TRUE(listed.ok()) << listed.status().message();
  std::vector<std::string> names;
  for (const auto& [name, array] : *listed) names.push_back(name);
  EXPECT_THAT(names, ElementsAre("dw/bias", "dw/kernel", "sep/depthwise_kernel", "sep/pointwise_kernel"));
}

}  // namespace
}  // namespace liteqat::formats::keras
