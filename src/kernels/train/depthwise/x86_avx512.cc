#include "kernels/train/depthwise/generic.h"
#include "kernels/train/depthwise/implementations.h"

namespace liteqat::kernels::train {

const DepthwiseKernels& depthwise_kernels_avx512() {
  static constexpr DepthwiseKernels kKernels = {"depthwise_train_f32_generic_avx512", forward, backward_data, backward_weights};
  return kKernels;
}

}  // namespace liteqat::kernels::train
