#include "ranks/ranks.h"

#include <algorithm>
#include <cstdlib>

namespace liteqat::ranks {
namespace {

constexpr size_t kBroadcastPiece = size_t{1} << 20;

template <typename Visit>
void for_each_piece(size_t bytes, size_t piece, const Visit& visit) {
  for (size_t begin = 0; begin < bytes; begin += piece) visit(begin, std::min(bytes, begin + piece));
}

}  // namespace

void Ranks::accumulate_bytes(std::span<std::byte> totals, size_t piece, const std::function<void(size_t begin, size_t end)>& add) {
  const int last = count() - 1;
  for_each_piece(totals.size(), piece, [&](size_t begin, size_t end) {
    const std::span<std::byte> part = totals.subspan(begin, end - begin);
    if (rank() > 0) receive(rank() - 1, part);
    if (!status().ok()) return;
    add(begin, end);
    if (rank() < last) send(rank() + 1, part);
  });
  pass_round(totals, piece, last);
}

/// From rank `from` on to the one above it, from the last to rank 0, until all have them.
void Ranks::pass_round(std::span<std::byte> bytes, size_t piece, int from) {
  const int ranks = count(), before = (rank() + ranks - 1) % ranks, after = (rank() + 1) % ranks;
  for_each_piece(bytes.size(), piece, [&](size_t begin, size_t end) {
    const std::span<std::byte> part = bytes.subspan(begin, end - begin);
    if (rank() != from) receive(before, part);
    if (after != from) send(after, part);
  });
}

int launched_rank() {
  const char* rank = std::getenv("OMPI_COMM_WORLD_RANK");
  return rank == nullptr ? 0 : std::atoi(rank);
}

void Ranks::broadcast(Bytes& bytes) {
  uint64_t size = bytes.size();
  pass_round(std::as_writable_bytes(std::span(&size, 1)), sizeof size, 0);
  if (!status().ok()) return;
  bytes.resize(size);
  pass_round(std::as_writable_bytes(std::span(bytes)), kBroadcastPiece, 0);
}

}  // namespace liteqat::ranks
