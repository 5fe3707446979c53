#include "kernels/train/depthwise/generic.h"
#include "kernels/train/depthwise/implementations.h"

namespace liteqat::kernels::train {

const DepthwiseKernels& depthwise_kernels_avx2() {
  static constexpr DepthwiseKernels kKernels = make_depthwise_kernels<8>("depthwise_train_f32_3x3x8_avx2");
  return kKernels;
}

}  // namespace liteqat::kernels::train
