#include "kernels/binary/binary.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "kernels/test_oracles.h"

namespace liteqat::kernels::binary {
namespace {

using namespace kernels::testing;

Broadcast elementwise(int32_t count) {
  Broadcast broadcast;
  broadcast.extents.fill(1);
  broadcast.extents.back() = count;
  broadcast.a.back() = broadcast.b.back() = 1;
  return broadcast;
}

struct Pairs {
  std::vector<int8_t> a, b;
  Pairs() {
    for (int32_t pair = 0; pair < 65536; ++pair) {
      a.push_back(static_cast<int8_t>(pair / 256 - 128));
      b.push_back(static_cast<int8_t>(pair % 256 - 128));
    }
  }
};

TEST(ForPairs, AnyRangeOfAStretchedWalk) {
  // a [3,1,4], b [2,1] stretched to [3,2,4]; the oracle counts indices with three loops.
  Broadcast broadcast;
  broadcast.extents = {1, 1, 1, 3, 2, 4};
  broadcast.a = {0, 0, 0, 4, 0, 1};
  broadcast.b = {0, 0, 0, 0, 1, 0};
  std::vector<std::array<int64_t, 3>> expected;
  for (int64_t i = 0; i < 3; ++i) {
    for (int64_t j = 0; j < 2; ++j) {
      for (int64_t k = 0; k < 4; ++k) expected.push_back({i * 4 + k, j, static_cast<int64_t>(expected.size())});
    }
  }
  for (int64_t begin = 0; begin <= 24; ++begin) {
    for (int64_t end = begin; end <= 24; ++end) {
      std::vector<std::array<int64_t, 3>> found;
      for_pairs(broadcast, {begin, end}, [&](int64_t a, int64_t b, int64_t output) { found.push_back({a, b, output}); });
      ASSERT_EQ(found, (std::vector<std::array<int64_t, 3>>(expected.begin() + begin, expected.begin() + end)));
    }
  }
}

TEST(ElementsOf, UnitsCoverEveryElementOnce) {
  for (int64_t count : {int64_t{1}, kElemsPerUnit - 1, kElemsPerUnit, kElemsPerUnit + 1, 5 * kElemsPerUnit + 7}) {
    int64_t next = 0;
    for (int64_t unit = 0; unit < element_units(count); ++unit) {
      const Range elems = elements_of({unit, unit + 1}, count);
      EXPECT_EQ(elems.begin, next);
      next = elems.end;
    }
    EXPECT_EQ(next, count);
  }
}

TEST(Plain, IntegersWrapAndAreHeld) {
  const std::vector<int32_t> a = {INT32_MAX, INT32_MIN, 70000, -5}, b = {1, 1, 70000, 3};
  std::vector<int32_t> y(4);
  const auto run = [&](Arithmetic operation, int32_t low, int32_t high) {
    compute_plain<int32_t>({elementwise(4), operation, low, high}, {0, 4}, a.data(), b.data(), y.data());
    return y;
  };
  EXPECT_EQ(run(Arithmetic::kAdd, INT32_MIN, INT32_MAX), (std::vector<int32_t>{INT32_MIN, INT32_MIN + 1, 140000, -2}));
  EXPECT_EQ(run(Arithmetic::kSubtract, INT32_MIN, INT32_MAX), (std::vector<int32_t>{INT32_MAX - 1, INT32_MAX, 0, -8}));
  EXPECT_EQ(run(Arithmetic::kMultiply, INT32_MIN, INT32_MAX),
            (std::vector<int32_t>{INT32_MAX, INT32_MIN, static_cast<int32_t>(4900000000LL - (1LL << 32)), -15}));
  EXPECT_EQ(run(Arithmetic::kAdd, 0, 6), (std::vector<int32_t>{0, 0, 6, 0}));
}

TEST(Difference, EveryPairOfCodesEqualsExactArithmetic) {
  Rng rng(1);
  const Pairs pairs;
  for (int sample = 0; sample < 8; ++sample) {
    const float a_scale = std::ldexp(1.0f + rng.next_float(), random_between(rng, -9, -3));
    const float b_scale = std::ldexp(1.0f + rng.next_float(), random_between(rng, -9, -3));
    const float y_scale = std::ldexp(1.0f + rng.next_float(), random_between(rng, -8, -2));
    const SumParams params = {.broadcast = elementwise(65536),
                              .rescale = numeric::add_rescale(a_scale, b_scale, y_scale),
                              .subtract = true,
                              .a_zero_point = random_between(rng, -128, 127),
                              .b_zero_point = random_between(rng, -128, 127),
                              .output_zero_point = random_between(rng, -128, 127),
                              .clamp = {-128, 127}};
    std::vector<int8_t> y(65536);
    compute_sum(params, {0, 65536}, pairs.a.data(), pairs.b.data(), y.data());
    const double twice = 2.0 * static_cast<double>(std::max(a_scale, b_scale));
    for (size_t pair = 0; pair < y.size(); ++pair) {
      const int64_t difference =
          exact_rescale((pairs.a[pair] - params.a_zero_point) * (int64_t{1} << 20), static_cast<double>(a_scale) / twice) -
          exact_rescale((pairs.b[pair] - params.b_zero_point) * (int64_t{1} << 20), static_cast<double>(b_scale) / twice);
      const int64_t code = exact_rescale(difference, twice / (1048576.0 * static_cast<double>(y_scale))) + params.output_zero_point;
      ASSERT_EQ(y[pair], clamp(code, -128, 127));
    }
  }
}

TEST(Product, EveryPairOfCodesEqualsExactArithmetic) {
  Rng rng(2);
  const Pairs pairs;
  for (int sample = 0; sample < 8; ++sample) {
    const double factor = std::ldexp(1.0 + rng.next_double(), random_between(rng, -12, 2));
    const ProductParams params = {.broadcast = elementwise(65536),
                                  .multiplier = numeric::quantize_multiplier(factor),
                                  .a_zero_point = random_between(rng, -128, 127),
                                  .b_zero_point = random_between(rng, -128, 127),
                                  .output_zero_point = random_between(rng, -128, 127),
                                  .clamp = {random_between(rng, -128, 0), 127}};
    std::vector<int8_t> y(65536);
    compute_product(params, {0, 65536}, pairs.a.data(), pairs.b.data(), y.data());
    for (size_t pair = 0; pair < y.size(); ++pair) {
      const int64_t product = int64_t{pairs.a[pair] - params.a_zero_point} * (pairs.b[pair] - params.b_zero_point);
      ASSERT_EQ(y[pair], clamp(exact_rescale(product, factor) + params.output_zero_point, params.clamp.low, 127));
    }
  }
}

TEST(ProductKernels, EveryOneEqualsTheReference) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    Rng rng(seed);
    const size_t count = seed < 70 ? seed + 1 : 256;
    ProductParams params = {
        .broadcast = elementwise(static_cast<int32_t>(count)),
        .multiplier = numeric::quantize_multiplier(std::ldexp(0.5 + rng.next_double() / 2, random_between(rng, -16, 30))),
        .a_zero_point = random_between(rng, -128, 127),
        .b_zero_point = random_between(rng, -128, 127),
        .output_zero_point = random_between(rng, -128, 127),
        .clamp = {-128, 127}};
    if (rng.next_below(3) == 0) params.clamp.low = params.output_zero_point;
    const int64_t a_step = rng.next_below(4) != 0, b_step = rng.next_below(4) != 0;
    params.broadcast.a.back() = a_step;
    params.broadcast.b.back() = b_step;
    const std::vector<int8_t> a = random_codes(rng, a_step == 0 ? 1 : count), b = random_codes(rng, b_step == 0 ? 1 : count);
    std::vector<int8_t> expected(count);
    compute_product(params, {0, static_cast<int64_t>(count)}, a.data(), b.data(), expected.data());
    for (Isa isa : supported_isas()) {
      const ProductKernel* kernel = find_product_kernel(isa);
      if (kernel == nullptr) continue;
      GuardedBuffer<int8_t> guarded_a(a), guarded_b(b), output(count);
      kernel->run(params, static_cast<int64_t>(count), guarded_a.data(), a_step, guarded_b.data(), b_step, output.data());
      ASSERT_EQ(output.values(), expected) << kernel->name << ", seed " << seed;
    }
  }
  EXPECT_EQ(find_product_kernel(Isa::kReference), nullptr);
}

