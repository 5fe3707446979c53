#include "kernels/train/optimizer.h"

#include "kernels/train/loops/loops.h"

namespace liteqat::kernels::train {

void sgd_update(const SgdParams& params, const float* gradient, float* weights, float* velocity, int64_t elems) {
  loops().sgd(params, gradient, weights, velocity, elems);
}

void adam_update(const AdamParams& params, const float* gradient, float* weights, float* m, float* v, int64_t elems) {
  loops().adam(params, gradient, weights, m, v, elems);
}

}  // namespace liteqat::kernels::train
