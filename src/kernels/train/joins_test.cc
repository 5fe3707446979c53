#include "kernels/train/joins.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace liteqat::kernels::train {
namespace {

using testing::ElementsAre;
using Values = std::vector<float>;

TEST(Concatenate, PartsOfRows) {
  const Values a = {1, 2, 3, 4}, b = {5, 6};
  Values y(6), da(4), db(2);
  concatenate_forward({2, 2, 3}, a.data(), y.data());
  concatenate_forward({2, 1, 3}, b.data(), y.data() + 2);
  EXPECT_THAT(y, ElementsAre(1, 2, 5, 3, 4, 6));
  concatenate_backward({2, 2, 3}, y.data(), da.data());
  concatenate_backward({2, 1, 3}, y.data() + 2, db.data());
  EXPECT_EQ(da, a);
  EXPECT_EQ(db, b);
}

Values drop(uint64_t key, float rate, int64_t first, int64_t elems) {
  const Values ones(static_cast<size_t>(elems), 1.0f);
  Values y(ones.size(), -1.0f);
  dropout({key, rate}, first, ones.data(), y.data(), elems);
  return y;
}

TEST(Dropout, AnElementDoesNotDependOnWhereAPartBegins) {
  const Values whole = drop(42, 0.4f, 0, 1000);
  for (int64_t begin : {int64_t{1}, int64_t{2}, int64_t{501}}) {
    const Values part = drop(42, 0.4f, begin, 1000 - begin);
    EXPECT_TRUE(std::equal(part.begin(), part.end(), whole.begin() + begin)) << begin;
  }
  EXPECT_NE(drop(43, 0.4f, 0, 1000), whole);
}

TEST(Dropout, KeepsTheShareAndTheMean) {
  constexpr int64_t kElems = 100000;
  for (float rate : {0.1f, 0.5f, 0.9f}) {
    const Values y = drop(7, rate, 0, kElems);
    const auto dropped = static_cast<double>(std::count(y.begin(), y.end(), 0.0f));
    // Five standard deviations of a binomial count.
    EXPECT_NEAR(dropped, rate * kElems, 5 * std::sqrt(kElems * rate * (1 - rate))) << rate;
    const float kept = *std::max_element(y.begin(), y.end());
    EXPECT_FLOAT_EQ(kept, 1 / (1 - rate));
    EXPECT_EQ(dropped + static_cast<double>(std::count(y.begin(), y.end(), kept)), kElems);
  }
  EXPECT_EQ(drop(7, 0.0f, 0, 100), Values(100, 1.0f));
}

}  // namespace
}  // namespace liteqat::kernels::train
