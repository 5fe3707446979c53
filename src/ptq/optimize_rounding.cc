#include <algorithm>

#include "ptq/optimize.h"
#include "quant/optimize_rounding.h"

namespace liteqat::ptq {

using graph::Graph;
using graph::Tensor;
using quant::RoundingOrder;
using quant::RowMoments;
using quant::WeightCodes;

namespace {

constexpr size_t kWidest = 2304;  // 3 x 3 x 256: 21 MB of moments, and a second for their factor

/// Moments of a layer's rows; of a depthwise layer one for each channel.
class LayerMoments {
 public:
  LayerMoments(const RowLayer& layer) : layer_(layer) {
    moments_.assign(layer.depthwise ? layer.channels : 1, RowMoments(layer.depthwise ? layer.width / layer.channels : layer.width));
  }

  void add(std::span<const float> rows) {
    if (!layer_.depthwise) return moments_[0].add(rows);
    const size_t taps = layer_.width / layer_.channels;
    std::vector<float> own(taps);
    for (size_t begin = 0; begin < rows.size(); begin += layer_.width) {
      for (size_t channel = 0; channel < layer_.channels; ++channel) {
        for (size_t tap = 0; tap < taps; ++tap) own[tap] = rows[begin + tap * layer_.channels + channel];
        moments_[channel].add(own);
      }
    }
  }

  void optimize(const Tensor& weights, WeightCodes& codes) const {
    const std::span<const float> values = weights.as<float>();
    if (layer_.depthwise) return optimize_depthwise(values, codes);
    const RoundingOrder order(moments_[0].covariance(), layer_.width);
    for (size_t channel = 0; channel < layer_.channels; ++channel) {
      const auto rounded = order.round(values.subspan(channel * layer_.width, layer_.width), scale_of(codes, channel));
      std::ranges::copy(rounded, codes.codes.begin() + static_cast<std::ptrdiff_t>(channel * layer_.width));
    }
  }

 private:
  static float scale_of(const WeightCodes& codes, size_t channel) { return codes.scale[codes.scale.size() == 1 ? 0 : channel]; }

  void optimize_depthwise(std::span<const float> values, WeightCodes& codes) const {
    const size_t taps = layer_.width / layer_.channels;
    std::vector<float> own(taps);
    for (size_t channel = 0; channel < layer_.channels; ++channel) {
      for (size_t tap = 0; tap < taps; ++tap) own[tap] = values[tap * layer_.channels + channel];
      const auto rounded = RoundingOrder(moments_[channel].covariance(), taps).round(own, scale_of(codes, channel));
      for (size_t tap = 0; tap < taps; ++tap) codes.codes[tap * layer_.channels + channel] = rounded[tap];
    }
  }

  const RowLayer layer_;
  std::vector<RowMoments> moments_;
};

}  // namespace

Status optimize_rounding(const Graph& model, const Images& images, const SampleOptions& options, const Machine& machine,
                         quant::WeightCodesById& codes) {
  std::vector<RowLayer> layers = find_row_layers(model);
  std::erase_if(layers, [&](const RowLayer& layer) {
    return (!layer.depthwise && layer.width > kWidest) || !codes.contains(model.ops[layer.op].inputs[1]);
  });
  if (layers.empty()) return {};
  machine.progress.begin("optimize rounding", static_cast<int64_t>(layers.size()), "layers");
  std::vector<LayerMoments> moments(layers.begin(), layers.end());
  LITEQAT_RETURN_IF_ERROR(
      sample_rows(model, layers, images, options, machine, [&](size_t layer, std::span<const float> rows) { moments[layer].add(rows); }));
  machine.pool.run(static_cast<int>(layers.size()), [&](int layer, int) {
    const graph::TensorId weights = model.ops[layers[static_cast<size_t>(layer)].op].inputs[1];
    moments[static_cast<size_t>(layer)].optimize(model.tensor(weights), codes.at(weights));
  });
  machine.progress.end("");
  return {};
}

}  // namespace liteqat::ptq
