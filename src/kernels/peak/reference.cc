// Scalar: one multiplication and one addition a chain, with operands the compiler cannot see through.
#include "kernels/peak/bursts.h"

namespace liteqat::kernels::peak {
namespace {

template <typename T>
int32_t burst(int64_t iterations, T factor) {
  T sums[kChains] = {};
  volatile T hidden = factor;
  const T a = hidden, b = hidden;
  for (int64_t i = 0; i < iterations; ++i) {
    for (T& sum : sums) sum = static_cast<T>(sum * a + b);
  }
  T total = 0;
  for (T sum : sums) total = static_cast<T>(total + sum);
  volatile T result = total;
  return result != 0;
}

}  // namespace

int32_t burst_int8_reference(int64_t iterations) {
  return burst<uint32_t>(iterations, 3);
}

int32_t burst_float32_reference(int64_t iterations) {
  return burst<float>(iterations, 0.5f);
}

}  // namespace liteqat::kernels::peak
