#include "data/batches.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <numeric>

#include "data/synthetic.h"

namespace liteqat::data {
namespace {

TEST(EpochOrder, IsAPermutation) {
  for (int64_t count : {0, 1, 2, 7, 1000}) {
    for (int32_t epoch : {0, 1, 5}) {
      auto order = epoch_order(3, epoch, count, true);
      ASSERT_EQ(static_cast<int64_t>(order.size()), count);
      std::sort(order.begin(), order.end());
      for (int64_t i = 0; i < count; ++i) ASSERT_EQ(order[static_cast<size_t>(i)], i);
    }
  }
}

TEST(EpochOrder, IsPureInSeedAndEpoch) {
  const auto order = epoch_order(3, 2, 500, true);
  EXPECT_EQ(order, epoch_order(3, 2, 500, true));
  EXPECT_NE(order, epoch_order(3, 3, 500, true));
  EXPECT_NE(order, epoch_order(4, 2, 500, true));
}

TEST(EpochOrder, WithoutShufflingIsTheIdentity) {
  std::vector<int32_t> identity(40);
  std::iota(identity.begin(), identity.end(), 0);
  EXPECT_EQ(epoch_order(3, 2, 40, false), identity);
}

Split colour_images(int64_t count) {
  return make_synthetic({.train = count, .test = 0, .height = 6, .width = 9, .channels = 3, .seed = 9}).train;
}

std::vector<float> filled(const BatchFiller& filler, const std::vector<int32_t>& indices, int32_t epoch, size_t image_elems) {
  std::vector<float> out(indices.size() * image_elems);
  filler.fill(indices, epoch, out);
  return out;
}

TEST(BatchFiller, NormalizesPerChannelInTheOrderAsked) {
  const Split split = colour_images(8);
  const Normalization normalization = {.mean = {125.3f, 122.9f, 113.8f}, .std = {62.9f, 62.1f, 66.7f}};
  const std::vector<int32_t> indices = {5, 0, 5, 7};
  const auto out = filled({split, normalization, {}, 1}, indices, 0, 162);
  for (size_t i = 0; i < out.size(); ++i) {
    const size_t c = i % 3;
    const auto pixel = static_cast<float>(split.pixels[static_cast<size_t>(indices[i / 162]) * 162 + i % 162]);
    ASSERT_EQ(out[i], (pixel - normalization.mean[c]) / normalization.std[c]) << i;
  }
}

TEST(BatchFiller, OneEntryStandsForAllChannels) {
  const Split split = colour_images(2);
  const auto out = filled({split, {.mean = {0.0f}, .std = {255.0f}}, {}, 1}, {1}, 0, 162);
  for (size_t i = 0; i < out.size(); ++i) ASSERT_EQ(out[i], static_cast<float>(split.pixels[162 + i]) / 255.0f);
}

/// The image padded by zeros, cut back to size at (top, left), then mirrored if asked.
std::vector<float> crop_and_flip(const Split& split, int32_t index, int32_t padding, int32_t top, int32_t left, bool flip) {
  const int32_t padded_width = split.width + 2 * padding;
  std::vector<float> padded(static_cast<size_t>((split.height + 2 * padding) * padded_width * split.channels), 0.0f);
  const auto image = split.image(index);
  for (int32_t y = 0; y < split.height; ++y) {
    for (int32_t i = 0; i < split.width * split.channels; ++i) {
      padded[static_cast<size_t>(((y + padding) * padded_width + padding) * split.channels + i)] =
          static_cast<float>(image[static_cast<size_t>(y * split.width * split.channels + i)]);
    }
  }
  std::vector<float> out;
  for (int32_t y = 0; y < split.height; ++y) {
    for (int32_t x = 0; x < split.width; ++x) {
      const int32_t from = flip ? split.width - 1 - x : x;
      for (int32_t c = 0; c < split.channels; ++c) {
        out.push_back(padded[static_cast<size_t>(((y + top) * padded_width + from + left) * split.channels + c)]);
      }
    }
  }
  return out;
}

/// Which of all crops and mirrorings each image of several epochs is: every one must be exactly one, and all must occur.
void check_augmentation(const Augmentation& augmentation, int32_t epochs, double rare) {
  const Split split = colour_images(50);
  const BatchFiller filler(split, {}, augmentation, 21);
  const int32_t places = 2 * augmentation.crop_padding + 1, flips = augmentation.horizontal_flip ? 2 : 1;
  std::vector<int> seen(static_cast<size_t>(places * places * flips));
  for (int32_t index = 0; index < 50; ++index) {
    std::vector<std::vector<float>> variants;
    for (int32_t i = 0; i < places * places * flips; ++i) {
      const int32_t place = i / flips;
      variants.push_back(crop_and_flip(split, index, augmentation.crop_padding, place / places, place % places, i % flips == 1));
    }
    for (int32_t epoch = 0; epoch < epochs; ++epoch) {
      const auto out = filled(filler, {index}, epoch, 162);
      const auto found = std::find(variants.begin(), variants.end(), out);
      ASSERT_NE(found, variants.end()) << index << " " << epoch;
      ASSERT_EQ(std::find(found + 1, variants.end(), out), variants.end());
      ++seen[static_cast<size_t>(found - variants.begin())];
    }
  }
  const double expected = 50.0 * epochs / static_cast<double>(seen.size());
  for (int count : seen) EXPECT_NEAR(count, expected, rare * std::sqrt(expected));
}

// Counts are nearly Poisson; six standard deviations are not seen by chance.
TEST(BatchFiller, AugmentedImagesAreCropsAndMirrorImages) {
  check_augmentation({.crop_padding = 2, .horizontal_flip = true}, 40, 6);
  check_augmentation({.crop_padding = 1, .horizontal_flip = false}, 20, 6);
  check_augmentation({.crop_padding = 0, .horizontal_flip = true}, 20, 6);
}

TEST(BatchFiller, PaddingIsZeroBeforeNormalization) {
  Split split = colour_images(30);
  std::fill(split.pixels.begin(), split.pixels.end(), uint8_t{200});
  const BatchFiller filler(split, {.mean = {100.0f}, .std = {50.0f}}, {.crop_padding = 3}, 1);
  std::vector<int32_t> indices(30);
  std::iota(indices.begin(), indices.end(), 0);
  const auto out = filled(filler, indices, 0, 162);
  const auto is_padding = [](float value) { return value == -2.0f; };
  EXPECT_TRUE(std::any_of(out.begin(), out.end(), is_padding));
  EXPECT_TRUE(std::all_of(out.begin(), out.end(), [&](float value) { return is_padding(value) || value == 2.0f; }));
}

TEST(BatchFiller, AugmentationDependsOnSeedEpochAndImageOnly) {
  const Split split = colour_images(20);
  const Augmentation augmentation = {.crop_padding = 2, .horizontal_flip = true};
  const BatchFiller filler(split, {}, augmentation, 5), again(split, {}, augmentation, 5), other(split, {}, augmentation, 6);
  const std::vector<int32_t> all = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  const auto batch = filled(filler, all, 3, 162);
  EXPECT_EQ(batch, filled(again, all, 3, 162));
  for (int32_t index = 9; index >= 0; --index) {  // alone, in another order, the same
    const auto alone = filled(filler, {index}, 3, 162);
    ASSERT_TRUE(std::equal(alone.begin(), alone.end(), batch.begin() + index * 162));
  }
  EXPECT_NE(batch, filled(filler, all, 4, 162));
  EXPECT_NE(batch, filled(other, all, 3, 162));
}

TEST(BatchFiller, Throughput) {
  const Split split = make_synthetic({.train = 200, .test = 0, .height = 32, .width = 32, .channels = 3}).train;
  std::vector<int32_t> indices(200);
  std::iota(indices.begin(), indices.end(), 0);
  std::vector<float> out(200 * 3072);
  for (const Augmentation& augmentation : {Augmentation{}, Augmentation{.crop_padding = 4, .horizontal_flip = true}}) {
    const BatchFiller filler(split, {}, augmentation, 0);
    const auto begin = std::chrono::steady_clock::now();
    for (int32_t epoch = 0; epoch < 5; ++epoch) filler.fill(indices, epoch, out);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    std::printf("%s: %.0f images of 32x32x3 per second\n", augmentation.empty() ? "plain" : "augmented", 1000 / seconds.count());
    EXPECT_GT(1000 / seconds.count(), 100.0);  // training needs a few thousand; a busy machine may give less
  }
}

}  // namespace
}  // namespace liteqat::data
