// 1x1 convolutions on integers: matrix products over blocks of positions. A block's gradient is masked, its codes are dequantized and both
// are multiplied while they are in a core's cache.
#include <algorithm>

#include "train/integer/weighted_step.h"
#include "train/steps/linear_operator.h"

namespace liteqat::train {
namespace {

class PointwiseStep final : public WeightedStep {
 public:
  PointwiseStep(const IntegerPlace& place, size_t op, const FoldedParameters& parameters)
      : WeightedStep(place, op, parameters),
        inputs_(input_tensor().shape[3]),
        outputs_(output_tensor().shape[3]),
        positions_(place.places.image_elems(this->op().inputs[0]) / inputs_),
        block_(slices_of_block(inputs_, outputs_, weight_elems(), place.cut_elems)),
        backward_(weight_elems()) {}

  void prepare() override {
    WeightedStep::prepare();
    place().products.pack(outputs_, inputs_, weights(), inputs_, 1, backward_.data());
  }

  void backward(const IntegerChunk& chunk) const override {
    const int64_t rows = positions_ * chunk.chunk.count;
    for (int64_t row = 0; row < rows; row += block_) backward_block(chunk, row, std::min(block_, rows - row));
  }

 private:
  void backward_block(const IntegerChunk& chunk, int64_t row, int64_t rows) const {
    const float* dz = mask(chunk, row * outputs_, rows * outputs_);
    const bool fresh = chunk.chunk.first_of_group && row == 0;
    if (float* dw = weight_gradient(chunk)) {
      const float* x = dequantize_part(chunk, row * inputs_, rows * inputs_);
      place().products.accumulate(rows, outputs_, inputs_, dz, x, !fresh, dw, {});
    }
    add_bias_rows(chunk, rows, dz, fresh);
    float* dx = input_gradient(chunk);
    if (dx == nullptr) return;
    const auto multiply = adds_to_input() ? place().products.add_product : place().products.multiply;
    multiply(rows, outputs_, inputs_, dz, backward_.data(), nullptr, dx + row * inputs_, {});
  }

  int64_t inputs_, outputs_, positions_, block_;  // block_: positions
  FloatBlock backward_;                           // the weights as dx = dz * w reads them
};

}  // namespace

std::unique_ptr<IntegerStep> make_integer_pointwise_step(const IntegerPlace& place, size_t op, const FoldedParameters& parameters) {
  return std::make_unique<PointwiseStep>(place, op, parameters);
}

}  // namespace liteqat::train
