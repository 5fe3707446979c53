#include "kernels/train/depthwise/generic.h"
#include "kernels/train/depthwise/implementations.h"

namespace liteqat::kernels::train {

const DepthwiseKernels& depthwise_kernels_avx2() {
  static constexpr DepthwiseKernels kKernels = {"depthwise_train_f32_3x3x8_avx2", forward<8>, backward_data<8>, backward_weights<8>};
  return kKernels;
}

}  // namespace liteqat::kernels::train
