// Which images stand in which batch, and how they are augmented and normalized: a pure function of (seed, epoch, position).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/rng.h"
#include "data/dataset.h"

namespace liteqat::data {

/// A permutation of [0, count) for this epoch; the identity if shuffle is false.
std::vector<int32_t> epoch_order(uint64_t seed, int32_t epoch, int64_t count, bool shuffle);

struct Augmentation {
  int32_t crop_padding = 0;  // zero pixels on each side before a random crop back to size; 0: no crop
  bool horizontal_flip = false;
  int32_t cutout = 0;  // side of a square that is blanked (DeVries, Taylor 2017); 0: none
  bool empty() const { return crop_padding == 0 && !horizontal_flip && cutout == 0; }
};

/// value = (pixel - mean[c]) / std[c]; one entry stands for all channels. Computed per channel through a table of 256 floats.
struct Normalization {
  std::vector<float> mean = {0.0f}, std = {1.0f};
};

/// One entry or one per channel in both, all finite, std above 0. Fails: kMismatch (number of entries), kOutOfRange.
Status validate_normalization(const Normalization& normalization, int32_t channels);

/// Converts images of a split to float. Augmented if augmentation is not empty, each image by numbers drawn from (seed, epoch, its index
/// in the split), whatever else is in the batch: first the crop, then the flip, then the square: its centre is any pixel, what lies outside
/// of the image is cut off. Padding pixels are 0 before normalization, the square is 0 after it. fill() may run in several threads at once.
/// Requires: the split outlives the filler, its pixels are in memory for fill(); a normalization that validate_normalization accepts.
class BatchFiller {
 public:
  BatchFiller(const Split& split, const Normalization& normalization, const Augmentation& augmentation, uint64_t seed);
  /// Image indices[i] as NHWC at out[i * image_elems]. Requires: indices in [0, count), room for all of them.
  void fill(std::span<const int32_t> indices, int32_t epoch, std::span<float> out) const;
  /// One image that lies elsewhere, not augmented. Requires: the split's image_elems() in both.
  void convert(std::span<const uint8_t> pixels, std::span<float> out) const;
  /// What every pixel value becomes: [channels, 256].
  std::span<const float> tables() const { return tables_; }

 private:
  void fill_augmented(int32_t index, int32_t epoch, std::span<float> out) const;
  void fill_padding(std::span<float> pixels) const;
  /// A row of the image moved by `shift` columns, then mirrored if flip.
  void fill_row(std::span<const uint8_t> source, int32_t shift, bool flip, std::span<float> out) const;
  void cut_out(Rng& rng, std::span<float> image) const;

  const Split& split_;
  Augmentation augmentation_;
  uint64_t seed_;
  std::vector<float> tables_;  // [channels, 256]
};

}  // namespace liteqat::data
