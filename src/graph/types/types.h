// Element types and quantization that each operator accepts; one file per family beside this one. Not for use outside graph/.
#pragma once

#include <string>

#include "graph/graph.h"

namespace liteqat::graph::types {

/// One operator and the start of its messages.
struct OpView {
  const Graph& graph;
  const Op& op;
  std::string where;

  bool has_input(size_t position) const { return position < op.inputs.size() && op.inputs[position] != kNoTensor; }
  const Tensor& input(size_t position) const { return graph.tensor(op.inputs[position]); }
  const Tensor& output() const { return graph.tensor(op.outputs[0]); }
};

/// Of codes with a scale and zero point: int8, uint8, int16.
bool is_quantized_type(DType type);
/// kUnsupported: the types found and those `supported`.
Status unsupported_types(const OpView& view, const char* supported);
/// An integer tensor that an operator computes with has one scale.
Status require_per_tensor(const OpView& view, const Tensor& tensor);

// weighted.cc
Status check_weighted(const OpView& view);

// elementwise.cc
Status check_binary(const OpView& view);
Status check_prelu(const OpView& view);
Status check_unary(const OpView& view);
Status check_quantize(const OpView& view);
Status check_dequantize(const OpView& view);
Status check_batch_norm(const OpView& view);

// accumulators.cc: quantized operators with weights, once their types are checked
/// The largest sum that any input can give stays inside the accumulator. Fails: kOutOfRange.
Status check_accumulators(const OpView& view);
/// A bias counts in steps of input scale * weights scale, within TFLite's tolerance. Fails: kMismatch.
Status check_bias_scale(const OpView& view);

// layout.cc: operators that move, reduce or resize
Status check_pool(const OpView& view);
Status check_reduction(const OpView& view);
Status check_arg_max(const OpView& view);
Status check_shape(const OpView& view);
Status check_moved(const OpView& view);

}  // namespace liteqat::graph::types
