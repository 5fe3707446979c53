#include "train/arena.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace liteqat::train {
namespace {

TEST(Arena, BuffersThatLiveTogetherNeverOverlap) {
  Rng rng(1);
  for (int round = 0; round < 200; ++round) {
    std::vector<Lifetime> buffers(1 + rng.next_below(30));
    for (Lifetime& buffer : buffers) {
      buffer.elems = rng.next_below(200);
      buffer.first = static_cast<int32_t>(rng.next_below(20));
      buffer.last = buffer.first + static_cast<int32_t>(rng.next_below(6));
    }
    const ArenaPlan plan = plan_arena(buffers);
    for (size_t a = 0; a < buffers.size(); ++a) {
      EXPECT_EQ(plan.offsets[a] % kAlignElems, 0);
      EXPECT_LE(plan.offsets[a] + buffers[a].elems, plan.elems);
      for (size_t b = 0; b < a; ++b) {
        if (buffers[a].last < buffers[b].first || buffers[b].last < buffers[a].first) continue;
        const bool apart = plan.offsets[a] + buffers[a].elems <= plan.offsets[b] || plan.offsets[b] + buffers[b].elems <= plan.offsets[a];
        EXPECT_TRUE(apart || buffers[a].elems == 0 || buffers[b].elems == 0) << "round " << round << ", buffers " << a << " and " << b;
      }
    }
  }
}

TEST(Arena, BuffersThatFollowEachOtherShareAPlace) {
  const std::vector<Lifetime> chain = {{100, 0, 1}, {100, 1, 2}, {100, 2, 3}, {100, 3, 4}};
  EXPECT_EQ(plan_arena(chain).elems, 2 * align_elems(100));
}

TEST(Arena, BlocksAreAlignedAndZero) {
  const FloatBlock block(33);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(block.data()) % 64, 0u);
  for (int i = 0; i < 33; ++i) EXPECT_EQ(block.data()[i], 0.0f);
}

}  // namespace
}  // namespace liteqat::train
