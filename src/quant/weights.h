// Integer weights and biases: from float values, a fake-quantization range and, where batch norm was folded in, its multiplier, to codes
// and scales as TFLite's converter computes them (double). Which tensors those are is decided in lower_int8.cc.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "graph/graph.h"
#include "numeric/fake_quant.h"
#include "quant/plan.h"

namespace liteqat::quant {

/// Operators with weights (input 1) and a bias (input 2).
bool has_weights(graph::OpKind kind);
/// Operators whose int8 kernel demands the same parameters for input 0 and output (TFLite's SameScale trait).
bool keeps_parameters(graph::OpKind kind);
/// The axis of the weights that counts output channels: 0, or 3 for depthwise.
int32_t output_axis(graph::OpKind kind);

/// Element index to the index of its range. Requires: channels is 1 or the extent of axis.
class ChannelIndex {
 public:
  ChannelIndex(const graph::Shape& shape, int32_t channels, int32_t axis);
  size_t operator()(size_t element) const { return channels_ == 1 ? 0 : element / inner_ % channels_; }

  /// All elements in order, as loops without a division: along(first element, elements, channel) for neighbours of one channel, or, where
  /// channels are the innermost axis, across(first element) for every row of one element a channel.
  template <typename Along, typename Across>
  void for_runs(size_t elements, const Along& along, const Across& across) const {
    if (channels_ == 1) return along(size_t{0}, elements, size_t{0});
    const size_t row = channels_ * inner_;
    for (size_t begin = 0; begin < elements; begin += row) {
      if (inner_ == 1) {
        across(begin);
        continue;
      }
      for (size_t channel = 0; channel < channels_; ++channel) along(begin + channel * inner_, inner_, channel);
    }
  }

 private:
  size_t channels_, inner_ = 1;
};

struct IntegerWeights {
  std::vector<int8_t> codes;
  std::vector<double> scale;  // 1, or one per output channel
};

struct WeightSource {
  const graph::Tensor& weights;  // before batch norm
  const Quantizer& quantizer;
  graph::OpKind kind;
  const std::vector<float>* multiplier = nullptr;  // batch norm's, per output channel; none: nullptr
};

/// Codes of the fake-quantized weights; scales times |multiplier|, codes with its sign (tflite-int8.md section 4.6).
/// Fails: kOutOfRange for a weight that is not finite or a scale that is zero or not finite as float32.
Result<IntegerWeights> quantize_weights(const WeightSource& source);
/// The same codes on other scales (a bias that does not fit the grid enlarges them).
void requantize_weights(const WeightSource& source, const std::vector<double>& scale, IntegerWeights& weights);

/// The scales of a bias: input scale * weight scale, one per entry of weight_scales. Under kLiteqat8Bit enlarged where a code would
/// exceed 2^30 (TFLite's SetBiasParamsWithAdjustments; the weight scale must then follow). TFMOT's weight scales are fixed: there the
/// code saturates, as TFLite's does.
std::vector<double> bias_scales(std::span<const float> bias, double input_scale, const std::vector<double>& weight_scales, Scheme scheme);
/// clamp(round_half_away(bias / scale)) to int32.
int32_t bias_code(float bias, double scale);

}  // namespace liteqat::quant
