#include "data/batches.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "base/check.h"
#include "base/rng.h"

namespace liteqat::data {
namespace {

constexpr uint64_t kOrderStream = 0x6f72646572;  // "order"; augmentation uses the image's index

}  // namespace

std::vector<int32_t> epoch_order(uint64_t seed, int32_t epoch, int64_t count, bool shuffle) {
  std::vector<int32_t> order(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  if (shuffle) Rng(mix_seed(seed, static_cast<uint64_t>(epoch)), kOrderStream).shuffle(std::span(order));
  return order;
}

Status validate_normalization(const Normalization& normalization, int32_t channels) {
  for (const auto& [name, values] : {std::pair("mean", &normalization.mean), std::pair("std", &normalization.std)}) {
    if (values->size() != 1 && values->size() != static_cast<size_t>(channels)) {
      return error(Code::kMismatch, "preprocessing: {} has {} entries, the images have {} channels; 1 or {} are expected", name,
                   values->size(), channels, channels);
    }
    for (float value : *values) {
      const bool is_std = values == &normalization.std;
      if (!std::isfinite(value) || (is_std && value <= 0)) {
        return error(Code::kOutOfRange, "preprocessing: {} {}, a finite number{} is expected", name, value, is_std ? " above 0" : "");
      }
    }
  }
  return {};
}

BatchFiller::BatchFiller(const Split& split, const Normalization& normalization, const Augmentation& augmentation, uint64_t seed)
    : split_(split), augmentation_(augmentation), seed_(seed), tables_(static_cast<size_t>(split.channels) * 256) {
  LITEQAT_CHECK(validate_normalization(normalization, split.channels).ok());
  const auto entry = [](const std::vector<float>& values, size_t channel) { return values.size() == 1 ? values[0] : values[channel]; };
  for (size_t channel = 0; channel < static_cast<size_t>(split.channels); ++channel) {
    for (size_t pixel = 0; pixel < 256; ++pixel) {
      tables_[channel * 256 + pixel] = (static_cast<float>(pixel) - entry(normalization.mean, channel)) / entry(normalization.std, channel);
    }
  }
}

void BatchFiller::fill(std::span<const int32_t> indices, int32_t epoch, std::span<float> out) const {
  const auto image_elems = static_cast<size_t>(split_.image_elems());
  LITEQAT_CHECK_LE(indices.size() * image_elems, out.size());
  for (size_t position = 0; position < indices.size(); ++position) {
    LITEQAT_CHECK(indices[position] >= 0 && indices[position] < split_.count);
    const std::span<float> target = out.subspan(position * image_elems, image_elems);
    if (augmentation_.empty()) {
      convert(split_.image(indices[position]), target);
    } else {
      fill_augmented(indices[position], epoch, target);
    }
  }
}

void BatchFiller::convert(std::span<const uint8_t> pixels, std::span<float> out) const {
  const auto channels = static_cast<size_t>(split_.channels);
  for (size_t i = 0; i < pixels.size(); i += channels) {
    for (size_t c = 0; c < channels; ++c) out[i + c] = tables_[c * 256 + pixels[i + c]];
  }
}

void BatchFiller::fill_augmented(int32_t index, int32_t epoch, std::span<float> out) const {
  Rng rng(mix_seed(seed_, static_cast<uint64_t>(epoch)), static_cast<uint64_t>(index));
  const auto extent = static_cast<uint32_t>(2 * augmentation_.crop_padding + 1);
  const int32_t shift_y = static_cast<int32_t>(rng.next_below(extent)) - augmentation_.crop_padding;
  const int32_t shift_x = static_cast<int32_t>(rng.next_below(extent)) - augmentation_.crop_padding;
  const bool flip = augmentation_.horizontal_flip && rng.next_below(2) == 1;
  const int32_t height = split_.height;
  const auto row_elems = static_cast<size_t>(split_.width * split_.channels);
  for (int32_t y = 0; y < height; ++y) {
    const std::span<float> row = out.subspan(static_cast<size_t>(y) * row_elems, row_elems);
    const int32_t source_y = y + shift_y;
    if (source_y < 0 || source_y >= height) {
      fill_padding(row);
    } else {
      fill_row(split_.image(index).subspan(static_cast<size_t>(source_y) * row_elems, row_elems), shift_x, flip, row);
    }
  }
  if (augmentation_.cutout > 0) cut_out(rng, out);
}

void BatchFiller::fill_padding(std::span<float> pixels) const {
  const auto channels = static_cast<size_t>(split_.channels);
  for (size_t i = 0; i < pixels.size(); i += channels) {
    for (size_t c = 0; c < channels; ++c) pixels[i + c] = tables_[c * 256];
  }
}

void BatchFiller::fill_row(std::span<const uint8_t> source, int32_t shift, bool flip, std::span<float> out) const {
  const int32_t width = split_.width, step = flip ? -1 : 1;
  const auto channels = static_cast<size_t>(split_.channels);
  // Column x shows source column first + step * x; those inside are [begin, end).
  const int32_t first = flip ? width - 1 + shift : shift;
  const int32_t begin = std::clamp(flip ? first - width + 1 : -first, 0, width);
  const int32_t end = std::clamp(flip ? first + 1 : width - first, begin, width);
  const auto elems = [&](int32_t columns) { return static_cast<size_t>(columns) * channels; };
  fill_padding(out.first(elems(begin)));
  fill_padding(out.subspan(elems(end)));
  if (begin == end) return;
  const uint8_t* from = source.data() + elems(first + step * begin);
  float* to = out.data() + elems(begin);
  for (int32_t x = begin; x < end; ++x, from += step * static_cast<std::ptrdiff_t>(channels), to += channels) {
    for (size_t c = 0; c < channels; ++c) to[c] = tables_[c * 256 + from[c]];
  }
}

void BatchFiller::cut_out(Rng& rng, std::span<float> image) const {
  const int32_t side = augmentation_.cutout, height = split_.height, width = split_.width;
  const int32_t top = static_cast<int32_t>(rng.next_below(static_cast<uint32_t>(height))) - side / 2;
  const int32_t left = static_cast<int32_t>(rng.next_below(static_cast<uint32_t>(width))) - side / 2;
  const int32_t begin = std::max(left, 0), end = std::min(left + side, width);
  for (int32_t y = std::max(top, 0); y < std::min(top + side, height); ++y) {
    const auto at = static_cast<size_t>((y * width + begin) * split_.channels);
    std::ranges::fill(image.subspan(at, static_cast<size_t>((end - begin) * split_.channels)), 0.0f);
  }
}

}  // namespace liteqat::data
