#include "numeric/tables.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"
#include "numeric/hard_swish.h"
#include "numeric/rescale.h"

namespace liteqat::numeric {
namespace {

/// Between the entries of the sigmoid table (steps of 1/24) a line replaces the curve: at most h^2/8 * max|f''| = (1/24)^2 / 8 * 0.0962 =
/// 2.1e-5 off. Beyond the last entry, 255/24, the value stays: exp(-10.6) = 2.5e-5. Rounding of entries and result: 1/65536 + 1/65536; of
/// the input to 1/(3*4096) steps: at most half of it times the slope of 1/4: 1.0e-5.
constexpr double kLogisticBound = 2.1e-5 + 2.5e-5 + 3.1e-5 + 1.0e-5;

TEST(LogisticInt16, EveryCodeNearTheRealFunction) {
  for (const float scale : {1.0f / 4096, 1.0f / 3000, 0.00021f, 0.0007f, 1.0f / 32768}) {
    const SigmoidStep step = logistic_step(scale);
    for (int32_t code = -32768; code < 32768; ++code) {
      const double x = static_cast<double>(scale) * code;
      const double y = std::ldexp(static_cast<double>(logistic_int16(static_cast<int16_t>(code), step)), -15);
      ASSERT_NEAR(y, 1 / (1 + std::exp(-x)), kLogisticBound + 1.0 / 32768 * (x > 10)) << scale << " " << code;
    }
  }
}

TEST(TanhInt16, EveryCodeNearTheRealFunction) {
  // tanh(x) = 2 * logistic(2x) - 1: twice the bound, and the input's rounding counts twice again.
  for (const float scale : {1.0f / 4096, 1.0f / 2048, 1.0f / 3000, 0.00021f}) {
    const SigmoidStep step = tanh_step(scale);
    for (int32_t code = -32768; code < 32768; ++code) {
      const double x = static_cast<double>(scale) * code;
      const double y = std::ldexp(static_cast<double>(tanh_int16(static_cast<int16_t>(code), step)), -15);
      ASSERT_NEAR(y, std::tanh(x), 2 * kLogisticBound + 4e-5) << scale << " " << code;
    }
  }
}

TEST(SigmoidStep, PowersOfTwoAndOthers) {
  EXPECT_EQ(logistic_step(1.0f / 4096).multiplier, 3);
  EXPECT_EQ(logistic_step(1.0f / 4096).shift, 0);
  EXPECT_EQ(tanh_step(1.0f / 2048).multiplier, 6);
  const SigmoidStep step = logistic_step(1.0f / 2048);  // only the one power of two is exact for the logistic
  EXPECT_EQ(std::ldexp(static_cast<double>(step.multiplier), -step.shift), 6.0);
  EXPECT_GT(step.multiplier, 16383);
}

TEST(Int16Table, SoftmaxTablesNearTheRealFunctions) {
  // Steps of 10/512 and 1/512: line against curve h^2/8 * max|f''| = 4.8e-5 and 9.5e-7 (f'' <= 2), halved by the shift of the entries but
  // counted whole; rounding of entry, of the shift and of the result: 1.5 codes; the largest entry is 32767 for 32768: 1 code. Entries lie
  // 65535/512 codes apart and are looked up 128 apart: at the far end x is one code off.
  for (int32_t code = -32768; code < 32768; ++code) {
    const double exponent = (code - 32767) * 10.0 / 65535, y = std::ldexp(softmax_exp_table().look_up(static_cast<int16_t>(code)), -15);
    ASSERT_NEAR(y, std::exp(exponent), 4.8e-5 + 2.5 / 32768 + 10.0 / 65535) << code;
    const double x = (code + 32768) / 65535.0, z = std::ldexp(softmax_reciprocal_table().look_up(static_cast<int16_t>(code)), -15);
    ASSERT_NEAR(z, 1 / (1 + x), 9.5e-7 + 2.5 / 32768 + 1.0 / 65535) << code;
  }
}

TEST(TransformCode, NearestCodeOfTheRealFunction) {
  const Affine x = {0.05f, 3}, y = {1.0f / 256, -128};
  for (int32_t code = -128; code < 128; ++code) {
    const int32_t found = transform_code(
        code, x, y, [](float v) { return 1.0f / (1.0f + std::exp(-v)); }, -128, 127);
    const double real = 256 / (1 + std::exp(-0.05 * (code - 3))) - 128;
    EXPECT_NEAR(found, std::min(real, 127.0), 0.5 + 1e-4);
  }
  EXPECT_EQ(transform_code(
                127, {1e30f, 0}, {1e-30f, 0}, [](float v) { return v; }, -128, 127),
            127);
  EXPECT_EQ(transform_code(
                -128, {1e30f, 0}, {1e-30f, 0}, [](float v) { return v; }, -128, 127),
            -128);
}

TEST(HardSwishCode, NearTheRealFunction) {
  // 16-bit products of values below 1: the two factors and the result are each cut to 2^-15 of their range, the output's range is 255 codes
  // wide, its last shift rounds half a code: at most 0.5 + 255 * 4 * 2^-15 codes, and 127 * 2^-15 * 2 more for the saturated 32767/32768.
  Rng rng(3);
  for (int sample = 0; sample < 400; ++sample) {
    const Affine x = {0.01f + 0.1f * rng.next_float(), static_cast<int32_t>(rng.next_below(256)) - 128};
    const Affine y = {x.scale * (0.6f + rng.next_float()), static_cast<int32_t>(rng.next_below(256)) - 128};
    const HardSwish params = make_hard_swish(x, y);
    for (int32_t code = -128; code < 128; ++code) {
      const double real = static_cast<double>(x.scale) * (code - x.zero_point);
      const double swish = real * std::min(std::max(real + 3, 0.0), 6.0) / 6 / static_cast<double>(y.scale) + y.zero_point;
      ASSERT_NEAR(hard_swish_code(code, params, -128, 127), std::min(std::max(swish, -128.0), 127.0), 0.5 + 255 * 6 * 0x1p-15);
    }
  }
}

TEST(FindPowerOfTwo, AThousandthIsClose) {
  EXPECT_EQ(find_power_of_two(1.0f / 32768), -15);
  EXPECT_EQ(find_power_of_two(1.0f / 32768 * 1.0005f), -15);
  EXPECT_EQ(find_power_of_two(1.0f / 32768 * 1.002f), std::nullopt);
  EXPECT_EQ(find_power_of_two(2.0f), 1);
}

/// FNV-1a over 16-bit values.
class Checksum {
 public:
  void add(int32_t value) {
    for (int shift : {0, 8}) sum_ = (sum_ ^ (static_cast<uint32_t>(value) >> shift & 0xFF)) * 1099511628211u;
  }
  uint64_t sum() const { return sum_; }

