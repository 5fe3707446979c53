#include "data/dataset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "data/check_dataset.h"
#include "data/files_for_test.h"
#include "hash/sha256.h"

namespace liteqat::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class DatasetTest : public testing::Test, public TestFolder {};

void expect_sample_pixels(const Split& split, size_t first) {
  size_t at = 0;
  for (size_t image = 0; image < static_cast<size_t>(split.count); ++image) {
    for (size_t y = 0; y < static_cast<size_t>(split.height); ++y) {
      for (size_t x = 0; x < static_cast<size_t>(split.width); ++x) {
        for (size_t c = 0; c < static_cast<size_t>(split.channels); ++c) {
          ASSERT_EQ(split.pixels[at++], sample_pixel(first + image, y, x, c)) << image << " " << y << " " << x << " " << c;
        }
      }
    }
  }
  EXPECT_EQ(at, split.pixels.size());
}

TEST_F(DatasetTest, MnistPlainAndCompressed) {
  write("train-images-idx3-ubyte", idx_images(3));
  write("train-labels-idx1-ubyte", idx_labels({7, 0, 9}));
  write("t10k-images-idx3-ubyte.gz", gzip(idx_images(2)));
  write("t10k-labels-idx1-ubyte.gz", gzip(idx_labels({1, 1})));
  const auto dataset = read_dataset("mnist", folder());
  ASSERT_TRUE(dataset.ok()) << dataset.status().message();
  EXPECT_EQ(dataset->name, "mnist");
  EXPECT_THAT(dataset->class_names, ElementsAre("0", "1", "2", "3", "4", "5", "6", "7", "8", "9"));
  EXPECT_EQ(dataset->train.name, "train");
  EXPECT_EQ(dataset->test.name, "test");
  EXPECT_EQ(dataset->train.count, 3);
  EXPECT_EQ(dataset->train.image_elems(), 784);
  EXPECT_THAT(dataset->train.labels, ElementsAre(7, 0, 9));
  EXPECT_THAT(dataset->test.labels, ElementsAre(1, 1));
  expect_sample_pixels(dataset->train, 0);
  expect_sample_pixels(dataset->test, 0);
  EXPECT_EQ(dataset->train.image(2)[30], sample_pixel(2, 1, 2, 0));
  EXPECT_EQ(dataset->train.sha256, sha256(idx_images(3) + idx_labels({7, 0, 9})));
  EXPECT_EQ(dataset->test.sha256, sha256(gzip(idx_images(2)) + gzip(idx_labels({1, 1}))));
}

TEST_F(DatasetTest, TestImagesAloneWhereThatIsAllowed) {
  write("t10k-images-idx3-ubyte", idx_images(2));
  write("t10k-labels-idx1-ubyte", idx_labels({1, 1}));
  EXPECT_EQ(read_dataset("mnist", folder()).status().code(), Code::kNotFound);
  const auto alone = read_dataset("mnist", folder(), TrainingImages::kIfPresent);
  ASSERT_TRUE(alone.ok()) << alone.status().message();
  EXPECT_EQ(alone->train.count, 0);
  EXPECT_EQ(alone->train.image_elems(), 784);
  EXPECT_EQ(alone->test.count, 2);
  write("train-labels-idx1-ubyte", idx_labels({1, 1}));  // labels without images: a part is missing
  EXPECT_EQ(read_dataset("mnist", folder(), TrainingImages::kIfPresent).status().code(), Code::kNotFound);
}

TEST_F(DatasetTest, Cifar10TestImagesAloneWhereThatIsAllowed) {
  write("test_batch.bin", std::string(3073, '\1'));
  EXPECT_EQ(read_dataset("cifar10", folder()).status().code(), Code::kNotFound);
  const auto alone = read_dataset("cifar10", folder(), TrainingImages::kIfPresent);
  ASSERT_TRUE(alone.ok()) << alone.status().message();
  EXPECT_EQ(alone->train.count, 0);
  EXPECT_EQ(alone->train.channels, 3);
  EXPECT_EQ(alone->test.count, 1);
  write("data_batch_3.bin", std::string(3073, '\1'));
  EXPECT_EQ(read_dataset("cifar10", folder(), TrainingImages::kIfPresent).status().code(), Code::kNotFound);
}

// Counts per class and first labels as published; mean 0.1307 and standard deviation 0.3081 are the constants everyone normalizes with.
TEST(ShippedMnist, IsMnist) {
  const auto dataset = read_dataset("mnist", std::string(LITEQAT_SOURCE_DIR) + "/data/mnist");
  ASSERT_TRUE(dataset.ok()) << dataset.status().message();
  const Split& train = dataset->train;
  EXPECT_EQ(train.count, 60000);
  EXPECT_EQ(dataset->test.count, 10000);
  EXPECT_THAT(count_labels(train, 10), ElementsAre(5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949));
  EXPECT_THAT(count_labels(dataset->test, 10), ElementsAre(980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009));
  EXPECT_THAT(std::vector<int32_t>(train.labels.begin(), train.labels.begin() + 5), ElementsAre(5, 0, 4, 1, 9));
  double sum = 0, squares = 0;
  for (uint8_t pixel : train.pixels) sum += pixel / 255.0, squares += pixel / 255.0 * pixel / 255.0;
  const double mean = sum / static_cast<double>(train.pixels.size());
  EXPECT_NEAR(mean, 0.1307, 5e-5);  // printed with four decimals
  EXPECT_NEAR(std::sqrt(squares / static_cast<double>(train.pixels.size()) - mean * mean), 0.3081, 5e-5);
  EXPECT_TRUE(check_dataset(*dataset).empty());  // MNIST has no exact duplicates
}

