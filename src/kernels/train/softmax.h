// Softmax and the cross-entropy loss with label smoothing, rows of float32.
#pragma once

#include <cstdint>

namespace liteqat::kernels::train {

/// y = exp(x - max x) / sum, by row.
void softmax_forward(int32_t rows, int32_t classes, const float* logits, float* probabilities);

/// loss[row] = -sum_c t_c log softmax(x)_c with t = (1 - smoothing) * onehot + smoothing / classes (Keras), computed in double.
/// dlogits, if not null, gets (softmax(x) - t) * scale. Requires: labels in [0, classes).
void softmax_cross_entropy(int32_t rows, int32_t classes, const float* logits, const int32_t* labels, float smoothing, float scale,
                           double* loss, float* dlogits);

}  // namespace liteqat::kernels::train
