#include "kernels/train/gates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace liteqat::kernels::train {
namespace {

using testing::ElementsAre;
using Values = std::vector<float>;

TEST(HardSwish, LiteralValuesAndSides) {
  // x = 0: 0 * 3 / 6; x = 1.5: 1.5 * 4.5 / 6; x = -1.5: -1.5 * 1.5 / 6. All exact in float32.
  const Values x = {-4, -3, -1.5f, 0, 1.5f, 3, 4}, dy = {2, 2, 2, 2, 2, 2, 2};
  Values y(7), dx(7);
  hard_swish_forward(x.data(), y.data(), 7);
  EXPECT_THAT(y, ElementsAre(0, 0, -0.375f, 0, 1.125f, 3, 4));
  hard_swish_backward(x.data(), dy.data(), dx.data(), 7);
  EXPECT_THAT(dx, ElementsAre(0, 0, 0, 1, 2, 2, 2));  // (2 x + 3) / 6 between the sides
  Values in_place = dy;
  hard_swish_backward(x.data(), in_place.data(), in_place.data(), 7);
  EXPECT_EQ(in_place, dx);
}

TEST(Sigmoid, IsSymmetricAndNeverOverflows) {
  const float inf = std::numeric_limits<float>::infinity();
  const Values x = {0, 2.5f, -2.5f, 1000, -1000, inf, -inf}, dy(7, 1.0f);
  Values y(7), dx(7);
  sigmoid_forward(x.data(), y.data(), 7);
  EXPECT_EQ(y[0], 0.5f);
  EXPECT_NEAR(y[1], 1 / (1 + std::exp(-2.5)), 4 * 0x1p-24);
  EXPECT_NEAR(y[1] + y[2], 1, 4 * 0x1p-24);
  EXPECT_THAT(Values(y.begin() + 3, y.end()), ElementsAre(1, 0, 1, 0));
  sigmoid_backward(y.data(), dy.data(), dx.data(), 7);
  EXPECT_EQ(dx[0], 0.25f);
  EXPECT_THAT(Values(dx.begin() + 3, dx.end()), ElementsAre(0, 0, 0, 0));
}

TEST(Multiply, StretchedOperandCollectsTheSumsOfItsUses) {
  // Two images of 2x1x2; b has one value a channel and image.
  const ProductShape shape{2, 1, 2, {4, 2, 0, 1}, {2, 0, 0, 1}}, swapped{2, 1, 2, shape.b, shape.a};
  const Values a = {1, 2, 3, 4, 5, 6, 7, 8}, b = {10, 100, 1000, 10000}, dy = {1, 1, 2, 2, 3, 3, 4, 4};
  Values y(8), da(8, -1.0f), db(4, -1.0f);
  multiply_forward(shape, 2, a.data(), b.data(), y.data());
  EXPECT_THAT(y, ElementsAre(10, 200, 30, 400, 5000, 60000, 7000, 80000));
  multiply_backward(shape, 2, dy.data(), b.data(), da.data());
  EXPECT_THAT(da, ElementsAre(10, 100, 20, 200, 3000, 30000, 4000, 40000));
  multiply_backward(swapped, 2, dy.data(), a.data(), db.data());
  EXPECT_THAT(db, ElementsAre(1 + 2 * 3, 2 + 2 * 4, 3 * 5 + 4 * 7, 3 * 6 + 4 * 8));
}

TEST(Multiply, OneValueAPosition) {
  const ProductShape shape{1, 2, 3, {6, 0, 3, 1}, {2, 0, 1, 0}}, swapped{1, 2, 3, shape.b, shape.a};
  const Values a = {1, 2, 3, 4, 5, 6}, b = {2, 3}, dy(6, 1.0f);
  Values y(6), db(2);
  multiply_forward(shape, 1, a.data(), b.data(), y.data());
  EXPECT_THAT(y, ElementsAre(2, 4, 6, 12, 15, 18));
  multiply_backward(swapped, 1, dy.data(), a.data(), db.data());
  EXPECT_THAT(db, ElementsAre(6, 15));
}

}  // namespace
}  // namespace liteqat::kernels::train
