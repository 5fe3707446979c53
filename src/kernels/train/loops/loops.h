// The memory-bound loops of training, once per instruction set. All sets compute every element by the same operations in the same order,
// so results do not depend on the choice. Called by elementwise.cc, batch_norm.cc, normalized.cc, fake_quant.cc, requantize.cc and
// optimizer.cc, whose headers are the contracts; not for use elsewhere.
#pragma once

#include <cstdint>

#include "base/cpu.h"
#include "kernels/train/normalized.h"
#include "kernels/train/optimizer.h"
#include "kernels/train/requantize.h"

namespace liteqat::kernels::train {

/// What fake quantization of an element needs (numeric::FakeQuantParams, not all zero); rate is scale to divide by, or its inverse.
struct FakeQuantLine {
  float low, high, rate, quant_zero, scale;
};

struct Loops {
  const char* name;

  void (*relu_forward)(const float* x, float* y, int64_t elems);
  void (*relu6_forward)(const float* x, float* y, int64_t elems);
  void (*relu_backward)(const float* y, const float* dy, float* dx, int64_t elems);
  void (*relu6_backward)(const float* y, const float* dy, float* dx, int64_t elems);
  void (*add_forward)(const float* a, const float* b, float* y, int64_t elems);
  void (*accumulate)(const float* x, float* sum, int64_t elems);

  /// sums[c] += x, squares[c] += x * x over rows of `channels`.
  void (*column_sums)(int64_t rows, int64_t channels, const float* x, double* sums, double* squares);
  /// sums[c] += dy, products[c] += dy * (x - mean[c]) for `columns` of the `channels`.
  void (*column_products)(int64_t rows, int64_t channels, int64_t columns, const float* x, const float* dy, const float* mean, double* sums,
                          double* products);
  /// y = x * scale[c] + shift[c]; shift may be null.
  void (*scale_columns)(int64_t rows, int64_t channels, const float* x, const float* scale, const float* shift, float* y);
  /// dx = a[c] * dy + (b[c] * (x - mean[c]) + d[c]) for `columns` of the `channels`; dx may be dy.
  void (*combine_columns)(int64_t rows, int64_t channels, int64_t columns, const float* x, const float* dy, const float* mean,
                          const float* a, const float* b, const float* d, float* dx);

  /// normalized.h.
  void (*normalize)(const Normalized& view, int64_t rows, int64_t channels, const float* z, float* y);
  void (*normalized_gradient)(const NormalizedGradient& line, int64_t rows, int64_t channels, const float* z, const float* g, float* dz);
  void (*mask_and_reduce)(const Normalized& view, const float* mean, int64_t rows, int64_t channels, const float* z, float* g, double* sums,
                          double* products);
  void (*mask_reduce_and_scale)(const Normalized& view, const float* mean, int64_t rows, int64_t channels, const float* z, float* g,
                                double* sums, double* products);

  /// By division and by multiplication with the inverse; y may be x.
  void (*fake_quant_divide)(const FakeQuantLine& line, const float* x, float* y, int64_t elems);
  void (*fake_quant_multiply)(const FakeQuantLine& line, const float* x, float* y, int64_t elems);
  /// dx = dy where low <= x <= high, else 0; dx may be dy.
  void (*pass_inside)(float low, float high, const float* x, const float* dy, float* dx, int64_t elems);
  void (*min_max)(const float* x, int64_t elems, float* min, float* max);
  /// requantize_forward for a divisor of 1 and for others.
  void (*requantize)(const RequantizeParams& params, int64_t rows, int64_t channels, const float* x, float* y);
  void (*requantize_average)(const RequantizeParams& params, int64_t rows, int64_t channels, const float* x, float* y);

  void (*sgd)(const SgdParams& params, const float* gradient, float* weights, float* velocity, int64_t elems);
  void (*adam)(const AdamParams& params, const float* gradient, float* weights, float* m, float* v, int64_t elems);
};

const Loops& find_loops(Isa isa);

/// Of select_isa()'s set, looked up once. Requires: select_isa() succeeds (whoever starts training has asked it).
const Loops& loops();

const Loops& loops_reference();
#if defined(__x86_64__)
const Loops& loops_avx2();
const Loops& loops_avx512();
#endif

}  // namespace liteqat::kernels::train
