#include "kernels/train/codes/generic.h"
#include "kernels/train/codes/implementations.h"

namespace liteqat::kernels::train {

const CodeKernels& code_kernels_avx2() {
  static constexpr CodeKernels kKernels = {"train_codes_i8_f32_avx2", dequantize, pass_inside};
  return kKernels;
}

}  // namespace liteqat::kernels::train
