#include "base/memory_limit.h"

#include <atomic>

namespace liteqat {
namespace {

constexpr int64_t kDefaultLimit = int64_t{1} << 30;
std::atomic<int64_t> process_limit = kDefaultLimit;

}  // namespace

int64_t memory_limit() {
  return process_limit;
}

void set_memory_limit(int64_t bytes) {
  process_limit = bytes;
}

}  // namespace liteqat
