#include "train/trainer.h"

namespace liteqat::train {
namespace {

class FloatTrainer final : public Trainer {
 public:
  explicit FloatTrainer(Engine engine) : engine_(std::move(engine)) {}

  Share share(int32_t n) const override { return engine_.share(n); }
  Result<LossValue> step(std::span<const float> images, std::span<const int32_t> labels, float label_smoothing) override {
    engine_.forward(images, static_cast<int32_t>(labels.size()), Mode::kTraining);
    return engine_.backward(labels, label_smoothing);
  }
  Result<LossValue> evaluate(std::span<const float> images, std::span<const int32_t> labels) override {
    engine_.forward(images, static_cast<int32_t>(labels.size()), Mode::kEvaluation);
    return engine_.loss(labels, 0.0f);
  }
  const std::vector<graph::TensorId>& parameters() const override { return engine_.parameters(); }
  std::span<const float> gradient(size_t parameter_index) const override { return engine_.gradient(parameter_index); }
  std::span<const double> range_gradient(size_t quantizer) const override { return engine_.range_gradient(quantizer); }
  std::string find_non_finite() const override { return engine_.find_non_finite(); }
  int64_t memory_bytes() const override { return engine_.memory_bytes(); }
  std::vector<StepTime> step_times() const override { return engine_.step_times(); }

 private:
  Engine engine_;
};

}  // namespace

std::unique_ptr<Trainer> make_float_trainer(Engine engine) {
  return std::make_unique<FloatTrainer>(std::move(engine));
}

}  // namespace liteqat::train
