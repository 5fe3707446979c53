// For tests of kernels only: an exact requantization that shares nothing with numeric/, buffers that fault on a read past their end, and
// a driver that gives a kernel its memory.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "kernels/kernel.h"
#include "numeric/float_sum.h"

namespace liteqat::kernels::testing {

__extension__ typedef __int128 Int128;

inline Int128 floor_divide(Int128 a, Int128 b) {
  const Int128 quotient = a / b;
  return quotient * b > a ? quotient - 1 : quotient;
}

/// value * real, rounded twice as TFLite rounds: real becomes mantissa * 2^(shift - 31); the high half ties up, the shift ties away.
inline int64_t exact_rescale(int64_t value, double real) {
  int shift = 0;
  auto mantissa = static_cast<int64_t>(std::llround(std::ldexp(std::frexp(real, &shift), 31)));
  if (mantissa == int64_t{1} << 31) {
    mantissa >>= 1;
    ++shift;
  }
  if (shift < -31) return 0;
  const Int128 left = Int128{value} << (shift > 0 ? shift : 0);
  const Int128 high = floor_divide(2 * left * mantissa + (Int128{1} << 31), Int128{1} << 32);
  const Int128 divisor = Int128{1} << (shift < 0 ? -shift : 0);
  const Int128 magnitude = floor_divide(2 * (high < 0 ? -high : high) + divisor, 2 * divisor);
  return static_cast<int64_t>(high < 0 ? -magnitude : magnitude);
}

inline int64_t clamp(int64_t value, int64_t low, int64_t high) {
  return value < low ? low : value > high ? high : value;
}

/// A sum of float32 products by the letter of numeric/float_sum.h, fused ones by the C library.
inline float sum_products(numeric::FloatSum how, float bias, const std::vector<std::pair<float, float>>& products) {
  if (how == numeric::FloatSum::kFused) {
    float sum = bias;
    for (const auto& [x, w] : products) sum = std::fmaf(x, w, sum);
    return sum + 0.0f;
  }
  float sum = 0;
  for (const auto& [x, w] : products) {
    const float product = x * w;
    sum = sum + product;
  }
  return sum + bias;
}

inline constexpr numeric::FloatSum kFloatSums[] = {numeric::FloatSum::kRounded, numeric::FloatSum::kFused};

/// Elements that end exactly where memory that may not be touched begins.
template <typename T>
class GuardedBuffer {
 public:
  explicit GuardedBuffer(size_t count) : count_(count) {
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    const size_t bytes = (count * sizeof(T) + page - 1) / page * page;
    mapped_bytes_ = bytes + page;
    base_ = static_cast<std::byte*>(mmap(nullptr, mapped_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (base_ == MAP_FAILED || mprotect(base_ + bytes, page, PROT_NONE) != 0) std::abort();
    data_ = reinterpret_cast<T*>(base_ + bytes - count * sizeof(T));
  }
  explicit GuardedBuffer(const std::vector<T>& values) : GuardedBuffer(values.size()) {
    if (!values.empty()) std::memcpy(data_, values.data(), values.size() * sizeof(T));
  }
  GuardedBuffer(const GuardedBuffer&) = delete;
  GuardedBuffer& operator=(const GuardedBuffer&) = delete;
  ~GuardedBuffer() { munmap(base_, mapped_bytes_); }

  T* data() { return data_; }
  std::vector<T> values() const { return {data_, data_ + count_}; }

 private:
  size_t count_, mapped_bytes_;
  std::byte* base_;
  T* data_;
};

/// Runs a kernel on guarded memory; input and weights are the caller's.
template <typename Params, typename Elem>
std::vector<Elem> run_guarded(const Kernel<Params, Elem>& kernel, Params params, const std::vector<Elem>& input, size_t output_elems,
                              int64_t parts = 3) {
  // Packed and scratch memory are rounded up to the alignment, so that their ends are guarded and their starts aligned.
  const auto rounded = [](int64_t bytes) { return static_cast<size_t>((bytes + kAlignment - 1) / kAlignment * kAlignment); };
  GuardedBuffer<std::byte> packed(rounded(kernel.packed_bytes(params))), scratch(rounded(kernel.scratch_bytes(params)));
  GuardedBuffer<Elem> source(input), target(output_elems);
  kernel.pack(params, packed.data());
  params.packed = packed.data();
  params.scratch = scratch.data();
  std::memset(scratch.data(), 0x55, rounded(kernel.scratch_bytes(params)));  // whatever another kernel left there
  // In parts, last first: units are independent of each other and of their order.
  for (int64_t part = parts - 1; part >= 0; --part) {
    kernel.run(params, part_of(kernel.units(params), part, parts), source.data(), target.data());
  }
  return target.values();
}

inline int32_t random_between(Rng& rng, int32_t low, int32_t high) {
  return low + static_cast<int32_t>(rng.next_below(static_cast<uint32_t>(high - low + 1)));
}

/// Codes with the ends of the type over-represented.
inline std::vector<int8_t> random_codes(Rng& rng, size_t count, int32_t low = -128) {
  std::vector<int8_t> codes(count);
  for (int8_t& code : codes) {
    const uint32_t kind = rng.next_below(8);
    code = static_cast<int8_t>(kind == 0 ? low : kind == 1 ? 127 : random_between(rng, low, 127));
  }
  return codes;
}

inline std::vector<float> random_floats(Rng& rng, size_t count) {
  std::vector<float> values(count);
  for (float& value : values) value = rng.next_below(16) == 0 ? 0.0f : static_cast<float>(rng.next_normal());
  return values;
}

inline bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

}  // namespace liteqat::kernels::testing
