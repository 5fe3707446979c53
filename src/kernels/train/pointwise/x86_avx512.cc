#include <immintrin.h>

#include "kernels/train/pointwise/generic.h"
#include "kernels/train/pointwise/implementations.h"

namespace liteqat::kernels::train {
namespace {

/// 24 sums, two columns and a row in 32 registers.
struct Avx512 {
  static constexpr int kLanes = 16, kRows = 12;
  static Float<16> multiply_add(Float<16> a, Float<16> b, Float<16> sum) { return _mm512_fmadd_ps(a, b, sum); }
  static Float<8> multiply_add(Float<8> a, Float<8> b, Float<8> sum) { return _mm256_fmadd_ps(a, b, sum); }
  static Float<4> multiply_add(Float<4> a, Float<4> b, Float<4> sum) { return _mm_fmadd_ps(a, b, sum); }
  static Float<16> load_half(const float* from) { return _mm512_maskz_loadu_ps(0x00ff, from); }
  static void store_half(float* to, Float<16> value) { _mm512_mask_storeu_ps(to, 0x00ff, value); }
  static float multiply_add(float a, float b, float sum) { return __builtin_fmaf(a, b, sum); }
};

}  // namespace

const PointwiseKernels& pointwise_kernels_avx512() {
  static constexpr PointwiseKernels kKernels = make_pointwise_kernels<Avx512>("pointwise_train_f32_12x32_avx512");
  return kKernels;
}

}  // namespace liteqat::kernels::train
