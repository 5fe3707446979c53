// For tests only: how often the program has called operator new so far (count_allocations_for_test.h replaces it).
#pragma once

#include <cstdint>

namespace liteqat::runtime {

int64_t allocation_count();

}  // namespace liteqat::runtime
