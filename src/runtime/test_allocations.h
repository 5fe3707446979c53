// For tests only: how often the program has called operator new so far (test_allocations_test.cc replaces it).
#pragma once

#include <cstdint>

namespace liteqat::runtime {

int64_t allocation_count();

}  // namespace liteqat::runtime
