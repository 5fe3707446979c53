// What weighted steps share, and those on oneDNN: convolutions of larger filters, and dense layers (1x1 convolutions over one position).
#include "train/integer/weighted_step.h"

#include "kernels/onednn/dense.h"
#include "quant/passes.h"
#include "train/steps/linear_operator.h"
#include "train/steps/window.h"

namespace liteqat::train {

using graph::OpKind;

WeightedStep::WeightedStep(const IntegerPlace& place, size_t op, const FoldedParameters& parameters)
    : IntegerStep(place, op), parameters_(parameters), weights_(static_cast<size_t>(graph::elem_count(weight_tensor().shape))) {}

void WeightedStep::prepare() {
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

float* WeightedStep::weight_gradient(const IntegerChunk& chunk) const {
  return parameters_.weights < 0 ? nullptr : place().gradients.partial(parameters_.weights, chunk.chunk.group);
}

float* WeightedStep::bias_gradient(const IntegerChunk& chunk) const {
  const int32_t bias = parameters_.bias_gradient();
  return bias < 0 ? nullptr : place().gradients.partial(bias, chunk.chunk.group);
}

void WeightedStep::add_bias_rows(const IntegerChunk& chunk, int64_t rows, const float* dz, bool fresh) const {
  float* db = bias_gradient(chunk);
  if (db != nullptr) kernels::train::accumulate_rows(place().products, rows, output_tensor().shape.back(), dz, !fresh, db);
}

float* WeightedStep::weight_scratch(const IntegerChunk& chunk) const {
  return place().parameter_scratch[static_cast<size_t>(chunk.chunk.worker)].data();
}

float* WeightedStep::bias_scratch(const IntegerChunk& chunk) const {
  return weight_scratch(chunk) + place().parameter_scratch[static_cast<size_t>(chunk.chunk.worker)].elems() / 2;
}

namespace {

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
  void propagate(const IntegerChunk& chunk, const float* dz) const override {
    kernels::onednn::use_one_thread();
    if (float* dw = weight_gradient(chunk)) add_weight_gradients(chunk, dz, dw);
    give_gradient(chunk, 0, [&](float* dx) { kernel_.backward_data(chunk.chunk.worker, chunk.chunk.count, dz, dx); });
  }

 private:
  void add_weight_gradients(const IntegerChunk& chunk, const float* dz, float* dw) const {
    float* db = bias_gradient(chunk);
    const bool fresh = chunk.chunk.first_of_group;
    float *own_dw = fresh ? dw : weight_scratch(chunk), *own_db = fresh || db == nullptr ? db : bias_scratch(chunk);
    kernel_.backward_weights(chunk.chunk.worker, chunk.chunk.count, dequantize_input(chunk), dz, own_dw, own_db);
    if (fresh) return;
    add(own_dw, dw, weight_elems());
    if (db != nullptr) add(own_db, db, output_tensor().shape.back());
  }

  kernels::onednn::Convolution kernel_;
};

Result<kernels::onednn::ConvolutionShape> convolution_shape(const IntegerPlace& place, const graph::Op& op) {
  const graph::Shape& in = place.lowered.tensor(op.inputs[0]).shape;
  const graph::Shape& weights = place.lowered.tensor(op.inputs[1]).shape;
  if (op.kind == OpKind::kConv2D) {
    if (in[3] != weights[3]) return quant::op_error(Code::kUnsupported, place.lowered, op, "grouped convolutions cannot be trained");
    const auto& params = op.params_as<graph::Conv2DParams>();
    const Window window{weights[1], weights[2], params.stride_h, params.stride_w, params.dilation_h, params.dilation_w, params.padding};
    return kernels::onednn::ConvolutionShape{window_shape(window, in, place.lowered.tensor(op.outputs[0]).shape), weights[0]};
  }
  if (place.places.image_elems(op.inputs[0]) != weights[1]) {
    return quant::op_error(Code::kUnsupported, place.lowered, op, "several rows an image cannot be trained");
  }
  return kernels::onednn::dense_shape(weights[1], weights[0]);
}

}  // namespace

IntegerStepResult make_integer_weighted_step(const IntegerPlace& place, size_t index, const FoldedParameters& parameters) {
  const graph::Op& op = place.lowered.ops[index];
  if (op.kind == OpKind::kDepthwiseConv2D) return make_integer_depthwise_step(place, index, parameters);
  if (is_pointwise(place.lowered, op)) return make_integer_pointwise_step(place, index, parameters);
  kernels::onednn::use_one_thread();
  LITEQAT_ASSIGN_OR_RETURN(const kernels::onednn::ConvolutionShape shape, convolution_shape(place, op));
  LITEQAT_ASSIGN_OR_RETURN(kernels::onednn::Convolution kernel, kernels::onednn::Convolution::make(shape, place.workers, true));
  return std::unique_ptr<IntegerStep>(std::make_unique<DenseStep>(place, index, parameters, std::move(kernel)));
}

}  // namespace liteqat::train
