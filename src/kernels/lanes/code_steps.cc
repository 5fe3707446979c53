#include "kernels/lanes/code_steps.h"

#include <algorithm>
#include <cmath>

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

  /// Steps to the codes [first, last]; `reached` also of `base`, the code at which this side begins, if it is a step.
  Slack slack(int64_t first, int64_t last, int64_t& farthest) const {
    Slack slack = {mantissa, mantissa};
    if (first > last) return slack;
    // code * unit - constant = quotient * mantissa - remainder, so the first accumulator on the step is `quotient`.
    int64_t quotient = -floor_divide(constant - first * unit, mantissa);
    int64_t remainder = quotient * mantissa - (first * unit - constant);
    const int64_t step = unit / mantissa, step_remainder = unit % mantissa;
    farthest = std::max(farthest, std::abs(quotient));
    for (int64_t code = first; code <= last; ++code) {
      slack.reached = std::min(slack.reached, remainder);
      slack.missed = std::min(slack.missed, mantissa - remainder);
      quotient += step;
      remainder -= step_remainder;
      if (remainder < 0) {
        remainder += mantissa;
        ++quotient;
      }
    }
    farthest = std::max(farthest, std::abs(quotient));
    return slack;
  }
};

/// The two lines around their common offset, in units of a code: 2^(31 + right).
CodeSteps make_steps(const Line& above, const Line& below, int64_t offset, int64_t split, int32_t right) {
  const int exponent = -(31 + right);
  const auto scaled = [&](int64_t value) { return std::ldexp(static_cast<float>(value), exponent); };
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
  int64_t positive = 0, negative = 0;
  for (int64_t index = 0; index < count; ++index) {
    const int32_t weight = weights[index * stride];
    positive += weight > 0 ? weight : 0;
    negative += weight < 0 ? weight : 0;
  }
  const int64_t least = -128 - int64_t{zero_point}, most = 127 - int64_t{zero_point};
  return {bias + positive * least + negative * most, bias + positive * most + negative * least};
}

}  // namespace liteqat::kernels::lanes
