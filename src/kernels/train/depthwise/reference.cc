#include "kernels/train/depthwise/generic.h"
#include "kernels/train/depthwise/implementations.h"

namespace liteqat::kernels::train {

const DepthwiseKernels& depthwise_kernels_reference() {
  static constexpr DepthwiseKernels kKernels = {"depthwise_train_f32_3x3x4_reference", forward<4>, backward_data<4>, backward_weights<4>};
  return kKernels;
}

}  // namespace liteqat::kernels::train
