#include "quant/requantization.h"

#include <algorithm>
#include <cmath>

#include "quant/lower.h"
#include "quant/weights.h"

namespace liteqat::quant {

using graph::Graph;
using graph::Op;
using graph::OpKind;
using graph::TensorId;

namespace {

constexpr int32_t kAddBits = 20;      // ADD holds its inputs to 2^-20 of twice the larger scale
constexpr int32_t kRoundedOnce = 30;  // bits of a first rounding that changes nothing

/// Bits below the point that QuantizeMultiplier's mantissa leaves to the second rounding.
int32_t second_shift(double factor) {
  int exponent = 0;
  std::frexp(factor, &exponent);
  return std::max(0, -exponent);
}

class Finder {
 public:
  explicit Finder(const Graph& lowered) : graph_(lowered) {}

  Requantization find(TensorId tensor) const {
    const int32_t producer = graph_.find_producer(tensor);
    if (producer < 0) return {};
    const Op& op = graph_.ops[static_cast<size_t>(producer)];
    switch (op.kind) {
      case OpKind::kConv2D:
      case OpKind::kDepthwiseConv2D:
      case OpKind::kFullyConnected:
        return of_weights(op);
      case OpKind::kAdd:
        return of_add(op);
      case OpKind::kMul:
        return of_mul(op);
      case OpKind::kMean:
        return of_mean(op);
      case OpKind::kAveragePool2D:
        return of_average_pool(op);
      case OpKind::kQuantize:
        return of_quantize(op);
      default:
        return {};
    }
  }

 private:
  const graph::Quantization& quantization(TensorId id) const { return graph_.tensor(id).quantization; }
  double scale(TensorId id) const { return static_cast<double>(quantization(id).scale[0]); }
  TensorId output(const Op& op) const { return op.outputs[0]; }

  void add(Requantization& result, double unit, double output_scale, int32_t bits) const {
    result.unit.push_back(unit);
    result.factor.push_back(unit / output_scale);
    result.first.push_back(std::ldexp(1.0, bits));
  }

  /// FULLY_CONNECTED of LiteRT's reference kernels multiplies in double and rounds once.
  Requantization of_weights(const Op& op) const {
    Requantization result;
    for (float weight_scale : quantization(op.inputs[1]).scale) {
      const double unit = scale(op.inputs[0]) * static_cast<double>(weight_scale);
      const bool once = op.kind == OpKind::kFullyConnected;
      add(result, unit, scale(output(op)), once ? kRoundedOnce : second_shift(unit / scale(output(op))));
    }
    return result;
  }

  Requantization of_add(const Op& op) const {
    Requantization result;
    const double unit = 2 * std::max(scale(op.inputs[0]), scale(op.inputs[1])) * std::ldexp(1.0, -kAddBits);
    add(result, unit, scale(output(op)), second_shift(unit / scale(output(op))));
    return result;
  }

  Requantization of_mul(const Op& op) const {
    Requantization result;
    const double unit = scale(op.inputs[0]) * scale(op.inputs[1]);
    add(result, unit, scale(output(op)), second_shift(unit / scale(output(op))));
    return result;
  }

  /// The count is divided into the mantissa, which is shifted up first as far as the count's leading bit.
  Requantization of_mean(const Op& op) const {
    Requantization result;
    const auto count =
        static_cast<int32_t>(graph::elem_count(graph_.tensor(op.inputs[0]).shape) / graph::elem_count(graph_.tensor(output(op)).shape));
    int exponent = 0;
    std::frexp(scale(op.inputs[0]) / scale(output(op)), &exponent);
    const auto leading_bit = static_cast<int32_t>(std::floor(std::log2(count)));
    add(result, scale(op.inputs[0]) / count, scale(output(op)), std::max(0, leading_bit - exponent));
    return result;
  }

  /// Padded windows have fewer taps at the border than inside: those round once.
  Requantization of_average_pool(const Op& op) const {
    const auto& pool = op.params_as<graph::Pool2DParams>();
    if (pool.padding != graph::Padding::kValid) return {};
    Requantization result;
    result.divisor = pool.filter_h * pool.filter_w;
    result.offset = static_cast<int32_t>(quantization(op.inputs[0]).zero_point[0]);
    add(result, scale(op.inputs[0]) / result.divisor, scale(op.inputs[0]) / result.divisor, 0);
    return result;
  }

  /// What stands before a QUANTIZE keeps its input's parameters (lower_int8.cc): pooling's average comes first.
  Requantization of_quantize(const Op& op) const {
    if (graph_.tensor(op.inputs[0]).type == graph::DType::kFloat32) return {};
    const double from = scale(op.inputs[0]), to = scale(output(op));
    Requantization result = find(op.inputs[0]);
    if (result.divisor == 1) result = {.unit = {from}, .factor = {}, .first = {}};
    result.factor = {from / to};
    result.first = {std::ldexp(1.0, second_shift(from / to))};
    return result;
  }

  const Graph& graph_;
};

}  // namespace

Result<std::vector<Requantization>> find_requantizations(const Graph& model, const Plan& plan) {
  LITEQAT_ASSIGN_OR_RETURN(const Graph lowered, lower_without_ends(model, plan));
  const Finder finder(lowered);
  std::vector<Requantization> found;
  for (const Quantizer& quantizer : plan.quantizers) {
    const TensorId id = quantizer.weight ? graph::kNoTensor : lowered.find_tensor(model.tensor(quantizer.tensor).name);
    found.push_back(id == graph::kNoTensor ? Requantization{} : finder.find(id));
  }
  return found;
}

}  // namespace liteqat::quant
