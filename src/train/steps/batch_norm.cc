#include "kernels/train/batch_norm.h"

#include <algorithm>

#include "train/steps/operator_step.h"
#include "train/steps/steps.h"

namespace liteqat::train {
namespace {

/// Two passes each way in training: chunks leave partial sums, combine adds them up in chunk order, the second pass uses the total.
class BatchNormStep final : public OperatorStep {
 public:
  BatchNormStep(Workplace& place, int32_t op)
      : OperatorStep(place, op),
        params_(this->op().params_as<graph::BatchNormParams>()),
        channels_(graph::elem_count(place.model.tensor(this->op().inputs[1]).shape)) {
    const auto channels = static_cast<size_t>(channels_);
    for (std::vector<float>* values : {&mean_, &variance_, &scale_, &shift_}) values->resize(channels);
    for (std::vector<double>* values : {&first_, &second_}) values->resize(channels);
    if (place.training) {
      for (std::vector<double>* values : {&first_partials_, &second_partials_})
        values->resize(channels * static_cast<size_t>(place.max_chunks));
    }
  }

  int forward_passes(Mode mode) const override { return mode == Mode::kTraining ? 2 : 1; }

  void prepare(Mode mode, const Batch&) override {
    if (mode == Mode::kTraining) return;
    fold(place().parameter(op().inputs[3]), place().parameter(op().inputs[4]));
  }

  void forward(Mode mode, int pass, const Chunk& chunk) override {
    if (mode == Mode::kTraining && pass == 0) {
      clear_partials(chunk);
      kernels::train::batch_norm_partial_sums(rows(chunk), channels_, input(chunk), first_partial(chunk), second_partial(chunk));
    } else {
      kernels::train::batch_norm_normalize(rows(chunk), channels_, input(chunk), scale_.data(), shift_.data(), output(chunk));
    }
  }

  void combine_forward(Mode mode, int pass, const Batch& batch) override {
    if (mode != Mode::kTraining || pass != 0) return;
    combine_partials(batch);
    const int64_t batch_rows = rows_per_image() * batch.images;
    kernels::train::batch_norm_moments(batch_rows, channels_, first_.data(), second_.data(), mean_.data(), variance_.data());
    const bool fused = input_shape().size() == 4;  // Keras takes its fused kernel, which corrects the variance, for images only
    kernels::train::batch_norm_update_moving(batch_rows, channels_, params_.momentum, fused, mean_.data(), variance_.data(),
                                             place().parameter(op().inputs[3]), place().parameter(op().inputs[4]));
    fold(mean_.data(), variance_.data());
    batch_rows_ = batch_rows;
  }

  int backward_passes() const override { return 2; }

  void backward(int pass, const Chunk& chunk) override {
    const float* dy = output_gradient(chunk);
    if (pass == 0) {
      clear_partials(chunk);
      kernels::train::batch_norm_partial_gradients(rows(chunk), channels_, params_.epsilon, input(chunk), dy, mean_.data(),
                                                   variance_.data(), first_partial(chunk), second_partial(chunk));
      return;
    }
    GradientTarget dx = input_gradient(chunk);
    if (dx.data() == nullptr) return;
    kernels::train::batch_norm_backward(rows(chunk), channels_, batch_rows_, params_.epsilon, input(chunk), dy,
                                        place().parameter(op().inputs[1]), mean_.data(), variance_.data(), first_.data(), second_.data(),
                                        dx.data());
    dx.finish();
  }

  void combine_backward(int pass, const Batch& batch) override {
    if (pass != 0) return;
    combine_partials(batch);
    store_gradient(op().inputs[1], second_);  // gamma
    store_gradient(op().inputs[2], first_);   // beta
  }

 private:
  int64_t rows_per_image() const { return place().layout.image_elems(op().inputs[0]) / channels_; }
  int64_t rows(const Chunk& chunk) const { return rows_per_image() * chunk.count; }
  double* first_partial(const Chunk& chunk) { return first_partials_.data() + chunk.index * channels_; }
  double* second_partial(const Chunk& chunk) { return second_partials_.data() + chunk.index * channels_; }

  void clear_partials(const Chunk& chunk) {
    std::fill_n(first_partial(chunk), channels_, 0.0);
    std::fill_n(second_partial(chunk), channels_, 0.0);
  }

  void combine_partials(const Batch& batch) {
    std::fill(first_.begin(), first_.end(), 0.0);
    std::fill(second_.begin(), second_.end(), 0.0);
    const auto channels = static_cast<size_t>(channels_);
    for (size_t i = 0; i < channels * static_cast<size_t>(batch.chunks); ++i) {
      first_[i % channels] += first_partials_[i];
      second_[i % channels] += second_partials_[i];
    }
  }

  void fold(const float* mean, const float* variance) {
    kernels::train::batch_norm_fold(channels_, params_.epsilon, place().parameter(op().inputs[1]), place().parameter(op().inputs[2]), mean,
                                    variance, scale_.data(), shift_.data());
  }

  void store_gradient(graph::TensorId id, const std::vector<double>& values) {
    const int32_t parameter = place().gradients.find(id);
    if (parameter < 0) return;
    std::transform(values.begin(), values.end(), place().gradients.total(parameter).begin(),
                   [](double value) { return static_cast<float>(value); });
  }

  graph::BatchNormParams params_;
  int64_t channels_;
  int64_t batch_rows_ = 0;
  std::vector<float> mean_, variance_;                    // of the batch
  std::vector<float> scale_, shift_;                      // y = x * scale + shift
  std::vector<double> first_, second_;                    // forward: sums and squares; backward: dbeta and dgamma
  std::vector<double> first_partials_, second_partials_;  // the same by chunk
};

}  // namespace

StepResult make_batch_norm_step(Workplace& place, int32_t op) {
  return std::unique_ptr<Step>(std::make_unique<BatchNormStep>(place, op));
}

}  // namespace liteqat::train
