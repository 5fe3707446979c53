#include "kernels/quantize/quantize.h"

#include <gtest/gtest.h>

#include <limits>

#include "kernels/test_oracles.h"
#include "numeric/rescale.h"

namespace liteqat::kernels::quantize {
namespace {

using namespace kernels::testing;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(Quantize, TiesAwayAndSaturation) {
  const std::vector<float> input = {0.25f, -0.25f, 0.75f, 0.24999f, 100.0f, -100.0f, 1e38f, -1e38f, kInfinity, -kInfinity, NAN, 63.25f};
  std::vector<int8_t> codes(input.size());
  quantize_to_int8(static_cast<int64_t>(input.size()), {.scale = 0.5f, .zero_point = 1}, input.data(), codes.data());
  EXPECT_EQ(codes, (std::vector<int8_t>{2, 0, 3, 1, 127, -128, 127, -128, 127, -128, 1, 127}));
  std::vector<uint8_t> unsigned_codes(input.size());
  quantize_to_uint8(static_cast<int64_t>(input.size()), {.scale = 0.5f, .zero_point = 129}, input.data(), unsigned_codes.data());
  EXPECT_EQ(unsigned_codes, (std::vector<uint8_t>{130, 128, 131, 129, 255, 0, 255, 0, 255, 0, 129, 255}));
}

TEST(Quantize, DividesInFloat32) {
  // The float32 quotient rounds up to a tie that the real quotient misses.
  int found = 0;
  Rng rng(1);
  for (int sample = 0; sample < 200000; ++sample) {
    const float scale = 0.001f + rng.next_float();
    const float x = (static_cast<float>(rng.next_below(100)) + 0.5f) * scale;
    const double real = std::round(static_cast<double>(x) / static_cast<double>(scale));
    int8_t code = 0;
    quantize_to_int8(1, {.scale = scale, .zero_point = 0}, &x, &code);
    ASSERT_EQ(code, std::lround(x / scale));
    if (static_cast<double>(code) != real) ++found;
  }
  EXPECT_GT(found, 0);
}

TEST(Dequantize, MultipliesInDouble) {
  for (int32_t code = -128; code < 128; ++code) {
    const auto narrow = static_cast<int8_t>(code);
    const auto wide = static_cast<uint8_t>(code + 128);
    float from_signed = 0, from_unsigned = 0;
    dequantize_int8(1, {.scale = 0.0078431377f, .zero_point = -3}, &narrow, &from_signed);
    dequantize_uint8(1, {.scale = 0.0078431377f, .zero_point = 125}, &wide, &from_unsigned);
    EXPECT_EQ(from_signed, static_cast<float>(static_cast<double>(0.0078431377f) * (code + 3)));
    EXPECT_EQ(from_unsigned, from_signed);
  }
}

TEST(Dequantize, EveryFloat16) {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    float value = 0;
    dequantize_float16(1, &half, &value);
    const int exponent = static_cast<int>(bits >> 10 & 31), fraction = static_cast<int>(bits & 1023);
    if (exponent == 31 && fraction != 0) {
      ASSERT_TRUE(std::isnan(value));
      continue;
    }
    const double magnitude = exponent == 31  ? static_cast<double>(kInfinity)
                             : exponent == 0 ? std::ldexp(fraction, -24)
                                             : std::ldexp(1024 + fraction, exponent - 25);
    ASSERT_EQ(static_cast<double>(std::abs(value)), magnitude) << bits;
    ASSERT_EQ(std::signbit(value), (bits & 0x8000) != 0) << bits;
  }
}

TEST(Requantize, EveryCodeEqualsExactArithmetic) {
  Rng rng(2);
  for (int sample = 0; sample < 200; ++sample) {
    const float from = 0.001f + rng.next_float(), to = 0.001f + rng.next_float();
    const double rescale = static_cast<double>(from) / static_cast<double>(to);
    const int32_t in_zero = random_between(rng, -128, 127), out_zero = random_between(rng, -128, 127);
    const numeric::Multiplier multiplier = numeric::quantize_multiplier(numeric::requantize_rescale(from, to));
    for (int32_t code = -128; code < 128; ++code) {
      const auto narrow = static_cast<int8_t>(code);
      const auto wide = static_cast<uint8_t>(code + 128);
      const int64_t exact = exact_rescale(code - in_zero, rescale) + out_zero;
      int8_t a = 0, c = 0;
      uint8_t b = 0;
      requantize_int8_to_int8(1, {multiplier, in_zero, out_zero}, &narrow, &a);
      requantize_int8_to_uint8(1, {multiplier, in_zero, out_zero + 128}, &narrow, &b);
      requantize_uint8_to_int8(1, {multiplier, in_zero + 128, out_zero}, &wide, &c);
      ASSERT_EQ(a, clamp(exact, -128, 127));
      ASSERT_EQ(b, clamp(exact + 128, 0, 255));
      ASSERT_EQ(c, a);
    }
  }
}

TEST(Requantize, EqualScalesFlipTheTopBit) {
  const numeric::Multiplier one = numeric::quantize_multiplier(1.0);
  for (int32_t code = 0; code < 256; ++code) {
    const auto wide = static_cast<uint8_t>(code);
    int8_t narrow = 0;
    requantize_uint8_to_int8(1, {one, 128, 0}, &wide, &narrow);
    EXPECT_EQ(static_cast<uint8_t>(narrow), wide ^ 0x80);
  }
}

}  // namespace
}  // namespace liteqat::kernels::quantize
