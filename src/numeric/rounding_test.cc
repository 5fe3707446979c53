#include "numeric/rounding.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"
#include "numeric/rescale.h"

namespace liteqat::numeric {
namespace {

TEST(RoundHalfAway, EqualsRound) {
  Rng rng(1);
  for (int sample = 0; sample < 50000; ++sample) {
    const double value = std::ldexp(rng.next_double() - 0.5, static_cast<int>(rng.next_below(70)) - 8);
    ASSERT_EQ(round_half_away(value), std::llround(value)) << value;
    const double half = static_cast<double>(rng.next_below(1 << 20)) + 0.5;
    for (double tie : {half, -half, std::nextafter(half, 0.0), std::nextafter(-half, 0.0)}) {
      ASSERT_EQ(round_half_away(tie), std::llround(tie)) << tie;
    }
  }
}

TEST(RoundHalfAway, Ends) {
  EXPECT_EQ(round_half_away(NAN), 0);
  EXPECT_EQ(round_half_away(INFINITY), int64_t{1} << 62);
  EXPECT_EQ(round_half_away(-INFINITY), -(int64_t{1} << 62));
  EXPECT_EQ(round_half_away(0.49999999999999994), 0);
  EXPECT_EQ(round_half_away(-0.5), -1);
  EXPECT_EQ(clamp_to_int(300, -128, 127), 127);
  EXPECT_EQ(clamp_to_int(-300, -128, 127), -128);
  EXPECT_EQ(clamp_to_int(5, -128, 127), 5);
}

TEST(AddRescale, PublishedValues) {
  const AddRescale rescale = add_rescale(0.0235f, 0.0471f, 0.0556f);
  EXPECT_EQ(rescale.a, (Multiplier{2142924158, -2}));
  EXPECT_EQ(rescale.b, (Multiplier{1073741824, 0}));
  EXPECT_EQ(rescale.output, (Multiplier{1819181338, -19}));
}

TEST(ConvolutionRescale, MultipliesInDouble) {
  // tensorflow issue 102943: the float32 product of these scales times 585 collapses to exactly 6.5, the double product does not.
  const double rescale = convolution_rescale(.05296124517917633f, .024093778803944588f, .11484327912330627f);
  EXPECT_GT(585 * rescale, 6.5);
  EXPECT_LT(585 * rescale, 6.500001);
}

}  // namespace
}  // namespace liteqat::numeric
