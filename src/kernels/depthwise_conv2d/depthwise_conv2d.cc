#include "kernels/depthwise_conv2d/depthwise_conv2d.h"

#include "kernels/depthwise_conv2d/implementations.h"

namespace liteqat::kernels::depthwise_conv2d {

#define LITEQAT_INT8_KERNEL(isa)
#define LITEQAT_KERNEL(isa) &float32_##isa(),
const Float32Kernel& find_float32_kernel(const Float32Params& params, Isa isa) {
  static const Float32Kernel* const kList[] = {
#include "kernels/depthwise_conv2d/kernels.inc"
  };
  return first_match(kList, params, isa);
}
#undef LITEQAT_KERNEL
#undef LITEQAT_INT8_KERNEL

#define LITEQAT_INT8_KERNEL(isa) &int8_##isa(),
#define LITEQAT_KERNEL(isa) LITEQAT_INT8_KERNEL(isa)
const Int8Kernel& find_int8_kernel(const Int8Params& params, Isa isa) {
  static const Int8Kernel* const kList[] = {
#include "kernels/depthwise_conv2d/kernels.inc"
  };
  return first_match(kList, params, isa);
}
#undef LITEQAT_KERNEL
#undef LITEQAT_INT8_KERNEL

}  // namespace liteqat::kernels::depthwise_conv2d
