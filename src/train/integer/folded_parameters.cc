#include "train/integer/folded_parameters.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <vector>

#include "quant/passes.h"
#include "quant/weights.h"

namespace liteqat::train {

using graph::Graph;
using graph::kNoTensor;
using graph::Op;
using graph::OpKind;
using graph::TensorId;

Result<FoldedParameters> FoldedParameters::find(const Graph& model, const ParameterGradients& gradients, const std::string& weights_name) {
  FoldedParameters found;
  found.weights_id = model.find_tensor(weights_name);
  const std::vector<int32_t> readers = found.weights_id == kNoTensor ? std::vector<int32_t>() : model.find_consumers(found.weights_id);
  if (readers.size() != 1)
    return error(Code::kUnsupported, "weights '{}' do not belong to one operator of the trained network", weights_name);
  const Op& op = model.ops[static_cast<size_t>(readers[0])];
  found.weights = gradients.find(found.weights_id);
  found.channels_last = quant::output_axis(op.kind) != 0;
  if (op.inputs.size() > 2 && op.inputs[2] != kNoTensor) {
    found.bias_id = op.inputs[2];
    found.bias = gradients.find(op.inputs[2]);
  }
  const Op* next = quant::single_consumer(model, op.outputs[0]);
  if (next == nullptr || next->kind != OpKind::kBatchNorm) return found;
  found.gamma_id = next->inputs[1];
  found.gamma = gradients.find(next->inputs[1]);
  found.beta = gradients.find(next->inputs[2]);
  found.mean_id = next->inputs[3];
  found.variance_id = next->inputs[4];
  found.epsilon = next->params_as<graph::BatchNormParams>().epsilon;
  return found;
}

namespace {

double product(float a, float b) {
  return static_cast<double>(a) * static_cast<double>(b);
}

/// sums[row] = sum of a * b over the row, in order. Several rows at a time: an addition waits for the one before it in its row.
void sum_rows(std::span<const float> a, std::span<const float> b, size_t columns, std::vector<double>& sums) {
  constexpr size_t kRows = 8;
  size_t row = 0;
  for (; row + kRows <= sums.size(); row += kRows) {
    std::array<double, kRows> sum = {};
    const float *own_a = a.data() + row * columns, *own_b = b.data() + row * columns;
    for (size_t column = 0; column < columns; ++column) {
      for (size_t each = 0; each < kRows; ++each) sum[each] += product(own_a[each * columns + column], own_b[each * columns + column]);
    }
    std::ranges::copy(sum, sums.begin() + static_cast<std::ptrdiff_t>(row));
  }
  for (; row < sums.size(); ++row) {
    for (size_t i = row * columns; i < (row + 1) * columns; ++i) sums[row] += product(a[i], b[i]);
  }
}

}  // namespace

void FoldedParameters::finish(const Graph& model, const ParameterGradients& gradients) const {
  if (!has_batch_norm()) return;
  const auto values = [&](TensorId id) { return model.tensor(id).as<float>(); };
  const std::span<const float> gamma_values = values(gamma_id), mean = values(mean_id), variance = values(variance_id);
  const size_t channels = gamma_values.size();
  std::vector<double> inverse_deviation, scale, sums(channels, 0.0);
  for (size_t channel = 0; channel < channels; ++channel) {
    inverse_deviation.push_back(1.0 / std::sqrt(static_cast<double>(variance[channel] + epsilon)));
    scale.push_back(static_cast<double>(gamma_values[channel]) * inverse_deviation.back());
  }
  if (weights >= 0) {
    const std::span<float> dw = gradients.total(weights);
    const std::span<const float> w = values(weights_id);
    if (channels_last) {
      for (size_t begin = 0; begin < dw.size(); begin += channels) {
        for (size_t channel = 0; channel < channels; ++channel) {
          sums[channel] += product(dw[begin + channel], w[begin + channel]);
          dw[begin + channel] = static_cast<float>(static_cast<double>(dw[begin + channel]) * scale[channel]);
        }
      }
    } else {
      const size_t rest = dw.size() / channels;
      sum_rows(dw, w, rest, sums);
      for (size_t channel = 0; channel < channels; ++channel) {
        const double factor = scale[channel];
        for (float& value : dw.subspan(channel * rest, rest)) value = static_cast<float>(static_cast<double>(value) * factor);
      }
    }
  }
  for (size_t channel = 0; channel < channels; ++channel) {
    const double db = beta >= 0 ? static_cast<double>(gradients.total(beta)[channel]) : 0.0;
    const double own = bias_id == kNoTensor ? 0.0 : static_cast<double>(values(bias_id)[channel]);
    const double centred = own - static_cast<double>(mean[channel]);
    if (gamma >= 0) {
      gradients.total(gamma)[channel] = static_cast<float>((sums[channel] + db * centred) * inverse_deviation[channel]);
    }
    if (bias >= 0) {
      gradients.total(bias)[channel] = static_cast<float>(db * scale[channel]);
    }
  }
}

}  // namespace liteqat::train
