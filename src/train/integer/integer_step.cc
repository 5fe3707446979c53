#include "train/integer/integer_step.h"

#include <algorithm>
#include <vector>

#include "base/check.h"
#include "kernels/train/elementwise.h"
#include "kernels/train/pool.h"
#include "kernels/train/spatial.h"
#include "quant/passes.h"
#include "train/steps/window.h"

namespace liteqat::train {

using graph::Activation;
using graph::OpKind;

namespace {

/// Of the deployed operator: fused, or the operator itself.
Activation activation_of(const graph::Op& op) {
  if (op.kind == OpKind::kRelu) return Activation::kRelu;
  if (op.kind == OpKind::kRelu6) return Activation::kRelu6;
  return graph::fused_activation(op);
}

/// RESHAPE, QUANTIZE to another scale, RELU, RELU6 and ADD: every input gets the masked gradient as it is.
class PassingStep final : public IntegerStep {
 public:
  PassingStep(const IntegerPlace& place, size_t op, size_t inputs, bool clamps)
      : IntegerStep(place, op), inputs_(inputs), clamps_(clamps) {}

 protected:
  bool clamps() const override { return clamps_; }
  void propagate(const IntegerChunk& chunk, const float* dy) const override {
    for (size_t index = 0; index < inputs_; ++index) {
      give_gradient(chunk, index, [&](float* dx) { std::copy(dy, dy + output_elems(chunk), dx); });
    }
  }

 private:
  size_t inputs_;
  bool clamps_;
};

class MeanStep final : public IntegerStep {
 public:
  using IntegerStep::IntegerStep;

 protected:
  void propagate(const IntegerChunk& chunk, const float* dy) const override {
    const graph::Shape& in = input_tensor().shape;
    give_gradient(chunk, 0,
                  [&](float* dx) { kernels::train::spatial_mean_backward(chunk.chunk.count, int64_t{in[1]} * in[2], in[3], dy, dx); });
  }
};

class PadStep final : public IntegerStep {
 public:
  using IntegerStep::IntegerStep;

 protected:
  bool clamps() const override { return false; }
  void propagate(const IntegerChunk& chunk, const float* dy) const override {
    const graph::Shape& in = input_tensor().shape;
    const auto amounts = place().lowered.tensor(op().inputs[1]).as<int32_t>();
    const kernels::train::PadShape shape{in[1], in[2], in[3], amounts[2], amounts[3], amounts[4], amounts[5]};
    give_gradient(chunk, 0, [&](float* dx) { kernels::train::pad_backward(shape, chunk.chunk.count, dy, dx); });
  }
};

class PoolStep final : public IntegerStep {
 public:
  PoolStep(const IntegerPlace& place, size_t op, int32_t workers) : IntegerStep(place, op), argmax_(static_cast<size_t>(workers)) {
    const auto& params = this->op().params_as<graph::Pool2DParams>();
    const Window window{params.filter_h, params.filter_w, params.stride_h, params.stride_w, 1, 1, params.padding};
    shape_ = window_shape(window, input_tensor().shape, output_tensor().shape);
  }

  Status configure(int32_t images) override {
    if (!is_max()) return {};
    const auto elems = static_cast<size_t>(images * place().places.image_elems(op().outputs[0]));
    for (std::vector<int32_t>& indices : argmax_) indices.resize(std::max(indices.size(), elems));
    return {};
  }

 protected:
  bool clamps() const override { return false; }
  void propagate(const IntegerChunk& chunk, const float* dy) const override {
    const int32_t images = chunk.chunk.count;
    int32_t* argmax = argmax_[static_cast<size_t>(chunk.chunk.worker)].data();
    // Codes keep the order of real values: the first maximum is the same one.
    if (is_max()) kernels::train::max_pool_forward(shape_, images, dequantize_input(chunk), chunk.addend, argmax);
    give_gradient(chunk, 0, [&](float* dx) {
      is_max() ? kernels::train::max_pool_backward(shape_, images, dy, argmax, dx)
               : kernels::train::average_pool_backward(shape_, images, dy, dx);
    });
  }

 private:
  bool is_max() const { return op().kind == OpKind::kMaxPool2D; }

