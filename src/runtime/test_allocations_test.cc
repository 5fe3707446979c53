#include <gtest/gtest.h>

#include <memory>

#include "base/count_allocations_for_test.h"

namespace liteqat::runtime {
namespace {

TEST(AllocationCount, CountsEveryNew) {
  const int64_t before = allocation_count();
  const auto block = std::make_unique<int[]>(before == 0 ? 3 : 4);
  EXPECT_EQ(allocation_count(), before + 1);
  EXPECT_NE(block, nullptr);
}

}  // namespace
}  // namespace liteqat::runtime
