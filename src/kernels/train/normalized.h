// A batch-normalized and activated tensor that is not stored: its readers compute y = f(z * scale + shift) from the convolution's output z,
// and its gradients go back through the activation f and the normalization as they are read. Rows of C channels, float32. All instruction
// sets give the same bytes.
#pragma once

#include <cstdint>

namespace liteqat::kernels::train {

enum class UnitActivation : uint8_t {
  kClamp,      // clamp(x, low, high); its gradient is 0 on an end and beyond
  kHardSwish,  // gates.h
};

/// scale, shift [C] as batch_norm_fold gives them; the ends of kClamp: infinite where there are none.
struct Normalized {
  const float* scale = nullptr;
  const float* shift = nullptr;
  float low, high;
  UnitActivation activation = UnitActivation::kClamp;
};

/// y = f(z * scale + shift).
void normalize(const Normalized& view, int64_t rows, int64_t channels, const float* z, float* y);

/// What the gradient of z needs beside it, [C] each: dz = a * g + (b * (z - mean) + d) with g the gradient of z * scale + shift.
struct NormalizedGradient {
  const float* mean = nullptr;
  const float *a = nullptr, *b = nullptr, *d = nullptr;
};
/// From the sums over the whole batch of `batch_rows` rows: dx = gamma * rstd * (g - dbeta / R - (z - mean) * rstd * dgamma / R).
void normalized_gradient_coefficients(int64_t channels, int64_t batch_rows, float epsilon, const float* gamma, const float* variance,
                                      const double* dbeta, const double* dgamma, float* a, float* b, float* d);
/// g: as mask_and_reduce() leaves it. dz may be g.
void normalized_gradient(const NormalizedGradient& line, int64_t rows, int64_t channels, const float* z, const float* g, float* dz);

/// Takes the gradient g of y in place back through the activation and adds to sums[c] and products[c] the sums of g and of g * (z - mean):
/// eight rows at a time in float, their sums in double. dgamma is products * rstd, dbeta is sums.
void mask_and_reduce(const Normalized& view, const float* mean, int64_t rows, int64_t channels, const float* z, float* g, double* sums,
                     double* products);
/// The same sums; the gradient is stored times scale, which makes it the part of z's gradient that needs no sum over the batch.
void mask_reduce_and_scale(const Normalized& view, const float* mean, int64_t rows, int64_t channels, const float* z, float* g,
                           double* sums, double* products);

}  // namespace liteqat::kernels::train
