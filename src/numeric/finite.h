#pragma once

#include <bit>
#include <cstdint>
#include <span>

namespace liteqat::numeric {

/// Neither NaN nor infinite. Without a branch per value, for it is asked after every step: the exponent's bits are all ones in those that
/// are not finite, and 1 more carries into the sign.
inline bool all_finite(std::span<const float> values) {
  uint32_t carried = 0;
  for (const float value : values) carried |= (std::bit_cast<uint32_t>(value) & 0x7FFFFFFFu) + 0x00800000u;
  return carried >> 31 == 0;
}

}  // namespace liteqat::numeric
