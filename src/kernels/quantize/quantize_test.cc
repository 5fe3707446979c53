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
  const Range all = {0, static_cast<int64_t>(input.size())};
  std::vector<int8_t> codes(input.size());
  quantize(all, {.scale = 0.5f, .zero_point = 1}, input.data(), codes.data());
  EXPECT_EQ(codes, (std::vector<int8_t>{2, 0, 3, 1, 127, -128, 127, -128, 127, -128, 1, 127}));
  std::vector<uint8_t> unsigned_codes(input.size());
  quantize(all, {.scale = 0.5f, .zero_point = 129}, input.data(), unsigned_codes.data());
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
    quantize({0, 1}, {.scale = scale, .zero_point = 0}, &x, &code);
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
    dequantize({0, 1}, {.scale = 0.0078431377f, .zero_point = -3}, &narrow, &from_signed);
    dequantize({0, 1}, {.scale = 0.0078431377f, .zero_point = 125}, &wide, &from_unsigned);
    EXPECT_EQ(from_signed, static_cast<float>(static_cast<double>(0.0078431377f) * (code + 3)));
    EXPECT_EQ(from_unsigned, from_signed);
  }
}

/// Values around every tie of a random scale, and what has no code.
std::vector<float> hard_values(Rng& rng, size_t count, float scale) {
  const float special[] = {kInfinity, -kInfinity, NAN, -NAN, 3e38f, -3e38f, 1e-45f, -0.0f, 0.0f};
  std::vector<float> values(count);
  for (float& value : values) {
    const auto tie = static_cast<float>(random_between(rng, -300, 300)) + 0.5f;
    const uint32_t kind = rng.next_below(8);
    value = kind == 0   ? special[rng.next_below(9)]
            : kind == 1 ? std::nextafter(tie * scale, kInfinity)
            : kind == 2 ? std::nextafter(tie * scale, -kInfinity)
            : kind == 3 ? static_cast<float>(rng.next_normal()) * scale * 100
            : kind == 4 ? std::nextafter(0.5f, 0.0f) * scale
                        : tie * scale;
  }
  return values;
}

template <typename Code>
void expect_same(const Kernels& kernels, const Affine& affine, const std::vector<float>& values, const std::vector<Code>& codes) {
  const auto count = static_cast<int64_t>(values.size());
  std::vector<Code> expected(values.size());
  std::vector<float> expected_values(values.size());
  quantize(Range{0, count}, affine, values.data(), expected.data());
  dequantize(Range{0, count}, affine, codes.data(), expected_values.data());
  GuardedBuffer<float> input(values), output_values(values.size());
  GuardedBuffer<Code> output(values.size()), input_codes(codes);
  if constexpr (std::is_same_v<Code, int8_t>) {
    kernels.quantize_int8(count, affine, input.data(), output.data());
    kernels.dequantize_int8(count, affine, input_codes.data(), output_values.data());
  } else {
    kernels.quantize_uint8(count, affine, input.data(), output.data());
    kernels.dequantize_uint8(count, affine, input_codes.data(), output_values.data());
  }
  ASSERT_EQ(output.values(), expected) << kernels.isa_name << " scale " << affine.scale;
  ASSERT_TRUE(same_bits(output_values.values(), expected_values)) << kernels.isa_name << " scale " << affine.scale;
}

TEST(QuantizeKernels, EveryOneEqualsTheReference) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    Rng rng(seed);
    const size_t count = seed < 140 ? seed + 1 : 1000;
    const float scale = std::ldexp(1.0f + rng.next_float(), seed % 7 == 0 ? -140 : random_between(rng, -20, 10));
    const std::vector<float> values = hard_values(rng, count, scale);
    const std::vector<int8_t> codes = random_codes(rng, count);
    const std::vector<uint8_t> unsigned_codes(codes.begin(), codes.end());
    for (Isa isa : supported_isas()) {
      const Kernels& kernels = find_kernels(isa);
      expect_same<int8_t>(kernels, {.scale = scale, .zero_point = random_between(rng, -128, 127)}, values, codes);
      expect_same<uint8_t>(kernels, {.scale = scale, .zero_point = random_between(rng, 0, 255)}, values, unsigned_codes);
    }
  }
}

TEST(Dequantize, EveryFloat16) {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    float value = 0;
    dequantize_float16({0, 1}, &half, &value);
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
    const Requantize params = {numeric::quantize_multiplier(numeric::requantize_rescale(from, to)), random_between(rng, -128, 127),
                               random_between(rng, -128, 127)};
    for (int32_t code = -128; code < 128; ++code) {
      const int64_t exact = exact_rescale(code - params.input_zero_point, rescale) + params.output_zero_point;
      ASSERT_EQ(requantize_code(code, params, -128, 127), clamp(exact, -128, 127));
      ASSERT_EQ(requantize_code(code, params, 0, 255), clamp(exact, 0, 255));
      const auto narrow = static_cast<int8_t>(code);
      int16_t wide = 0;
      requantize({0, 1}, params, &narrow, &wide);
      ASSERT_EQ(wide, clamp(exact, -32768, 32767));
    }
  }
}

TEST(Requantize, Int16ToAndFromInt32) {
  Rng rng(3);
  for (int sample = 0; sample < 20000; ++sample) {
    const double rescale = std::ldexp(1.0 + rng.next_double(), random_between(rng, -18, -1));
    const Requantize params = {numeric::quantize_multiplier(rescale), 0, 0};
    const auto wide = static_cast<int32_t>(rng.next_u64());
    const auto code = static_cast<int16_t>(wide);
    int16_t narrowed = 0;
    int32_t widened = 0;
    requantize({0, 1}, params, &wide, &narrowed);
    requantize({0, 1}, params, &code, &widened);
    ASSERT_EQ(narrowed, clamp(exact_rescale(wide, rescale), -32768, 32767));
    ASSERT_EQ(widened, exact_rescale(code, rescale));
  }
}

TEST(Requantize, EqualScalesFlipTheTopBit) {
  const numeric::Multiplier one = numeric::quantize_multiplier(1.0);
  for (int32_t code = 0; code < 256; ++code) EXPECT_EQ(requantize_code(code, {one, 128, 0}, -128, 127), code - 128);
}

TEST(PerChannel, EachSliceHasItsScale) {
  const Channels channels = {.params = {{0.5f, 1}, {0.25f, -2}, {2.0f, 0}}, .inner = 2};  // shape [2,3,2], axis 1
  std::vector<float> input(12, 3.0f), back(12);
  std::vector<int8_t> codes(12);
  quantize_per_channel({0, 12}, channels, input.data(), codes.data());
  EXPECT_EQ(codes, (std::vector<int8_t>{7, 7, 10, 10, 2, 2, 7, 7, 10, 10, 2, 2}));  // 1.5 rounds away
  dequantize_per_channel({0, 12}, channels, codes.data(), back.data());
  EXPECT_EQ(back, (std::vector<float>{3, 3, 3, 3, 4, 4, 3, 3, 3, 3, 4, 4}));
}

}  // namespace
}  // namespace liteqat::kernels::quantize
