#include <algorithm>

#include "kernels/pad/pad.h"

namespace liteqat::kernels::pad {
namespace {

template <typename Elem>
void pad(const Params& params, Elem value, const Elem* input, Elem* output) {
  Strides in_strides{}, out_strides{};
  int64_t in_elems = 1, out_elems = 1, origin = 0;
  for (size_t axis = kMaxRank; axis-- > 0;) {
    in_strides[axis] = in_elems;
    out_strides[axis] = out_elems;
    origin += params.before[axis] * out_elems;
    in_elems *= params.input[axis];
    out_elems *= params.before[axis] + params.input[axis] + params.after[axis];
  }
  std::fill_n(output, out_elems, value);
  for_rows(params.input, in_strides, out_strides,
           [&](int64_t in, int64_t out) { std::copy_n(input + in, params.input[kMaxRank - 1], output + origin + out); });
}

}  // namespace

void pad_float32(const Params& params, const float* input, float* output) {
  pad(params, 0.0f, input, output);
}

void pad_int8(const Params& params, int8_t value, const int8_t* input, int8_t* output) {
  pad(params, value, input, output);
}

}  // namespace liteqat::kernels::pad
