#include "data/batches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

namespace liteqat::data {
namespace {

using testing::ElementsAre;

// Golden values: the generator and the shuffle written a second time in Python with unbounded integers.
TEST(EpochOrder, GoldenValues) {
  EXPECT_THAT(epoch_order(7, 3, 12, true), ElementsAre(11, 6, 8, 7, 10, 2, 3, 4, 9, 1, 5, 0));
  EXPECT_THAT(epoch_order(0, 0, 12, true), ElementsAre(11, 3, 2, 8, 5, 0, 1, 10, 4, 9, 7, 6));
}

TEST(EpochOrder, IsAPermutationThatChangesWithSeedAndEpoch) {
  for (int64_t count : {0, 1, 2, 31, 1000}) {
    std::vector<int32_t> identity(static_cast<size_t>(count));
    std::iota(identity.begin(), identity.end(), 0);
    EXPECT_EQ(epoch_order(5, 1, count, false), identity);
    auto order = epoch_order(5, 1, count, true);
    EXPECT_EQ(order, epoch_order(5, 1, count, true));
    std::sort(order.begin(), order.end());
    EXPECT_EQ(order, identity);
  }
  EXPECT_NE(epoch_order(5, 1, 1000, true), epoch_order(5, 2, 1000, true));
  EXPECT_NE(epoch_order(5, 1, 1000, true), epoch_order(6, 1, 1000, true));
}

Split sample_split(int64_t count, int32_t height, int32_t width, int32_t channels) {
  Split split{
      .name = "train", .count = count, .height = height, .width = width, .channels = channels, .pixels = {}, .labels = {}, .sha256 = {}};
  for (int64_t i = 0; i < count * split.image_elems(); ++i) split.pixels.push_back(static_cast<uint8_t>(i * 77 + i / 256));
  split.labels.resize(static_cast<size_t>(count));
  return split;
}

std::vector<float> fill(const BatchFiller& filler, const std::vector<int32_t>& indices, int32_t epoch, int64_t image_elems) {
  std::vector<float> out(indices.size() * static_cast<size_t>(image_elems), -12345.0f);
  filler.fill(indices, epoch, out);
  return out;
}

TEST(BatchFiller, NormalizesEveryPixelValueOfEveryChannel) {
  for (int32_t channels : {1, 3, 4}) {
    const Split split = sample_split(3, 16, 17, channels);  // 272 pixels: all 256 values in every channel
    const Normalization per_channel = {{120.5f, 0.0f, 255.0f, 33.25f}, {64.0f, 255.0f, 0.1f, 1.0f}};
    Normalization normalization = per_channel;
    normalization.mean.resize(static_cast<size_t>(channels)), normalization.std.resize(static_cast<size_t>(channels));
    const auto out = fill(BatchFiller(split, normalization, {}, 0), {2, 0}, 9, split.image_elems());
    const auto elems = static_cast<size_t>(split.image_elems());
    for (size_t i = 0; i < out.size(); ++i) {
      const size_t channel = i % static_cast<size_t>(channels);
      const double pixel = split.pixels[(i < elems ? 2 * elems : 0) + i % elems];
      const double expected = (pixel - static_cast<double>(normalization.mean[channel])) / static_cast<double>(normalization.std[channel]);
      // A float32 subtraction and a division, each rounded to 2^-24 relative; the means have few bits, so the difference is not cancelled.
      ASSERT_NEAR(static_cast<double>(out[i]), expected, std::abs(expected) * 0x1p-23) << i;
    }
  }
}

TEST(BatchFiller, OneEntryStandsForAllChannels) {
  const Split split = sample_split(1, 4, 4, 3);
  const auto one = fill(BatchFiller(split, {{10.0f}, {3.0f}}, {}, 0), {0}, 0, 48);
  const auto three = fill(BatchFiller(split, {{10.0f, 10.0f, 10.0f}, {3.0f, 3.0f, 3.0f}}, {}, 0), {0}, 0, 48);
  EXPECT_EQ(one, three);
}

TEST(BatchFiller, RawPixelsWithoutNormalization) {
  const Split split = sample_split(2, 5, 3, 1);
  const auto out = fill(BatchFiller(split, {}, {}, 0), {1}, 0, 15);
  for (size_t i = 0; i < 15; ++i) EXPECT_EQ(out[i], static_cast<float>(split.pixels[15 + i]));
}

/// The image padded with zeros, cropped at (shift_y, shift_x) from the centred position, then mirrored: through a padded copy.
std::vector<float> crop_and_flip(std::span<const uint8_t> image, int32_t height, int32_t width, int32_t channels, int32_t padding,
                                 int32_t shift_y, int32_t shift_x, bool flip) {
  const auto at = [channels](int32_t row_width, int32_t y, int32_t x, int32_t c) {
    return static_cast<size_t>((y * row_width + x) * channels + c);
  };
  const int32_t padded_width = width + 2 * padding;
  std::vector<float> padded(static_cast<size_t>((height + 2 * padding) * padded_width * channels), 0.0f);
  std::vector<float> out(image.size());
  for (int32_t y = 0; y < height; ++y) {
    for (int32_t x = 0; x < width; ++x) {
      for (int32_t c = 0; c < channels; ++c) padded[at(padded_width, y + padding, x + padding, c)] = image[at(width, y, x, c)];
    }
  }
  for (int32_t y = 0; y < height; ++y) {
    for (int32_t x = 0; x < width; ++x) {
      const int32_t target = flip ? width - 1 - x : x;
      for (int32_t c = 0; c < channels; ++c) {
        out[at(width, y, target, c)] = padded[at(padded_width, y + padding + shift_y, x + padding + shift_x, c)];
      }
    }
  }
  return out;
}

// Shifts and flips for seed 9, epoch 2 from the same Python program as above.
TEST(BatchFiller, GoldenAugmentation) {
  const Split split = sample_split(42, 12, 13, 3);
  const BatchFiller filler(split, {}, {.crop_padding = 4, .horizontal_flip = true}, 9);
  const struct {
    int32_t image, shift_y, shift_x;
    bool flip;
  } cases[] = {{0, 3, -3, true}, {1, -1, -2, false}, {41, -4, 1, false}};
  for (const auto& c : cases) {
    EXPECT_EQ(fill(filler, {c.image}, 2, split.image_elems()),
              crop_and_flip(split.image(c.image), 12, 13, 3, 4, c.shift_y, c.shift_x, c.flip))
        << c.image;
  }
}

// One 5x5 image of distinct pixels over 5000 epochs: every result is one of the 25 crops or its mirror image, and each comes equally
// often: 100 expected, standard deviation 9.9; six of them are exceeded once in 5e8.
TEST(BatchFiller, EveryCropAndFlipIsEquallyLikely) {
  Split split = sample_split(1, 5, 5, 1);
  std::iota(split.pixels.begin(), split.pixels.end(), uint8_t{1});
  std::map<std::vector<float>, int> counts;
  for (int32_t shift_y = -2; shift_y <= 2; ++shift_y) {
    for (int32_t shift_x = -2; shift_x <= 2; ++shift_x) {
      for (bool flip : {false, true}) counts[crop_and_flip(split.image(0), 5, 5, 1, 2, shift_y, shift_x, flip)] = 0;
    }
  }
  ASSERT_EQ(counts.size(), 50u);
  const BatchFiller filler(split, {}, {.crop_padding = 2, .horizontal_flip = true}, 77);
  for (int32_t epoch = 0; epoch < 5000; ++epoch) ++counts[fill(filler, {0}, epoch, 25)];
  ASSERT_EQ(counts.size(), 50u) << "an image that is no crop of the original";
  for (const auto& [image, count] : counts) EXPECT_NEAR(count, 100, 60);
}

TEST(BatchFiller, PaddingIsZeroBeforeNormalization) {
  Split split = sample_split(1, 2, 2, 1);
  split.pixels.assign(4, 255);
  const BatchFiller filler(split, {{51.0f}, {102.0f}}, {.crop_padding = 2}, 1);
  bool padded = false;
  for (int32_t epoch = 0; epoch < 50; ++epoch) {
    for (float value : fill(filler, {0}, epoch, 4)) {
      EXPECT_TRUE(value == 2.0f || value == -0.5f) << value;
      padded |= value == -0.5f;
    }
  }
  EXPECT_TRUE(padded);
}

// A square of side 3 in a 5x7 image over 7,000 epochs: all 35 centres equally often, 200 expected, standard deviation 14; the parts outside
// are cut off. Centres one pixel beyond what fits give the same square, so squares are counted.
TEST(BatchFiller, CutoutBlanksASquareAroundAnyPixel) {
  Split split = sample_split(1, 5, 7, 2);
  split.pixels.assign(split.pixels.size(), 255);
  const BatchFiller filler(split, {{51.0f}, {102.0f}}, {.cutout = 3}, 77);
  std::map<std::vector<float>, int> expected, counts;
  for (int centre_y = 0; centre_y < 5; ++centre_y) {
    for (int centre_x = 0; centre_x < 7; ++centre_x) {
      std::vector<float> image(70, 2.0f);  // (255 - 51) / 102
      for (int i = 0; i < 70; ++i) {
        const int y = i / 14, x = i / 2 % 7;
        if (std::abs(y - centre_y) <= 1 && std::abs(x - centre_x) <= 1) image[static_cast<size_t>(i)] = 0.0f;
      }
      expected[image] += 200;
    }
  }
  for (int32_t epoch = 0; epoch < 7000; ++epoch) ++counts[fill(filler, {0}, epoch, 70)];
  ASSERT_EQ(counts.size(), expected.size());
  for (const auto& [image, count] : expected) EXPECT_NEAR(counts[image], count, 6 * std::sqrt(count));
}

// The square is drawn after crop and flip: they are what they are without it.
TEST(BatchFiller, CutoutLeavesCropAndFlipAlone) {
  const Split split = sample_split(30, 8, 9, 3);
  const BatchFiller without(split, {}, {.crop_padding = 2, .horizontal_flip = true}, 5);
  const BatchFiller with(split, {}, {.crop_padding = 2, .horizontal_flip = true, .cutout = 4}, 5);
  int blanked = 0;
  for (int32_t image = 0; image < 30; ++image) {
    const auto plain = fill(without, {image}, 1, 216), cut = fill(with, {image}, 1, 216);
    for (size_t i = 0; i < plain.size(); ++i) {
      if (cut[i] == plain[i]) continue;
      EXPECT_EQ(cut[i], 0.0f);
      ++blanked;
    }
  }
  EXPECT_GT(blanked, 30 * 4 * 3 / 2);
  EXPECT_LE(blanked, 30 * 16 * 3);
}

TEST(BatchFiller, ACropBeyondTheImageIsAllPadding) {
  Split split = sample_split(1, 2, 3, 1);
  split.pixels.assign(6, 9);
  for (bool flip : {false, true}) {
    const BatchFiller filler(split, {}, {.crop_padding = 60, .horizontal_flip = flip}, 1);
    for (int32_t epoch = 0; epoch < 200; ++epoch) {
      for (float value : fill(filler, {0}, epoch, 6)) ASSERT_TRUE(value == 0.0f || value == 9.0f);
    }
  }
}

TEST(BatchFiller, AnImageDoesNotDependOnItsBatch) {
  const Split split = sample_split(20, 6, 6, 3);
  const BatchFiller filler(split, {{128.0f}, {64.0f}}, {.crop_padding = 2, .horizontal_flip = true}, 3);
  const auto all = fill(filler, {4, 19, 7, 0}, 5, split.image_elems());
  const auto alone = fill(filler, {7}, 5, split.image_elems());
  EXPECT_TRUE(std::equal(alone.begin(), alone.end(), all.begin() + 2 * split.image_elems()));
  EXPECT_NE(fill(filler, {4, 19, 7, 0}, 6, split.image_elems()), all);
  const BatchFiller other_seed(split, {{128.0f}, {64.0f}}, {.crop_padding = 2, .horizontal_flip = true}, 4);
  EXPECT_NE(fill(other_seed, {4, 19, 7, 0}, 5, split.image_elems()), all);
}

TEST(BatchFillerDeathTest, IndexOrRoomOutsideAborts) {
  const Split split = sample_split(2, 2, 2, 1);
  const BatchFiller filler(split, {}, {}, 0);
  std::vector<float> out(4);
  const std::vector<int32_t> beyond = {2}, negative = {-1}, two = {0, 1};
  EXPECT_DEATH(filler.fill(beyond, 0, out), "indices");
  EXPECT_DEATH(filler.fill(negative, 0, out), "indices");
  EXPECT_DEATH(filler.fill(two, 0, out), "out.size");
  EXPECT_DEATH(BatchFiller(split, {{1.0f, 2.0f}, {1.0f}}, {}, 0), "validate_normalization");
}

}  // namespace
}  // namespace liteqat::data
