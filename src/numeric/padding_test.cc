#include "numeric/padding.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace liteqat::numeric {
namespace {

TEST(Padding, EqualsCountingWindows) {
  for (int32_t input = 1; input <= 20; ++input) {
    for (int32_t filter = 1; filter <= 7; ++filter) {
      for (int32_t stride = 1; stride <= 4; ++stride) {
        for (int32_t dilation = 1; dilation <= 3; ++dilation) {
          const int32_t covered = (filter - 1) * dilation + 1;
          int32_t valid = 0, same = 0;
          for (int32_t start = 0; start < input; start += stride) {
            ++same;
            if (start + covered <= input) ++valid;
          }
          ASSERT_EQ(window_output_extent(Padding::kValid, input, filter, stride, dilation), valid);
          ASSERT_EQ(window_output_extent(Padding::kSame, input, filter, stride, dilation), same);
          const int32_t before = window_pad_before(Padding::kSame, input, filter, stride, dilation, same);
          const int32_t missing = std::max((same - 1) * stride + covered - input, 0);
          ASSERT_EQ(before, missing / 2) << input << " " << filter << " " << stride << " " << dilation;
          ASSERT_EQ(window_pad_before(Padding::kValid, input, filter, stride, dilation, valid), 0);
        }
      }
    }
  }
}

TEST(Padding, KnownCases) {
  EXPECT_EQ(window_pad_before(Padding::kSame, 224, 3, 2, 1, 112), 0);  // total 1: all of it after
  EXPECT_EQ(window_pad_before(Padding::kSame, 225, 3, 2, 1, 113), 1);
  EXPECT_EQ(window_pad_before(Padding::kSame, 28, 5, 1, 1, 28), 2);
}

}  // namespace
}  // namespace liteqat::numeric
