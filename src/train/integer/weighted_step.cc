// CONV_2D and FULLY_CONNECTED on oneDNN (a dense layer is a 1x1 convolution over one position), DEPTHWISE_CONV_2D on kernels/train.
#include <optional>

#include "kernels/onednn/dense.h"
#include "kernels/train/depthwise/depthwise.h"
#include "kernels/train/elementwise.h"
#include "quant/passes.h"
#include "train/integer/integer_step.h"
#include "train/steps/window.h"

namespace liteqat::train {
namespace {

using graph::OpKind;
using kernels::train::DepthwiseShape;
using kernels::train::WindowShape;

class WeightedStep : public IntegerStep {
 public:
  WeightedStep(const IntegerPlace& place, size_t op, const FoldedParameters& parameters)
      : IntegerStep(place, op), parameters_(parameters), weights_(static_cast<size_t>(graph::elem_count(weight_tensor().shape))) {}

  void prepare() override {
    IntegerStep::prepare();
    const graph::Tensor& tensor = weight_tensor();
    const std::span<const int8_t> codes = tensor.as<int8_t>();
    const std::vector<float>& scale = tensor.quantization.scale;
    const size_t channels = scale.size(), rest = codes.size() / channels;
    const bool last = channels > 1 && tensor.quantization.axis != 0;
    if (last) {
      for (size_t begin = 0; begin < codes.size(); begin += channels) {
        for (size_t k = 0; k < channels; ++k) weights_[begin + k] = static_cast<float>(codes[begin + k]) * scale[k];
      }
      return;
    }
    for (size_t channel = 0; channel < channels; ++channel) {
      const size_t begin = channel * rest;
      place().kernels.dequantize(codes.data() + begin, scale[channel], 0, weights_.data() + begin, static_cast<int64_t>(rest));
    }
  }

 protected:
  virtual void backward_weights(const IntegerChunk& chunk, const float* x, const float* dz, float* dw, float* db) const = 0;
  virtual void backward_data(const IntegerChunk& chunk, const float* dz, float* dx) const = 0;

  void propagate(const IntegerChunk& chunk, const float* dz) const override {
    if (parameters_.weights >= 0) add_parameter_gradients(chunk, dz);
    give_gradient(chunk, 0, [&](float* dx) { backward_data(chunk, dz, dx); });
  }

  const graph::Tensor& weight_tensor() const { return place().lowered.tensor(op().inputs[1]); }
  const float* weights() const { return weights_.data(); }

 private:
  /// The first chunk of a group writes the group's partial gradient, the others add to it in order.
  void add_parameter_gradients(const IntegerChunk& chunk, const float* dz) const {
    const int32_t bias = parameters_.bias_gradient();
    const ParameterGradients& gradients = place().gradients;
    float* dw = gradients.partial(parameters_.weights, chunk.chunk.group);
    float* db = bias < 0 ? nullptr : gradients.partial(bias, chunk.chunk.group);
    if (chunk.chunk.first_of_group) return backward_weights(chunk, dequantize_input(chunk), dz, dw, db);
    const FloatBlock& scratch = place().parameter_scratch[static_cast<size_t>(chunk.chunk.worker)];
    float* own_db = db == nullptr ? nullptr : scratch.data() + scratch.elems() / 2;
    backward_weights(chunk, dequantize_input(chunk), dz, scratch.data(), own_db);
    kernels::train::accumulate(scratch.data(), dw, static_cast<int64_t>(weights_.size()));
    if (db != nullptr) kernels::train::accumulate(own_db, db, static_cast<int64_t>(gradients.total(bias).size()));
  }

  FoldedParameters parameters_;
  std::vector<float> weights_;  // as deployed
};

class DenseStep final : public WeightedStep {
 public:
  DenseStep(const IntegerPlace& place, size_t op, const FoldedParameters& parameters, kernels::onednn::Convolution kernel)
      : WeightedStep(place, op, parameters), kernel_(std::move(kernel)) {}

  Status configure(int32_t images) override { return kernel_.configure(images); }
  void prepare() override {
    WeightedStep::prepare();
    kernels::onednn::use_one_thread();
    kernel_.set_weights(weights());
  }

