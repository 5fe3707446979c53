#include "train/loss.h"

#include <algorithm>

#include "kernels/train/softmax.h"

namespace liteqat::train {

void BatchLoss::add(int32_t begin, std::span<const int32_t> labels, const float* logits, int32_t classes, const LossOptions& options,
                    float* gradient) {
  const auto first = static_cast<size_t>(begin);
  kernels::train::softmax_cross_entropy(static_cast<int32_t>(labels.size()), classes, logits, labels.data(), options.label_smoothing,
                                        options.gradient_scale, &losses_[first], gradient);
  for (size_t image = 0; image < labels.size(); ++image) {
    const float* row = logits + static_cast<int64_t>(image) * classes;
    hits_[first + image] = std::max_element(row, row + classes) - row == labels[image] ? 1 : 0;
  }
}

LossValue BatchLoss::mean(const Batch& batch, ranks::Ranks* ranks) const {
  LossValue value;
  ranks::accumulate(ranks, std::span(&value, 1), 1, [&](size_t, size_t) {
    for (size_t image = 0; image < static_cast<size_t>(batch.images); ++image) {
      value.loss += losses_[image];
      value.correct += hits_[image];
    }
  });
  value.loss /= batch.all_images;
  return value;
}

}  // namespace liteqat::train
