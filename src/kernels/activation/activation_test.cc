#include "kernels/activation/activation.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "kernels/test_oracles.h"

namespace liteqat::kernels::activation {
namespace {

using namespace kernels::testing;

TEST(ClampFloat32, InPlaceAndNanPasses) {
  std::vector<float> values = {-1.0f, 0.5f, 7.0f, -0.0f, NAN};
  clamp_float32(5, numeric::float_clamp(numeric::Activation::kRelu6), values.data(), values.data());
  EXPECT_EQ(values[0], 0.0f);
  EXPECT_EQ(values[1], 0.5f);
  EXPECT_EQ(values[2], 6.0f);
  EXPECT_TRUE(std::signbit(values[3]));  // std::max keeps the first of equals
  EXPECT_TRUE(std::isnan(values[4]));
}

TEST(RescaleClampInt8, EveryCodeEqualsExactArithmetic) {
  Rng rng(1);
  for (int sample = 0; sample < 300; ++sample) {
    const float from = 0.001f + rng.next_float(), to = 0.001f + rng.next_float();
    const double rescale = static_cast<double>(from / to);
    const Int8Params params = {.multiplier = numeric::quantize_multiplier(rescale),
                               .input_zero_point = random_between(rng, -128, 127),
                               .output_zero_point = random_between(rng, -128, 127),
                               .clamp = {random_between(rng, -128, 0), random_between(rng, 0, 127)}};
    for (int32_t code = -128; code < 128; ++code) {
      const auto narrow = static_cast<int8_t>(code);
      int8_t output = 0;
      rescale_clamp_int8(1, params, &narrow, &output);
      const int64_t exact = exact_rescale(code - params.input_zero_point, rescale) + params.output_zero_point;
      ASSERT_EQ(output, clamp(exact, params.clamp.low, params.clamp.high));
    }
  }
}

}  // namespace
}  // namespace liteqat::kernels::activation
