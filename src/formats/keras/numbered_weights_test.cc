#include "formats/keras/numbered_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace liteqat::formats::keras {
namespace {

using archive::Contents;
using testing::ElementsAre;
using testing::HasSubstr;

/// Groups with so many variables each; variable i holds the value i.
Contents make_contents(const std::vector<std::pair<std::string, int>>& groups) {
  Contents contents;
  for (const auto& [group, count] : groups) {
    for (int i = 0; i < count; ++i) contents.arrays[group + "/vars/" + std::to_string(i)] = {{1}, {static_cast<float>(i)}};
  }
  return contents;
}

std::vector<std::string> names_of(const Contents& contents) {
  const auto listed = list_numbered_weights(contents);
  EXPECT_TRUE(listed.ok()) << listed.status().message();
  std::vector<std::string> names;
  for (const auto& [name, array] : *listed) names.push_back(name);
  return names;
}

TEST(NumberedWeights, TheClassAndTheCountSayWhichIsWhich) {
  EXPECT_THAT(names_of(make_contents({{"/layers/conv2d", 1}, {"/layers/conv2d_1", 2}, {"/layers/depthwise_conv2d", 2}})),
              ElementsAre("conv2d/kernel", "conv2d_1/bias", "conv2d_1/kernel", "depthwise_conv2d/bias", "depthwise_conv2d/kernel"));
  EXPECT_THAT(names_of(make_contents({{"/layers/separable_conv2d_12", 2}, {"/layers/dense", 2}})),
              ElementsAre("dense/bias", "dense/kernel", "separable_conv2d_12/depthwise_kernel", "separable_conv2d_12/pointwise_kernel"));
  EXPECT_THAT(names_of(make_contents({{"/layers/normalization", 3}})),
              ElementsAre("normalization/count", "normalization/mean", "normalization/variance"));
  EXPECT_THAT(names_of(make_contents({{"/layers/batch_normalization", 2}})),
              ElementsAre("batch_normalization/moving_mean", "batch_normalization/moving_variance"));
}

TEST(NumberedWeights, BatchNormalizationOfThreeHasNoGamma) {
  const Contents contents = make_contents({{"/layers/batch_normalization", 4}, {"/layers/batch_normalization_1", 3}});
  const auto listed = list_numbered_weights(contents);
  ASSERT_TRUE(listed.ok());
  EXPECT_EQ(listed->at("batch_normalization/gamma")->values[0], 0.0f);
  EXPECT_EQ(listed->at("batch_normalization/moving_variance")->values[0], 3.0f);
  EXPECT_EQ(listed->at("batch_normalization_1/beta")->values[0], 0.0f);
  EXPECT_EQ(listed->at("batch_normalization_1/moving_variance")->values[0], 2.0f);
  EXPECT_FALSE(listed->contains("batch_normalization_1/gamma"));
}

TEST(NumberedWeights, UnknownClassesAndCountsKeepNumbers) {
  EXPECT_THAT(names_of(make_contents({{"/layers/my_layer_2", 2}, {"/layers/dense", 3}, {"/layers/_1", 1}})),
              ElementsAre("_1/0", "dense/0", "dense/1", "dense/2", "my_layer_2/0", "my_layer_2/1"));
}

TEST(NumberedWeights, ElevenVariablesAreCountedNotSorted) {
  EXPECT_EQ(names_of(make_contents({{"/layers/my_layer", 11}})).size(), 11u);
}

TEST(NumberedWeights, NamesBesideTheVariablesAreTheLayers) {
  Contents contents =
      make_contents({{"/layers/conv2d", 1}, {"/layers/sequential/layers/conv2d", 1}, {"/layers/functional/layers/dense", 1}});
  contents.texts["/vars@name"] = "whole";
  contents.texts["/layers/conv2d/vars@name"] = "stem";
  contents.texts["/layers/sequential/vars@name"] = "head";
  contents.texts["/layers/sequential/layers/conv2d/vars@name"] = "stem";
  EXPECT_THAT(names_of(contents), ElementsAre("functional/dense/kernel", "head/stem/kernel", "stem/kernel"));
  EXPECT_THAT(names_of(make_contents({{"/_layer_checkpoint_dependencies/dense_3", 1}})), ElementsAre("dense_3/kernel"));
}

TEST(NumberedWeights, WhatIsNoVariableIsLeftOut) {
  Contents contents = make_contents({{"/layers/dense", 1}});
  contents.arrays["/layers/dense/vars/seed"] = {{1}, {7}};
  contents.arrays["/vars/0"] = {{1}, {7}};
  contents.arrays["/layers/gap/vars/1"] = {{1}, {7}};  // no variable 0
  contents.arrays["/conv1/conv1/kernel:0"] = {{1}, {7}};
  EXPECT_THAT(names_of(contents), ElementsAre("dense/kernel"));
}

TEST(NumberedWeights, TwoLayersOfOneNameAreAnError) {
  Contents contents = make_contents({{"/layers/dense", 2}, {"/layers/dense_1", 2}});
  contents.texts["/layers/dense/vars@name"] = contents.texts["/layers/dense_1/vars@name"] = "head";
  const auto listed = list_numbered_weights(contents);
  ASSERT_FALSE(listed.ok());
  EXPECT_EQ(listed.status().code(), Code::kCorruptFile);
  EXPECT_THAT(listed.status().message(), HasSubstr("'/layers/dense_1': another group also holds weights of a layer named 'head'"));
}

}  // namespace
}  // namespace liteqat::formats::keras
