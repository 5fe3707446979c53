#include "runtime/aligned_bytes.h"

#include <cstring>

namespace liteqat::runtime {

AlignedBytes::AlignedBytes(int64_t bytes) {
  if (bytes == 0) return;
  data_.reset(static_cast<std::byte*>(::operator new(static_cast<size_t>(bytes), kAlign, std::nothrow)));
  if (data_) std::memset(data_.get(), 0, static_cast<size_t>(bytes));
}

}  // namespace liteqat::runtime
