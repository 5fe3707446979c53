#include <immintrin.h>

#include "kernels/train/pointwise/generic.h"
#include "kernels/train/pointwise/implementations.h"

namespace liteqat::kernels::train {
namespace {

/// 12 sums, two columns and a row in 16 registers.
struct Avx2 {
  static constexpr int kLanes = 8, kRows = 6;
  static Float<8> multiply_add(Float<8> a, Float<8> b, Float<8> sum) { return _mm256_fmadd_ps(a, b, sum); }
  static Float<4> multiply_add(Float<4> a, Float<4> b, Float<4> sum) { return _mm_fmadd_ps(a, b, sum); }
  static float multiply_add(float a, float b, float sum) { return __builtin_fmaf(a, b, sum); }
};

}  // namespace

const PointwiseKernels& pointwise_kernels_avx2() {
  static constexpr PointwiseKernels kKernels = make_pointwise_kernels<Avx2>("pointwise_train_f32_6x16_avx2");
  return kKernels;
}

}  // namespace liteqat::kernels::train
