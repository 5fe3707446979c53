#include "train/steps/batch_statistics.h"

#include <algorithm>
#include <cmath>

#include "kernels/train/batch_norm.h"

namespace liteqat::train {

BatchStatistics::BatchStatistics(Workplace& place, int32_t op)
    : place_(&place),
      op_index_(op),
      params_(this->op().params_as<graph::BatchNormParams>()),
      channels_(graph::elem_count(place.model.tensor(this->op().inputs[1]).shape)),
      rows_per_image_(place.layout.image_elems(this->op().inputs[0]) / channels_) {
  const auto channels = static_cast<size_t>(channels_);
  for (std::vector<float>* values : {&mean_, &variance_, &scale_, &shift_, &a_, &b_, &d_}) values->resize(channels);
  totals_.resize(2 * channels);
  if (!place.training) return;
  for (std::vector<double>* values : {&first_partials_, &second_partials_})
    values->resize(channels * static_cast<size_t>(place.max_chunks));
}

void BatchStatistics::use_moving() {
  fold(place_->parameter(op().inputs[3]), place_->parameter(op().inputs[4]));
}

void BatchStatistics::clear(const Chunk& chunk) {
  std::fill_n(first_partial(chunk), channels_, 0.0);
  std::fill_n(second_partial(chunk), channels_, 0.0);
}

void BatchStatistics::combine_moments(const Batch& batch) {
  combine_partials(batch);
  finish_moments(batch);
}

void BatchStatistics::use_moments(const Batch& batch, const double* sums, const double* squares) {
  std::copy_n(sums, channels_, totals_.data());
  std::copy_n(squares, channels_, totals_.data() + channels_);
  finish_moments(batch);
}

void BatchStatistics::finish_moments(const Batch& batch) {
  batch_rows_ = rows_per_image_ * batch.all_images;
  kernels::train::batch_norm_moments(batch_rows_, channels_, first(), second(), mean_.data(), variance_.data());
  // Keras takes its fused kernel, which corrects the variance, for images only.
  const bool fused = place_->model.tensor(op().inputs[0]).shape.size() == 4;
  kernels::train::batch_norm_update_moving(batch_rows_, channels_, params_.momentum, fused, mean_.data(), variance_.data(),
                                           place_->parameter(op().inputs[3]), place_->parameter(op().inputs[4]));
  fold(mean_.data(), variance_.data());
}

void BatchStatistics::combine_gradients(const Batch& batch, bool by_deviation) {
  combine_partials(batch);
  for (size_t c = 0; !by_deviation && c < variance_.size(); ++c) {
    totals_[variance_.size() + c] /= std::sqrt(static_cast<double>(variance_[c]) + static_cast<double>(params_.epsilon));
  }
  store_gradient(op().inputs[1], second());  // gamma
  store_gradient(op().inputs[2], first());   // beta
}

kernels::train::NormalizedGradient BatchStatistics::gradient_line() {
  kernels::train::normalized_gradient_coefficients(channels_, batch_rows_, params_.epsilon, gamma(), variance_.data(), first(), second(),
                                                   a_.data(), b_.data(), d_.data());
  return {mean_.data(), a_.data(), b_.data(), d_.data()};
}

void BatchStatistics::combine_partials(const Batch& batch) {
  const auto channels = static_cast<size_t>(channels_);
  std::fill(totals_.begin(), totals_.end(), 0.0);
  ranks::accumulate(place_->ranks, std::span(totals_), totals_.size(), [&](size_t, size_t) {
    for (size_t begin = 0; begin < channels * static_cast<size_t>(batch.chunks); begin += channels) {
      for (size_t c = 0; c < channels; ++c) {
        totals_[c] += first_partials_[begin + c];
        totals_[channels + c] += second_partials_[begin + c];
      }
    }
  });
}

void BatchStatistics::fold(const float* mean, const float* variance) {
  kernels::train::batch_norm_fold(channels_, params_.epsilon, gamma(), place_->parameter(op().inputs[2]), mean, variance, scale_.data(),
                                  shift_.data());
}

void BatchStatistics::store_gradient(graph::TensorId id, const double* values) {
  const int32_t parameter = place_->gradients.find(id);
  if (parameter < 0) return;
  std::transform(values, values + channels_, place_->gradients.total(parameter).begin(),
                 [](double value) { return static_cast<float>(value); });
}

}  // namespace liteqat::train
