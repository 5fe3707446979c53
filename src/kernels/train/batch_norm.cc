#include "kernels/train/batch_norm.h"

#include <algorithm>
#include <cmath>

#include "kernels/train/loops/loops.h"
#include "kernels/train/normalized.h"

namespace liteqat::kernels::train {
namespace {

// Columns whose coefficients are kept on the stack in one go.
constexpr int64_t kBlockColumns = 256;

double reciprocal_deviation(float variance, float epsilon) {
  return 1.0 / std::sqrt(static_cast<double>(variance) + static_cast<double>(epsilon));
}

}  // namespace

void batch_norm_partial_sums(int64_t rows, int64_t channels, const float* x, double* sums, double* squares) {
  loops().column_sums(rows, channels, x, sums, squares);
}

void batch_norm_moments(int64_t rows, int64_t channels, const double* sums, const double* squares, float* mean, float* variance) {
  const auto count = static_cast<double>(rows);
  for (int64_t c = 0; c < channels; ++c) {
    const double m = sums[c] / count;
    mean[c] = static_cast<float>(m);
    variance[c] = static_cast<float>(std::max(0.0, squares[c] / count - m * m));
  }
}

void batch_norm_update_moving(int64_t rows, int64_t channels, float momentum, bool unbiased, const float* mean, const float* variance,
                              float* moving_mean, float* moving_variance) {
  const float correction = unbiased && rows > 1 ? static_cast<float>(static_cast<double>(rows) / static_cast<double>(rows - 1)) : 1.0f;
  const float fresh = 1.0f - momentum;
  for (int64_t c = 0; c < channels; ++c) {
    moving_mean[c] -= (moving_mean[c] - mean[c]) * fresh;
    moving_variance[c] -= (moving_variance[c] - variance[c] * correction) * fresh;
  }
}

void batch_norm_fold(int64_t channels, float epsilon, const float* gamma, const float* beta, const float* mean, const float* variance,
                     float* scale, float* shift) {
  for (int64_t c = 0; c < channels; ++c) {
    const double exact = static_cast<double>(gamma[c]) * reciprocal_deviation(variance[c], epsilon);
    scale[c] = static_cast<float>(exact);
    // With the rounded scale, so that x = mean gives beta.
    shift[c] = static_cast<float>(static_cast<double>(beta[c]) - static_cast<double>(mean[c]) * static_cast<double>(scale[c]));
  }
}

void batch_norm_normalize(int64_t rows, int64_t channels, const float* x, const float* scale, const float* shift, float* y) {
  loops().scale_columns(rows, channels, x, scale, shift, y);
}

void batch_norm_partial_gradients(int64_t rows, int64_t channels, float epsilon, const float* x, const float* dy, const float* mean,
                                  const float* variance, double* dbeta, double* dgamma) {
  for (int64_t column = 0; column < channels; column += kBlockColumns) {
    const int64_t columns = std::min(kBlockColumns, channels - column);
    double products[kBlockColumns] = {};
    loops().column_products(rows, channels, columns, x + column, dy + column, mean + column, dbeta + column, products);
    for (int64_t c = 0; c < columns; ++c) dgamma[column + c] += products[c] * reciprocal_deviation(variance[column + c], epsilon);
  }
}

void batch_norm_backward(int64_t rows, int64_t channels, int64_t batch_rows, float epsilon, const float* x, const float* dy,
                         const float* gamma, const float* mean, const float* variance, const double* dbeta, const double* dgamma,
                         float* dx) {
  for (int64_t column = 0; column < channels; column += kBlockColumns) {
    const int64_t columns = std::min(kBlockColumns, channels - column);
    float a[kBlockColumns], b[kBlockColumns], d[kBlockColumns];
    normalized_gradient_coefficients(columns, batch_rows, epsilon, gamma + column, variance + column, dbeta + column, dgamma + column, a, b,
                                     d);
    loops().combine_columns(rows, channels, columns, x + column, dy + column, mean + column, a, b, d, dx + column);
  }
}

void batch_norm_backward_frozen(int64_t rows, int64_t channels, const float* dy, const float* scale, float* dx) {
  loops().scale_columns(rows, channels, dy, scale, nullptr, dx);
}

}  // namespace liteqat::kernels::train