TEST(FloatProduct, NearestIntegerWithTiesToEven) {
  // A power of two as the factor leaves no rounding but the last: eighths, decided by integers alone.
  const Pairs pairs;
  const FloatProductParams params = {.broadcast = elementwise(65536),
                                     .factor = 0.125f,
                                     .a_zero_point = 3,
                                     .b_zero_point = -5,
                                     .output_zero_point = 7,
                                     .clamp = {-120, 127}};
  std::vector<int8_t> y(65536);
  compute_float_product(params, {0, 65536}, pairs.a.data(), pairs.b.data(), y.data());
  for (size_t pair = 0; pair < y.size(); ++pair) {
    const int32_t product = (pairs.a[pair] - 3) * (pairs.b[pair] + 5);
    int32_t code = product >> 3;
    const int32_t rest = product & 7;
    if (rest > 4 || (rest == 4 && (code & 1) != 0)) ++code;
    ASSERT_EQ(y[pair], clamp(code + 7, -120, 127));
  }
}

TEST(ShiftedSum, RoundsTheFinerOperandAndSaturates) {
  const std::vector<int16_t> a = {100, 32767, -32768, 5}, b = {6, 100, -100, -6};
  std::vector<int16_t> y(4);
  const ShiftedSumParams params = {.broadcast = elementwise(4), .b_right_shift = 2, .clamp = {-32768, 32767}};
  compute_shifted_sum(params, {0, 4}, a.data(), b.data(), y.data());
  EXPECT_EQ(y, (std::vector<int16_t>{102, 32767, -32768, 3}));  // 6/4 = 1.5 rounds away
}

