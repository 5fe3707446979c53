#include "kernels/train/pointwise/pointwise.h"

#include <algorithm>

#include "kernels/train/pointwise/implementations.h"

namespace liteqat::kernels::train {

const PointwiseKernels& find_pointwise_kernels([[maybe_unused]] Isa isa) {
#if defined(__x86_64__)
  if (isa >= Isa::kAvx512) return pointwise_kernels_avx512();
  if (isa >= Isa::kAvx2) return pointwise_kernels_avx2();
#endif
  return pointwise_kernels_reference();
}

void accumulate_rows(const PointwiseKernels& kernels, int64_t rows, int64_t n, const float* b, bool adds, float* sums) {
  // A row of ones times b.
  constexpr int64_t kRows = 64;
  float ones[kRows];
  std::fill_n(ones, kRows, 1.0f);
  for (int64_t row = 0; row < rows; row += kRows) {
    kernels.accumulate(std::min(kRows, rows - row), 1, n, ones, b + row * n, adds || row > 0, sums, {});
  }
}

}  // namespace liteqat::kernels::train
