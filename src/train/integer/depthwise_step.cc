// DEPTHWISE_CONV_2D on integers, in strips of rows: the gradient of a strip's outputs is masked and its inputs are dequantized while both
// are in a core's cache. With a depth multiplier whole chunks are computed.
#include <algorithm>

#include "train/integer/weighted_step.h"
#include "train/steps/window.h"

namespace liteqat::train {
namespace {

using kernels::train::Rows;

class DepthwiseStep final : public WeightedStep {
 public:
  DepthwiseStep(const IntegerPlace& place, size_t op, const FoldedParameters& parameters)
      : WeightedStep(place, op, parameters), shape_(depthwise_shape(place.lowered, this->op())) {
    const int64_t row = std::max(input_row(), output_row());
    strip_ = static_cast<int32_t>(std::clamp<int64_t>(place.cut_elems / row, 1, shape_.window.height));
  }

  void backward(const IntegerChunk& chunk) const override {
    if (shape_.multiplier != 1) return IntegerStep::backward(chunk);
    if (float* dw = weight_gradient(chunk); dw != nullptr && chunk.chunk.first_of_group) std::fill_n(dw, weight_elems(), 0.0f);
    for (int32_t image = 0; image < chunk.chunk.count; ++image) reverse_image(chunk, image);
  }

 protected:
  void propagate(const IntegerChunk& chunk, const float* dz) const override {
    const int32_t images = chunk.chunk.count;
    add_bias_rows(chunk, output_elems(chunk) / channels_out(), dz, chunk.chunk.first_of_group);
    if (float* dw = weight_gradient(chunk)) {
      float* own = chunk.chunk.first_of_group ? dw : weight_scratch(chunk);
      place().depthwise.backward_weights(shape_, images, dequantize_input(chunk), dz, own, nullptr);
      if (own != dw) add(own, dw, weight_elems());
    }
    give_gradient(chunk, 0, [&](float* dx) { place().depthwise.backward_data(shape_, images, dz, weights(), dx); });
  }

 private:
  int64_t input_row() const { return int64_t{shape_.window.width} * shape_.window.channels; }
  int64_t output_row() const { return shape_.window.out_width * channels_out(); }
  int64_t channels_out() const { return int64_t{shape_.window.channels} * shape_.multiplier; }

  void reverse_image(const IntegerChunk& chunk, int32_t image) const {
    const int32_t height = shape_.window.height;
    int32_t done = 0;  // output rows
    for (int32_t row = 0; row < height; row += strip_) {
      const Rows inputs{row, std::min(row + strip_, height)};
      // Outputs that read nothing but padding still end somewhere: with the last strip.
      const int32_t end =
          inputs.end == height ? shape_.window.out_height : std::max(done, kernels::train::output_rows_of(shape_.window, inputs).end);
      if (end > done) reverse_outputs(chunk, image, {done, end});
      done = end;
      reverse_inputs(chunk, image, inputs);
    }
  }

  void reverse_outputs(const IntegerChunk& chunk, int32_t image, const Rows& outputs) const {
    const int64_t first = (int64_t{image} * shape_.window.out_height + outputs.begin) * output_row();
    const int64_t rows = outputs.end - outputs.begin;
    const float* dz = mask(chunk, first, rows * output_row());
    add_bias_rows(chunk, rows * shape_.window.out_width, dz, chunk.chunk.first_of_group && first == 0);
    float* dw = weight_gradient(chunk);
    const Rows inputs = kernels::train::input_rows_of(shape_.window, outputs);
    if (dw == nullptr || inputs.begin >= inputs.end) return;
    const int64_t from = (int64_t{image} * shape_.window.height + inputs.begin) * input_row();
    const float* x = dequantize_part(chunk, from, (inputs.end - inputs.begin) * input_row());
    place().depthwise.add_weights_of_rows(shape_, {outputs.begin, outputs.end, inputs.begin}, x, dz, dw);
  }

  void reverse_inputs(const IntegerChunk& chunk, int32_t image, const Rows& inputs) const {
    float* dx = input_gradient(chunk);
    if (dx == nullptr) return;
    const int64_t at = (int64_t{image} * shape_.window.height + inputs.begin) * input_row(),
                  elems = (inputs.end - inputs.begin) * input_row();
    float* to = adds_to_input() ? chunk.addend : dx + at;
    const float* dz = output_gradient(chunk) + int64_t{image} * shape_.window.out_height * output_row();
    place().depthwise.backward_data_rows(shape_, {inputs.begin, inputs.end, 0}, dz, weights(), to);
    if (adds_to_input()) add(to, dx + at, elems);
  }

  kernels::train::DepthwiseShape shape_;
  int32_t strip_ = 1;  // input rows
};

}  // namespace

std::unique_ptr<IntegerStep> make_integer_depthwise_step(const IntegerPlace& place, size_t op, const FoldedParameters& parameters) {
  return std::make_unique<DepthwiseStep>(place, op, parameters);
}

}  // namespace liteqat::train
