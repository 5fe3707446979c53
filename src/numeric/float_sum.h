// How weighted operators sum float32 products. Both ways take the taps in the same order; every kernel gives the bytes of FloatAccumulator.
#pragma once

#include <cmath>

namespace liteqat::numeric {

enum class FloatSum {
  kRounded,  // from 0, every product rounded before it is added, the bias last: TFLite's reference kernels
  kFused,    // from the bias, products added unrounded, as fused multiply-add does: XNNPACK where the CPU has it
};

/// One output, tap by tap.
class FloatAccumulator {
 public:
  FloatAccumulator(FloatSum how, float bias) : fused_(how == FloatSum::kFused), last_(fused_ ? 0.0f : bias), sum_(fused_ ? bias : 0.0f) {}

  void add(float x, float weight) {
    if (fused_) {
      sum_ = std::fma(x, weight, sum_);
    } else {
      sum_ += x * weight;
    }
  }
  /// kFused adds 0, so that -0 becomes 0: whether taps in the padding were multiplied or left out then makes no difference.
  float total() const { return sum_ + last_; }

 private:
  bool fused_;
  float last_, sum_;
};

}  // namespace liteqat::numeric
