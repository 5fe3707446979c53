#include "kernels/train/elementwise.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "kernels/train/window_for_test.h"

namespace liteqat::kernels::train {
namespace {

using testing::ElementsAre;
using Values = std::vector<float>;

// TensorFlow 2.19: gradients of relu and relu6 at -1, 0, -0, 1, 6, 7 are 0 0 0 1 1 1 and 0 0 0 1 0 0.
const Values kPoints = {-1.0f, 0.0f, -0.0f, 1.0f, 6.0f, 7.0f};

template <typename Forward, typename Backward>
Values gradient_at(const Values& x, Forward forward, Backward backward) {
  Values y(x.size()), dx(x.size(), 55.0f);
  const Values dy(x.size(), 1.0f);
  forward(x.data(), y.data(), int64_t(x.size()));
  backward(y.data(), dy.data(), dx.data(), int64_t(x.size()));
  return dx;
}

TEST(Elementwise, GradientsAtTheEndsFollowTensorFlow) {
  EXPECT_THAT(gradient_at(kPoints, relu_forward, relu_backward), ElementsAre(0, 0, 0, 1, 1, 1));
  EXPECT_THAT(gradient_at(kPoints, relu6_forward, relu6_backward), ElementsAre(0, 0, 0, 1, 0, 0));
}

TEST(Elementwise, EveryLengthAroundTheVectorWidths) {
  for (size_t count = 0; count < 70; ++count) {
    Values a = random_values(count, count + 1), b = random_values(count + 100, count + 1);
    for (float& value : a) value *= 6.0f;
    Values relu(count + 1, 9.0f), relu6 = relu, sum = relu, both = b;
    const auto elems = int64_t(count);
    relu_forward(a.data(), relu.data(), elems);
    relu6_forward(a.data(), relu6.data(), elems);
    add_forward(a.data(), b.data(), sum.data(), elems);
    accumulate(a.data(), both.data(), elems);
    for (size_t i = 0; i < count; ++i) {
      EXPECT_EQ(relu[i], std::max(a[i], 0.0f));
      EXPECT_EQ(relu6[i], std::clamp(a[i], 0.0f, 6.0f));
      EXPECT_EQ(sum[i], a[i] + b[i]);
      EXPECT_EQ(both[i], a[i] + b[i]);
    }
    EXPECT_THAT((Values{relu[count], relu6[count], sum[count]}), ElementsAre(9, 9, 9)) << "written past the end";
    EXPECT_EQ(both[count], b[count]);
  }
}

TEST(Elementwise, InPlace) {
  Values x = {-2, 3, 8}, dy = {10, 20, 30};
  relu6_forward(x.data(), x.data(), 3);
  EXPECT_THAT(x, ElementsAre(0, 3, 6));
  relu6_backward(x.data(), dy.data(), dy.data(), 3);
  EXPECT_THAT(dy, ElementsAre(0, 20, 0));
  x = {-2, 3, 8}, dy = {10, 20, 30};
  relu_forward(x.data(), x.data(), 3);
  EXPECT_THAT(x, ElementsAre(0, 3, 8));
  relu_backward(x.data(), dy.data(), dy.data(), 3);
  EXPECT_THAT(dy, ElementsAre(0, 20, 30));
}

}  // namespace
}  // namespace liteqat::kernels::train