 protected:
  void backward_weights(const IntegerChunk& chunk, const float* x, const float* dz, float* dw, float* db) const override {
    kernels::onednn::use_one_thread();
    kernel_.backward_weights(chunk.chunk.worker, chunk.chunk.count, x, dz, dw, db);
  }
  void backward_data(const IntegerChunk& chunk, const float* dz, float* dx) const override {
    kernels::onednn::use_one_thread();
    kernel_.backward_data(chunk.chunk.worker, chunk.chunk.count, dz, dx);
  }

 private:
  kernels::onednn::Convolution kernel_;
};

class DepthwiseStep final : public WeightedStep {
 public:
  DepthwiseStep(const IntegerPlace& place, size_t op, const FoldedParameters& parameters, const kernels::train::DepthwiseKernels& kernels,
                const DepthwiseShape& shape)
      : WeightedStep(place, op, parameters), kernels_(kernels), shape_(shape) {}

 protected:
  void backward_weights(const IntegerChunk& chunk, const float* x, const float* dz, float* dw, float* db) const override {
    kernels_.backward_weights(shape_, chunk.chunk.count, x, dz, dw, db);
  }
  void backward_data(const IntegerChunk& chunk, const float* dz, float* dx) const override {
    kernels_.backward_data(shape_, chunk.chunk.count, dz, weights(), dx);
  }

 private:
  const kernels::train::DepthwiseKernels& kernels_;
  DepthwiseShape shape_;
};

template <typename Params>
WindowShape shape_of(const IntegerPlace& place, const graph::Op& op, const Params& params) {
  const graph::Shape& weights = place.lowered.tensor(op.inputs[1]).shape;
  const Window window{weights[1], weights[2], params.stride_h, params.stride_w, params.dilation_h, params.dilation_w, params.padding};
  return window_shape(window, place.lowered.tensor(op.inputs[0]).shape, place.lowered.tensor(op.outputs[0]).shape);
}

Result<kernels::onednn::ConvolutionShape> convolution_shape(const IntegerPlace& place, const graph::Op& op) {
  const graph::Shape& in = place.lowered.tensor(op.inputs[0]).shape;
  const graph::Shape& weights = place.lowered.tensor(op.inputs[1]).shape;
  if (op.kind == OpKind::kConv2D) {
    if (in[3] != weights[3]) return quant::op_error(Code::kUnsupported, place.lowered, op, "grouped convolutions cannot be trained");
    return kernels::onednn::ConvolutionShape{shape_of(place, op, op.params_as<graph::Conv2DParams>()), weights[0]};
  }
  if (place.places.image_elems(op.inputs[0]) != weights[1]) {
    return quant::op_error(Code::kUnsupported, place.lowered, op, "several rows an image cannot be trained");
  }
  return kernels::onednn::dense_shape(weights[1], weights[0]);
}

}  // namespace

IntegerStepResult make_integer_weighted_step(const IntegerPlace& place, size_t index, const FoldedParameters& parameters) {
  const graph::Op& op = place.lowered.ops[index];
  if (op.kind == OpKind::kDepthwiseConv2D) {
    const auto& params = op.params_as<graph::DepthwiseConv2DParams>();
    LITEQAT_ASSIGN_OR_RETURN(const Isa isa, select_isa());
    return std::unique_ptr<IntegerStep>(
        std::make_unique<DepthwiseStep>(place, index, parameters, kernels::train::find_depthwise_kernels(isa),
                                        DepthwiseShape{shape_of(place, op, params), params.depth_multiplier}));
  }
  kernels::onednn::use_one_thread();
  LITEQAT_ASSIGN_OR_RETURN(const kernels::onednn::ConvolutionShape shape, convolution_shape(place, op));
  LITEQAT_ASSIGN_OR_RETURN(kernels::onednn::Convolution kernel, kernels::onednn::Convolution::make(shape, place.workers, true));
  return std::unique_ptr<IntegerStep>(std::make_unique<DenseStep>(place, index, parameters, std::move(kernel)));
}

}  // namespace liteqat::train
