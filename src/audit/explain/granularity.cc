#include "audit/explain/granularity.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace liteqat::audit {
namespace {

__extension__ using Int128 = __int128;

constexpr int kBits = 32;  // binary places of the slack: 10^18 * 2^32 * 10^9 is below 2^127

Int128 power_of_ten(int32_t exponent) {
  Int128 power = 1;
  for (; exponent > 0; --exponent) power *= 10;
  return power;
}

Int128 floor_divide(Int128 a, Int128 b) {
  return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}

/// How far the computed value can lie from k/n, in units of the last printed place times 2^kBits.
/// * Digits of a float32, or fewer than 10 places: up to four roundings to float32 of 2^-24 each (a quotient, or a product with a
///   reciprocal, times 100, and one to spare): 2^-22. For few places it matters only to counts within 2.4e-7 of a tie between two printed
///   values.
/// * 10 places and more of a double: a mean of up to 256 terms of 2^-53 each: 2^-45.
Int128 computing_slack(const Figure& figure) {
  const Int128 one = power_of_ten(figure.scale);
  if (figure.float32_origin || figure.scale < 10) return one << (kBits - 22);
  return (one >> (45 - kBits)) + 1;
}

std::optional<CountRange> ratio_numerators(const Figure& figure, int64_t denominator) {
  const Int128 product = static_cast<Int128>(figure.correct) * denominator;
  if (product % figure.total != 0) return std::nullopt;
  const auto count = static_cast<int64_t>(product / figure.total);
  return CountRange{count, count};
}

}  // namespace

std::optional<CountRange> whole_numerators(const Figure& figure, int64_t denominator) {
  LITEQAT_CHECK(denominator > 0 && denominator <= 1'000'000'000);
  if (figure.total > 0) return ratio_numerators(figure, denominator);
  constexpr int64_t kLargestUnits = 1'000'000'000'000'000'000;
  if (std::abs(figure.value) > 1e6 || std::abs(figure.units) > kLargestUnits) return std::nullopt;
  const Int128 step = power_of_ten(figure.scale) << kBits;
  const Int128 center = (static_cast<Int128>(figure.units) * denominator) << kBits;
  const Int128 reach = static_cast<Int128>(denominator) * ((Int128{1} << (kBits - 1)) + computing_slack(figure));
  const Int128 low = -floor_divide(reach - center, step), high = floor_divide(center + reach, step);
  if (low > high) return std::nullopt;
  return CountRange{static_cast<int64_t>(low), static_cast<int64_t>(high)};
}

std::optional<CountRange> numerators(const Figure& figure, int64_t total) {
  const auto range = whole_numerators(figure, total);
  if (!range) return std::nullopt;
  const CountRange inside{std::max<int64_t>(range->low, 0), std::min(range->high, total)};
  if (inside.low > inside.high) return std::nullopt;
  return inside;
}

bool prints_exactly(const Figure& figure, int64_t numerator, int64_t denominator) {
  if (figure.total > 0) return static_cast<Int128>(figure.correct) * denominator == static_cast<Int128>(numerator) * figure.total;
  return static_cast<Int128>(figure.units) * denominator == static_cast<Int128>(numerator) * power_of_ten(figure.scale);
}

bool prints_after_one_division(const Figure& figure, CountRange numerators, int64_t denominator) {
  const bool all_digits = figure.float32_origin || figure.scale >= 15;
  constexpr int64_t kMostTried = 16;  // of wider ranges one is right
  if (!all_digits || figure.total > 0 || numerators.high - numerators.low >= kMostTried) return true;
  for (int64_t k = numerators.low; k <= numerators.high; ++k) {
    const double quotient = static_cast<double>(k) / static_cast<double>(denominator);
    if (figure.float32_origin ? static_cast<float>(quotient) == static_cast<float>(figure.value)
                              : std::fabs(quotient - figure.value) <= 0x1p-52 * figure.value)
      return true;
  }
  return false;
}

double half_place(const Figure& figure) {
  return 0.5 * std::pow(10.0, -figure.scale);
}

double resolution(const Figure& figure) {
  return std::max(2 * half_place(figure), figure.float32_origin ? 0x1p-24 : 0x1p-53);
}

Figure shifted(const Figure& figure, int places) {
  Figure result = figure;
  for (; places > 0 && result.scale < 18; --places) ++result.scale;
  for (; places > 0; --places) result.units /= 10;
  for (; places < 0 && result.scale > 0; ++places) --result.scale;
  for (; places < 0 && std::abs(result.units) < 100'000'000'000'000'000; ++places) result.units *= 10;
  result.value = static_cast<double>(result.units) / std::pow(10.0, result.scale);
  return result;
}

}  // namespace liteqat::audit
