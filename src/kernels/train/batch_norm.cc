#include "kernels/train/batch_norm.h"

#include <algorithm>
#include <cmath>

namespace liteqat::kernels::train {
namespace {

// Rows whose sums are kept in float before they enter the double sums: short enough that float rounding (relative 2^-24 per addition, so
// at most 32 * 2^-24 = 2e-6 of the sum of magnitudes) stays below what float32 data carry, long enough to hide the conversions.
constexpr int64_t kBlockRows = 32;
// Columns of one pass: two float accumulators of this length stay in the first-level cache.
constexpr int64_t kBlockColumns = 256;

/// Calls visit(first row, end row, first column, columns) over blocks that cover [rows, channels], columns outermost.
template <typename Visit>
void for_each_block(int64_t rows, int64_t channels, const Visit& visit) {
  for (int64_t column = 0; column < channels; column += kBlockColumns) {
    const int64_t columns = std::min(kBlockColumns, channels - column);
    for (int64_t row = 0; row < rows; row += kBlockRows) visit(row, std::min(rows, row + kBlockRows), column, columns);
  }
}

float reciprocal_deviation(float variance, float epsilon) {
  return static_cast<float>(1.0 / std::sqrt(static_cast<double>(variance) + static_cast<double>(epsilon)));
}

}  // namespace

void batch_norm_partial_sums(int64_t rows, int64_t channels, const float* x, double* sums, double* squares) {
  for_each_block(rows, channels, [&](int64_t row, int64_t end, int64_t column, int64_t columns) {
    float sum[kBlockColumns] = {}, square[kBlockColumns] = {};
    for (; row < end; ++row) {
      const float* values = x + row * channels + column;
      for (int64_t c = 0; c < columns; ++c) {
        sum[c] += values[c];
        square[c] += values[c] * values[c];
      }
    }
    for (int64_t c = 0; c < columns; ++c) {
      sums[column + c] += static_cast<double>(sum[c]);
      squares[column + c] += static_cast<double>(square[c]);
    }
  });
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
    scale[c] = gamma[c] * reciprocal_deviation(variance[c], epsilon);
    shift[c] = beta[c] - mean[c] * scale[c];
  }
}

void batch_norm_normalize(int64_t rows, int64_t channels, const float* x, const float* scale, const float* shift, float* y) {
  for (int64_t row = 0; row < rows; ++row) {
    const float* from = x + row * channels;
    float* to = y + row * channels;
    for (int64_t c = 0; c < channels; ++c) to[c] = from[c] * scale[c] + shift[c];
  }
}

void batch_norm_partial_gradients(int64_t rows, int64_t channels, float epsilon, const float* x, const float* dy, const float* mean,
                                  const float* variance, double* dbeta, double* dgamma) {
  for_each_block(rows, channels, [&](int64_t row, int64_t end, int64_t column, int64_t columns) {
    float sum[kBlockColumns] = {}, product[kBlockColumns] = {};
    for (; row < end; ++row) {
      const float* values = x + row * channels + column;
      const float* gradients = dy + row * channels + column;
      const float* means = mean + column;
      for (int64_t c = 0; c < columns; ++c) {
        sum[c] += gradients[c];
        product[c] += gradients[c] * (values[c] - means[c]);
      }
    }
    for (int64_t c = 0; c < columns; ++c) {
      dbeta[column + c] += static_cast<double>(sum[c]);
      dgamma[column + c] += static_cast<double>(product[c] * reciprocal_deviation(variance[column + c], epsilon));
    }
  });
}

void batch_norm_backward(int64_t rows, int64_t channels, int64_t batch_rows, float epsilon, const float* x, const float* dy,
                         const float* gamma, const float* mean, const float* variance, const double* dbeta, const double* dgamma,
                         float* dx) {
  const double inverse = 1.0 / static_cast<double>(batch_rows);
  for (int64_t column = 0; column < channels; column += kBlockColumns) {
    const int64_t columns = std::min(kBlockColumns, channels - column);
    // dx = a * dy + b * x + d per channel, from dx = gamma * rstd * (dy - dbeta / R - (x - mean) * rstd * dgamma / R).
    float a[kBlockColumns], b[kBlockColumns], d[kBlockColumns];
    for (int64_t c = 0; c < columns; ++c) {
      const int64_t channel = column + c;
      const double rstd = reciprocal_deviation(variance[channel], epsilon);
      const double scale = static_cast<double>(gamma[channel]) * rstd;
      a[c] = static_cast<float>(scale);
      b[c] = static_cast<float>(-scale * rstd * dgamma[channel] * inverse);
      d[c] = static_cast<float>(-scale * dbeta[channel] * inverse);
    }
    const float* means = mean + column;
    for (int64_t row = 0; row < rows; ++row) {
      const int64_t offset = row * channels + column;
      for (int64_t c = 0; c < columns; ++c) dx[offset + c] = a[c] * dy[offset + c] + b[c] * (x[offset + c] - means[c]) + d[c];
    }
  }
}

void batch_norm_backward_frozen(int64_t rows, int64_t channels, const float* dy, const float* scale, float* dx) {
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t c = 0; c < channels; ++c) dx[row * channels + c] = dy[row * channels + c] * scale[c];
  }
}

}  // namespace liteqat::kernels::train
