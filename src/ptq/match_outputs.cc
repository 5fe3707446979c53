#include <algorithm>
#include <cmath>

#include "ptq/optimize.h"

namespace liteqat::ptq {

using graph::Graph;
using graph::kNoTensor;
using graph::Op;
using graph::Tensor;
using quant::WeightCodes;

namespace {

/// Mean and deviation of a layer's pre-activations without bias, by output channel.
class OutputMoments {
 public:
  OutputMoments(const RowLayer& layer, std::vector<float> weights, bool deviations)
      : layer_(layer),
        weights_(std::move(weights)),
        deviations_(deviations),
        row_(layer.width),
        sum_(layer.channels),
        squares_(layer.channels) {}

  void add(std::span<const float> rows) {
    for (size_t begin = 0; begin < rows.size(); begin += layer_.width) {
      ++count_;
      const std::span<const float> row = rows.subspan(begin, layer_.width);
      if (deviations_) {
        add_outputs(row);
      } else {
        for (size_t i = 0; i < row.size(); ++i) row_[i] += row[i];
      }
    }
  }

  /// From the mean row where deviations are not needed: a layer is linear.
  std::vector<double> means() const {
    std::vector<double> means(layer_.channels);
    for (size_t channel = 0; channel < layer_.channels; ++channel) {
      means[channel] = (deviations_ ? sum_[channel] : dot(row_, channel)) / static_cast<double>(std::max<int64_t>(count_, 1));
    }
    return means;
  }

  std::vector<double> deviations() const {
    std::vector<double> deviations(layer_.channels);
    for (size_t channel = 0; channel < layer_.channels; ++channel) {
      const auto count = static_cast<double>(std::max<int64_t>(count_, 1));
      const double mean = sum_[channel] / count;
      deviations[channel] = std::sqrt(std::max(0.0, squares_[channel] / count - mean * mean));
    }
    return deviations;
  }

 private:
  template <typename Row>
  double dot(const Row& row, size_t channel) const {
    double sum = 0;
    if (layer_.depthwise) {
      for (size_t i = channel; i < layer_.width; i += layer_.channels) sum += static_cast<double>(row[i]) * weights_[i];
    } else {
      const float* weights = &weights_[channel * layer_.width];
      for (size_t i = 0; i < layer_.width; ++i) sum += static_cast<double>(row[i]) * weights[i];
    }
    return sum;
  }

  void add_outputs(std::span<const float> row) {
    for (size_t channel = 0; channel < layer_.channels; ++channel) {
      const double output = dot(row, channel);
      sum_[channel] += output;
      squares_[channel] += output * output;
    }
  }

  RowLayer layer_;
  std::vector<float> weights_;
  bool deviations_;
  int64_t count_ = 0;
  std::vector<double> row_, sum_, squares_;
};

constexpr double kFarthest = 2;  // a deviation's factor: beyond, the channel is broken in other ways

/// Multiplies weight scales so that channels vary as they should. Requires: one scale a channel.
void scale_channels(const std::vector<double>& wanted, const std::vector<double>& found, std::vector<double>& means, WeightCodes& codes) {
  if (codes.scale.size() != wanted.size()) return;
  for (size_t channel = 0; channel < wanted.size(); ++channel) {
    if (wanted[channel] <= 0 || found[channel] <= 0) continue;
    const double factor = std::clamp(wanted[channel] / found[channel], 1 / kFarthest, kFarthest);
    codes.scale[channel] = static_cast<float>(codes.scale[channel] * factor);
    means[channel] *= factor;
  }
}

}  // namespace

Status match_outputs(const Images& images, const SampleOptions& sampling, const MatchOptions& options, const Machine& machine, Graph& model,
                     quant::WeightCodesById& codes) {
  std::vector<RowLayer> layers = find_row_layers(model);
  std::erase_if(layers, [&](const RowLayer& layer) {
    const Op& op = model.ops[layer.op];
    const bool has_bias = op.inputs.size() > 2 && op.inputs[2] != kNoTensor;
    const auto shared = [&](graph::TensorId id) { return model.find_consumers(id).size() != 1; };
    return !codes.contains(op.inputs[1]) || !has_bias || shared(op.inputs[1]) || shared(op.inputs[2]);
  });
  if (layers.empty() || (!options.means && !options.deviations)) return {};
  machine.progress.begin("match outputs", static_cast<int64_t>(layers.size()), "layers");
  std::vector<OutputMoments> wanted, found;
  for (const RowLayer& layer : layers) {
    const Op& op = model.ops[layer.op];
    const Tensor& weights = model.tensor(op.inputs[1]);
    const auto values = weights.as<float>();
    wanted.emplace_back(layer, std::vector<float>(values.begin(), values.end()), options.deviations);
    found.emplace_back(layer, quant::real_weights(codes.at(op.inputs[1]), weights, op.kind), options.deviations);
  }
  LITEQAT_RETURN_IF_ERROR(sample_rows(model, layers, images, sampling, machine, [&](size_t layer, std::span<const float> rows) {
    wanted[layer].add(rows);
    found[layer].add(rows);
  }));
  for (size_t layer = 0; layer < layers.size(); ++layer) {
    const Op& op = model.ops[layers[layer].op];
    const std::vector<double> target = wanted[layer].means();
    std::vector<double> means = found[layer].means();
    if (options.deviations) scale_channels(wanted[layer].deviations(), found[layer].deviations(), means, codes.at(op.inputs[1]));
    const std::span<float> bias = model.tensor(op.inputs[2]).as<float>();
    for (size_t channel = 0; channel < bias.size(); ++channel) {
      bias[channel] = static_cast<float>(bias[channel] + target[channel] - means[channel]);
    }
  }
  machine.progress.end("");
  return {};
}

}  // namespace liteqat::ptq
