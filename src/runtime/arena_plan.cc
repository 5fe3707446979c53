#include "runtime/arena_plan.h"

#include <algorithm>
#include <numeric>

namespace liteqat::runtime {
namespace {

bool meet(const Lifetime& a, const Lifetime& b) {
  return a.first <= b.last && b.first <= a.last;
}

/// A placed buffer, by offset.
struct Placed {
  int64_t offset, bytes;
  size_t buffer;
};

/// The lowest offset at which `bytes` fit beside all placed buffers that are alive together with this one.
int64_t lowest_fit(const std::vector<Placed>& placed, std::span<const Lifetime> buffers, const Lifetime& buffer, int64_t bytes) {
  int64_t offset = 0;
  for (const Placed& other : placed) {
    if (!meet(buffers[other.buffer], buffer)) continue;
    if (offset + bytes <= other.offset) break;
    offset = std::max(offset, other.offset + other.bytes);
  }
  return offset;
}

int64_t live_peak(std::span<const Lifetime> buffers, const std::vector<int64_t>& bytes) {
  int64_t peak = 0;
  for (const Lifetime& at : buffers) {  // a peak starts where some buffer starts
    int64_t live = 0;
    for (size_t other = 0; other < buffers.size(); ++other) {
      if (buffers[other].first <= at.first && at.first <= buffers[other].last) live += bytes[other];
    }
    peak = std::max(peak, live);
  }
  return peak;
}

}  // namespace

ArenaPlan plan_arena(std::span<const Lifetime> buffers, int64_t alignment) {
  std::vector<int64_t> bytes;
  for (const Lifetime& buffer : buffers) bytes.push_back((buffer.bytes + alignment - 1) & ~(alignment - 1));
  std::vector<size_t> order(buffers.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return bytes[a] > bytes[b]; });

  ArenaPlan plan;
  plan.offsets.resize(buffers.size());
  std::vector<Placed> placed;
  for (size_t buffer : order) {
    const int64_t offset = lowest_fit(placed, buffers, buffers[buffer], bytes[buffer]);
    plan.offsets[buffer] = offset;
    plan.arena_bytes = std::max(plan.arena_bytes, offset + bytes[buffer]);
    const Placed entry = {offset, bytes[buffer], buffer};
    placed.insert(
        std::upper_bound(placed.begin(), placed.end(), entry, [](const Placed& a, const Placed& b) { return a.offset < b.offset; }), entry);
  }
  plan.live_peak_bytes = live_peak(buffers, bytes);
  return plan;
}

}  // namespace liteqat::runtime
