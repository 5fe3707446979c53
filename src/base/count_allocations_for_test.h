// For tests only: replaces operator new and delete by ones that count and may fail (test_allocations.h). Include it in one file of a
// program.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>

#include "base/test_allocations.h"

namespace {
std::atomic<int64_t> allocations = 0;
std::atomic<int64_t> first_failing = INT64_MAX, last_failing = INT64_MAX;

bool finds_no_memory() {
  const int64_t call = allocations++;
  return call >= first_failing && call <= last_failing;
}
}  // namespace

// Aligned array forms end in these. Not inlined: the compiler would see free() meet new and warn. The forms that do not throw are replaced
// too, because a sanitizer's own would not match the replaced delete.
[[gnu::noinline]] void* operator new(size_t bytes, const std::nothrow_t&) noexcept {
  return finds_no_memory() ? nullptr : std::malloc(bytes == 0 ? 1 : bytes);
}
[[gnu::noinline]] void* operator new(size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  const auto unit = static_cast<size_t>(alignment);
  return finds_no_memory() ? nullptr : std::aligned_alloc(unit, (bytes + unit - 1) / unit * unit);
}
[[gnu::noinline]] void* operator new(size_t bytes) {
  if (void* block = operator new(bytes, std::nothrow)) return block;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(size_t bytes, std::align_val_t alignment) {
  if (void* block = operator new(bytes, alignment, std::nothrow)) return block;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new[](size_t bytes) {
  return operator new(bytes);
}
[[gnu::noinline]] void operator delete[](void* block) noexcept {
  std::free(block);
}
[[gnu::noinline]] void operator delete[](void* block, size_t) noexcept {
  std::free(block);
}
[[gnu::noinline]] void operator delete(void* block) noexcept {
  std::free(block);
}
[[gnu::noinline]] void operator delete(void* block, size_t) noexcept {
  std::free(block);
}
[[gnu::noinline]] void operator delete(void* block, std::align_val_t) noexcept {
  std::free(block);
}
[[gnu::noinline]] void operator delete(void* block, size_t, std::align_val_t) noexcept {
  std::free(block);
}

namespace liteqat {

int64_t allocation_count() {
  return allocations;
}

void fail_allocation(int64_t nth, bool and_all_later) {
  first_failing = allocations + nth;
  last_failing = and_all_later ? INT64_MAX : first_failing.load();
}

}  // namespace liteqat
