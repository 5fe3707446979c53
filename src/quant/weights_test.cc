#include "quant/weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "quant/graphs_for_test.h"

namespace liteqat::quant {
namespace {

using graph::OpKind;
using graph::Tensor;
using testing::ElementsAre;

Tensor make_weights(const graph::Shape& shape, const std::vector<float>& values) {
  Tensor tensor = {.name = "w", .shape = shape, .role = graph::Role::kParameter};
  tensor.data.resize(values.size() * sizeof(float));
  std::memcpy(tensor.data.data(), values.data(), tensor.data.size());
  return tensor;
}

Quantizer symmetric(float bound) {
  return {.weight = true, .symmetric = true, .narrow = true, .update = RangeUpdate::kLastValue, .min = {-bound}, .max = {bound}};
}

TEST(ChannelIndex, CountsAnyAxis) {
  const ChannelIndex outermost({2, 3, 4}, 2, 0), middle({2, 3, 4}, 3, 1), last({2, 3, 4}, 4, 2), whole({2, 3, 4}, 1, -1);
  EXPECT_EQ(outermost(11), 0u);
  EXPECT_EQ(outermost(12), 1u);
  EXPECT_EQ(middle(11), 2u);
  EXPECT_EQ(middle(12), 0u);
  EXPECT_EQ(last(11), 3u);
  EXPECT_EQ(whole(23), 0u);
}

/// The fake quantizer rounds ties up, the converter alone would round them away from zero: what was trained counts.
TEST(QuantizeWeights, TiesAreThoseOfTraining) {
  const Tensor weights = make_weights({1, 6}, {127.0f, 0.5f, -0.5f, -1.5f, -126.5f, 1000.0f});
  const Quantizer quantizer = symmetric(127.0f);  // scale 1
  const IntegerWeights result = quantize_weights({.weights = weights, .quantizer = quantizer, .kind = OpKind::kFullyConnected}).value();
  EXPECT_THAT(result.codes, ElementsAre(127, 1, 0, -1, -126, 127));
  EXPECT_THAT(result.scale, ElementsAre(1.0));
}

TEST(QuantizeWeights, CodesStopAtMinus127) {
  const Tensor weights = make_weights({1, 2}, {-127.0f, 127.0f});
  const Quantizer quantizer = symmetric(127.0f);
  IntegerWeights result;
  requantize_weights({.weights = weights, .quantizer = quantizer, .kind = OpKind::kFullyConnected}, {0.5}, result);
  EXPECT_THAT(result.codes, ElementsAre(-127, 127));
}

TEST(QuantizeWeights, OneRangeForAllDepthwiseChannels) {
  const Tensor weights = make_weights({1, 1, 1, 3}, {1.27f, -0.5f, 0.01f});
  Quantizer quantizer = symmetric(1.27f);
  quantizer.per_channel_operator = true;
  const std::vector<float> multiplier = {1.0f, -2.0f, 0.5f};
  const WeightSource source = {.weights = weights, .quantizer = quantizer, .kind = OpKind::kDepthwiseConv2D, .multiplier = &multiplier};
  const IntegerWeights result = quantize_weights(source).value();
  EXPECT_THAT(result.codes, ElementsAre(127, 50, 1));
  ASSERT_EQ(result.scale.size(), 3u);
  EXPECT_NEAR(result.scale[0], 0.01, 1e-9);
  EXPECT_EQ(result.scale[1], result.scale[0] * 2);
  EXPECT_EQ(result.scale[2], result.scale[0] / 2);
}

TEST(BiasScales, EnlargedFromTwoToThe30On) {
  constexpr double kMost = 1073741823.0;  // TFLite's limit: half of 2^31 - 1
  const std::vector<float> bias = {1.0f, -1.0f};
  const std::vector<double> fits = {1.0 / (kMost - 64), 1.0 / (kMost - 64)}, exceeds = {1.0, 1.0 / (kMost * 1.5)};
  EXPECT_EQ(bias_scales(bias, 1.0, fits, Scheme::kLiteqat8Bit), fits);
  EXPECT_THAT(bias_scales(bias, 1.0, exceeds, Scheme::kLiteqat8Bit), ElementsAre(1.0, 1.0 / kMost));
  EXPECT_EQ(bias_scales(bias, 1.0, exceeds, Scheme::kTfmot8Bit), exceeds);
}

TEST(BiasCode, RoundsHalfAwayAndSaturates) {
  EXPECT_EQ(bias_code(2.5f, 1.0), 3);
  EXPECT_EQ(bias_code(-2.5f, 1.0), -3);
  EXPECT_EQ(bias_code(1e30f, 1.0), INT32_MAX);
  EXPECT_EQ(bias_code(-1e30f, 1.0), INT32_MIN);
}

}  // namespace
}  // namespace liteqat::quant
