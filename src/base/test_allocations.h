// For tests only: how often the program has called operator new so far, and calls that fail (count_allocations_for_test.h replaces it).
#pragma once

#include <cstdint>

namespace liteqat {

int64_t allocation_count();

/// The `nth` call from now on, from 0, finds no memory, and with `and_all_later` none after it does.
void fail_allocation(int64_t nth, bool and_all_later);

}  // namespace liteqat