class Cifar10Test : public testing::Test, public TestFolder {
 protected:
  /// Two records a file, numbered through.
  void write_small() const {
    for (int batch = 0; batch < 5; ++batch) {
      write(format("data_batch_{}.bin", batch + 1), cifar_records({batch, 9 - batch}, static_cast<size_t>(2 * batch)));
    }
    write("test_batch.bin", cifar_records({3, 4, 5}, 10));
  }
};

TEST_F(Cifar10Test, PlanesBecomePixelsAndFilesFollowEachOther) {
  write_small();
  const auto dataset = read_dataset("cifar10", folder());
  ASSERT_TRUE(dataset.ok()) << dataset.status().message();
  EXPECT_EQ(dataset->name, "cifar10");
  EXPECT_EQ(dataset->train.count, 10);
  EXPECT_EQ(dataset->train.image_elems(), 3072);
  EXPECT_THAT(dataset->train.labels, ElementsAre(0, 9, 1, 8, 2, 7, 3, 6, 4, 5));
  EXPECT_THAT(dataset->test.labels, ElementsAre(3, 4, 5));
  expect_sample_pixels(dataset->train, 0);
  expect_sample_pixels(dataset->test, 10);
  std::string all;
  for (int batch = 0; batch < 5; ++batch) all += cifar_records({batch, 9 - batch}, static_cast<size_t>(2 * batch));
  EXPECT_EQ(dataset->train.sha256, sha256(all));
  EXPECT_THAT(dataset->class_names, ElementsAre("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"));
}

TEST_F(Cifar10Test, NamesFromTheMetaFile) {
  write_small();
  write("batches.meta.txt",
        "a\r\nb\nc\nd\ne\nf\ng\nh\ni\nj\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xb8\n\n");  // as published, an empty line ends it
  const auto dataset = read_cifar10(folder());
  ASSERT_TRUE(dataset.ok()) << dataset.status().message();
  EXPECT_THAT(dataset->class_names, ElementsAre("a", "b", "c", "d", "e", "f", "g", "h", "i", "j\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xb8"));
}

// Statistics of the training pixels as published with the data set, computed in integers here.
TEST(SharedCifar10, HasThePublishedMeanAndDeviation) {
  const char* shared = std::getenv("LITEQAT_SHARED");
  const std::string folder = (shared ? std::string(shared) : std::string(LITEQAT_SOURCE_DIR) + "/../shared") + "/data/cifar-10-batches-bin";
  if (!std::filesystem::exists(folder)) {
    ASSERT_EQ(std::getenv("LITEQAT_REQUIRE_ORACLES"), nullptr) << folder << " is missing";
    GTEST_SKIP() << folder << " is not there; set LITEQAT_SHARED to the folder of shared data";
  }
  const auto dataset = read_cifar10(folder);
  ASSERT_TRUE(dataset.ok()) << dataset.status().message();
  EXPECT_THAT(count_labels(dataset->train, 10), testing::Each(5000));
  EXPECT_THAT(count_labels(dataset->test, 10), testing::Each(1000));
  const double means[] = {0.49139968, 0.48215841, 0.44653091}, deviations[] = {0.24703223, 0.24348513, 0.26158784};
  for (size_t channel = 0; channel < 3; ++channel) {
    int64_t sum = 0, squares = 0;
    for (size_t i = channel; i < dataset->train.pixels.size(); i += 3) {
      const int64_t pixel = dataset->train.pixels[i];
      sum += pixel, squares += pixel * pixel;
    }
    const double count = 50000 * 1024.0, mean = static_cast<double>(sum) / count / 255;
    EXPECT_NEAR(mean, means[channel], 5e-9);  // printed with eight decimals
    EXPECT_NEAR(std::sqrt(static_cast<double>(squares) / count / 255 / 255 - mean * mean), deviations[channel], 5e-9);
  }
}

TEST(Dataset, NamesAreThoseThatCanBeRead) {
  EXPECT_THAT(dataset_names(), ElementsAre("mnist", "cifar10"));
  for (const std::string& name : dataset_names()) EXPECT_EQ(read_dataset(name, "/nonexistent").status().code(), Code::kNotFound) << name;
}

Split numbered(int64_t count) {
  Split split{.name = "train", .count = count, .height = 1, .width = 2, .channels = 3, .pixels = {}, .labels = {}, .sha256 = "x"};
  for (int64_t i = 0; i < count; ++i) {
    split.labels.push_back(static_cast<int32_t>(i));
    for (int64_t k = 0; k < 6; ++k) split.pixels.push_back(static_cast<uint8_t>(6 * i + k));
  }
  return split;
}

TEST(Dataset, SlicesKeepRowsAndChecksum) {
  const Split part = slice(numbered(5), 1, 4, "validation");
  EXPECT_EQ(part.name, "validation");
  EXPECT_EQ(part.count, 3);
  EXPECT_EQ(part.sha256, "x");
  EXPECT_THAT(part.labels, ElementsAre(1, 2, 3));
  EXPECT_THAT(part.image(0), ElementsAre(6, 7, 8, 9, 10, 11));
  EXPECT_EQ(part.pixels.size(), 18u);
  EXPECT_EQ(slice(numbered(5), 5, 5, "none").count, 0);
}

TEST(Dataset, FirstImagesOfASplit) {
  EXPECT_THAT(take_first(numbered(5), 2).labels, ElementsAre(0, 1));
  EXPECT_EQ(take_first(numbered(5), 0).count, 5);  // 0: all
  EXPECT_EQ(take_first(numbered(5), 9).count, 5);
}

TEST(DatasetDeathTest, SliceOutsideAborts) {
  EXPECT_DEATH(slice(numbered(5), 2, 6, "x"), "begin");
  EXPECT_DEATH(slice(numbered(5), 3, 2, "x"), "begin");
}

}  // namespace
}  // namespace liteqat::data
