#include "quant/weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/rng.h"
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

/// Element by element as numeric defines fake quantization and the converter's rounding.
std::vector<int8_t> plain_codes(const WeightSource& source, const std::vector<double>& scale) {
  const std::span<const float> values = source.weights.as<float>();
  const Quantizer& quantizer = source.quantizer;
  const ChannelIndex channel_of(source.weights.shape, static_cast<int32_t>(scale.size()), output_axis(source.kind));
  std::vector<int8_t> codes;
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t range = quantizer.channels == 1 ? 0 : channel_of(i);
    const auto params = numeric::nudge_range(quantizer.min[range], quantizer.max[range], quantizer.narrow);
    const bool per_channel = quantizer.per_channel_operator || scale.size() > 1;
    const float value = per_channel ? numeric::fake_quantize_per_channel(values[i], params) : numeric::fake_quantize(values[i], params);
    const numeric::ConvertedParams converted = {.scale = scale[channel_of(i)], .zero_point = 0};
    codes.push_back(static_cast<int8_t>(numeric::quantize_value(value, converted, -127, 127)));
  }
  return codes;
}

/// Weights of every size from far below a step to twice the range, and ties between steps and their neighbours.
std::vector<float> weights_around_steps(size_t count, float bound, Rng& rng) {
  std::vector<float> values;
  for (size_t i = 0; i < count; ++i) {
    const float steps = std::floor(rng.next_float() * 300.0f) - 150.0f;
    const float tie = (steps + 0.5f) * (bound / 127.0f);
    const float choices[] = {tie,  std::nextafter(tie, 9e9f), std::nextafter(tie, -9e9f), (rng.next_float() - 0.5f) * 4 * bound, 0.0f,
                             -0.0f};
    values.push_back(choices[static_cast<size_t>(rng.next_float() * 5.999f)]);
  }
  return values;
}

TEST(QuantizeWeights, CodesAreThoseOfTheDefinitionOnEveryAxisRangeAndScale) {
  Rng rng(3);
  struct Case {
    graph::Shape shape;
    OpKind kind;
    int32_t channels;
    bool per_channel_operator;
  };
  const Case cases[] = {{{3, 1, 1, 67}, OpKind::kConv2D, 3, false},
                        {{1, 3, 3, 19}, OpKind::kDepthwiseConv2D, 19, false},
                        {{5, 41}, OpKind::kFullyConnected, 1, false},
                        {{5, 41}, OpKind::kFullyConnected, 1, true},
                        {{1, 2, 3, 7}, OpKind::kDepthwiseConv2D, 1, true}};
  const float bounds[] = {0.73f, 127.0f, 3e-7f, 0.0f, 1e30f};
  for (const Case& c : cases) {
    for (float bound : bounds) {
      for (bool symmetric_range : {true, false}) {
        const auto count = static_cast<size_t>(graph::elem_count(c.shape));
        const Tensor weights = make_weights(c.shape, weights_around_steps(count, bound, rng));
        Quantizer quantizer = symmetric(bound);
        quantizer.channels = c.channels, quantizer.axis = output_axis(c.kind), quantizer.per_channel_operator = c.per_channel_operator;
        quantizer.narrow = symmetric_range;
        quantizer.min.assign(static_cast<size_t>(c.channels), symmetric_range ? -bound : -0.4f * bound);
        quantizer.max.assign(static_cast<size_t>(c.channels), bound);
        const WeightSource source = {.weights = weights, .quantizer = quantizer, .kind = c.kind};
        const Result<IntegerWeights> result = quantize_weights(source);
        ASSERT_TRUE(result.ok()) << result.status().message();
        EXPECT_EQ(result->codes, plain_codes(source, result->scale)) << "bound " << bound;
        for (double factor : {1.0019, 0.9981, 1.002, 0.997, 1.7, 12.0}) {  // a bias that does not fit enlarges scales
          std::vector<double> scale = result->scale;
          scale.back() *= factor;
          IntegerWeights again;
          requantize_weights(source, scale, again);
          EXPECT_EQ(again.codes, plain_codes(source, scale)) << "bound " << bound << ", scale times " << factor;
        }
      }
    }
  }
}

TEST(QuantizeWeights, NamesTheFirstWeightThatIsNotFinite) {
  for (float bad : {std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(), std::nanf("")}) {
    const Tensor weights = make_weights({1, 6}, {1.0f, -std::numeric_limits<float>::max(), 0.0f, bad, 1.0f, bad});
    const Quantizer quantizer = symmetric(1.0f);
    const auto result = quantize_weights({.weights = weights, .quantizer = quantizer, .kind = OpKind::kFullyConnected});
    ASSERT_FALSE(result.ok());
    EXPECT_NE(result.status().message().find("element 3 is"), std::string::npos) << result.status().message();
  }
}

/// The largest and the smallest weight wherever they stand in a vector, a NaN that no comparison sees, and zeros of both signs.
TEST(SetWeightRange, FindsBothEndsAtEveryPlace) {
  for (size_t place = 0; place < 45; ++place) {
    std::vector<float> values(2 * 45, 0.25f);
    values[place] = 3.0f, values[(place + 7) % 45] = -2.0f, values[45 + place] = -5.0f, values[45 + (place + 9) % 45] = std::nanf("");
    const Tensor by_row = make_weights({2, 45}, values);
    Quantizer rows = {.channels = 2, .axis = 0};
    set_weight_range(rows, by_row);
    EXPECT_THAT(rows.min, ElementsAre(-2.0f, -5.0f));
    EXPECT_THAT(rows.max, ElementsAre(3.0f, 0.25f));
    Quantizer whole = {.symmetric = true};
    set_weight_range(whole, by_row);
    EXPECT_THAT(whole.min, ElementsAre(-5.0f));
    EXPECT_THAT(whole.max, ElementsAre(5.0f));
  }
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
