// The fixed-point steps of 8-bit SOFTMAX, which its two implementations share. Not for use outside this folder.
#pragma once

#include <algorithm>
#include <bit>
#include <limits>

#include "kernels/softmax/softmax.h"

namespace liteqat::kernels::softmax {

inline constexpr int32_t kInputIntegerBits = 5;  // Q5.26
inline constexpr int32_t kSumIntegerBits = 12;   // Q12.19
inline constexpr int64_t kSumTooLarge = int64_t{512} << (31 - kSumIntegerBits);

/// exp(code - largest) in Q0.31.
inline int32_t exp_of_difference(const Int8Params& params, int32_t difference) {
  return numeric::exp_on_negative(
      numeric::srdhm(numeric::wrapping_shift_left(difference, params.multiplier.shift), params.multiplier.mantissa));
}

/// One over a row's sum of exponentials, in Q12.19. Requires: 0 < sum < kSumTooLarge.
class Reciprocal {
 public:
  explicit Reciprocal(int64_t sum) {
    const int32_t headroom = std::countl_zero(static_cast<uint32_t>(sum));
    const auto fraction = static_cast<int32_t>((static_cast<uint32_t>(sum) << headroom) - (uint32_t{1} << 31));
    reciprocal_ = numeric::one_over_one_plus_x(fraction);
    right_shift_ = kSumIntegerBits - headroom + 31 - 8;
  }

  /// The code of a probability, given its exponential.
  template <typename T>
  T code(int32_t exponential) const {
    constexpr int32_t kLow = std::numeric_limits<T>::min(), kHigh = std::numeric_limits<T>::max();
    const int32_t steps = numeric::rounding_divide_by_pot(numeric::srdhm(reciprocal_, exponential), right_shift_);
    return static_cast<T>(std::clamp(kLow + steps, kLow, kHigh));
  }

 private:
  int32_t reciprocal_ = 0, right_shift_ = 0;
};

}  // namespace liteqat::kernels::softmax
