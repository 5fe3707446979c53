#include "kernels/train/requantize.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/rng.h"
#include "numeric/fixed_point.h"

namespace liteqat::kernels::train {
namespace {

struct Columns {
  std::vector<double> per_unit, factor, grain;

  RequantizeParams params() const { return {.per_unit = per_unit.data(), .factor = factor.data(), .grain = grain.data()}; }
};

// The oracle is the integer definition. Factors are whole 31-bit mantissas and sums stay below 2^20, so every product is exact in double.
TEST(Requantize, EqualsTheFixedPointMultiplierOnEverySum) {
  constexpr int64_t kChannels = 19, kRows = 3000;
  Rng rng(1);
  Columns columns;
  std::vector<numeric::Multiplier> multipliers;
  std::vector<double> units;
  for (int64_t c = 0; c < kChannels; ++c) {
    const auto mantissa = static_cast<int32_t>((int64_t{1} << 30) + static_cast<int64_t>(rng.next_below(1u << 30)));
    multipliers.push_back({mantissa, -static_cast<int32_t>(c % 13)});
    units.push_back(1e-4 + static_cast<double>(rng.next_float()));
    columns.per_unit.push_back(1 / units.back());
    columns.factor.push_back(std::ldexp(mantissa, -31));  // times 2^shift for the factor, times 2^-shift for the first rounding
    columns.grain.push_back(std::ldexp(1.0, multipliers.back().shift));
  }
  std::vector<float> x, y(kRows * kChannels);
  std::vector<int32_t> sums;
  for (int64_t i = 0; i < kRows * kChannels; ++i) {
    const int32_t range = 1 << (8 + i % 12);
    sums.push_back(static_cast<int32_t>(rng.next_below(static_cast<uint32_t>(2 * range))) - range);
    x.push_back(static_cast<float>(sums.back() * units[static_cast<size_t>(i % kChannels)]));
  }
  RequantizeParams params = columns.params();
  params.low = -100, params.high = 155, params.scale = 0.5f;
  requantize_forward(params, kRows, kChannels, x.data(), y.data());
  int64_t rounded_twice = 0;
  for (int64_t i = 0; i < kRows * kChannels; ++i) {
    const numeric::Multiplier& multiplier = multipliers[static_cast<size_t>(i % kChannels)];
    const int32_t sum = sums[static_cast<size_t>(i)];
    const int32_t code = numeric::multiply_by_quantized_multiplier(sum, multiplier);
    const double exact = sum * std::ldexp(multiplier.mantissa, multiplier.shift - 31);
    rounded_twice += code != static_cast<int32_t>(std::lround(exact));
    ASSERT_EQ(y[static_cast<size_t>(i)], 0.5f * static_cast<float>(std::clamp(code, -100, 155))) << "sum " << sum << ", element " << i;
  }
  EXPECT_GT(rounded_twice, 0) << "no sum tells two roundings from one";
}

TEST(Requantize, AveragesRoundAwayFromZeroAsCodes) {
  // Four taps, zero point -128: codes average to -127.5, -127.25, -127, -126.75, -126.5 and 0.5.
  const Columns columns = {{4.0 / 0.25}, {1.0}, {1.0}};
  RequantizeParams params = columns.params();
  params.divisor = 4, params.offset = -128, params.low = 0, params.high = 255, params.scale = 0.25f;
  const std::vector<float> x = {0.125f, 0.1875f, 0.25f, 0.3125f, 0.375f, 32.125f};
  std::vector<float> y(x.size());
  requantize_forward(params, static_cast<int64_t>(x.size()), 1, x.data(), y.data());
  EXPECT_EQ(y, (std::vector<float>{0.0f, 0.25f, 0.25f, 0.25f, 0.25f, 32.25f}));
}

}  // namespace
}  // namespace liteqat::kernels::train
