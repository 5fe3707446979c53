// Checked integer arithmetic for every size that comes from a file: empty on overflow instead of a wrapped value.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace liteqat {

inline std::optional<int64_t> checked_add(int64_t a, int64_t b) {
  int64_t result;
  if (__builtin_add_overflow(a, b, &result)) return std::nullopt;
  return result;
}

inline std::optional<int64_t> checked_mul(int64_t a, int64_t b) {
  int64_t result;
  if (__builtin_mul_overflow(a, b, &result)) return std::nullopt;
  return result;
}

/// Product of all extents (1 for none); empty on overflow or a negative extent.
template <typename Int>
std::optional<int64_t> checked_product(std::span<const Int> extents) {
  int64_t product = 1;
  for (Int extent : extents) {
    if (extent < 0) return std::nullopt;
    const auto next = checked_mul(product, static_cast<int64_t>(extent));
    if (!next) return std::nullopt;
    product = *next;
  }
  return product;
}

}  // namespace liteqat
