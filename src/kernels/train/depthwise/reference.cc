#include "kernels/train/depthwise/generic.h"
#include "kernels/train/depthwise/implementations.h"

namespace liteqat::kernels::train {

const DepthwiseKernels& depthwise_kernels_reference() {
  static constexpr DepthwiseKernels kKernels = {"depthwise_train_f32_generic_reference", forward, backward_data, backward_weights};
  return kKernels;
}

}  // namespace liteqat::kernels::train
