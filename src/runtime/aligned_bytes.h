// A block of memory aligned for every instruction set, of fixed size; where memory runs out it stays empty instead of throwing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

#include "kernels/kernel.h"

namespace liteqat::runtime {

class AlignedBytes {
 public:
  AlignedBytes() = default;
  /// Zeroed. Requires: bytes >= 0.
  explicit AlignedBytes(int64_t bytes);

  /// Null for zero bytes, or when memory ran out.
  std::byte* data() { return data_.get(); }
  const std::byte* data() const { return data_.get(); }

 private:
  static constexpr std::align_val_t kAlign{static_cast<size_t>(kernels::kAlignment)};
  struct Free {
    void operator()(std::byte* block) const { ::operator delete(block, kAlign); }
  };
  std::unique_ptr<std::byte[], Free> data_;
};

}  // namespace liteqat::runtime
