#include "kernels/train/optimizer.h"

#include "kernels/train/loops/loops.h"

namespace liteqat::kernels::train {

void sgd_update(const SgdParams& params, const float* gradient, float* weights, float* velocity, int64_t elems) {
  loops().sgd(params, gradient, weights, velocity, elems);
}

void adam_update(const AdamParams& params, const float* gradient, float* weights, float* m, float* v, int64_t elems) {
  loops().adam(params, gradient, weights, m, v, elems);
}

double sum_squares(const float* x, int64_t elems) {
  constexpr int64_t kLanes = 8;
  double lanes[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= elems; i += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      const double value = x[i + lane];
      lanes[lane] += value * value;
    }
  }
  double sum = 0;
  for (; i < elems; ++i) sum += double{x[i]} * double{x[i]};
  for (double lane : lanes) sum += lane;
  return sum;
}

void update_average(const float* x, float fresh, float* average, int64_t elems) {
  for (int64_t i = 0; i < elems; ++i) average[i] += (x[i] - average[i]) * fresh;
}

}  // namespace liteqat::kernels::train
