#include "data/check_dataset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "data/synthetic.h"

namespace liteqat::data {
namespace {

using testing::HasSubstr;

Dataset clean() {
  return make_synthetic({.train = 30, .test = 20, .height = 5, .width = 5, .channels = 1, .classes = 5});
}

void copy_image(const Split& from, int64_t source, Split& to, int64_t target) {
  const auto image = from.image(source);
  std::copy(image.begin(), image.end(), to.pixels.begin() + target * to.image_elems());
}

std::map<std::string, DatasetIssue> issues_by_kind(const Dataset& dataset) {
  std::map<std::string, DatasetIssue> issues;
  for (const DatasetIssue& issue : check_dataset(dataset)) {
    EXPECT_FALSE(issues.contains(issue.kind)) << issue.text;
    issues[issue.kind] = issue;
  }
  return issues;
}

TEST(CheckDataset, CleanDataHasNoIssue) {
  EXPECT_TRUE(check_dataset(clean()).empty());
}

TEST(CheckDataset, DuplicatesWithinASplit) {
  Dataset dataset = clean();
  const Split train = dataset.train;
  copy_image(train, 3, dataset.train, 10);
  copy_image(train, 3, dataset.train, 20);
  const auto issues = issues_by_kind(dataset);
  ASSERT_EQ(issues.size(), 1u);
  EXPECT_EQ(issues.at("duplicates").count, 2);
  EXPECT_THAT(issues.at("duplicates").text, HasSubstr("train"));
  EXPECT_THAT(issues.at("duplicates").text, HasSubstr("image 10 is image 3"));
}

TEST(CheckDataset, LeakAcrossSplitsCountsTestImages) {
  Dataset dataset = clean();
  copy_image(dataset.train, 7, dataset.test, 4);
  copy_image(dataset.train, 8, dataset.test, 5);
  const auto issues = issues_by_kind(dataset);
  ASSERT_EQ(issues.size(), 1u);
  EXPECT_EQ(issues.at("leak").count, 2);
  EXPECT_THAT(issues.at("leak").text, HasSubstr("test image 4 is training image 7"));
}

TEST(CheckDataset, OnePixelApartIsNoDuplicate) {
  Dataset dataset = clean();
  const Split train = dataset.train;
  copy_image(train, 3, dataset.train, 10);
  dataset.train.pixels[10 * 25 + 24] ^= 1;
  EXPECT_TRUE(check_dataset(dataset).empty());
}

TEST(CheckDataset, ClassWithoutImages) {
  Dataset dataset = clean();
  for (int32_t& label : dataset.test.labels) label = label == 2 ? 1 : label;
  const auto issues = issues_by_kind(dataset);
  ASSERT_EQ(issues.size(), 1u);
  EXPECT_THAT(issues.at("class_missing").text, HasSubstr("test: class 2"));
}

TEST(CheckDataset, ConstantImages) {
  Dataset dataset = clean();
  for (int64_t image : {2, 9}) {
    std::fill_n(dataset.train.pixels.begin() + image * 25, 25, static_cast<uint8_t>(image));
  }
  const auto issues = issues_by_kind(dataset);
  ASSERT_EQ(issues.size(), 1u);
  EXPECT_EQ(issues.at("constant_image").count, 2);
}

TEST(CheckDataset, CountLabels) {
  Split split;
  split.labels = {0, 2, 2, 3, 2};
  EXPECT_EQ(count_labels(split, 5), (std::vector<int64_t>{1, 0, 3, 1, 0}));
}

}  // namespace
}  // namespace liteqat::data
