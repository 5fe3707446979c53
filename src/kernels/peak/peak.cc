#include "kernels/peak/peak.h"

#include "kernels/peak/bursts.h"

namespace liteqat::kernels::peak {

Burst find_int8_burst([[maybe_unused]] Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::kAvx512Vnni) return {isa, "peak_i8_avx512vnni", kInt8MacsAvx512Vnni, burst_int8_avx512vnni};
  if (isa == Isa::kAvx512) return {isa, "peak_i8_avx512", kInt8MacsAvx512, burst_int8_avx512};
  if (isa == Isa::kAvx2) return {isa, "peak_i8_avx2", kInt8MacsAvx2, burst_int8_avx2};
#endif
  return {Isa::kReference, "peak_i8_reference", kMacsReference, burst_int8_reference};
}

Burst find_float32_burst([[maybe_unused]] Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::kAvx512Vnni || isa == Isa::kAvx512) return {isa, "peak_f32_avx512", kFloatMacsAvx512, burst_float32_avx512};
  if (isa == Isa::kAvx2) return {isa, "peak_f32_avx2", kFloatMacsAvx2, burst_float32_avx2};
#endif
  return {Isa::kReference, "peak_f32_reference", kMacsReference, burst_float32_reference};
}

}  // namespace liteqat::kernels::peak
