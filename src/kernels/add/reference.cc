#include <algorithm>

#include "kernels/add/add.h"

namespace liteqat::kernels::add {
namespace {

/// Calls pair(a offset, b offset) for every output element, ascending.
template <typename Pair>
void for_pairs(const Broadcast& broadcast, const Pair& pair) {
  const int64_t a_step = broadcast.a[kMaxRank - 1], b_step = broadcast.b[kMaxRank - 1];
  for_rows(broadcast.extents, broadcast.a, broadcast.b, [&](int64_t a, int64_t b) {
    for (int32_t column = 0; column < broadcast.extents[kMaxRank - 1]; ++column) pair(a + column * a_step, b + column * b_step);
  });
}

/// (code - zero_point) * 2^20 times the multiplier, which only shrinks.
int32_t to_common_scale(int32_t code, int32_t zero_point, numeric::Multiplier multiplier) {
  return numeric::multiply_by_quantized_multiplier((code - zero_point) * (1 << numeric::kAddLeftShift), multiplier);
}

}  // namespace

void add_float32(const Broadcast& broadcast, numeric::FloatClamp clamp, Range elems, const float* a, const float* b, float* output) {
  kernels::for_pairs(broadcast, elems, [&](int64_t a_offset, int64_t b_offset, int64_t at) {
    output[at] = std::min(std::max(a[a_offset] + b[b_offset], clamp.low), clamp.high);
  });
}

void add_int8(const Int8Params& params, const int8_t* a, const int8_t* b, int8_t* output) {
  for_pairs(params.broadcast, [&](int64_t a_offset, int64_t b_offset) {
    const int32_t sum = to_common_scale(a[a_offset], params.a_zero_point, params.rescale.a) +
                        to_common_scale(b[b_offset], params.b_zero_point, params.rescale.b);
    const int32_t code = numeric::multiply_by_quantized_multiplier(sum, params.rescale.output) + params.output_zero_point;
    *output++ = static_cast<int8_t>(std::clamp(code, params.clamp.low, params.clamp.high));
  });
}

}  // namespace liteqat::kernels::add
