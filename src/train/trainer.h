// What the training loop needs of a network that learns, however its forward computes: float with fake quantization (Engine) or the
// deployed integers (integer/integer_engine.h).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "train/engine.h"

namespace liteqat::train {

class Trainer {
 public:
  virtual ~Trainer() = default;

  /// The images of a batch of n that this process computes; everything without other ranks.
  virtual Share share(int32_t n) const = 0;
  /// Forward and backward of one batch, images [share(n).count, ...] and labels [n]: afterwards every gradient() is that of the mean loss
  /// of the whole batch. Fails: kOutOfRange where a weight or range is not finite.
  virtual Result<LossValue> step(std::span<const float> images, std::span<const int32_t> labels, float label_smoothing) = 0;
  /// The loss without label smoothing in evaluation mode; gradients stay as they are.
  virtual Result<LossValue> evaluate(std::span<const float> images, std::span<const int32_t> labels) = 0;

  /// Trainable tensors in graph order, and the gradient of each.
  virtual const std::vector<graph::TensorId>& parameters() const = 0;
  virtual std::span<const float> gradient(size_t parameter_index) const = 0;
  /// The loss' derivative by the step of each channel of a quantizer whose range is learned (EngineOptions::learned_ranges).
  virtual std::span<const double> range_gradient(size_t /*quantizer*/) const { return {}; }
  /// Name of the first operator with a value that is not finite after the last step, empty if none.
  virtual std::string find_non_finite() const = 0;

  virtual int64_t memory_bytes() const = 0;
  /// Requires: an engine that was made with its option `timed`.
  virtual std::vector<StepTime> step_times() const = 0;
};

/// Float forward, fake quantization where the engine's plan has it.
std::unique_ptr<Trainer> make_float_trainer(Engine engine);

}  // namespace liteqat::train
