#include "kernels/lanes/code_steps.h"

#include <algorithm>
#include <cmath>
#include <type_traits>

namespace liteqat::kernels::lanes {
namespace {

/// Above this the products below could overflow.
constexpr int32_t kMaxRightShift = 22;
constexpr int64_t kMaxExactFloat = int64_t{1} << 24;

constexpr int64_t floor_divide(int64_t a, int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

/// Distances of accumulator * m + D from the step, over the steps seen: `reached` at the first accumulator on it, `missed` at the last
/// before it. Both limit how far D may move.
struct Slack {
  int64_t reached, missed;
};

/// One side of the staircase.
struct Line {
  int64_t mantissa, unit, constant;  // accumulator * mantissa + constant >= code * unit

  /// Steps to the codes [first, last].
  Slack slack(int64_t first, int64_t last, int64_t& farthest) const {
    if (first > last) return {mantissa, mantissa};
    farthest = std::max({farthest, std::abs(first_on(first)), std::abs(first_on(last))});
    // From one step to the next the remainder shrinks by unit, modulo the mantissa.
    const auto remainder = static_cast<int32_t>(first_on(first) * mantissa - (first * unit - constant));
    const Extremes found = remainders(remainder, static_cast<int32_t>(unit % mantissa), last - first + 1);
    return {found.least, mantissa - found.most};
  }

 private:
  struct Extremes {
    int32_t least, most;
  };

  /// The first accumulator on the step to `code`: the quotient of code * unit - constant = quotient * mantissa - remainder.
  int64_t first_on(int64_t code) const { return -floor_divide(constant - code * unit, mantissa); }

  /// a - b modulo the mantissa; both in [0, mantissa).
  int32_t subtract(int32_t a, int32_t b) const {
    const int32_t difference = a - b;
    return difference + (static_cast<int32_t>(mantissa) & (difference >> 31));
  }

  /// The least and the most of remainder - k * step, modulo the mantissa, for k in [0, count): several at a time, as each waits for the one
  /// before.
  Extremes remainders(int32_t remainder, int32_t step, int64_t count) const {
    constexpr int64_t kChains = 8;
    using Chains [[gnu::vector_size(kChains * sizeof(int32_t))]] = int32_t;
    Chains chains;
    for (int64_t chain = 0; chain < kChains; ++chain) {
      chains[chain] = remainder;
      if (chain + 1 < count) remainder = subtract(remainder, step);  // beyond the count the last one again
    }
    Chains least = chains, most = chains;
    const auto stride = static_cast<int32_t>(kChains * step % mantissa), modulus = static_cast<int32_t>(mantissa);
    int64_t done = kChains;
    for (; done + kChains <= count; done += kChains) {
      chains -= stride;
      chains += modulus & (chains >> 31);
      least = chains < least ? chains : least;
      most = chains > most ? chains : most;
    }
    for (int64_t chain = 0; done + chain < count; ++chain) {
      const int32_t last = subtract(chains[chain], stride);
      least[chain] = std::min<int32_t>(least[chain], last);
      most[chain] = std::max<int32_t>(most[chain], last);
    }
    Extremes extremes = {least[0], most[0]};
    for (int64_t chain = 1; chain < kChains; ++chain) {
      extremes = {std::min<int32_t>(extremes.least, least[chain]), std::max<int32_t>(extremes.most, most[chain])};
    }
    return extremes;
  }
};

/// The two lines around their common offset, in units of a code: 2^(31 + right).
CodeSteps make_steps(const Line& above, const Line& below, int64_t offset, int64_t split, int32_t right) {
  const float scale = std::ldexp(1.0f, -(31 + right));
  const auto scaled = [&](int64_t value) { return static_cast<float>(value) * scale; };
  return {.offset = static_cast<int32_t>(offset),
          .split = static_cast<int32_t>(split + offset),
          .high = scaled(above.mantissa & ~int64_t{127}),
          .low = scaled(above.mantissa & 127),
          .above = scaled(above.constant - offset * above.mantissa),
          .below = scaled(below.constant - offset * below.mantissa)};
}

/// The code of one accumulator by the definition. Requires: the accumulator times 2^left fits in int32.
int32_t exact_code(int64_t accumulator, numeric::Multiplier multiplier, int32_t zero_point, numeric::IntClamp clamp) {
  const int32_t rescaled = numeric::multiply_by_quantized_multiplier(static_cast<int32_t>(accumulator), multiplier);
  return static_cast<int32_t>(std::clamp<int64_t>(int64_t{rescaled} + zero_point, clamp.low, clamp.high));
}

/// True if every accumulator in the bounds fits in int32 even when shifted left.
bool fits(const AccumulatorBounds& bounds, numeric::Multiplier multiplier) {
  const int64_t limit = int64_t{INT32_MAX} >> std::max(multiplier.shift, 0);
  return bounds.least >= -limit && bounds.most <= limit;
}

struct Sums {
  int32_t positive = 0, negative = 0;
};

/// Stride: int64_t, or a constant 1, which lets the compiler take many at a time.
template <typename Stride>
Sums sum_by_sign(const int8_t* weights, int64_t count, Stride stride) {
  Sums sums;
  for (int64_t index = 0; index < count; ++index) {
    const int32_t weight = weights[index * stride];
    sums.positive += weight > 0 ? weight : 0;
    sums.negative += weight < 0 ? weight : 0;
  }
  return sums;
}

}  // namespace

bool find_code_steps(numeric::Multiplier multiplier, int32_t zero_point, numeric::IntClamp asked, const AccumulatorBounds& bounds,
                     CodeSteps* steps) {
  if (!fits(bounds, multiplier)) return false;
  // Only the codes between those of the bounds are reached; often it is one alone (channels whose weights are almost nothing).
  const numeric::IntClamp clamp = {exact_code(bounds.least, multiplier, zero_point, asked),
                                   exact_code(bounds.most, multiplier, zero_point, asked)};
  if (clamp.low == clamp.high) {
    *steps = {.above = static_cast<float>(clamp.low), .below = static_cast<float>(clamp.low)};
    return true;
  }
  const int32_t right = -multiplier.shift;
  if (multiplier.mantissa < (1 << 30) || right < 0 || right > kMaxRightShift) return false;
  const int64_t mantissa = multiplier.mantissa, unit = int64_t{1} << (31 + right), half = int64_t{1} << 30;
  const int64_t middle = zero_point * unit + (right == 0 ? 0 : unit / 2);
  Line above = {mantissa, unit, middle + half}, below = {mantissa, unit, right == 0 ? middle + half : middle - half};
  const int64_t first = int64_t{clamp.low} + 1, last = clamp.high;

  // Above: codes over the zero point, and the zero point itself must not be missed. Below: codes under it, and it must not be reached.
  int64_t farthest = 0;
  Slack slack_above = above.slack(std::max<int64_t>(first, zero_point + 1), last, farthest);
  Slack slack_below = below.slack(first, std::min<int64_t>(last, zero_point - 1), farthest);
  const int64_t split = -floor_divide(below.constant - zero_point * unit, mantissa);  // the first accumulator whose result is >= 0
  const bool two_sided = first <= zero_point;
  if (two_sided) {
    slack_above.reached = std::min(slack_above.reached, split * mantissa + above.constant - zero_point * unit);
    slack_below.missed = std::min(slack_below.missed, zero_point * unit - (split - 1) * mantissa - below.constant);
  }
  // The ends must not leave their codes either: no step may be inside the bounds but those counted.
  Slack& slack_least = bounds.least >= split || !two_sided ? slack_above : slack_below;
  Slack& slack_most = bounds.most >= split || !two_sided ? slack_above : slack_below;
  const Line& least_line = &slack_least == &slack_above ? above : below;
  const Line& most_line = &slack_most == &slack_above ? above : below;
  if (clamp.low > asked.low) {
    farthest = std::max(farthest, std::abs(bounds.least));
    slack_least.reached = std::min(slack_least.reached, bounds.least * mantissa + least_line.constant - clamp.low * unit);
  }
  if (clamp.high < asked.high) {
    farthest = std::max(farthest, std::abs(bounds.most));
    slack_most.missed = std::min(slack_most.missed, (int64_t{clamp.high} + 1) * unit - bounds.most * mantissa - most_line.constant);
  }
  above.constant += (slack_above.missed - slack_above.reached) / 2;
  below.constant += (slack_below.missed - slack_below.reached) / 2;
  const int64_t slack = std::min(slack_above.missed + slack_above.reached, slack_below.missed + slack_below.reached) / 2 - 1;

  const int64_t offset = floor_divide(above.constant + mantissa / 2, mantissa);
  const int64_t rest_above = above.constant - offset * mantissa, rest_below = below.constant - offset * mantissa;
  farthest += std::abs(offset) + 1;
  // Rounding: each constant once, the inner sum once, at most 2^-24 relative; the accumulator not at all below 2^24. The low part of the
  // mantissa is below 2^7.
  const int64_t rest = std::max(std::abs(rest_above), std::abs(rest_below));
  const int64_t error = (2 * rest + farthest * 128) / kMaxExactFloat + 2;
  const bool bounded = bounds.least + offset > -(int64_t{1} << 30) && bounds.most + offset < (int64_t{1} << 30);
  if (farthest > kMaxExactFloat || slack <= error || !bounded) return false;

  *steps = make_steps(above, below, offset, split, right);
  steps->two_sided = two_sided;
  return true;
}

AccumulatorBounds accumulator_bounds(const int8_t* weights, int64_t count, int64_t stride, int32_t bias, int32_t zero_point) {
  constexpr int64_t kChunk = int64_t{1} << 20;  // sums of so many fit in 32 bits
  int64_t positive = 0, negative = 0;
  for (int64_t begin = 0; begin < count; begin += kChunk) {
    const int64_t size = std::min(count - begin, kChunk);
    const Sums sums = stride == 1 ? sum_by_sign(weights + begin, size, std::integral_constant<int64_t, 1>())
                                  : sum_by_sign(weights + begin * stride, size, stride);
    positive += sums.positive;
    negative += sums.negative;
  }
  const int64_t least = -128 - int64_t{zero_point}, most = 127 - int64_t{zero_point};
  return {bias + positive * least + negative * most, bias + positive * most + negative * least};
}

}  // namespace liteqat::kernels::lanes
