// Quantization-aware training on the deployed integers: the forward of every training step is the runtime's own, on the very graph that
// would be exported at that moment, so that what is trained is what is deployed, bit for bit. The backward is straight through, in float32
// (integer_step.h). Needs scheme liteqat_8bit (docs/decisions/0032).
//
// Batch norm, where the model still has it, is folded into the weights before they are quantized (folded_parameters.h): gamma and beta
// train, mean and variance are frozen. Ranges of weights are those of the weights themselves. Ranges of activations follow a float forward
// of every kObservationInterval-th batch, since clamped codes do not show what they cut off.
//
// A chunk of images goes forward and back on one worker before the next one begins: its codes need no memory beyond the chunk, and bytes do
// not depend on the thread count, for the reasons given in engine.h.
#pragma once

#include <functional>
#include <memory>

#include "base/thread_pool.h"
#include "quant/plan.h"
#include "train/trainer.h"

namespace liteqat::train {

inline constexpr int32_t kObservationInterval = 8;

struct IntegerOptions {
  int32_t max_batch = 32;
  int32_t chunk = 8;              // images at a time; fixed by the batch size, never by the thread count
  int64_t steps_done = 0;         // of the run that is resumed: which batches are observed depends on it
  ranks::Ranks* ranks = nullptr;  // as EngineOptions::ranks
  bool timed = false;             // as EngineOptions::timed
  /// Elements of the largest tensor of an operator that go back together, of which two gradients and the codes should stay in a
  /// second-level cache of 2 MiB. Decides how sums are cut and so, as the chunk does, their rounding.
  int64_t cache_elems = 131072;
};

/// The chunk that fit() uses: 8 images, more where images_beside_weights() is more; fewer where a batch would make fewer than 4 chunks.
int32_t integer_chunk_images(const graph::Graph& model, int32_t batch);

class IntegerEngine final : public Trainer {
 public:
  /// model: as trained, batch norm included or folded before; its weights are read in place and must outlive the engine, as the plan must,
  /// whose ranges are updated. plan: for the folded graph, with the model's tensor ids (quant::make_plan).
  /// Fails: kUnsupported naming what cannot be trained on integers; as quant::lower_to_int8.
  static Result<IntegerEngine> make(graph::Graph& model, quant::Plan& plan, ThreadPool& pool, const IntegerOptions& options);
  IntegerEngine(IntegerEngine&&) noexcept;
  IntegerEngine& operator=(IntegerEngine&&) noexcept;
  ~IntegerEngine() override;

  Share share(int32_t n) const override;
  Result<LossValue> step(std::span<const float> images, std::span<const int32_t> labels, float label_smoothing) override;
  /// Weights may change after a step, not from one evaluation to the next.
  Result<LossValue> evaluate(std::span<const float> images, std::span<const int32_t> labels) override;
  const std::vector<graph::TensorId>& parameters() const override;
  std::span<const float> gradient(size_t parameter_index) const override;
  std::string find_non_finite() const override;

  /// Of gradients, scratch, the packed deployed graph and its activations, the observer's included.
  int64_t memory_bytes() const override;
  /// Operators of the deployed graph, activations fused into them named behind them; then what is done once a step.
  std::vector<StepTime> step_times() const override;

  /// Sees every int8 activation of each chunk behind its forward: name, first image, codes [images, ...]. Called from the workers.
  using Inspector = std::function<void(const std::string& tensor, int32_t first_image, std::span<const int8_t> codes)>;
  void set_inspector(Inspector inspector);

 private:
  struct State;
  explicit IntegerEngine(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace liteqat::train
