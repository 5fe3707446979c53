#include "data/check_dataset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace liteqat::data {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

/// Images of 1x2 grey pixels.
Split split_of(const std::string& name, const std::vector<std::pair<uint8_t, uint8_t>>& images, const std::vector<int32_t>& labels) {
  Split split{.name = name,
              .count = static_cast<int64_t>(images.size()),
              .height = 1,
              .width = 2,
              .channels = 1,
              .pixels = {},
              .labels = labels,
              .sha256 = {}};
  for (const auto& [left, right] : images) split.pixels.insert(split.pixels.end(), {left, right});
  return split;
}

Dataset clean() {
  Dataset dataset;
  dataset.class_names = {"a", "b"};
  dataset.train = split_of("train", {{1, 2}, {2, 1}, {3, 4}}, {0, 1, 0});
  dataset.test = split_of("test", {{5, 6}, {6, 5}}, {1, 0});
  return dataset;
}

auto issue(const std::string& kind, int64_t count, const std::string& text) {
  return AllOf(testing::Field(&DatasetIssue::kind, kind), testing::Field(&DatasetIssue::count, count),
               testing::Field(&DatasetIssue::text, HasSubstr(text)));
}

TEST(CheckDataset, CleanSetHasNoIssue) {
  EXPECT_TRUE(check_dataset(clean()).empty());
}

TEST(CheckDataset, DuplicatesInsideASplitAreCountedBeyondTheFirst) {
  Dataset dataset = clean();
  dataset.train = split_of("train", {{1, 2}, {2, 1}, {3, 4}, {2, 1}, {2, 1}, {1, 2}}, {0, 1, 0, 1, 1, 0});
  EXPECT_THAT(check_dataset(dataset),
              ElementsAre(issue("duplicates", 3, "train: 3 images are exact copies of an earlier one (first: image 3 is image 1)")));
}

TEST(CheckDataset, CopiesAcrossSplits) {
  Dataset dataset = clean();
  dataset.test = split_of("test", {{5, 6}, {3, 4}, {3, 4}}, {1, 0, 0});
  EXPECT_THAT(check_dataset(dataset),
              ElementsAre(issue("duplicates", 1, "test: 1 images"),
                          issue("leak", 2, "2 test images are exact copies of training images (first: test image 1 is training image 2)")));
}

TEST(CheckDataset, MissingClassesAndConstantImages) {
  Dataset dataset = clean();
  dataset.class_names.push_back("c");
  dataset.train = split_of("train", {{1, 2}, {7, 7}, {0, 0}}, {0, 1, 2});
  EXPECT_THAT(check_dataset(dataset),
              ElementsAre(issue("constant_image", 2, "train: 2 images"), issue("class_missing", 1, "test: class 2 has no image")));
}

TEST(CheckDataset, ConstantMeansOneColourNotOneValue) {
  Dataset dataset;
  dataset.class_names = {"a"};
  const auto rgb = [](const std::string& name, std::vector<uint8_t> pixels) {
    return Split{
        .name = name, .count = 1, .height = 1, .width = 2, .channels = 3, .pixels = std::move(pixels), .labels = {0}, .sha256 = {}};
  };
  dataset.train = rgb("train", {200, 10, 30, 200, 10, 30});
  dataset.test = rgb("test", {200, 10, 30, 200, 10, 31});
  EXPECT_THAT(check_dataset(dataset), ElementsAre(issue("constant_image", 1, "train: 1 images are of one colour")));
}

TEST(CountLabels, PerClass) {
  EXPECT_THAT(count_labels(split_of("x", {{0, 1}, {0, 2}, {0, 3}}, {2, 0, 2}), 4), ElementsAre(1, 0, 2, 0));
}

}  // namespace
}  // namespace liteqat::data
