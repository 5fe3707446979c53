#include "kernels/quantize/quantize.h"

#include "kernels/quantize/implementations.h"

namespace liteqat::kernels::quantize {
namespace {

template <typename Code>
void quantize_all(int64_t count, const Affine& output_params, const float* input, Code* output) {
  quantize(Range{0, count}, output_params, input, output);
}
template <typename Code>
void dequantize_all(int64_t count, const Affine& input_params, const Code* input, float* output) {
  dequantize(Range{0, count}, input_params, input, output);
}

constexpr Kernels kReference = {"reference",           Isa::kReference,        quantize_all<int8_t>,
                                quantize_all<uint8_t>, dequantize_all<int8_t>, dequantize_all<uint8_t>};

}  // namespace

const Kernels& kernels_reference() {
  return kReference;
}

#define LITEQAT_KERNEL(isa) &kernels_##isa(),
const Kernels& find_kernels(Isa isa) {
  static const Kernels* const kList[] = {
#include "kernels/quantize/kernels.inc"
  };
  for (const Kernels* kernels : kList) {
    if (kernels->isa <= isa) return *kernels;
  }
  return kReference;
}
#undef LITEQAT_KERNEL

}  // namespace liteqat::kernels::quantize