  kernels::train::WindowShape shape_;
  mutable std::vector<std::vector<int32_t>> argmax_;  // by worker
};

bool is_spatial_mean(const IntegerPlace& place, const graph::Op& op) {
  const auto axes = place.lowered.tensor(op.inputs[1]).as<int32_t>();
  std::vector<int32_t> sorted(axes.begin(), axes.end());
  for (int32_t& axis : sorted) axis = axis < 0 ? axis + 4 : axis;
  std::ranges::sort(sorted);
  return place.lowered.tensor(op.inputs[0]).shape.size() == 4 && sorted == std::vector<int32_t>{1, 2};
}

bool is_spatial_pad(const IntegerPlace& place, const graph::Op& op) {
  const auto amounts = place.lowered.tensor(op.inputs[1]).as<int32_t>();
  return amounts.size() == 8 && amounts[0] == 0 && amounts[1] == 0 && amounts[6] == 0 && amounts[7] == 0;
}

Status unsupported(const IntegerPlace& place, const graph::Op& op, const std::string& why) {
  return quant::op_error(Code::kUnsupported, place.lowered, op, why);
}

}  // namespace

void IntegerStep::prepare() {
  const graph::Quantization& output = output_tensor().quantization;
  clamp_ = numeric::quantized_clamp(activation_of(op()), output.scale[0], static_cast<int32_t>(output.zero_point[0]), -128, 127);
}

void IntegerStep::backward(const IntegerChunk& chunk) const {
  propagate(chunk, mask(chunk, 0, output_elems(chunk)));
}

void IntegerStep::propagate(const IntegerChunk&, const float*) const {
  LITEQAT_CHECK(false);
}

const float* IntegerStep::mask(const IntegerChunk& chunk, int64_t first, int64_t elems) const {
  const graph::TensorId output = op().outputs[0];
  float* dy = output_gradient(chunk) + first;
  if (clamps()) place_.kernels.pass_inside(codes(chunk, output) + first, clamp_.low, clamp_.high, dy, elems);
  return dy;
}

const float* IntegerStep::dequantize(const IntegerChunk& chunk, graph::TensorId id, int64_t first, int64_t elems) const {
  const graph::Quantization& grid = place_.lowered.tensor(id).quantization;
  place_.kernels.dequantize(codes(chunk, id) + first, grid.scale[0], static_cast<int32_t>(grid.zero_point[0]), chunk.values, elems);
  return chunk.values;
}

void IntegerStep::add(const float* x, float* sum, int64_t elems) {
  kernels::train::accumulate(x, sum, elems);
}

IntegerStepResult make_integer_step(const IntegerPlace& place, size_t index, const FoldedParameters& parameters) {
  const graph::Op& op = place.lowered.ops[index];
  const auto passing = [&](size_t inputs, bool clamps) -> IntegerStepResult {
    return std::unique_ptr<IntegerStep>(std::make_unique<PassingStep>(place, index, inputs, clamps));
  };
  switch (op.kind) {
    case OpKind::kConv2D:
    case OpKind::kDepthwiseConv2D:
    case OpKind::kFullyConnected:
      return make_integer_weighted_step(place, index, parameters);
    case OpKind::kHardSwish:
    case OpKind::kLogistic:
    case OpKind::kMul:
    case OpKind::kConcatenation:
      return make_integer_gate_step(place, index);
    case OpKind::kAdd:
      if (place.lowered.tensor(op.inputs[0]).shape != place.lowered.tensor(op.inputs[1]).shape) {
        return unsupported(place, op, "sums of different shapes cannot be trained on integers");
      }
      return passing(2, true);
    case OpKind::kRelu:
    case OpKind::kRelu6:
    case OpKind::kQuantize:
      return passing(1, true);
    case OpKind::kReshape:
      return passing(1, false);
    case OpKind::kMean:
      if (!is_spatial_mean(place, op)) return unsupported(place, op, "only the mean over height and width can be trained on integers");
      return std::unique_ptr<IntegerStep>(std::make_unique<MeanStep>(place, index));
    case OpKind::kPad:
      if (!is_spatial_pad(place, op)) return unsupported(place, op, "only padding of height and width can be trained on integers");
      return std::unique_ptr<IntegerStep>(std::make_unique<PadStep>(place, index));
    case OpKind::kMaxPool2D:
    case OpKind::kAveragePool2D:
      return std::unique_ptr<IntegerStep>(std::make_unique<PoolStep>(place, index, place.workers));
    default:
      return unsupported(place, op, "this operator cannot be trained on integers");
  }
}

}  // namespace liteqat::train
