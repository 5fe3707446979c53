#include "kernels/requantize/requantize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/thread_pool.h"
#include "kernels/test_oracles.h"

namespace liteqat::kernels::requantize {
namespace {

using namespace kernels::testing;
using lanes::AccumulatorBounds;
using lanes::find_code_steps;

/// Steps need accumulators that stay inside 2^30 once moved; the move is less than 2^24.
constexpr AccumulatorBounds kWidest = {-(int64_t{1} << 30) + (1 << 24), (int64_t{1} << 30) - (1 << 24)};
constexpr int64_t kChunk = 1 << 16;

Params make_params(double real, int32_t zero_point, numeric::IntClamp clamp) {
  return {.multiplier = numeric::quantize_multiplier(real), .zero_point = zero_point, .clamp = clamp};
}

/// Multipliers of all kinds: powers of two, whose products end in exact ties; almost powers of two; in between; shifts from 0 to many.
std::vector<Params> several() {
  return {
      make_params(0.5, 0, {-128, 127}),
      make_params(0.25, -3, {-128, 127}),
      make_params(std::ldexp(1.0, -9), -128, {-128, 127}),
      make_params(0.999999999, 5, {-128, 127}),
      make_params(std::ldexp(1.0 + 1e-9, -8), 17, {-100, 90}),
      make_params(0.0037421, -128, {-128, 127}),
      make_params(0.00091827, 11, {11, 127}),
      make_params(0.0234567, -17, {-128, 127}),
      make_params(1.7e-5, 0, {-128, 127}),
  };
}

Params make_half_even(const float& factor, int32_t zero_point, numeric::IntClamp clamp) {
  return {.factors = &factor, .zero_point = zero_point, .clamp = clamp};
}

/// XNNPACK's requantization: ties, factors of 1 and more, small and large ones.
std::vector<Params> several_half_even() {
  static constexpr float kFactors[] = {0.5f, 0x1p-9f, 0.99999994f, 1.0f, 3.7f, 0.0037421f, 0.00091827f, 0.0234567f, 1.7e-5f, 255.0f};
  std::vector<Params> all;
  for (const float& factor : kFactors) {
    all.push_back(make_half_even(factor, -3, {-128, 127}));
    all.push_back(make_half_even(factor, 127, {-100, 90}));
    all.push_back(make_half_even(factor, -128, {-128, 127}));
  }
  return all;
}

/// Codes of every accumulator in [first, first + count), modulo 2^32, by `implementation` and by the definition; the number that differ.
int64_t count_differences(const Implementation& implementation, const Params& params, int64_t first, int64_t count) {
  std::vector<int32_t> accumulators(kChunk);
  std::vector<int8_t> codes(kChunk), expected(kChunk);
  int64_t differences = 0;
  for (int64_t begin = first; begin < first + count; begin += kChunk) {
    for (int64_t index = 0; index < kChunk; ++index) accumulators[static_cast<size_t>(index)] = static_cast<int32_t>(begin + index);
    implementation.run(params, accumulators.data(), kChunk, codes.data());
    implementations()[0].run(params, accumulators.data(), kChunk, expected.data());
    for (size_t index = 0; index < codes.size(); ++index) differences += codes[index] != expected[index];
  }
  return differences;
}

/// Accumulators [least, most] that the implementation answers for; empty (most < least) where it cannot run.
AccumulatorBounds domain(const Implementation& implementation, Params& params) {
  if (!isa_supported(implementation.isa)) return {0, -1};
  if (!implementation.along_steps) return {INT32_MIN, INT32_MAX};
  if (params.factors != nullptr) {
    const auto most = static_cast<int64_t>(std::min(0x1p30 / static_cast<double>(*params.factors), 0x1p31 - 1));
    return {-most, most};
  }
  return find_code_steps(params.multiplier, params.zero_point, params.clamp, kWidest, &params.steps) ? kWidest : AccumulatorBounds{0, -1};
}

TEST(Requantize, TheDefinitionEqualsExactArithmetic) {
  Rng rng(1);
  for (Params params : several()) {
    const double real = std::ldexp(params.multiplier.mantissa, params.multiplier.shift - 31);
    for (int trial = 0; trial < 2000; ++trial) {
      const auto accumulator = static_cast<int32_t>(rng.next_below(UINT32_MAX)) >> rng.next_below(24);
      std::vector<int32_t> accumulators(16, accumulator);
      std::vector<int8_t> codes(16);
      implementations()[0].run(params, accumulators.data(), 16, codes.data());
      EXPECT_EQ(codes[0], clamp(exact_rescale(accumulator, real) + params.zero_point, params.clamp.low, params.clamp.high)) << accumulator;
    }
  }
}

TEST(Requantize, EveryImplementationEqualsTheDefinitionWhereCodesChange) {
  for (Params params : several()) {
    for (const Implementation& implementation : implementations()) {
      const AccumulatorBounds bounds = domain(implementation, params);
      if (bounds.most < bounds.least) continue;
      EXPECT_EQ(count_differences(implementation, params, -8 * kChunk, 16 * kChunk), 0)
          << implementation.name << " " << params.multiplier.mantissa;
      EXPECT_EQ(count_differences(implementation, params, bounds.least, kChunk), 0) << implementation.name;
      EXPECT_EQ(count_differences(implementation, params, bounds.most - kChunk + 1, kChunk), 0) << implementation.name;
    }
  }
}

TEST(RequantizeHalfEven, TheDefinitionEqualsExactArithmetic) {
  // Accumulators below 2^24 times a factor of 8 bits are exact in float32: round_half_even by integers alone.
  Rng rng(3);
  for (int trial = 0; trial < 4000; ++trial) {
    const int32_t mantissa = random_between(rng, 1, 255), shift = random_between(rng, 1, 16);
    const auto accumulator = static_cast<int32_t>(random_between(rng, -65535, 65535));
    const float factor = std::ldexp(static_cast<float>(mantissa), -shift);
    const int64_t product = int64_t{accumulator} * mantissa, unit = int64_t{1} << shift;
    int64_t expected = (product + unit / 2) >> shift;
    if (expected * unit == product + unit / 2 && expected % 2 != 0) --expected;
    const Params params = make_half_even(factor, 5, {-128, 127});
    const std::vector<int32_t> accumulators(16, accumulator);
    std::vector<int8_t> codes(16);
    for (const Implementation& implementation : implementations()) {
      if (!isa_supported(implementation.isa)) continue;
      implementation.run(params, accumulators.data(), 16, codes.data());
      ASSERT_EQ(codes[7], clamp(expected + 5, -128, 127)) << implementation.name << " " << accumulator << " * " << factor;
    }
  }
}

TEST(RequantizeHalfEven, EveryImplementationEqualsTheDefinitionWhereCodesChange) {
  for (Params params : several_half_even()) {
    for (const Implementation& implementation : implementations()) {
      const AccumulatorBounds bounds = domain(implementation, params);
      if (bounds.most < bounds.least) continue;
      const int64_t near = std::min(8 * kChunk, bounds.most / kChunk * kChunk);
      EXPECT_EQ(count_differences(implementation, params, -near, 2 * near), 0) << implementation.name << " " << *params.factors;
      EXPECT_EQ(count_differences(implementation, params, bounds.least, kChunk), 0) << implementation.name << " " << *params.factors;
      EXPECT_EQ(count_differences(implementation, params, bounds.most - kChunk + 1, kChunk), 0) << implementation.name;
    }
  }
}

TEST(Requantize, StepsAreFoundForMultipliersOfRealNetworks) {
  // Right shifts 3 to 12 are those of convolutions with 8 to 4096 taps; nearly all of them have steps, or the fast path is no path.
  Rng rng(7);
  int found = 0;
  for (int trial = 0; trial < 1000; ++trial) {
    Params params =
        make_params(std::ldexp(0.5 + rng.next_double() / 2, -random_between(rng, 3, 12)), random_between(rng, -128, 127), {-128, 127});
    found += find_code_steps(params.multiplier, params.zero_point, params.clamp, kWidest, &params.steps);
  }
  EXPECT_GE(found, 990);
}

TEST(Requantize, StepsOfRandomMultipliersAndBoundsEqualTheDefinition) {
  Rng rng(11);
  for (int trial = 0; trial < 400; ++trial) {
    const int32_t low = random_between(rng, -128, 100);
    Params params = make_params(std::ldexp(rng.next_below(4) == 0 ? 0.5 : 0.5 + rng.next_double() / 2, -random_between(rng, 0, 20)),
                                random_between(rng, -128, 127), {low, random_between(rng, low, 127)});
    const int64_t least = random_between(rng, -50000, 50000);
    const AccumulatorBounds bounds = {least, least + random_between(rng, 0, 1 << 16)};
    if (!find_code_steps(params.multiplier, params.zero_point, params.clamp, bounds, &params.steps)) continue;
    std::vector<int32_t> accumulators;
    for (int64_t at = bounds.least; at <= bounds.most || accumulators.size() % 16 != 0; ++at) {
      accumulators.push_back(static_cast<int32_t>(std::min(at, bounds.most)));
    }
    std::vector<int8_t> codes(accumulators.size()), expected(accumulators.size());
    implementations()[0].run(params, accumulators.data(), static_cast<int64_t>(accumulators.size()), expected.data());
    for (const Implementation& implementation : implementations()) {
      if (!implementation.along_steps || !isa_supported(implementation.isa)) continue;
      implementation.run(params, accumulators.data(), static_cast<int64_t>(accumulators.size()), codes.data());
      ASSERT_EQ(codes, expected) << implementation.name << ", trial " << trial;
    }
  }
}

TEST(Requantize, NoStepsWhereTheyCannotBeProved) {
  lanes::CodeSteps steps;
  EXPECT_FALSE(find_code_steps(numeric::quantize_multiplier(1.5), 0, {-128, 127}, {-1000, 1000},
                               &steps));  // shifts left
  EXPECT_FALSE(find_code_steps(numeric::quantize_multiplier(0.01), 0, {-128, 127}, {INT32_MIN, 0},
                               &steps));  // would wrap once moved
  EXPECT_FALSE(find_code_steps(numeric::quantize_multiplier(0.01), 0, {-128, 127}, {0, int64_t{1} << 32}, &steps));
  // One code alone needs no slope: a channel whose multiplier is 0.
  // Steps 205,000 accumulators apart: the zero point itself is 26 million accumulators away, no exact float.
  EXPECT_FALSE(find_code_steps(numeric::quantize_multiplier(0x1p-17 / 1.5675), -128, {-128, 127}, {-227618, 412687}, &steps));
  EXPECT_TRUE(find_code_steps(numeric::quantize_multiplier(0x1p-17 / 1.5675), 0, {0, 255}, {-227618, 412687}, &steps));
  EXPECT_TRUE(find_code_steps({}, 7, {-128, 127}, {-1000, 1000}, &steps));
  EXPECT_EQ(steps.above, 7.0f);
  EXPECT_EQ(steps.high, 0.0f);
}

/// Codes of kChunk neighbouring accumulators by the definition. It does not decrease (every step of it does not, for multipliers below 1)
/// but for sums with the zero point that leave 32 bits, so where both ends have one code all between them have it.
std::vector<int8_t> expected_chunk(const Params& params, int64_t first, const std::vector<int32_t>& accumulators) {
  std::vector<int8_t> codes(accumulators.size());
  const int64_t last = first + kChunk - 1;
  const bool may_wrap = first < INT32_MIN + 256 || last > INT32_MAX - 256;
  std::vector<int32_t> ends(16, accumulators.front());
  ends.back() = accumulators.back();
  implementations()[0].run(params, ends.data(), 16, codes.data());
  const int8_t at_first = codes[0], at_last = codes[15];
  if (at_first == at_last && !may_wrap) {
    std::fill(codes.begin(), codes.end(), at_first);
  } else {
    implementations()[0].run(params, accumulators.data(), kChunk, codes.data());
  }
  return codes;
}

/// Every accumulator that each implementation answers for; differences by implementation.
std::vector<int64_t> count_all_differences(Params params) {
  const auto all = implementations().subspan(1);
  std::vector<int64_t> differences(all.size());
  std::vector<AccumulatorBounds> bounds;
  for (const Implementation& implementation : all) bounds.push_back(domain(implementation, params));
  std::vector<int32_t> accumulators(kChunk);
  std::vector<int8_t> codes(kChunk);
  for (int64_t first = INT32_MIN; first <= INT32_MAX; first += kChunk) {
    for (int64_t index = 0; index < kChunk; ++index) accumulators[static_cast<size_t>(index)] = static_cast<int32_t>(first + index);
    const std::vector<int8_t> expected = expected_chunk(params, first, accumulators);
    for (size_t each = 0; each < all.size(); ++each) {
      if (first < bounds[each].least || first + kChunk - 1 > bounds[each].most) continue;
      all[each].run(params, accumulators.data(), kChunk, codes.data());
      if (codes == expected) continue;
      for (size_t index = 0; index < codes.size(); ++index) differences[each] += codes[index] != expected[index];
    }
  }
  return differences;
}

// All 2^32 accumulators, nine multipliers and ten factors, every instruction set, on all cores: tens of seconds. Run by ctest under the
// label `slow` and by scripts/check --gates.
TEST(Requantize, DISABLED_EveryImplementationEqualsTheDefinitionOnAllAccumulators) {
  std::vector<Params> all = several();
  const std::vector<Params> half_even = several_half_even();
  all.insert(all.end(), half_even.begin(), half_even.end());
  std::vector<std::vector<int64_t>> differences(all.size());
  ThreadPool pool(available_cores());
  pool.run(static_cast<int>(all.size()),
           [&](int task, int) { differences[static_cast<size_t>(task)] = count_all_differences(all[static_cast<size_t>(task)]); });
  for (size_t task = 0; task < all.size(); ++task) {
    EXPECT_THAT(differences[task], ::testing::Each(0)) << all[task].multiplier.mantissa << " * 2^" << all[task].multiplier.shift - 31;
  }
}

}  // namespace
}  // namespace liteqat::kernels::requantize
