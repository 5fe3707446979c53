#include "data/synthetic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <complex>
#include <numbers>

#include "data/check_dataset.h"
#include "data/files_for_test.h"

namespace liteqat::data {
namespace {

using testing::Each;
using testing::HasSubstr;

class SyntheticTest : public testing::Test, public TestFolder {};

constexpr SyntheticOptions kMnistLike = {.train = 200, .test = 50, .seed = 3};
constexpr SyntheticOptions kCifarLike = {.train = 53, .test = 20, .height = 32, .width = 32, .channels = 3, .seed = 3};

TEST(Synthetic, IsAPureFunctionOfItsOptionsAndBalanced) {
  const Dataset dataset = make_synthetic(kMnistLike);
  EXPECT_EQ(dataset.train.count, 200);
  EXPECT_EQ(dataset.train.pixels.size(), 200u * 784);
  EXPECT_THAT(count_labels(dataset.train, 10), Each(20));
  EXPECT_THAT(count_labels(dataset.test, 10), Each(5));
  EXPECT_EQ(make_synthetic(kMnistLike).train.pixels, dataset.train.pixels);
  SyntheticOptions other = kMnistLike;
  other.seed = 4;
  EXPECT_NE(make_synthetic(other).train.pixels, dataset.train.pixels);
  EXPECT_TRUE(check_dataset(dataset).empty());  // neither copies nor constant images
}

/// The class whose grating the image contains most of, by correlation with both phases.
int32_t strongest_grating(std::span<const uint8_t> image, int32_t side, int32_t channels, int32_t classes) {
  int32_t best = 0;
  double best_power = -1;
  for (int32_t label = 0; label < classes; ++label) {
    const double angle = std::numbers::pi * label / classes;
    std::complex<double> sum = 0;
    for (int32_t y = 0; y < side; ++y) {
      for (int32_t x = 0; x < side; ++x) {
        const double turns = 3 * (x * std::cos(angle) + y * std::sin(angle)) / side;
        for (int32_t c = 0; c < channels; ++c)
          sum += (image[static_cast<size_t>((y * side + x) * channels + c)] - 128.0) * std::polar(1.0, 2 * std::numbers::pi * turns);
      }
    }
    if (std::norm(sum) > best_power) best = label, best_power = std::norm(sum);
  }
  return best;
}

TEST(Synthetic, ClassesCanBeToldApart) {
  for (const SyntheticOptions& options : {kMnistLike, kCifarLike}) {
    const Split test = make_synthetic(options).test;
    int correct = 0;
    for (int64_t i = 0; i < test.count; ++i) {
      correct += strongest_grating(test.image(i), options.width, options.channels, 10) == test.labels[static_cast<size_t>(i)];
    }
    EXPECT_EQ(correct, test.count);
  }
}

TEST_F(SyntheticTest, MnistFilesReadBackEqual) {
  const Dataset dataset = make_synthetic(kMnistLike);
  ASSERT_TRUE(write_mnist(dataset, path("new/folder")).ok());
  const auto read = read_dataset("mnist", path("new/folder"));
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(read->train.pixels, dataset.train.pixels);
  EXPECT_EQ(read->train.labels, dataset.train.labels);
  EXPECT_EQ(read->test.pixels, dataset.test.pixels);
  EXPECT_EQ(read->test.labels, dataset.test.labels);
  EXPECT_EQ(read->class_names, dataset.class_names);
}

TEST_F(SyntheticTest, CifarFilesReadBackEqual) {
  const Dataset dataset = make_synthetic(kCifarLike);  // 53 images do not divide by five files
  ASSERT_TRUE(write_cifar10(dataset, folder()).ok());
  const auto read = read_dataset("cifar10", folder());
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(read->train.pixels, dataset.train.pixels);
  EXPECT_EQ(read->train.labels, dataset.train.labels);
  EXPECT_EQ(read->test.pixels, dataset.test.pixels);
  EXPECT_EQ(read->test.labels, dataset.test.labels);
  EXPECT_EQ(read->class_names, dataset.class_names);
}

// The files' first bytes by hand, so that reader and writer cannot share a mistake.
TEST_F(SyntheticTest, FilesAreInTheirFormat) {
  const Dataset grey = make_synthetic({.train = 10, .test = 10}),
                colour = make_synthetic({.train = 10, .test = 10, .height = 32, .width = 32, .channels = 3});
  ASSERT_TRUE(write_mnist(grey, folder()).ok());
  ASSERT_TRUE(write_cifar10(colour, folder()).ok());
  EXPECT_EQ(std::filesystem::file_size(path("train-images-idx3-ubyte")), 16u + 10 * 784);
  EXPECT_EQ(std::filesystem::file_size(path("t10k-labels-idx1-ubyte")), 8u + 10);
  EXPECT_EQ(std::filesystem::file_size(path("data_batch_4.bin")), 2u * 3073);
  std::FILE* file = std::fopen(path("data_batch_2.bin").c_str(), "rb");
  ASSERT_NE(file, nullptr);
  std::vector<uint8_t> record(3073);
  ASSERT_EQ(std::fread(record.data(), 1, record.size(), file), record.size());
  std::fclose(file);
  EXPECT_EQ(record[0], colour.train.labels[2]);  // files of two: the second begins with image 2
  for (size_t c = 0; c < 3; ++c) EXPECT_EQ(record[1 + c * 1024 + 33], colour.train.image(2)[33 * 3 + c]);  // row 1, column 1
}

TEST_F(SyntheticTest, RefusesAFolderWithCompressedFilesOfTheSameName) {
  write("t10k-labels-idx1-ubyte.gz", "kept");
  const Status status = write_mnist(make_synthetic({.train = 10, .test = 10}), folder());
  EXPECT_EQ(status.code(), Code::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("t10k-labels-idx1-ubyte.gz"));
  EXPECT_FALSE(std::filesystem::exists(path("train-images-idx3-ubyte")));
}

TEST_F(SyntheticTest, FolderThatCannotBeMade) {
  write("file", "x");
  EXPECT_EQ(write_mnist(make_synthetic({.train = 10, .test = 10}), path("file/data")).code(), Code::kIo);
  EXPECT_EQ(write_cifar10(make_synthetic(kCifarLike), path("file/data")).code(), Code::kIo);
}

}  // namespace
}  // namespace liteqat::data
