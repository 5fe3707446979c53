#include "kernels/pad/pad.h"

#include <gtest/gtest.h>

#include "kernels/test_oracles.h"

namespace liteqat::kernels::pad {
namespace {

using namespace kernels::testing;

TEST(PadInference, EveryElementComesFromTheInputOrIsTheValue) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    Rng rng(seed);
    Params params;
    Extents out{};
    size_t in_count = 1, out_count = 1;
    for (size_t axis = 0; axis < kMaxRank; ++axis) {
      params.input[axis] = random_between(rng, 1, 3);
      params.before[axis] = random_between(rng, 0, 2);
      params.after[axis] = random_between(rng, 0, 2);
      out[axis] = params.before[axis] + params.input[axis] + params.after[axis];
      in_count *= static_cast<size_t>(params.input[axis]);
      out_count *= static_cast<size_t>(out[axis]);
    }
    std::vector<float> input(in_count), output(out_count, -1);
    std::vector<int8_t> codes = random_codes(rng, in_count), code_output(out_count);
    for (size_t elem = 0; elem < in_count; ++elem) input[elem] = static_cast<float>(elem + 1);
    pad_float32(params, input.data(), output.data());
    pad_int8(params, -77, codes.data(), code_output.data());
    for (size_t flat = 0; flat < out_count; ++flat) {
      size_t rest = flat, source = 0, in_stride = 1;
      bool inside = true;
      for (size_t axis = kMaxRank; axis-- > 0;) {
        const int32_t index = static_cast<int32_t>(rest % static_cast<size_t>(out[axis])) - params.before[axis];
        rest /= static_cast<size_t>(out[axis]);
        inside = inside && index >= 0 && index < params.input[axis];
        source += static_cast<size_t>(index) * in_stride;
        in_stride *= static_cast<size_t>(params.input[axis]);
      }
      ASSERT_EQ(output[flat], inside ? input[source] : 0.0f) << "seed " << seed;
      ASSERT_EQ(code_output[flat], inside ? codes[source] : -77) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace liteqat::kernels::pad
