// Preprocessing that cannot be applied: from flags, recipes and model metadata.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "data/batches.h"

namespace liteqat::data {
namespace {

using testing::HasSubstr;

TEST(NormalizationErrors, NumberOfEntries) {
  EXPECT_TRUE(validate_normalization({{1.0f}, {2.0f}}, 3).ok());
  EXPECT_TRUE(validate_normalization({{1.0f, 2.0f, 3.0f}, {2.0f}}, 3).ok());
  for (size_t entries : {0, 2, 4}) {
    Status status = validate_normalization({std::vector<float>(entries, 1.0f), {1.0f}}, 3);
    EXPECT_EQ(status.code(), Code::kMismatch);
    EXPECT_THAT(status.message(), HasSubstr(format("mean has {} entries, the images have 3 channels", entries)));
    status = validate_normalization({{1.0f}, std::vector<float>(entries, 1.0f)}, 3);
    EXPECT_THAT(status.message(), HasSubstr(format("std has {} entries", entries)));
  }
}

TEST(NormalizationErrors, Values) {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(validate_normalization({{-1.0f}, {std::numeric_limits<float>::min()}}, 1).ok());
  for (float bad : {inf, -inf, nan}) {
    EXPECT_EQ(validate_normalization({{0.0f, bad, 0.0f}, {1.0f}}, 3).code(), Code::kOutOfRange) << bad;
  }
  for (float bad : {0.0f, -0.0f, -1.0f, inf, nan}) {
    const Status status = validate_normalization({{0.0f}, {1.0f, 1.0f, bad}}, 3);
    EXPECT_EQ(status.code(), Code::kOutOfRange) << bad;
    EXPECT_THAT(status.message(), HasSubstr("above 0"));
  }
}

}  // namespace
}  // namespace liteqat::data
