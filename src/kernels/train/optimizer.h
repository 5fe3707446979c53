// Fused parameter updates over a range of elements: float32, Keras' formulas.
#pragma once

#include <cstdint>

namespace liteqat::kernels::train {

/// g = gradient_scale * gradient + weight_decay * w; without momentum w -= rate * g; with it v = momentum * v - rate * g and
/// w += nesterov ? momentum * v - rate * g : v (Keras SGD). velocity may be null if momentum is 0.
struct SgdParams {
  float rate, momentum, weight_decay;
  bool nesterov;
  float gradient_scale = 1.0f;
};
void sgd_update(const SgdParams& params, const float* gradient, float* weights, float* velocity, int64_t elems);

/// g as above; m += (g - m) * (1 - beta1); v += (g * g - v) * (1 - beta2); w -= corrected_rate * m / (sqrt(v) + epsilon) with
/// corrected_rate = rate * sqrt(1 - beta2^t) / (1 - beta1^t), which the caller computes (Keras Adam: epsilon is not corrected). Before it
/// w -= decoupled_decay * w, with decoupled_decay = rate * decay (AdamW: Loshchilov, Hutter 2019, as Keras and PyTorch have it).
struct AdamParams {
  float corrected_rate, beta1, beta2, epsilon, weight_decay;
  float gradient_scale = 1.0f, decoupled_decay = 0.0f;
};
void adam_update(const AdamParams& params, const float* gradient, float* weights, float* m, float* v, int64_t elems);

/// The sum of x^2 in double, in an order that elems alone decides.
double sum_squares(const float* x, int64_t elems);
/// average += (x - average) * fresh.
void update_average(const float* x, float fresh, float* average, int64_t elems);

}  // namespace liteqat::kernels::train
