#include "kernels/train/depthwise/generic.h"
#include "kernels/train/depthwise/implementations.h"

namespace liteqat::kernels::train {

const DepthwiseKernels& depthwise_kernels_reference() {
  static constexpr DepthwiseKernels kKernels = make_depthwise_kernels<4>("depthwise_train_f32_3x3x4_reference");
  return kKernels;
}

}  // namespace liteqat::kernels::train
