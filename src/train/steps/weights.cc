#include "train/steps/weights.h"

#include "kernels/train/elementwise.h"
#include "kernels/train/fake_quant.h"
#include "quant/weights.h"

namespace liteqat::train {
namespace {

/// A tensor cut along a quantizer's axis: `slices` blocks if the axis is the first one, columns if it is the last one.
struct Cut {
  bool columns = false;
  int64_t channels = 1, elems = 0;  // elems: of the whole tensor
  int64_t rest() const { return elems / channels; }
};

Cut cut_of(const graph::Tensor& tensor, const quant::Quantizer& quantizer) {
  const bool last = quantizer.channels > 1 && quantizer.axis != 0;
  return {last, quantizer.channels, graph::elem_count(tensor.shape)};
}

/// Per-tensor rounding divides by the scale, per-channel rounding multiplies by its inverse (numeric/fake_quant.h).
bool divides(const quant::Quantizer& quantizer) {
  return quantizer.channels == 1 && !quantizer.per_channel_operator;
}

}  // namespace

Result<OperatorWeights> OperatorWeights::make(Workplace& place, int32_t op, bool bias_cancels) {
  OperatorWeights weights(place, op);
  const graph::Op& owner = weights.op();
  const bool has_bias = owner.inputs.size() > 2 && owner.inputs[2] != graph::kNoTensor;
  if (const quant::Quantizer* quantizer = weights.quantizer()) {
    const graph::Tensor& tensor = place.model.tensor(owner.inputs[1]);
    const bool outer = quantizer->axis == 0 || quantizer->axis == static_cast<int32_t>(tensor.shape.size()) - 1;
    if (quantizer->channels > 1 && !outer) {
      return error(Code::kUnsupported, "the quantizer of '{}' counts channels along axis {}; only the first and the last can be trained",
                   tensor.name, quantizer->axis);
    }
    weights.quantized_weights_.resize(static_cast<size_t>(graph::elem_count(tensor.shape)));
  }
  if (!place.training) return weights;
  weights.weight_parameter_ = place.gradients.find(owner.inputs[1]);
  if (weights.weight_parameter_ >= 0) place.gradients.use_partials(weights.weight_parameter_);
  if (!has_bias || bias_cancels) return weights;
  weights.bias_parameter_ = place.gradients.find(owner.inputs[2]);
  if (weights.bias_parameter_ >= 0 && weights.weight_parameter_ < 0) {
    return error(Code::kUnsupported, "the bias '{}' is trained, its weights are not", place.model.tensor(owner.inputs[2]).name);
  }
  if (weights.bias_parameter_ >= 0) place.gradients.use_partials(weights.bias_parameter_);
  return weights;
}

void OperatorWeights::prepare(Mode mode) {
  const bool has_bias = op().inputs.size() > 2 && op().inputs[2] != graph::kNoTensor;
  weights_ = place_->parameter(op().inputs[1]);
  bias_ = has_bias ? place_->parameter(op().inputs[2]) : nullptr;
  params_.clear();
  quant::Quantizer* range = quantizer();
  if (range == nullptr || mode == Mode::kCalibration) return;
  if (mode == Mode::kTraining && range->update == quant::RangeUpdate::kLastValue) {
    quant::set_weight_range(*range, place_->model.tensor(op().inputs[1]));
  }
  quantize_weights(*range);
  if (mode != Mode::kEvaluation || !place_->plan->quantize_bias) return;
  quantized_bias_ = quant::deployed_bias(place_->model, *place_->plan, op());
  if (!quantized_bias_.empty()) bias_ = quantized_bias_.data();
}

void OperatorWeights::quantize_weights(const quant::Quantizer& quantizer) {
  for (size_t channel = 0; channel < quantizer.min.size(); ++channel) {
    params_.push_back(numeric::nudge_range(quantizer.min[channel], quantizer.max[channel], quantizer.narrow));
  }
  const Cut cut = cut_of(place_->model.tensor(op().inputs[1]), quantizer);
  const float* raw = place_->parameter(op().inputs[1]);
  float* quantized = quantized_weights_.data();
  if (divides(quantizer)) {
    kernels::train::fake_quant_forward(params_[0], raw, quantized, cut.elems);
  } else if (cut.columns) {
    kernels::train::fake_quant_columns_forward(params_.data(), cut.rest(), cut.channels, raw, quantized);
  } else {
    kernels::train::fake_quant_slices_forward(params_.data(), cut.channels, cut.rest(), raw, quantized);
  }
  weights_ = quantized;
}

void OperatorWeights::add_step_gradients(const quant::Quantizer& range, const float* gradient) {
  const auto index = static_cast<size_t>(&range - place_->plan->quantizers.data());
  if (!place_->learns_range(index)) return;
  const graph::Tensor& tensor = place_->model.tensor(op().inputs[1]);
  const quant::ChannelIndex channel_of(tensor.shape, range.channels, range.axis);
  const std::span<const float> raw = tensor.as<float>();
  std::vector<double>& sums = place_->range_gradients[index];
  for (size_t i = 0; i < raw.size(); ++i) {
    const size_t channel = channel_of(i);
    sums[channel] += kernels::train::fake_quant_step_gradient(params_[channel], &raw[i], &quantized_weights_[i], gradient + i, 1);
  }
}

OperatorWeights::Gradients OperatorWeights::partials(int32_t group) const {
  Gradients gradients;
  if (weight_parameter_ >= 0) gradients.weights = place_->gradients.partial(weight_parameter_, group);
  if (bias_parameter_ >= 0) gradients.bias = place_->gradients.partial(bias_parameter_, group);
  return gradients;
}

OperatorWeights::Gradients OperatorWeights::gradients_of(const Part& part) const {
  Gradients gradients = partials(part.group);
  if (part.first_of_group) return gradients;
  const FloatBlock& scratch = place_->parameter_scratch[static_cast<size_t>(part.worker)];
  if (gradients.weights != nullptr) gradients.weights = scratch.data();
  if (gradients.bias != nullptr) gradients.bias = scratch.data() + scratch.elems() / 2;
  return gradients;
}

void OperatorWeights::add_gradients(const Part& part) const {
  if (part.first_of_group) return;
  const Gradients sums = partials(part.group), addends = gradients_of(part);
  if (sums.weights != nullptr) kernels::train::accumulate(addends.weights, sums.weights, input_elems(1));
  if (sums.bias != nullptr) kernels::train::accumulate(addends.bias, sums.bias, input_elems(2));
}

void OperatorWeights::mask_gradient() {
  if (params_.empty() || weight_parameter_ < 0) return;
  const quant::Quantizer& range = *quantizer();
  const Cut cut = cut_of(place_->model.tensor(op().inputs[1]), range);
  const float* raw = place_->parameter(op().inputs[1]);
  float* gradient = place_->gradients.total(weight_parameter_).data();
  add_step_gradients(range, gradient);
  if (range.channels == 1) {
    kernels::train::fake_quant_backward(params_[0], raw, gradient, gradient, cut.elems);
  } else if (cut.columns) {
    kernels::train::fake_quant_columns_backward(params_.data(), cut.rest(), cut.channels, raw, gradient, gradient);
  } else {
    kernels::train::fake_quant_slices_backward(params_.data(), cut.channels, cut.rest(), raw, gradient, gradient);
  }
}

}  // namespace liteqat::train
