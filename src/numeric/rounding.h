// Rounding of real results to integers, ties away from zero, as C's round() does; saturating where C leaves the conversion undefined.
// Exact. Forced inline, so that files built for one instruction set export nothing.
#pragma once

#include <cstdint>

namespace liteqat::numeric {

/// Nearest integer, ties away from zero; beyond +-2^62 that bound, NaN gives 0.
[[gnu::always_inline]] inline int64_t round_half_away(double value) {
  constexpr double kBound = 0x1p62;
  if (value != value) return 0;
  if (value >= kBound) return int64_t{1} << 62;
  if (value <= -kBound) return -(int64_t{1} << 62);
  const auto truncated = static_cast<int64_t>(value);
  const double rest = value - static_cast<double>(truncated);
  return truncated + (rest >= 0.5 ? 1 : 0) - (rest <= -0.5 ? 1 : 0);
}

/// value held inside [low, high]. Requires: low <= high.
[[gnu::always_inline]] inline int32_t clamp_to_int(int64_t value, int32_t low, int32_t high) {
  return value < low ? low : value > high ? high : static_cast<int32_t>(value);
}

}  // namespace liteqat::numeric
