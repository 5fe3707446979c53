// Batch normalization in training: rows of C channels, float32 data, double statistics. A batch is split into chunks whose partial sums are
// combined in chunk order, so that results do not depend on who computed which chunk.
#pragma once

#include <cstdint>

namespace liteqat::kernels::train {

/// Adds to sums[c] and squares[c] the chunk's sum of x and of x * x. Requires: both zeroed by the caller before.
void batch_norm_partial_sums(int64_t rows, int64_t channels, const float* x, double* sums, double* squares);

/// From the combined sums of `rows` rows: mean and biased variance (not below 0).
void batch_norm_moments(int64_t rows, int64_t channels, const double* sums, const double* squares, float* mean, float* variance);

/// moving = momentum * moving + (1 - momentum) * batch. The variance that enters is unbiased, * rows / (rows - 1), where `unbiased` is set,
/// as Keras' fused batch normalization (4-D inputs) does.
void batch_norm_update_moving(int64_t rows, int64_t channels, float momentum, bool unbiased, const float* mean, const float* variance,
                              float* moving_mean, float* moving_variance);

/// scale[c] = gamma[c] / sqrt(variance[c] + epsilon), shift[c] = beta[c] - mean[c] * scale[c]; y = x * scale + shift (normalize below).
void batch_norm_fold(int64_t channels, float epsilon, const float* gamma, const float* beta, const float* mean, const float* variance,
                     float* scale, float* shift);
void batch_norm_normalize(int64_t rows, int64_t channels, const float* x, const float* scale, const float* shift, float* y);

/// Adds to dbeta[c] and dgamma[c] the chunk's sum of dy and of dy * (x - mean) / sqrt(variance + epsilon). Zeroed by the caller before.
void batch_norm_partial_gradients(int64_t rows, int64_t channels, float epsilon, const float* x, const float* dy, const float* mean,
                                  const float* variance, double* dbeta, double* dgamma);

/// Gradient of the input through the batch statistics of all `batch_rows` rows:
/// dx = gamma * rstd * (dy - dbeta / batch_rows - xhat * dgamma / batch_rows). dx may be dy.
void batch_norm_backward(int64_t rows, int64_t channels, int64_t batch_rows, float epsilon, const float* x, const float* dy,
                         const float* gamma, const float* mean, const float* variance, const double* dbeta, const double* dgamma,
                         float* dx);

/// With frozen statistics: dx = dy * scale[c]. dx may be dy.
void batch_norm_backward_frozen(int64_t rows, int64_t channels, const float* dy, const float* scale, float* dx);

}  // namespace liteqat::kernels::train
