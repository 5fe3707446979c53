// The bursts by instruction set. Private to this folder.
#pragma once

#include <cstdint>

namespace liteqat::kernels::peak {

int32_t burst_int8_reference(int64_t iterations);
int32_t burst_float32_reference(int64_t iterations);

#if defined(__x86_64__)
int32_t burst_int8_avx2(int64_t iterations);
int32_t burst_float32_avx2(int64_t iterations);
int32_t burst_int8_avx512(int64_t iterations);
int32_t burst_float32_avx512(int64_t iterations);
int32_t burst_int8_avx512vnni(int64_t iterations);
#endif

// Independent accumulators: more than latency (4 or 5 cycles) times instructions a cycle (2) of current cores. Loops over them are
// unrolled (by this number in their pragmas), so that each stays in a register.
inline constexpr int kChains = 12;
inline constexpr int64_t kMacsReference = kChains;
inline constexpr int kIntChainsAvx2 = 8;  // additions have a latency of 1, and 16 registers hold a product each as well
inline constexpr int64_t kInt8MacsAvx2 = kIntChainsAvx2 * 16;  // vpmaddwd: 16 products of int16 into 8 sums
inline constexpr int64_t kFloatMacsAvx2 = kChains * 8;         // vfmadd: 8 lanes
inline constexpr int64_t kInt8MacsAvx512 = kChains * 32;       // vpmaddwd
inline constexpr int64_t kFloatMacsAvx512 = kChains * 16;      // vfmadd
inline constexpr int64_t kInt8MacsAvx512Vnni = kChains * 64;   // vpdpbusd: 64 products into 16 sums

}  // namespace liteqat::kernels::peak
