#include "base/rng.h"
#include "kernels/train/joins.h"
#include "train/steps/make_step.h"

namespace liteqat::train {
namespace {

/// FNV-1a, 64 bits: a layer keeps its masks whatever else the network has.
uint64_t hash_name(const std::string& name) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (char letter : name) hash = (hash ^ static_cast<uint8_t>(letter)) * 0x100000001b3u;
  return hash;
}

/// Behind the operator and its fake quantizer, from what the one of them that came last has written.
class DropoutStep final : public Step {
 public:
  DropoutStep(Workplace& place, const Dropout& dropout)
      : Step("dropout of " + place.model.tensor(dropout.tensor).name),
        place_(place),
        tensor_(dropout.tensor),
        quantized_(place.plan != nullptr && place.plan->find(tensor_) != nullptr),
        layer_key_(mix_seed(place.dropout_seed, hash_name(place.model.tensor(tensor_).name))),
        rate_(dropout.rate) {}

  void prepare(Mode, const Batch& batch) override { first_image_ = batch.first_image; }

  void forward(Mode mode, int, const Chunk& chunk) override {
    const float* x = quantized_ ? place_.layout.value(tensor_, chunk) : place_.layout.raw(tensor_, chunk);
    apply(chunk, mode == Mode::kTraining ? rate_ : 0, x, place_.layout.value(tensor_, chunk));
  }

  void backward(int, const Chunk& chunk) override {
    float* gradient = place_.layout.gradient(tensor_, chunk);
    apply(chunk, rate_, gradient, gradient);
  }

 private:
  void apply(const Chunk& chunk, float rate, const float* x, float* y) const {
    const int64_t elems = place_.layout.image_elems(tensor_);
    const uint64_t key = mix_seed(layer_key_, static_cast<uint64_t>(place_.step));
    kernels::train::dropout({key, rate}, (int64_t{first_image_} + chunk.begin) * elems, x, y, chunk.count * elems);
  }

  Workplace& place_;
  graph::TensorId tensor_;
  bool quantized_;
  uint64_t layer_key_;
  float rate_;
  int32_t first_image_ = 0;  // of this rank's share: elements count through the whole batch
};

}  // namespace

std::unique_ptr<Step> make_dropout_step(Workplace& place, const Dropout& dropout) {
  return std::make_unique<DropoutStep>(place, dropout);
}

}  // namespace liteqat::train
