#include "train/steps/row_window.h"

#include <gtest/gtest.h>

#include <vector>

namespace liteqat::train {
namespace {

TEST(RowWindow, KeepsWhatIsStillNeeded) {
  std::vector<float> memory(9, -1.0f);
  RowWindow window(memory.data(), 3, 3);
  const auto fill = [&](int32_t keep, int32_t end) {
    const kernels::train::Rows fresh = window.advance(keep, end);
    for (int32_t row = fresh.begin; row < fresh.end; ++row) std::fill_n(window.row(row), 3, static_cast<float>(row));
    return fresh.end - fresh.begin;
  };
  EXPECT_EQ(fill(0, 2), 2);
  EXPECT_EQ(fill(1, 4), 2);  // row 1 moves to the front
  EXPECT_EQ(window.first(), 1);
  EXPECT_EQ(memory, (std::vector<float>{1, 1, 1, 2, 2, 2, 3, 3, 3}));
  EXPECT_EQ(fill(1, 4), 0);  // nothing new, nothing dropped
  EXPECT_EQ(memory[0], 1.0f);
  EXPECT_EQ(fill(6, 8), 2);  // rows 4 and 5 are skipped
  EXPECT_EQ(window.first(), 6);
  EXPECT_EQ(window.end(), 8);
  EXPECT_EQ(window.row(7)[2], 7.0f);
  EXPECT_EQ(window.row(6), window.data());
}

}  // namespace
}  // namespace liteqat::train
