// Which images stand in which batch, and how they are augmented and normalized: a pure function of (seed, epoch, position).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "data/dataset.h"

namespace liteqat::data {

/// A permutation of [0, count) for this epoch; the identity if shuffle is false.
std::vector<int32_t> epoch_order(uint64_t seed, int32_t epoch, int64_t count, bool shuffle);

struct Augmentation {
  int32_t crop_padding = 0;  // zero pixels on each side before a random crop back to size; 0: no crop
  bool horizontal_flip = false;
  bool empty() const { return crop_padding == 0 && !horizontal_flip; }
};

/// value = (pixel - mean[c]) / std[c]; one entry stands for all channels. Computed per channel through a table of 256 floats.
struct Normalization {
  std::vector<float> mean = {0.0f}, std = {1.0f};
};

/// Converts images order[begin..begin+n) of the split to float NHWC at `out` (n * image_elems floats). Augmented if augmentation is not
/// empty, each image by numbers drawn from (seed, epoch, its index in the split). Padding pixels are 0 before normalization.
class BatchFiller {
 public:
  BatchFiller(const Split& split, const Normalization& normalization, const Augmentation& augmentation, uint64_t seed);
  void fill(std::span<const int32_t> indices, int32_t epoch, std::span<float> out) const;

 private:
  void fill_plain(int32_t index, std::span<float> out) const;
  void fill_augmented(int32_t index, int32_t epoch, std::span<float> out) const;

  const Split& split_;
  Augmentation augmentation_;
  uint64_t seed_;
  std::vector<float> tables_;  // [channels, 256]
};

}  // namespace liteqat::data
