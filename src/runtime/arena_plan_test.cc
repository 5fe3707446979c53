#include "runtime/arena_plan.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/rng.h"

namespace liteqat::runtime {
namespace {

void expect_no_overlap(const std::vector<Lifetime>& buffers, const ArenaPlan& plan, int64_t alignment) {
  for (size_t a = 0; a < buffers.size(); ++a) {
    EXPECT_EQ(plan.offsets[a] % alignment, 0);
    EXPECT_LE(plan.offsets[a] + buffers[a].bytes, plan.arena_bytes);
    for (size_t b = 0; b < a; ++b) {
      const bool together = buffers[a].first <= buffers[b].last && buffers[b].first <= buffers[a].last;
      const bool apart = plan.offsets[a] + buffers[a].bytes <= plan.offsets[b] || plan.offsets[b] + buffers[b].bytes <= plan.offsets[a];
      EXPECT_TRUE(!together || apart) << a << " and " << b;
    }
  }
}

TEST(ArenaPlan, BuffersAliveTogetherNeverOverlap) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Rng rng(seed);
    std::vector<Lifetime> buffers(1 + rng.next_below(30));
    for (Lifetime& buffer : buffers) {
      buffer.bytes = rng.next_below(2000);
      buffer.first = static_cast<int32_t>(rng.next_below(20));
      buffer.last = buffer.first + static_cast<int32_t>(rng.next_below(8));
    }
    const ArenaPlan plan = plan_arena(buffers, 64);
    expect_no_overlap(buffers, plan, 64);
    int64_t peak = 0;
    for (int32_t step = 0; step < 30; ++step) {
      int64_t live = 0;
      for (const Lifetime& buffer : buffers) {
        if (buffer.first <= step && step <= buffer.last) live += (buffer.bytes + 63) / 64 * 64;
      }
      peak = std::max(peak, live);
    }
    EXPECT_EQ(plan.live_peak_bytes, peak);
    EXPECT_GE(plan.arena_bytes, peak);
  }
}

TEST(ArenaPlan, AChainNeedsItsTwoLargestNeighbours) {
  std::vector<Lifetime> buffers;
  const int64_t sizes[] = {640, 64, 6400, 1280, 64, 1920};
  for (int32_t step = 0; step < 6; ++step) buffers.push_back({sizes[step], step, step + 1});
  const ArenaPlan plan = plan_arena(buffers, 64);
  EXPECT_EQ(plan.arena_bytes, 6400 + 1280);
  EXPECT_EQ(plan.live_peak_bytes, 6400 + 1280);
}

TEST(ArenaPlan, NothingNeedsNothing) {
  EXPECT_EQ(plan_arena({}, 64).arena_bytes, 0);
  EXPECT_EQ(plan_arena(std::vector<Lifetime>{{0, 0, 3}}, 64).arena_bytes, 0);
}

}  // namespace
}  // namespace liteqat::runtime
