#include "audit/measure/copies.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "base/rng.h"

namespace liteqat::audit {
namespace {

using data::Split;

constexpr int32_t kCopySide = 24, kPrototypes = 12;

/// Images of a few prototypes with more or less noise and under more or less slanting light, which is what the coarsest reduction sees in
/// full; some mirrored. Correlations lie on both sides of the limit.
Split noisy_images(const std::string& name, int64_t count, int32_t channels, uint64_t seed) {
  Split split;
  split.name = name, split.count = count, split.height = split.width = kCopySide, split.channels = channels;
  Rng rng(seed);
  for (int64_t i = 0; i < count; ++i) {
    const double phase = static_cast<double>(rng.next_below(kPrototypes));
    const auto noise = static_cast<double>(rng.next_below(120));
    const double light = static_cast<double>(rng.next_below(100)) / 10 - 5;
    const bool mirrored = rng.next_below(4) == 0;
    for (int32_t y = 0; y < kCopySide; ++y) {
      for (int32_t x = 0; x < kCopySide; ++x) {
        const double at = mirrored ? kCopySide - 1 - x : x;
        const double shape = 128 + 60 * std::sin(0.05 * at * (phase + 1) + phase) + 50 * std::cos(0.07 * y * (phase + 2));
        for (int32_t c = 0; c < channels; ++c) {
          const double value = shape + light * (x - y) + noise * (static_cast<double>(rng.next_below(1000)) / 1000 - 0.5);
          split.pixels.push_back(static_cast<uint8_t>(std::clamp(value, 0.0, 255.0)));
        }
      }
    }
    split.labels.push_back(0);
  }
  return split;
}

/// Replaces an image by one that looks like no other, `brighter` by so much.
void put_stripes(Split& split, int64_t image, uint8_t brighter) {
  for (int64_t i = 0; i < split.image_elems(); ++i) {
    const int64_t x = i / split.channels % split.width, y = i / split.channels / split.width;
    const bool light = (x * x / 7 + 3 * y) / 5 % 2 == 0;
    split.pixels[static_cast<size_t>(image * split.image_elems() + i)] = static_cast<uint8_t>((light ? 200 : 40) + brighter);
  }
}

/// Replaces an image by 128 +- across, left and right, +- down, above and below. Images of (100, 0) and (95, 31) correlate by 95 /
/// sqrt(95^2 + 31^2) = 0.9507, just enough, and all of what they differ in is seen on the coarsest blocks; (95, 32) would give 0.9477.
void put_halves(Split& split, int64_t image, int32_t across, int32_t down) {
  for (int64_t i = 0; i < split.image_elems(); ++i) {
    const int64_t x = i / split.channels % split.width, y = i / split.channels / split.width;
    split.pixels[static_cast<size_t>(image * split.image_elems() + i)] =
        static_cast<uint8_t>(128 + (x < kCopySide / 2 ? across : -across) + (y < kCopySide / 2 ? down : -down));
  }
}

/// The definition of copies.h, straight from its words, in double.
struct PlainPrint {
  uint64_t hash = 0;
  std::vector<double> grey;  // 16 x 16 cells without mean, unit length
};

std::vector<double> plain_cells(const Split& split, int64_t image, bool mirrored, int32_t rows, int32_t columns) {
  std::vector<double> sums(static_cast<size_t>(rows * columns)), counts(sums.size());
  const auto pixels = split.image(image);
  for (int32_t y = 0; y < split.height; ++y) {
    for (int32_t x = 0; x < split.width; ++x) {
      const int32_t from = mirrored ? split.width - 1 - x : x;
      const auto cell = static_cast<size_t>(y * rows / split.height * columns + x * columns / split.width);
      for (int32_t c = 0; c < split.channels; ++c) sums[cell] += pixels[static_cast<size_t>((y * split.width + from) * split.channels + c)];
      counts[cell] += 1;
    }
  }
  for (size_t i = 0; i < sums.size(); ++i) sums[i] /= counts[i];
  return sums;
}

PlainPrint plain_print(const Split& split, int64_t image, bool mirrored) {
  PlainPrint print;
  const auto cells = plain_cells(split, image, mirrored, 8, 9);
  for (size_t i = 0; i < 64; ++i) {
    const size_t at = i / 8 * 9 + i % 8;
    print.hash = print.hash * 2 + (cells[at] < cells[at + 1] ? 1 : 0);
  }
  print.grey = plain_cells(split, image, mirrored, 16, 16);
  double mean = 0, squares = 0;
  for (const double value : print.grey) mean += value / 256;
  for (double& value : print.grey) value -= mean, squares += value * value;
  for (double& value : print.grey) value /= std::sqrt(squares);
  return print;
}

bool is_near(const PlainPrint& a, const PlainPrint& b) {
  double r = 0;
  for (size_t i = 0; i < a.grey.size(); ++i) r += a.grey[i] * b.grey[i];
  EXPECT_GT(std::fabs(r - kNearCorrelation), 1e-6) << "float32 may decide this pair either way: choose another seed";
  return std::popcount(a.hash ^ b.hash) <= kNearBits && r >= kNearCorrelation;
}

/// The first of `others` that is near the image, or else its mirror image where there is one; -1: none.
int64_t plain_near(const Split& split, int64_t image, const Split& others, int64_t skip) {
  for (const bool mirrored : {false, true}) {
    if (mirrored && split.channels != 3) continue;
    const PlainPrint print = plain_print(split, image, mirrored);
    for (int64_t other = 0; other < others.count; ++other) {
      if (other != skip && is_near(print, plain_print(others, other, false))) return other;
    }
  }
  return -1;
}

class NearCopies : public testing::TestWithParam<int32_t> {};

TEST_P(NearCopies, AreThoseOfThePlainDefinition) {
  data::Dataset dataset;
  dataset.train = noisy_images("train", 300, GetParam(), 1), dataset.test = noisy_images("test", 60, GetParam(), 2);
  dataset.class_names = {"0"};
  put_stripes(dataset.train, 299, 0), put_stripes(dataset.test, 59, 9);  // the very last two
  put_halves(dataset.train, 298, 100, 0), put_halves(dataset.test, 58, 95, 31), put_halves(dataset.test, 57, 95, 32);
  ThreadPool pool(2);
  const DataEvidence found = study_data(dataset, pool);
  std::vector<int64_t> pairs;
  int64_t hits = 0;
  for (int64_t i = 0; i < dataset.test.count; ++i) {
    const int64_t near = plain_near(dataset.test, i, dataset.train, -1);
    if (near >= 0) pairs.insert(pairs.end(), {i, near});
    hits += plain_near(dataset.train, i * 300 / 60, dataset.train, i * 300 / 60) >= 0;
  }
  ASSERT_GT(pairs.size(), 20u) << "the images hold too few near pairs to say anything";
  ASSERT_LT(pairs.size(), 120u) << "nor may all be near";
  ASSERT_GE(pairs.size(), 4u);
  EXPECT_EQ(std::vector<int64_t>(pairs.end() - 4, pairs.end()), (std::vector<int64_t>{58, 298, 59, 299}));
  EXPECT_EQ(found.across.pairs, pairs);
  EXPECT_EQ(found.across.near, static_cast<int64_t>(pairs.size() / 2));
  EXPECT_EQ(found.across.baseline_hits, hits);
  EXPECT_EQ(found.across.baseline_checked, 60);
}

INSTANTIATE_TEST_SUITE_P(GreyAndColor, NearCopies, testing::Values(1, 3));

}  // namespace
}  // namespace liteqat::audit