TEST(Extrema, StretchedAndUnordered) {
  Broadcast broadcast = elementwise(3);
  broadcast.b.back() = 0;
  const std::vector<float> a = {1.0f, NAN, -3.0f}, b = {0.5f};
  std::vector<float> y(3);
  compute_maximum(broadcast, {0, 3}, a.data(), b.data(), y.data());
  EXPECT_EQ(y, (std::vector<float>{1.0f, 0.5f, 0.5f}));
  compute_minimum(broadcast, {0, 3}, a.data(), b.data(), y.data());
  EXPECT_EQ(y, (std::vector<float>{0.5f, 0.5f, -3.0f}));
}

TEST(Prelu, EveryPairOfCodesEqualsExactArithmetic) {
  Rng rng(3);
  const Pairs pairs;
  for (int sample = 0; sample < 8; ++sample) {
    const double positive = std::ldexp(1.0 + rng.next_double(), random_between(rng, -3, 2));
    const double negative = std::ldexp(1.0 + rng.next_double(), random_between(rng, -12, 0));
    const PreluParams params = {.broadcast = elementwise(65536),
                                .positive = numeric::quantize_multiplier(positive),
                                .negative = numeric::quantize_multiplier(negative),
                                .input_zero_point = random_between(rng, -128, 127),
                                .alpha_zero_point = random_between(rng, -128, 127),
                                .output_zero_point = random_between(rng, -128, 127)};
    std::vector<int8_t> y(65536);
    compute_prelu(params, {0, 65536}, pairs.a.data(), pairs.b.data(), y.data());
    for (size_t pair = 0; pair < y.size(); ++pair) {
      const int64_t x = pairs.a[pair] - params.input_zero_point;
      const int64_t scaled = x >= 0 ? exact_rescale(x, positive) : exact_rescale(x * (pairs.b[pair] - params.alpha_zero_point), negative);
      ASSERT_EQ(y[pair], clamp(scaled + params.output_zero_point, -128, 127));
    }
  }
}

}  // namespace
}  // namespace liteqat::kernels::binary
