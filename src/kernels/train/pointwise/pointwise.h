// Pointwise convolution in training as matrix products over rows of channels: float32, one thread a call. Selected once by instruction set.
// Sums run over k (multiply) and over rows (accumulate) in order, so results depend on the instruction set and on how a caller cuts the
// rows, on nothing else. Sets with fused multiply-add use it: float32 of training promises no bytes across sets.
#pragma once

#include <cstdint>

#include "base/cpu.h"

namespace liteqat::kernels::train {

/// Memory that the caller will read or write next: a call asks for it while it multiplies, so that it is in the second-level cache by then.
struct Ahead {
  const float* from[2] = {nullptr, nullptr};
  int64_t elems = 0;  // of each that is not null
  const float* to[2] = {nullptr, nullptr};
  int64_t to_elems = 0;
};

struct PointwiseKernels {
  const char* name;  // "pointwise_train_f32_12x32_avx512": rows and columns of a tile
  /// The k x n elements b[i * k_stride + j * n_stride] in the order that multiply() reads them; packed holds k * n.
  void (*pack)(int64_t k, int64_t n, const float* b, int64_t k_stride, int64_t n_stride, float* packed);
  /// c [rows, n] = a [rows, k] * b + bias [n]; bias may be null.
  void (*multiply)(int64_t rows, int64_t k, int64_t n, const float* a, const float* packed, const float* bias, float* c,
                   const Ahead& ahead);
  /// The same, added to c.
  void (*add_product)(int64_t rows, int64_t k, int64_t n, const float* a, const float* packed, const float* bias, float* c,
                      const Ahead& ahead);
  /// c [m, n] = (adds ? c : 0) + sum over rows of a [rows, m] and b [rows, n].
  void (*accumulate)(int64_t rows, int64_t m, int64_t n, const float* a, const float* b, bool adds, float* c, const Ahead& ahead);
};

const PointwiseKernels& find_pointwise_kernels(Isa isa);

/// sums [n] = (adds ? sums : 0) + the sums over rows of b [rows, n]: a bias' gradient.
void accumulate_rows(const PointwiseKernels& kernels, int64_t rows, int64_t n, const float* b, bool adds, float* sums);

}  // namespace liteqat::kernels::train
