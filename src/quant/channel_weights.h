// Integer weights of post-training quantization: codes in [-127, 127], one scale per output channel or one for all, as TFLite's converter
// chooses them (float32: scale max|w| / 127, code round(w / scale)).
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "base/status.h"
#include "graph/graph.h"
#include "quant/layer_type.h"

namespace liteqat::quant {

struct WeightCodes {
  std::vector<int8_t> codes;  // in the order of the weights
  std::vector<float> scale;   // 1, or one per output channel
};

/// By the weight tensor's id.
using WeightCodesById = std::map<graph::TensorId, WeightCodes>;

/// The axis of the weights that counts output channels.
int32_t weight_axis(graph::OpKind kind);

/// Output channel of every element. Requires: weights of that kind of operator.
class OutputChannel {
 public:
  OutputChannel(const graph::Tensor& weights, graph::OpKind kind);
  size_t operator()(size_t element) const { return element / inner_ % channels_; }
  size_t channels() const { return channels_; }

 private:
  size_t channels_, inner_;
};

/// Rounds to nearest. Fails: kOutOfRange for a weight that is not finite.
Result<WeightCodes> round_weights(const graph::Tensor& weights, graph::OpKind kind, bool per_channel);

/// The weights that the codes stand for.
std::vector<float> real_weights(const WeightCodes& codes, const graph::Tensor& weights, graph::OpKind kind);

/// round_weights of every operator with weights whose layer is not float.
Result<WeightCodesById> round_all_weights(const graph::Graph& model, std::span<const LayerChoice> layers);

}  // namespace liteqat::quant
