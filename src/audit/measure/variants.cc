#include "audit/measure/variants.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <optional>

namespace liteqat::audit {
namespace {

using data::Normalization;
using data::Split;

/// ImageNet's and CIFAR-10's statistics as public code has them (torchvision's documentation; the CIFAR-10 tutorials), times 255.
const Normalization kImageNet = {{123.675f, 116.28f, 103.53f}, {58.395f, 57.12f, 57.375f}};
const Normalization kCifar10 = {{125.307f, 122.95f, 113.865f}, {62.9932f, 62.0887f, 66.7048f}};
const Normalization kMnist = {{33.3184f}, {78.5675f}};

bool same(const Normalization& a, const Normalization& b, int32_t channels) {
  const auto at = [](const std::vector<float>& values, int32_t c) {
    return values.size() == 1 ? values[0] : values[static_cast<size_t>(c)];
  };
  for (int32_t c = 0; c < channels; ++c) {
    if (std::fabs(at(a.mean, c) - at(b.mean, c)) > 0.5f || std::fabs(at(a.std, c) / at(b.std, c) - 1) > 0.01f) return false;
  }
  return true;
}

template <typename Place>
Split rearranged(const Split& split, const Place& place) {
  Split moved = split;
  const auto elems = static_cast<size_t>(split.image_elems());
  for (int64_t image = 0; image < split.count; ++image) {
    const size_t base = static_cast<size_t>(image) * elems;
    for (size_t i = 0; i < elems; ++i) moved.pixels[base + i] = split.pixels[base + place(i)];
  }
  return moved;
}

std::optional<FeedVariant> other_range(const std::string& check, const std::string& description, const Normalization& other,
                                       const Split& split, const Normalization& own) {
  if (other.mean.size() > 1 && static_cast<int32_t>(other.mean.size()) != split.channels) return std::nullopt;
  if (same(other, own, split.channels)) return std::nullopt;
  return FeedVariant{check, description, split, other};
}

bool integer_input(const graph::Tensor& input) {
  return (input.type == graph::DType::kInt8 || input.type == graph::DType::kUInt8) && input.quantization.scale.size() == 1;
}

/// Pixels replaced by the truncated codes themselves, counted from the lowest, and a normalization that makes each of them that code again.
std::optional<FeedVariant> truncated(const graph::Tensor& input, const Split& split, const Normalization& own) {
  if (!integer_input(input)) return std::nullopt;
  const float scale = input.quantization.scale[0], zero_point = static_cast<float>(input.quantization.zero_point[0]);
  const float low = input.type == graph::DType::kInt8 ? -128 : 0, high = low + 255;
  FeedVariant variant = {"input.truncated_quantization",
                         "with x / scale + zero_point cut off by a cast instead of rounded",
                         split,
                         {{zero_point - low}, {1 / scale}}};
  const auto channels = static_cast<size_t>(split.channels);
  bool differs = false;
  for (size_t c = 0; c < channels; ++c) {
    const float mean = own.mean[own.mean.size() == 1 ? 0 : c], deviation = own.std[own.std.size() == 1 ? 0 : c];
    std::array<uint8_t, 256> cut, rounded;
    for (size_t v = 0; v < cut.size(); ++v) {
      // float32 arithmetic decides what is cut: an exact whole number computed as 7.9999995 becomes 7.
      const float exact = (static_cast<float>(v) - mean) / deviation / scale + zero_point;
      cut[v] = static_cast<uint8_t>(std::clamp(std::trunc(exact), low, high) - low);
      rounded[v] = static_cast<uint8_t>(std::clamp(std::round(exact), low, high) - low);
    }
    for (size_t i = c; i < variant.split.pixels.size(); i += channels) {
      const uint8_t pixel = variant.split.pixels[i];
      differs = differs || cut[pixel] != rounded[pixel];
      variant.split.pixels[i] = cut[pixel];
    }
  }
  if (!differs) return std::nullopt;
  return variant;
}

/// Grey values in all three channels, by the weights of ITU-R BT.601 in Pillow's integers ('L').
FeedVariant grey(const Split& split, const Normalization& own) {
  FeedVariant variant = {"input.channel_order", "as grey values in all three channels", split, own};
  for (size_t i = 0; i + 2 < split.pixels.size(); i += 3) {
    const uint32_t red = split.pixels[i], green = split.pixels[i + 1], blue = split.pixels[i + 2];
    const auto value = static_cast<uint8_t>((red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16);
    std::fill_n(variant.split.pixels.begin() + static_cast<ptrdiff_t>(i), 3, value);
  }
  return variant;
}

/// int8 codes made by reading the pixel's byte as signed: 128 and more wrap to negative numbers.
std::optional<FeedVariant> wrapped(const graph::Tensor& input, const Split& split, const Normalization& own) {
  if (input.type != graph::DType::kInt8 || !integer_input(input)) return std::nullopt;
  FeedVariant variant = {"input.scale", "pixel bytes cast to int8 without the zero point", split, own};
  for (uint8_t& pixel : variant.split.pixels) pixel = static_cast<uint8_t>(pixel ^ 0x80);
  return variant;
}

}  // namespace

size_t count_feed_variants() {
  return 12;
}

std::optional<FeedVariant> make_feed_variant(size_t index, const graph::Graph& model, const Split& split, const Normalization& own) {
  const graph::Tensor& input = model.tensor(model.inputs[0]);
  const auto height = static_cast<size_t>(split.height), width = static_cast<size_t>(split.width);
  const auto channels = static_cast<size_t>(split.channels);
  switch (index) {
    case 0:
      return other_range("input.scale", "raw pixels 0..255", {{0.0f}, {1.0f}}, split, own);
    case 1:
      return other_range("input.scale", "pixels scaled to 0..1", {{0.0f}, {255.0f}}, split, own);
    case 2:
      return other_range("input.scale", "pixels scaled to -1..1", {{127.5f}, {127.5f}}, split, own);
    case 3:
      return wrapped(input, split, own);
    case 4:
      return other_range("input.mean_std", "with ImageNet's mean and standard deviation", kImageNet, split, own);
    case 5:
      return other_range("input.mean_std", "with CIFAR-10's mean and standard deviation", kCifar10, split, own);
    case 6:
      return other_range("input.mean_std", "with MNIST's mean and standard deviation", kMnist, split, own);
    case 7:
      if (channels != 3) return std::nullopt;
      return FeedVariant{"input.channel_order", "with red and blue exchanged",
                         rearranged(split, [](size_t i) { return i - i % 3 + 2 - i % 3; }), own};
    case 8:
      if (channels == 1) return std::nullopt;
      return FeedVariant{"input.layout", "planes (NCHW) read as pixels (NHWC)",
                         rearranged(split, [&](size_t i) { return i % (height * width) * channels + i / (height * width); }), own};
    case 9:
      if (height != width) return std::nullopt;
      return FeedVariant{"input.layout", "with rows and columns exchanged",
                         rearranged(split,
                                    [&](size_t i) {
                                      const size_t pixel = i / channels;
                                      return (pixel % width * width + pixel / width) * channels + i % channels;
                                    }),
                         own};
    case 10:
      if (channels != 3) return std::nullopt;
      return grey(split, own);
    default:
      return truncated(input, split, own);
  }
}

}  // namespace liteqat::audit
