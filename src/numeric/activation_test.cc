#include "numeric/activation.h"

#include <gtest/gtest.h>

#include <limits>

#include <cmath>

#include "base/rng.h"

namespace liteqat::numeric {
namespace {

TEST(FloatClamp, Bounds) {
  EXPECT_EQ(float_clamp(Activation::kNone).low, -INFINITY);
  EXPECT_EQ(float_clamp(Activation::kNone).high, INFINITY);
  EXPECT_EQ(float_clamp(Activation::kRelu).low, 0.0f);
  EXPECT_EQ(float_clamp(Activation::kRelu).high, INFINITY);
  EXPECT_EQ(float_clamp(Activation::kRelu6).high, 6.0f);
  EXPECT_EQ(float_clamp(Activation::kReluN1To1).low, -1.0f);
  EXPECT_EQ(float_clamp(Activation::kReluN1To1).high, 1.0f);
}

/// By search, not by rounding: the smallest code at least as near to the bound as any other, ties to the one further from zero point.
int32_t nearest_code(double bound, double scale, int32_t zero_point, int32_t low, int32_t high) {
  int32_t best = low;
  for (int32_t code = low; code <= high; ++code) {
    const double distance = std::abs((code - zero_point) * scale - bound), best_distance = std::abs((best - zero_point) * scale - bound);
    if (distance < best_distance || (distance == best_distance && std::abs(code - zero_point) > std::abs(best - zero_point))) best = code;
  }
  return best;
}

TEST(QuantizedClamp, HoldsTheBoundsNearestCodes) {
  Rng rng(1);
  for (int sample = 0; sample < 3000; ++sample) {
    // Multiples of 1/1024 keep bound / scale away from float32's own rounding except at exact ties.
    const float scale = static_cast<float>(1 + rng.next_below(300)) / 1024.0f;
    const int32_t zero_point = static_cast<int32_t>(rng.next_below(256)) - 128;
    const IntClamp relu6 = quantized_clamp(Activation::kRelu6, scale, zero_point, -128, 127);
    ASSERT_EQ(relu6.low, zero_point);
    ASSERT_EQ(relu6.high, nearest_code(6, scale, zero_point, -128, 127)) << scale << " " << zero_point;
    const IntClamp unit = quantized_clamp(Activation::kReluN1To1, scale, zero_point, -128, 127);
    ASSERT_EQ(unit.low, nearest_code(-1, scale, zero_point, -128, 127)) << scale << " " << zero_point;
    ASSERT_EQ(unit.high, nearest_code(1, scale, zero_point, -128, 127)) << scale << " " << zero_point;
    const IntClamp none = quantized_clamp(Activation::kNone, scale, zero_point, 0, 255);
    ASSERT_EQ(none.low, 0);
    ASSERT_EQ(none.high, 255);
  }
}

TEST(QuantizedClamp, TinyScalesSaturate) {
  const IntClamp clamp = quantized_clamp(Activation::kRelu6, 1e-38f, 127, -128, 127);
  EXPECT_EQ(clamp.low, 127);
  EXPECT_EQ(clamp.high, 127);
}

TEST(Activation, NamesAndRangesInFloat) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity(), kLargest = std::numeric_limits<float>::max();
  EXPECT_STREQ(activation_name(Activation::kNone), "NONE");
  EXPECT_STREQ(activation_name(Activation::kRelu), "RELU");
  EXPECT_STREQ(activation_name(Activation::kRelu6), "RELU6");
  EXPECT_STREQ(activation_name(Activation::kReluN1To1), "RELU_N1_TO_1");
  EXPECT_EQ(float_clamp(Activation::kNone).low, -kInfinity);
  EXPECT_EQ(float_clamp(Activation::kReluN1To1).low, -1.0f);
  EXPECT_EQ(float_clamp(Activation::kReluN1To1).high, 1.0f);
  EXPECT_EQ(fused_float_clamp(Activation::kNone).low, -kLargest);
  EXPECT_EQ(fused_float_clamp(Activation::kRelu).low, 0.0f);
  EXPECT_EQ(fused_float_clamp(Activation::kRelu).high, kLargest);
  EXPECT_EQ(fused_float_clamp(Activation::kRelu6).high, 6.0f);
}

}  // namespace
}  // namespace liteqat::numeric
