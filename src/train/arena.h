// Memory of the engine: blocks aligned for vector loads, and the offsets of buffers with known lifetimes inside one block.
// Not a general allocator: everything is planned and taken once, when an engine is made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <vector>

namespace liteqat::train {

inline constexpr int64_t kAlignElems = 16;  // floats in 64 bytes: a cache line and an AVX-512 register

inline int64_t align_elems(int64_t elems) {
  return (elems + kAlignElems - 1) / kAlignElems * kAlignElems;
}

/// Floats at a 64-byte boundary, zero at first. Untouched pages cost no memory.
class FloatBlock {
 public:
  FloatBlock() = default;
  explicit FloatBlock(int64_t elems);

  float* data() const { return data_; }
  int64_t elems() const { return elems_; }

 private:
  struct Free {
    void operator()(void* pointer) const { std::free(pointer); }
  };
  std::unique_ptr<void, Free> memory_;
  float* data_ = nullptr;
  int64_t elems_ = 0;
};

/// A buffer that is in use from time `first` to time `last`, both inclusive.
struct Lifetime {
  int64_t elems = 0;
  int32_t first = 0, last = 0;
};

struct ArenaPlan {
  std::vector<int64_t> offsets;  // elements, multiples of kAlignElems
  int64_t elems = 0;
};

/// Largest buffer first, each at the lowest offset that is free during its lifetime (Pisarchyk and Lee 2020, greedy by size). Buffers
/// whose lifetimes meet never overlap; the total is not guaranteed to be minimal.
ArenaPlan plan_arena(std::span<const Lifetime> buffers);

}  // namespace liteqat::train
