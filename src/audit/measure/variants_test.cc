#include "audit/measure/variants.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

namespace liteqat::audit {
namespace {

using data::Normalization;
using data::Split;

graph::Graph int8_model(float scale, int64_t zero_point) {
  graph::Graph graph;
  graph.inputs = {
      graph.add_tensor({.name = "x", .type = graph::DType::kInt8, .shape = {1, 2, 2, 3}, .quantization = {{scale}, {zero_point}, 0}})};
  return graph;
}

/// Pixels 0, 1, 2, ... in file order.
Split counted(int64_t count, int32_t height, int32_t width, int32_t channels) {
  Split split;
  split.count = count, split.height = height, split.width = width, split.channels = channels;
  for (int64_t i = 0; i < count * split.image_elems(); ++i) split.pixels.push_back(static_cast<uint8_t>(i));
  split.labels.assign(static_cast<size_t>(count), 0);
  return split;
}

/// By description.
std::map<std::string, FeedVariant> all_variants(const graph::Graph& model, const Split& split, const Normalization& own) {
  std::map<std::string, FeedVariant> made;
  for (size_t i = 0; i < count_feed_variants(); ++i) {
    if (auto variant = make_feed_variant(i, model, split, own)) made.emplace(variant->description, *variant);
  }
  return made;
}

TEST(FeedVariants, MovePixelsAsTheMistakeDoes) {
  const auto made = all_variants(int8_model(1, -128), counted(2, 2, 2, 3), {{0.0f}, {1.0f}});
  using Pixels = std::vector<uint8_t>;
  EXPECT_EQ(made.at("with red and blue exchanged").split.pixels,
            (Pixels{2, 1, 0, 5, 4, 3, 8, 7, 6, 11, 10, 9, 14, 13, 12, 17, 16, 15, 20, 19, 18, 23, 22, 21}));
  EXPECT_EQ(made.at("with rows and columns exchanged").split.pixels,
            (Pixels{0, 1, 2, 6, 7, 8, 3, 4, 5, 9, 10, 11, 12, 13, 14, 18, 19, 20, 15, 16, 17, 21, 22, 23}));
  // Bytes n, n + 1, n + 2 weigh 0.299, 0.587 and 0.114: n + 0.815.
  EXPECT_EQ(made.at("as grey values in all three channels").split.pixels,
            (Pixels{1, 1, 1, 4, 4, 4, 7, 7, 7, 10, 10, 10, 13, 13, 13, 16, 16, 16, 19, 19, 19, 22, 22, 22}));
  // NHWC written as planes: all of channel 0, then 1, then 2.
  EXPECT_EQ(made.at("planes (NCHW) read as pixels (NHWC)").split.pixels,
            (Pixels{0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11, 12, 15, 18, 21, 13, 16, 19, 22, 14, 17, 20, 23}));
  EXPECT_EQ(made.at("pixel bytes cast to int8 without the zero point").split.pixels[3], 3 ^ 0x80);
  for (const auto& [description, variant] : made) {
    if (variant.check.starts_with("input.channel") || variant.check.starts_with("input.layout")) {
      EXPECT_EQ(variant.normalization.std, std::vector<float>{1.0f}) << description;
    }
  }
}

TEST(FeedVariants, TheModelsOwnRangeIsNoMistake) {
  EXPECT_FALSE(all_variants(int8_model(1, -128), counted(1, 2, 2, 3), {{0.0f}, {1.0f}}).contains("raw pixels 0..255"));
  EXPECT_FALSE(all_variants(int8_model(1, -128), counted(1, 2, 2, 3), {{0.0f}, {255.0f}}).contains("pixels scaled to 0..1"));
}

TEST(FeedVariants, ATruncatedCodeIsThatCodeAgainWhenRounded) {
  constexpr double kScale = 0.0037, kMean = 12, kStd = 201;  // no code falls on a whole number or half of one
  constexpr int kZeroPoint = -101;                           // some reals are negative, cut off towards zero
  const graph::Graph model = int8_model(static_cast<float>(kScale), kZeroPoint);
  const Split split = counted(22, 2, 2, 3);  // all bytes
  const auto made = all_variants(model, split, {{static_cast<float>(kMean)}, {static_cast<float>(kStd)}});
  const FeedVariant& variant = made.at("with x / scale + zero_point cut off by a cast instead of rounded");
  int different = 0;
  for (size_t i = 0; i < split.pixels.size(); ++i) {
    const double exact = (split.pixels[i] - kMean) / kStd / kScale + kZeroPoint;
    const double fed = (static_cast<double>(variant.split.pixels[i]) - static_cast<double>(variant.normalization.mean[0])) /
                       static_cast<double>(variant.normalization.std[0]);
    const double code = std::clamp(std::round(fed / kScale + kZeroPoint), -128.0, 127.0);
    EXPECT_EQ(code, std::clamp(std::trunc(exact), -128.0, 127.0)) << "pixel " << int{split.pixels[i]};
    different += code != std::clamp(std::round(exact), -128.0, 127.0);
  }
  EXPECT_GT(different, 50);
}

TEST(FeedVariants, WhereEveryPixelIsACodeTruncationChangesNothing) {
  EXPECT_FALSE(all_variants(int8_model(1, -128), counted(22, 2, 2, 3), {{0.0f}, {1.0f}})
                   .contains("with x / scale + zero_point cut off by a cast instead of rounded"));
}

}  // namespace
}  // namespace liteqat::audit
