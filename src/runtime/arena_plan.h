// Where every activation lies in one arena. Greedy by size: the largest buffer first, each at the lowest offset at which it fits between
// the buffers already placed whose lifetimes meet its own. Not optimal in general (the problem is NP-hard), but equal or close to the
// lower bound, the largest sum of bytes alive at one step, on networks whose large buffers are neighbours in time. Pure function.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace liteqat::runtime {

/// A buffer alive from step `first` to step `last`, both included.
struct Lifetime {
  int64_t bytes = 0;
  int32_t first = 0, last = 0;
};

struct ArenaPlan {
  std::vector<int64_t> offsets;  // multiples of the alignment, one per buffer
  int64_t arena_bytes = 0;
  int64_t live_peak_bytes = 0;  // sizes rounded up to the alignment
};

/// Requires: bytes >= 0, their sum far from overflow, first <= last, alignment a power of two. Equal input gives equal output.
ArenaPlan plan_arena(std::span<const Lifetime> buffers, int64_t alignment);

}  // namespace liteqat::runtime
