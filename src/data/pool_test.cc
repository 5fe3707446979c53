#include "data/pool.h"

#include <gtest/gtest.h>

#include "data/synthetic.h"

namespace liteqat::data {
namespace {

NamedDataset make_set(const std::string& folder, uint64_t seed, int64_t test) {
  return {folder, make_synthetic({.train = 20, .test = test, .seed = seed})};
}

void copy_image(const Split& from, int64_t index, Split& to, int64_t place) {
  const auto image = from.image(index);
  std::copy(image.begin(), image.end(), to.pixels.begin() + place * to.image_elems());
  to.labels[static_cast<size_t>(place)] = from.labels[static_cast<size_t>(index)];
}

TEST(Pool, TestImagesStandOneAfterTheOther) {
  const NamedDataset a = make_set("a", 1, 30), b = make_set("b", 2, 20);
  const auto pool = pool_test_images({a, b});
  ASSERT_TRUE(pool.ok()) << pool.status().message();
  EXPECT_EQ(pool->dataset.test.count, 50);
  EXPECT_EQ(pool->dataset.train.count, 20);
  EXPECT_EQ(pool->dataset.train.pixels, a.dataset.train.pixels);
  EXPECT_TRUE(std::equal(b.dataset.test.pixels.begin(), b.dataset.test.pixels.end(),
                         pool->dataset.test.pixels.begin() + static_cast<ptrdiff_t>(a.dataset.test.pixels.size())));
  EXPECT_EQ(pool->dataset.test.labels[30], b.dataset.test.labels[0]);
  ASSERT_EQ(pool->parts.size(), 2u);
  EXPECT_EQ(pool->parts[1].begin, 30);
  EXPECT_EQ(pool->parts[1].count, 20);
  EXPECT_TRUE(pool->remarks.empty());
}

TEST(Pool, ImagesThatAnEarlierFolderHoldsCountOnceAndAreNamed) {
  const NamedDataset a = make_set("a", 1, 30);
  NamedDataset b = make_set("b", 2, 20);
  copy_image(a.dataset.test, 7, b.dataset.test, 3);
  copy_image(a.dataset.test, 8, b.dataset.test, 19);
  b.dataset.test.labels[19] = (b.dataset.test.labels[19] + 1) % 10;
  const auto pool = pool_test_images({a, b});
  ASSERT_TRUE(pool.ok());
  EXPECT_EQ(pool->dataset.test.count, 48);
  EXPECT_EQ(pool->held, 50);
  EXPECT_EQ(pool->parts[1].count, 18);
  EXPECT_EQ(pool->parts[1].held, 20);
  EXPECT_EQ(pool->rows[32], 32);
  EXPECT_EQ(pool->rows[33], 34);  // 33 is image 3 of b
  ASSERT_EQ(pool->remarks.size(), 2u);
  EXPECT_NE(pool->remarks[0].find("2 of 20 test images of b are copies of test images of a (first: image 3 is image 7)"), std::string::npos)
      << pool->remarks[0];
  EXPECT_NE(pool->remarks[1].find("1 of these copies"), std::string::npos);
}

TEST(Pool, FoldersBeginWhereTheImagesThatCountEnd) {
  const NamedDataset a = make_set("a", 1, 30), c = make_set("c", 3, 10);
  NamedDataset b = make_set("b", 2, 20);
  copy_image(a.dataset.test, 7, b.dataset.test, 3);
  const auto pool = pool_test_images({a, b, c});
  ASSERT_TRUE(pool.ok());
  EXPECT_EQ(pool->parts[2].begin, 49);
  EXPECT_EQ(pool->rows[49], 50);
  EXPECT_EQ(pool->dataset.test.labels[49], c.dataset.test.labels[0]);
}

TEST(Pool, DuplicatesInsideOneFolderAreNotThePoolsAffair) {
  NamedDataset a = make_set("a", 1, 30);
  copy_image(a.dataset.test, 7, a.dataset.test, 3);
  const auto pool = pool_test_images({a, make_set("b", 2, 20)});
  ASSERT_TRUE(pool.ok());
  EXPECT_EQ(pool->dataset.test.count, 50);
}

TEST(Pool, TestImagesInAnothersTrainingSplitAreNamed) {
  NamedDataset a = make_set("a", 1, 30);
  const NamedDataset b = make_set("b", 2, 20);
  copy_image(b.dataset.test, 5, a.dataset.train, 11);
  const auto pool = pool_test_images({a, b});
  ASSERT_TRUE(pool.ok());
  ASSERT_EQ(pool->remarks.size(), 1u);
  EXPECT_NE(pool->remarks[0].find("1 test images of b are copies of training images of a (first: test image 5 is training image 11)"),
            std::string::npos)
      << pool->remarks[0];
}

TEST(Pool, OtherDataIsRefusedWithBothFolders) {
  const NamedDataset a = make_set("a", 1, 30);
  NamedDataset named = make_set("b", 2, 20), fewer = named, called = named, larger = named;
  named.dataset.name = "cifar10";
  fewer.dataset.class_names.pop_back();
  called.dataset.class_names[4] = "deer";
  larger.dataset.test.height = 14, larger.dataset.test.width = 56;
  for (const NamedDataset& other : {named, fewer, called, larger}) {
    const auto pool = pool_test_images({a, other});
    ASSERT_FALSE(pool.ok());
    EXPECT_EQ(pool.status().code(), Code::kMismatch);
    EXPECT_EQ(pool.status().message().find("b: "), 0u) << pool.status().message();
    EXPECT_NE(pool.status().message().find("a "), std::string::npos);
  }
}

}  // namespace
}  // namespace liteqat::data
