#include "kernels/train/normalized.h"

#include <cmath>

#include "kernels/train/loops/loops.h"

namespace liteqat::kernels::train {

void normalize(const Normalized& view, int64_t rows, int64_t channels, const float* z, float* y) {
  loops().normalize(view, rows, channels, z, y);
}

void normalized_gradient_coefficients(int64_t channels, int64_t batch_rows, float epsilon, const float* gamma, const float* variance,
                                      const double* dbeta, const double* dgamma, float* a, float* b, float* d) {
  const double inverse = 1.0 / static_cast<double>(batch_rows);
  for (int64_t c = 0; c < channels; ++c) {
    const double rstd = 1.0 / std::sqrt(static_cast<double>(variance[c]) + static_cast<double>(epsilon));
    const double scale = static_cast<double>(gamma[c]) * rstd;
    a[c] = static_cast<float>(scale);
    b[c] = static_cast<float>(-scale * rstd * dgamma[c] * inverse);
    d[c] = static_cast<float>(-scale * dbeta[c] * inverse);
  }
}

void normalized_gradient(const NormalizedGradient& line, int64_t rows, int64_t channels, const float* z, const float* g, float* dz) {
  loops().normalized_gradient(line, rows, channels, z, g, dz);
}

void mask_and_reduce(const Normalized& view, const float* mean, int64_t rows, int64_t channels, const float* z, float* g, double* sums,
                     double* products) {
  loops().mask_and_reduce(view, mean, rows, channels, z, g, sums, products);
}

void mask_reduce_and_scale(const Normalized& view, const float* mean, int64_t rows, int64_t channels, const float* z, float* g,
                           double* sums, double* products) {
  loops().mask_reduce_and_scale(view, mean, rows, channels, z, g, sums, products);
}

}  // namespace liteqat::kernels::train
