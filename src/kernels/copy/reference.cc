#include <algorithm>
#include <cstring>

#include "kernels/copy/copy.h"

namespace liteqat::kernels::copy {
namespace {

void fill(const Plan& plan, const Filling& filling, std::byte* output) {
  for (int64_t offset = 0; offset < plan.piece_bytes; offset += plan.elem_bytes) {
    std::memcpy(output + offset, filling.data(), static_cast<size_t>(plan.elem_bytes));
  }
}

/// kBytes is the size of a piece if it is one that a register holds, else 0.
template <size_t kBytes>
void move_piece(const Plan& plan, const std::byte* input, std::byte* output) {
  if (kBytes != 0) {
    std::memcpy(output, input, kBytes);
  } else {
    std::memcpy(output, input, static_cast<size_t>(plan.piece_bytes));
  }
  if (plan.map.empty()) return;
  for (int64_t offset = 0; offset < plan.piece_bytes; ++offset) {
    output[offset] = static_cast<std::byte>(plan.map[std::to_integer<size_t>(output[offset])]);
  }
}

int64_t offset_of(const Plan& plan, const Plan::Loop& loop, int64_t position) {
  if (loop.table == kNoTable) return position * loop.input_step;
  return plan.offsets[loop.table + static_cast<size_t>(position)];
}

/// Where the innermost loop starts for one position of the others.
struct Row {
  int64_t input, output;
  bool nowhere = false;
};

Row locate(const Plan& plan, int64_t row) {
  Row found = {plan.input_origin, plan.output_origin};
  for (size_t index = plan.loops.size() - 1; index-- > 0;) {
    const Plan::Loop& loop = plan.loops[index];
    const int64_t position = row % loop.extent, offset = offset_of(plan, loop, position);
    row /= loop.extent;
    found.output += position * loop.output_step;
    found.nowhere = found.nowhere || offset == kNowhere;
    if (!found.nowhere) found.input += offset;
  }
  return found;
}

template <size_t kBytes>
void run_pieces(const Plan& plan, const Filling& filling, Range pieces, const std::byte* input, std::byte* output) {
  const Plan::Loop& inner = plan.loops.back();
  for (int64_t piece = pieces.begin; piece < pieces.end;) {
    const Row row = locate(plan, piece / inner.extent);
    int64_t position = piece % inner.extent;
    const int64_t end = std::min(inner.extent, position + pieces.end - piece);
    piece += end - position;
    for (; position < end; ++position) {
      std::byte* target = output + row.output + position * inner.output_step;
      const int64_t offset = row.nowhere ? kNowhere : offset_of(plan, inner, position);
      if (offset == kNowhere) {
        fill(plan, filling, target);
      } else {
        move_piece<kBytes>(plan, input + row.input + offset, target);
      }
    }
  }
}

}  // namespace

void run(const Plan& plan, const Filling& filling, Range pieces, const std::byte* input, std::byte* output) {
  if (plan.loops.empty()) {
    if (pieces.begin < pieces.end) move_piece<0>(plan, input + plan.input_origin, output + plan.output_origin);
    return;
  }
  switch (plan.piece_bytes) {
    case 1:
      return run_pieces<1>(plan, filling, pieces, input, output);
    case 2:
      return run_pieces<2>(plan, filling, pieces, input, output);
    case 4:
      return run_pieces<4>(plan, filling, pieces, input, output);
    case 8:
      return run_pieces<8>(plan, filling, pieces, input, output);
    default:
      return run_pieces<0>(plan, filling, pieces, input, output);
  }
}

}  // namespace liteqat::kernels::copy
