#include "kernels/train/batch_norm.h"

#include "train/steps/batch_statistics.h"
#include "train/steps/operator_step.h"
#include "train/steps/steps.h"

namespace liteqat::train {
namespace {

/// Two passes each way in training: chunks leave partial sums, combine adds them up in chunk order, the second pass uses the total.
class BatchNormStep final : public OperatorStep {
 public:
  BatchNormStep(Workplace& place, int32_t op) : OperatorStep(place, op), statistics_(place, op) {}

  int forward_passes(Mode mode) const override { return mode == Mode::kTraining ? 2 : 1; }

  void prepare(Mode mode, const Batch&) override {
    if (mode != Mode::kTraining) statistics_.use_moving();
  }

  void forward(Mode mode, int pass, const Chunk& chunk) override {
    const int64_t rows = statistics_.rows(chunk), channels = statistics_.channels();
    if (mode == Mode::kTraining && pass == 0) {
      statistics_.clear(chunk);
      kernels::train::batch_norm_partial_sums(rows, channels, input(chunk), statistics_.first_partial(chunk),
                                              statistics_.second_partial(chunk));
    } else {
      kernels::train::batch_norm_normalize(rows, channels, input(chunk), statistics_.scale(), statistics_.shift(), output(chunk));
    }
  }

  void combine_forward(Mode mode, int pass, const Batch& batch) override {
    if (mode == Mode::kTraining && pass == 0) statistics_.combine_moments(batch);
  }

  int backward_passes() const override { return 2; }

  void backward(int pass, const Chunk& chunk) override {
    const int64_t rows = statistics_.rows(chunk), channels = statistics_.channels();
    const float* dy = output_gradient(chunk);
    if (pass == 0) {
      statistics_.clear(chunk);
      kernels::train::batch_norm_partial_gradients(rows, channels, statistics_.epsilon(), input(chunk), dy, statistics_.mean(),
                                                   statistics_.variance(), statistics_.first_partial(chunk),
                                                   statistics_.second_partial(chunk));
      return;
    }
    GradientTarget dx = input_gradient(chunk);
    if (dx.data() == nullptr) return;
    kernels::train::batch_norm_backward(rows, channels, statistics_.batch_rows(), statistics_.epsilon(), input(chunk), dy,
                                        statistics_.gamma(), statistics_.mean(), statistics_.variance(), statistics_.first(),
                                        statistics_.second(), dx.data());
    dx.finish();
  }

  void combine_backward(int pass, const Batch& batch) override {
    if (pass == 0) statistics_.combine_gradients(batch, true);
  }

 private:
  BatchStatistics statistics_;
};

}  // namespace

StepResult make_batch_norm_step(Workplace& place, int32_t op) {
  return std::unique_ptr<Step>(std::make_unique<BatchNormStep>(place, op));
}

}  // namespace liteqat::train
