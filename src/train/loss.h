// The loss of a batch, image by image: softmax cross-entropy and whether the first maximum of the logits is the label. Sums run in image
// order, in double, from rank to rank.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "train/engine.h"
#include "train/steps/step.h"

namespace liteqat::train {

struct LossOptions {
  float label_smoothing = 0;
  float gradient_scale = 1;  // 1 / images of the batch
};

class BatchLoss {
 public:
  explicit BatchLoss(int32_t max_batch) : losses_(static_cast<size_t>(max_batch)), hits_(static_cast<size_t>(max_batch)) {}

  /// Images [begin, begin + labels.size()); gradient [images, classes] or null. Different images may be added at the same time.
  void add(int32_t begin, std::span<const int32_t> labels, const float* logits, int32_t classes, const LossOptions& options,
           float* gradient);
  /// Mean over all images of the batch and the hits among them, all ranks together.
  LossValue mean(const Batch& batch, ranks::Ranks* ranks) const;

 private:
  std::vector<double> losses_;
  std::vector<int32_t> hits_;
};

}  // namespace liteqat::train
