// Splits whose images are made on demand.
#include <gmock/gmock.h>

#include "data/copies.h"
#include "data/dataset.h"
#include "data/pool.h"

namespace liteqat::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Image i is the bytes 10 i and 10 i + 1; those in `broken` cannot be read.
class CountingSource final : public ImageSource {
 public:
  explicit CountingSource(std::vector<int64_t> broken = {}) : broken_(std::move(broken)) {}
  Status read(int64_t index, std::span<uint8_t> out) const override {
    if (std::ranges::find(broken_, index) != broken_.end()) return error(Code::kCorruptFile, "image {}: broken", index);
    out[0] = static_cast<uint8_t>(10 * index), out[1] = static_cast<uint8_t>(10 * index + 1);
    return {};
  }

 private:
  std::vector<int64_t> broken_;
};

Split split_of(int64_t count, std::vector<int64_t> broken = {}) {
  Split split;
  split.name = "test";
  split.count = count;
  split.height = 1, split.width = 2, split.channels = 1;
  split.source = std::make_shared<CountingSource>(std::move(broken));
  for (int64_t i = 0; i < count; ++i) {
    split.rows.push_back(i);
    split.labels.push_back(static_cast<int32_t>(i % 3));
    split.files.push_back(format("{}.png", i));
  }
  return split;
}

TEST(LoadPixels, PartsKnowTheirImages) {
  const Split whole = split_of(9);
  const std::vector<int64_t> rows = {7, 2, 4};
  Split part = slice(pick(whole, rows), 1, 3, "part");
  EXPECT_FALSE(part.loaded());
  EXPECT_THAT(part.files, ElementsAre("2.png", "4.png"));
  std::vector<uint8_t> image(2);
  ASSERT_TRUE(part.read(1, image).ok());
  EXPECT_THAT(image, ElementsAre(40, 41));
  ThreadPool pool(2);
  ASSERT_TRUE(load_pixels(part, pool).ok());
  EXPECT_TRUE(part.loaded());
  EXPECT_EQ(part.name, "part");
  EXPECT_THAT(part.pixels, ElementsAre(20, 21, 40, 41));
  EXPECT_THAT(part.labels, ElementsAre(2, 1));
  ASSERT_TRUE(part.read(0, image).ok());
  EXPECT_THAT(image, ElementsAre(20, 21));
}

TEST(LoadPixels, ChecksumsAreOfPixelsAndLabels) {
  ThreadPool pool(3);
  Split a = split_of(200), b = split_of(200), c = split_of(200);
  c.labels[150] = 2;
  for (Split* split : {&a, &b, &c}) ASSERT_TRUE(load_pixels(*split, pool).ok());
  EXPECT_EQ(a.sha256, b.sha256);
  EXPECT_NE(a.sha256, c.sha256);
  EXPECT_EQ(a.image(199)[1], static_cast<uint8_t>(1991));
}

TEST(LoadPixels, BrokenImagesAreNamed) {
  ThreadPool pool(2);
  Split one = split_of(100, {70});
  const Status single = load_pixels(one, pool);
  EXPECT_EQ(single.code(), Code::kCorruptFile);
  EXPECT_EQ(single.message(), "image 70: broken");
  Split many = split_of(100, {3, 5, 70, 80, 81, 82, 99});
  EXPECT_EQ(load_pixels(many, pool).message(),
            "7 images cannot be read: image 3: broken; image 5: broken; image 70: broken; image 80: broken; image 81: broken; and 2 more");
}

TEST(LoadPixels, MoreThanTheMachineHoldsIsRefusedBeforeAnythingIsRead) {
  ThreadPool pool(1);
  Split split = split_of(3);
  split.height = split.width = 1 << 20;
  split.channels = 3;
  const Status status = load_pixels(split, pool);
  EXPECT_EQ(status.code(), Code::kOutOfRange);
  EXPECT_THAT(status.message(), HasSubstr("three quarters of this machine's memory"));
}

TEST(LoadPixels, PoolsAndCopiesKeepTheNames) {
  ThreadPool threads(1);
  Dataset a, b;
  a.name = b.name = "image_folder";
  a.class_names = b.class_names = {"x", "y", "z"};
  a.test = split_of(2), b.test = split_of(3);
  for (Split* split : {&a.test, &b.test}) ASSERT_TRUE(load_pixels(*split, threads).ok());
  const auto pool = pool_test_images({{"A", a}, {"B", b}});
  ASSERT_TRUE(pool.ok());
  EXPECT_THAT(pool->dataset.test.files, ElementsAre("0.png", "1.png", "2.png"));
  CopyPlan plan;
  plan.mirror = true;
  const auto copies = make_copies(a.test, plan);
  ASSERT_TRUE(copies.ok());
  EXPECT_THAT(copies->split.files, ElementsAre("0.png (as they are)", "1.png (as they are)", "0.png (mirrored)", "1.png (mirrored)"));
}

}  // namespace
}  // namespace liteqat::data
