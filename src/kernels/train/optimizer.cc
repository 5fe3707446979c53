#include "kernels/train/optimizer.h"

#include <cmath>

namespace liteqat::kernels::train {

void sgd_update(const SgdParams& p, const float* gradient, float* weights, float* velocity, int64_t elems) {
  if (p.momentum == 0.0f) {
    for (int64_t i = 0; i < elems; ++i) weights[i] -= p.rate * (gradient[i] + p.weight_decay * weights[i]);
    return;
  }
  for (int64_t i = 0; i < elems; ++i) {
    const float step = p.rate * (gradient[i] + p.weight_decay * weights[i]);
    velocity[i] = p.momentum * velocity[i] - step;
    weights[i] += p.nesterov ? p.momentum * velocity[i] - step : velocity[i];
  }
}

void adam_update(const AdamParams& p, const float* gradient, float* weights, float* m, float* v, int64_t elems) {
  const float fresh1 = 1.0f - p.beta1, fresh2 = 1.0f - p.beta2;
  for (int64_t i = 0; i < elems; ++i) {
    const float g = gradient[i] + p.weight_decay * weights[i];
    m[i] += (g - m[i]) * fresh1;
    v[i] += (g * g - v[i]) * fresh2;
    weights[i] -= p.corrected_rate * m[i] / (std::sqrt(v[i]) + p.epsilon);
  }
}

}  // namespace liteqat::kernels::train
