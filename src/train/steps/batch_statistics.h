// The statistics of one BATCH_NORM over a batch that is computed chunk by chunk: partial sums by chunk, totals in chunk order over all
// ranks, and what forward and backward need of them. Owned by the step that computes the operator.
#pragma once

#include <vector>

#include "kernels/train/normalized.h"
#include "train/steps/step.h"

namespace liteqat::train {

class BatchStatistics {
 public:
  /// Requires: operator `op` is a BATCH_NORM.
  BatchStatistics(Workplace& place, int32_t op);

  int64_t channels() const { return channels_; }
  float epsilon() const { return params_.epsilon; }
  int64_t rows(const Chunk& chunk) const { return rows_per_image_ * chunk.count; }
  int64_t batch_rows() const { return batch_rows_; }
  const float* gamma() const { return place_->parameter(op().inputs[1]); }
  const float* mean() const { return mean_.data(); }
  const float* variance() const { return variance_.data(); }
  const float* scale() const { return scale_.data(); }
  const float* shift() const { return shift_.data(); }
  /// Totals: sums and squares after a forward, dbeta and dgamma after a backward.
  const double* first() const { return totals_.data(); }
  const double* second() const { return totals_.data() + channels_; }

  /// scale and shift from the moving statistics.
  void use_moving();

  /// Zeroes the chunk's partial sums; whoever computes adds to them then.
  void clear(const Chunk& chunk);
  double* first_partial(const Chunk& chunk) { return first_partials_.data() + chunk.index * channels_; }
  double* second_partial(const Chunk& chunk) { return second_partials_.data() + chunk.index * channels_; }

  /// Partials are sums and squares: the batch's moments, the moving statistics' update, scale and shift.
  void combine_moments(const Batch& batch);
  /// The same from totals over all ranks that somebody else has found, [channels] each.
  void use_moments(const Batch& batch, const double* sums, const double* squares);
  /// Partials are sums of dy and of dy * (x - mean) * rstd; `by_deviation` false: the latter without rstd. Stores gamma's and beta's
  /// gradients.
  void combine_gradients(const Batch& batch, bool by_deviation);

  /// After combine_gradients(): the coefficients of kernels::train::normalized_gradient, valid until the next call.
  kernels::train::NormalizedGradient gradient_line();

 private:
  const graph::Op& op() const { return place_->model.ops[static_cast<size_t>(op_index_)]; }
  void combine_partials(const Batch& batch);
  void finish_moments(const Batch& batch);
  void fold(const float* mean, const float* variance);
  void store_gradient(graph::TensorId id, const double* values);

  Workplace* place_;
  int32_t op_index_;
  graph::BatchNormParams params_;
  int64_t channels_, rows_per_image_;
  int64_t batch_rows_ = 0;
  std::vector<float> mean_, variance_;                    // of the batch
  std::vector<float> scale_, shift_;                      // y = x * scale + shift
  std::vector<float> a_, b_, d_;                          // of gradient_line()
  std::vector<double> totals_;                            // first(), then second()
  std::vector<double> first_partials_, second_partials_;  // by chunk
};

}  // namespace liteqat::train