 private:
  uint64_t sum_ = 14695981039346656037u;
};

// The bounds above leave room for half a step: ties and signs. These sums are of what LiteRT 2.3's reference kernels gave for every code,
// run on 2026-11-27 on models of one operator with these scales.
TEST(Int16Functions, EveryCodeIsTheReferenceKernels) {
  Checksum logistic, tanh;
  for (const float scale : {1.0f / 4096, 1.0f / 2048, 1.0f / 3000, 0.00021f, 0.0007f}) {
    const SigmoidStep one = logistic_step(scale), two = tanh_step(scale);
    for (int32_t code = -32768; code < 32768; ++code) {
      logistic.add(logistic_int16(static_cast<int16_t>(code), one));
      tanh.add(tanh_int16(static_cast<int16_t>(code), two));
    }
  }
  EXPECT_EQ(logistic.sum(), 1970627583350288278u);
  EXPECT_EQ(tanh.sum(), 11600854025977977796u);
}

TEST(HardSwish, EveryCodeIsTheReferenceKernels) {
  Checksum swish;
  for (const float input : {0.004f, 0.0235f, 0.05f, 0.11f, 1.0f}) {
    for (const float output : {0.004f, 0.03f, 0.25f}) {
      if (input > 100 * output) continue;
      const HardSwish params = make_hard_swish({input, 3}, {output, -100});
      for (int32_t code = -128; code < 128; ++code) swish.add(hard_swish_code(code, params, -128, 127));
    }
  }
  EXPECT_EQ(swish.sum(), 2937171453230713740u);
}

}  // namespace
}  // namespace liteqat::numeric
