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

using AllMoments = std::vector<OutputMoments>;

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

Status match_outputs(const Graph& model, const quant::QuantizeRequest& request, const Images& images, const SampleOptions& sampling,
                     const MatchOptions& options, const Machine& machine, Graph& corrected, quant::WeightCodesById& codes) {
  LITEQAT_CHECK(&request.weights == &codes);
  std::vector<RowLayer> layers = find_row_layers(model);
  std::erase_if(layers, [&](const RowLayer& layer) {
    const Op& op = model.ops[layer.op];
    const bool has_bias = op.inputs.size() > 2 && op.inputs[2] != kNoTensor;
    return !codes.contains(op.inputs[1]) || !has_bias || model.find_consumers(op.inputs[1]).size() != 1;
  });
  if (layers.empty()) return {};
  machine.progress.begin("match outputs", options.rounds, "rounds");
  const auto weights_of = [&](const RowLayer& layer) { return model.ops[layer.op].inputs[1]; };
  AllMoments wanted;
  for (const RowLayer& layer : layers) {
    const auto values = model.tensor(weights_of(layer)).as<float>();
    wanted.emplace_back(layer, std::vector<float>(values.begin(), values.end()), options.deviations);
  }
  LITEQAT_RETURN_IF_ERROR(sample_rows(model, layers, model, layer_inputs(model, layers, {}), images, sampling, machine,
                                      [&](size_t layer, std::span<const float> rows) { wanted[layer].add(rows); }));
  for (int round = 0; round < options.rounds; ++round) {
    LITEQAT_ASSIGN_OR_RETURN(const quant::QuantizedGraph integer, quant::quantize_graph(corrected, request));
    AllMoments found;
    for (const RowLayer& layer : layers) {
      const Op& op = model.ops[layer.op];
      found.emplace_back(layer, quant::real_weights(codes.at(op.inputs[1]), model.tensor(op.inputs[1]), op.kind), options.deviations);
    }
    LITEQAT_RETURN_IF_ERROR(sample_rows(model, layers, integer.graph, layer_inputs(integer.graph, layers, integer.op_of), images, sampling,
                                        machine, [&](size_t layer, std::span<const float> rows) { found[layer].add(rows); }));
    for (size_t layer = 0; layer < layers.size(); ++layer) {
      const Op& op = model.ops[layers[layer].op];
      const std::vector<double> target = wanted[layer].means();
      std::vector<double> means = found[layer].means();
      if (options.deviations) scale_channels(wanted[layer].deviations(), found[layer].deviations(), means, codes.at(op.inputs[1]));
      if (!options.means && !options.deviations) continue;
      const std::span<const float> bias = model.tensor(op.inputs[2]).as<float>();
      const std::span<float> moved = corrected.tensor(op.inputs[2]).as<float>();
      for (size_t channel = 0; channel < bias.size(); ++channel) {
        moved[channel] = static_cast<float>(bias[channel] + target[channel] - means[channel]);
      }
    }
    machine.progress.update(round + 1, "");
  }
  machine.progress.end("");
  return {};
}

}  // namespace liteqat::ptq
