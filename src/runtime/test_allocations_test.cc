#include "runtime/test_allocations.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <new>

namespace {
std::atomic<int64_t> allocations = 0;
}  // namespace

// Every form of new ends in one of these two.
void* operator new(size_t bytes) {
  ++allocations;
  if (void* block = std::malloc(bytes == 0 ? 1 : bytes)) return block;
  throw std::bad_alloc();
}
void* operator new(size_t bytes, std::align_val_t alignment) {
  ++allocations;
  const auto unit = static_cast<size_t>(alignment);
  if (void* block = std::aligned_alloc(unit, (bytes + unit - 1) / unit * unit)) return block;
  throw std::bad_alloc();
}
void operator delete(void* block) noexcept {
  std::free(block);
}
void operator delete(void* block, size_t) noexcept {
  std::free(block);
}
void operator delete(void* block, std::align_val_t) noexcept {
  std::free(block);
}
void operator delete(void* block, size_t, std::align_val_t) noexcept {
  std::free(block);
}

namespace liteqat::runtime {

int64_t allocation_count() {
  return allocations;
}

namespace {

TEST(AllocationCount, CountsEveryNew) {
  const int64_t before = allocation_count();
  const auto block = std::make_unique<int[]>(before == 0 ? 3 : 4);
  EXPECT_EQ(allocation_count(), before + 1);
  EXPECT_NE(block, nullptr);
}

}  // namespace
}  // namespace liteqat::runtime
