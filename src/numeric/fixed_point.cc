#include "numeric/fixed_point.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/check.h"

namespace liteqat::numeric {
namespace {

/// exp on [-1/4, 0), Q0.31 in and out: fourth-order Taylor polynomial around -1/8.
int32_t exp_interval(int32_t a) {
  constexpr int32_t kExpMinusEighth = 1895147668;
  constexpr int32_t kThird = 715827883;
  const int32_t x = wrapping_add(a, 1 << 28);
  const int32_t x2 = srdhm(x, x);
  const int32_t x3 = srdhm(x2, x);
  const int32_t x4 = srdhm(x2, x2);
  const int32_t tail = rounding_divide_by_pot(wrapping_add(srdhm(wrapping_add(rounding_divide_by_pot(x4, 2), x3), kThird), x2), 1);
  return wrapping_add(kExpMinusEighth, srdhm(kExpMinusEighth, wrapping_add(x, tail)));
}

struct ExpFactor {
  int32_t bit;     // of the Q5.26 remainder
  int32_t factor;  // exp(-2^(bit - 26)) in Q0.31
};
constexpr std::array<ExpFactor, 7> kExpFactors = {
    {{24, 1672461947}, {25, 1302514674}, {26, 790015084}, {27, 290630308}, {28, 39332535}, {29, 720401}, {30, 242}}};

}  // namespace

Multiplier quantize_multiplier(double value) {
  LITEQAT_CHECK(std::isfinite(value) && value >= 0);
  if (value == 0) return {};
  Multiplier multiplier;
  const double fraction = std::frexp(value, &multiplier.shift);
  auto mantissa = static_cast<int64_t>(std::round(fraction * static_cast<double>(int64_t{1} << 31)));
  if (mantissa == int64_t{1} << 31) {
    mantissa /= 2;
    ++multiplier.shift;
  }
  if (multiplier.shift < -31) return {};
  multiplier.mantissa = static_cast<int32_t>(mantissa);
  return multiplier;
}

int32_t exp_on_negative(int32_t a) {
  if (a == 0) return INT32_MAX;
  constexpr int32_t kQuarter = 1 << 24;
  const int32_t in_interval = (a & (kQuarter - 1)) - kQuarter;
  int32_t result = exp_interval(saturating_shift_left(in_interval, 5));
  const int32_t remainder = static_cast<int32_t>(int64_t{in_interval} - a);
  for (const ExpFactor& step : kExpFactors) {
    if ((remainder >> step.bit & 1) != 0) result = srdhm(result, step.factor);
  }
  return result;
}

int32_t one_over_one_plus_x(int32_t a) {
  constexpr int32_t k48Over17 = 1515870810;        // Q2.29
  constexpr int32_t kMinus32Over17 = -1010580540;  // Q2.29
  const int32_t half = rounding_half_sum(a, INT32_MAX);
  int32_t x = wrapping_add(k48Over17, srdhm(half, kMinus32Over17));
  for (int step = 0; step < 3; ++step) {
    const int32_t error = (1 << 29) - srdhm(half, x);
    x = wrapping_add(x, saturating_shift_left(srdhm(x, error), 2));
  }
  return saturating_shift_left(x, 1);
}

}  // namespace liteqat::numeric
