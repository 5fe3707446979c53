#include "data/copies.h"

#include <gtest/gtest.h>

namespace liteqat::data {
namespace {

/// Two 2x3 images of two channels; pixel values name image, row, column and channel.
Split make_split() {
  Split split;
  split.name = "test", split.count = 2, split.height = 2, split.width = 3, split.channels = 2, split.labels = {4, 7};
  for (int image = 0; image < 2; ++image) {
    for (int row = 0; row < 2; ++row) {
      for (int column = 0; column < 3; ++column) {
        for (int channel = 0; channel < 2; ++channel)
          split.pixels.push_back(static_cast<uint8_t>(image * 100 + row * 20 + column * 2 + channel));
      }
    }
  }
  return split;
}

uint8_t pixel(const Split& split, int64_t image, int row, int column, int channel) {
  return split.image(image)[static_cast<size_t>((row * split.width + column) * split.channels + channel)];
}

TEST(Copies, EveryPictureInEveryForm) {
  const auto copied = make_copies(make_split(), {.mirror = true, .shifts = {1}});
  ASSERT_TRUE(copied.ok());
  EXPECT_EQ(copied->originals, 2);
  ASSERT_EQ(copied->kinds.size(), 6u);
  EXPECT_EQ(copied->split.count, 12);
  EXPECT_EQ(copied->split.labels, (std::vector<int32_t>{4, 7, 4, 7, 4, 7, 4, 7, 4, 7, 4, 7}));
  EXPECT_EQ(copied->kinds[1], "mirrored");
  EXPECT_EQ(pixel(copied->split, 0, 1, 2, 1), 20 + 4 + 1);        // as it is
  EXPECT_EQ(pixel(copied->split, 3, 1, 0, 1), 100 + 20 + 4 + 1);  // mirrored: column 2, channels in their order
  EXPECT_EQ(copied->kinds[2], "shifted left by 1");
  EXPECT_EQ(pixel(copied->split, 4, 0, 0, 0), 2);  // what was column 1
  EXPECT_EQ(pixel(copied->split, 4, 0, 2, 0), 4);  // the edge again
  EXPECT_EQ(copied->kinds[5], "shifted down by 1");
  EXPECT_EQ(pixel(copied->split, 11, 1, 1, 0), 100 + 2);  // what was row 0
  EXPECT_EQ(pixel(copied->split, 11, 0, 1, 0), 100 + 2);  // the edge again
}

TEST(Copies, MirroringTwiceIsTheImage) {
  const Split split = make_split();
  const auto once = make_copies(split, {.mirror = true, .shifts = {}});
  ASSERT_TRUE(once.ok());
  const auto twice = make_copies(slice(once->split, 2, 4, "test"), {.mirror = true, .shifts = {}});
  ASSERT_TRUE(twice.ok());
  EXPECT_EQ(slice(twice->split, 2, 4, "test").pixels, split.pixels);
}

TEST(Copies, PlansAreRead) {
  const auto plan = parse_copy_plan("shift:2,mirror,shift:1,shift:2");
  ASSERT_TRUE(plan.ok());
  EXPECT_TRUE(plan->mirror);
  EXPECT_EQ(plan->shifts, (std::vector<int32_t>{2, 1}));
  for (const char* wrong :
       {"", "flip", "mirror,", "shift", "shift:", "shift:0", "shift:-1", "shift:2x", "shift:99999999999", "mirror shift:2"}) {
    const auto fault = parse_copy_plan(wrong);
    ASSERT_FALSE(fault.ok()) << wrong;
    EXPECT_EQ(fault.status().code(), Code::kInvalidArgument) << wrong;
  }
  EXPECT_FALSE(make_copies(make_split(), {.mirror = false, .shifts = {2}}).ok());  // 2 rows
}

}  // namespace
}  // namespace liteqat::data
