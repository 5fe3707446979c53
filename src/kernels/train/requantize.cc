#include "kernels/train/requantize.h"

#include "kernels/train/loops/loops.h"

namespace liteqat::kernels::train {

void requantize_forward(const RequantizeParams& params, int64_t rows, int64_t channels, const float* x, float* y) {
  (params.divisor == 1 ? loops().requantize : loops().requantize_average)(params, rows, channels, x, y);
}

}  // namespace liteqat::kernels::train
