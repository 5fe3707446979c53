#include "numeric/requantize.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"
#include "numeric/rescale.h"

namespace liteqat::numeric {
namespace {

constexpr IntClamp kInt8 = {-128, 127};

Rescale rescale_of(double factor) {
  return {.multiplier = quantize_multiplier(factor), .factor = factor};
}

/// The nearest integer to a number that double holds exactly, ties to even, without the rounding mode.
int64_t nearest_even(double value) {
  const double below = std::floor(value), rest = value - below;
  const auto low = static_cast<int64_t>(below);
  if (rest == 0.5) return low % 2 == 0 ? low : low + 1;
  return rest > 0.5 ? low + 1 : low;
}

TEST(Requantize, TheAccumulatorOnWhichLiteRtsKernelsDisagree) {
  // tensorflow issue 102943: the exact value is 6.5000005; the float32 product collapses to 6.5.
  const float input = .05296124517917633f, weights = .024093778803944588f, output = .11484327912330627f;
  const Rescale exact = rescale_of(convolution_rescale(input, weights, output));
  EXPECT_EQ(requantize(Requantization::kTwoRoundings, 585, exact, -126, kInt8), -119);
  EXPECT_EQ(requantize(Requantization::kDoubleHalfAway, 585, exact, -126, kInt8), -119);
  const Rescale in_float = {.factor = static_cast<double>(float_rescale(input, weights, output))};
  EXPECT_EQ(requantize(Requantization::kFloatHalfEven, 585, in_float, -126, kInt8), -120);
}

TEST(Requantize, FloatHalfEvenRoundsTheFloat32ProductAndClampsFirst) {
  Rng rng(7);
  for (int repeat = 0; repeat < 200000; ++repeat) {
    const auto accumulator = static_cast<int32_t>(rng.next_u64() >> (32 + rng.next_below(20)));
    const float factor = std::ldexp(0.5f + 0.5f * rng.next_float(), -static_cast<int>(rng.next_below(20)));
    const int32_t zero_point = static_cast<int32_t>(rng.next_below(256)) - 128;
    // The product of two float32 numbers is exact in double; conversion to float32 rounds it once, as the multiplication does.
    const auto product = static_cast<float>(static_cast<double>(static_cast<float>(accumulator)) * static_cast<double>(factor));
    const double clamped = std::fmin(std::fmax(static_cast<double>(product), -128.0 - zero_point), 127.0 - zero_point);
    ASSERT_EQ(requantize(Requantization::kFloatHalfEven, accumulator, {.factor = factor}, zero_point, kInt8),
              nearest_even(clamped) + zero_point)
        << accumulator << " * " << factor;
  }
}

TEST(Requantize, WideAccumulatorsAreMultipliedBySixteenBitsAndRoundedOnce) {
  __extension__ typedef __int128 Int128;
  Rng rng(8);
  for (int repeat = 0; repeat < 200000; ++repeat) {
    const auto accumulator = (static_cast<int64_t>(rng.next_u64()) >> (17 + rng.next_below(30)));
    const Multiplier multiplier =
        quantize_multiplier(std::ldexp(0.5 + 0.5 * static_cast<double>(rng.next_float()), -static_cast<int>(rng.next_below(30))));
    const int64_t mantissa = multiplier.mantissa >= 0x7fff0000 ? 0x7fff : (int64_t{multiplier.mantissa} + 32768) / 65536;
    const int shift = 15 - multiplier.shift;
    // floor((2 x m + 2^shift) / 2^(shift + 1)): nearest, ties up.
    const Int128 numerator = Int128{2} * accumulator * mantissa + (Int128{1} << shift);
    const Int128 divisor = Int128{1} << (shift + 1);
    Int128 expected = numerator / divisor;
    if (expected * divisor > numerator) --expected;
    ASSERT_EQ(multiply_wide_by_quantized_multiplier(accumulator, multiplier), static_cast<int64_t>(expected));
  }
  EXPECT_EQ(requantize(Requantization::kMantissa16, int64_t{1} << 40, rescale_of(0.5), 0, {-32768, 32767}), 32767);
  EXPECT_EQ(requantize(Requantization::kMantissa16, 10, rescale_of(0.5), 7, {-32768, 32767}), 5 + 7);
}

TEST(Requantize, ClampOfXnnpackRoundsTheBoundToEven) {
  // 6 / 4 - 1 = 0.5 rounds to 0; TFLite rounds 1.5 to 2 first.
  EXPECT_EQ(half_even_clamp(Activation::kRelu6, 4.0f, -1, -128, 127).high, 0);
  EXPECT_EQ(quantized_clamp(Activation::kRelu6, 4.0f, -1, -128, 127).high, 1);
  EXPECT_EQ(half_even_clamp(Activation::kRelu, 0.1f, 5, -128, 127).low, 5);
  EXPECT_EQ(half_even_clamp(Activation::kNone, 0.1f, 5, -128, 127).low, -128);
  EXPECT_EQ(half_even_clamp(Activation::kNone, 0.1f, 5, 0, 255).high, 255);
  EXPECT_EQ(half_even_clamp(Activation::kReluN1To1, 0.25f, 3, -128, 127).low, -1);
}

}  // namespace
}  // namespace liteqat::numeric
