#include "kernels/train/softmax.h"

#include <algorithm>
#include <cmath>

namespace liteqat::kernels::train {

void softmax_forward(int32_t rows, int32_t classes, const float* logits, float* probabilities) {
  for (int32_t row = 0; row < rows; ++row) {
    const float* x = logits + int64_t{row} * classes;
    float* y = probabilities + int64_t{row} * classes;
    const float largest = *std::max_element(x, x + classes);
    float sum = 0.0f;
    for (int32_t c = 0; c < classes; ++c) sum += y[c] = std::exp(x[c] - largest);
    for (int32_t c = 0; c < classes; ++c) y[c] /= sum;
  }
}

void softmax_cross_entropy(int32_t rows, int32_t classes, const float* logits, const int32_t* labels, float smoothing, float scale,
                           double* loss, float* dlogits) {
  const double off = static_cast<double>(smoothing) / classes;
  const double on = 1.0 - static_cast<double>(smoothing) + off;
  for (int32_t row = 0; row < rows; ++row) {
    const float* x = logits + int64_t{row} * classes;
    const double largest = *std::max_element(x, x + classes);
    double sum = 0.0, logit_sum = 0.0;
    for (int32_t c = 0; c < classes; ++c) {
      sum += std::exp(x[c] - largest);
      logit_sum += x[c] - largest;
    }
    const double log_sum = std::log(sum);
    const double label_logit = x[labels[row]] - largest;
    // -sum t_c (x_c - largest - log_sum), with t off everywhere and `on` at the label; the t_c add up to 1.
    loss[row] = log_sum - off * logit_sum - (on - off) * label_logit;
    if (dlogits == nullptr) continue;
    float* gradient = dlogits + int64_t{row} * classes;
    for (int32_t c = 0; c < classes; ++c) {
      const double target = c == labels[row] ? on : off;
      gradient[c] = static_cast<float>((std::exp(x[c] - largest - log_sum) - target) * static_cast<double>(scale));
    }
  }
}

}  // namespace liteqat::kernels::train
