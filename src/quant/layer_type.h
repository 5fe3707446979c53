// What an operator computes in after quantization, and where its operands stand. The table behind it: operator_support.cc.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "graph/graph.h"

namespace liteqat::quant {

enum class LayerType {
  kFloat32,
  kInt8,     // int8 activations and weights, int32 bias
  kInt16x8,  // int16 activations of zero point 0, int8 weights, int64 bias
};
/// "float32", "int8", "int16x8". Fails: kInvalidArgument, naming the known ones.
Result<LayerType> parse_layer_type(const std::string& name);
const char* layer_type_name(LayerType type);
/// Element type of the activations.
graph::DType activation_type(LayerType type);

/// How one layer is to be quantized.
struct LayerChoice {
  LayerType type = LayerType::kInt8;
  bool per_channel = true;  // false: one weight scale a layer, for accelerators that know no other
};

/// An operator that stayed in float.
struct FloatLayer {
  std::string op, name, reason;
};

/// How the parameters of an integer operator's output come about (tflite-int8 specification).
enum class OutputRule {
  kOwnRange,     // from the range of the output
  kSameScale,    // those of its inputs: values are moved or compared as codes
  kFixed,        // prescribed by the kernel
  kNoActivation  // no scale: indices
};

struct OperatorSupport {
  OutputRule rule = OutputRule::kOwnRange;
  std::string why_float;  // empty: there is an integer kernel; else why the operator stays in float
};

/// Whether there is a kernel of TFLite that computes the operator in that type. Requires: type is not kFloat32.
OperatorSupport find_support(const graph::Op& op, LayerType type);

/// Parameters that the kernel prescribes for its output. Requires: rule kFixed.
graph::Quantization fixed_output(graph::OpKind kind, LayerType type);

/// Operators with weights (input 1) that TFLite quantizes per output channel.
bool has_channel_weights(graph::OpKind kind);
/// Positions of the inputs that hold activations: no weights, biases or indices.
std::vector<size_t> activation_inputs(const graph::Op& op);
/// Position of the bias, whether the operator has one or not. Requires: has_channel_weights.
size_t bias_position(graph::OpKind kind);

}  // namespace liteqat::quant
