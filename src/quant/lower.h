// From a float training graph to the graphs that are deployed: batch norm folded, activations fused, integers computed.
#pragma once

#include <vector>

#include "base/status.h"
#include "base/thread_pool.h"
#include "graph/graph.h"
#include "quant/plan.h"

namespace liteqat::quant {

/// A float graph without BATCH_NORM: each one that follows a linear CONV_2D, DEPTHWISE_CONV_2D or FULLY_CONNECTED is multiplied into its
/// weights and bias (float32, as TFLite's converter does). Weights and biases stay kParameter. Activations stay operators of their own.
/// Fails: kUnsupported for a batch norm that follows anything else.
Result<graph::Graph> fold_batch_norm(const graph::Graph& model);

/// The same with tensor ids kept: tensors that fell out of use stay, added biases stand behind all others.
Result<graph::Graph> fold_keeping_ids(const graph::Graph& model);

/// A tensor of fold_keeping_ids' graph whose values follow from trained ones, one by one: the weights or the bias of an operator with
/// batch norm behind it, or any other trained tensor, which stays as it is.
struct FoldedTensor {
  graph::TensorId id = graph::kNoTensor;      // in the folded graph
  graph::TensorId source = graph::kNoTensor;  // in the model; kNoTensor: a bias of zeros
  int32_t batch_norm = -1;                    // operator of the model; -1: none
  int32_t axis = -1;                          // of weights: the output channels'
};
/// All of them. Requires: `folded` is fold_keeping_ids(model), whose weights belong to one operator each.
std::vector<FoldedTensor> find_folded_tensors(const graph::Graph& model, const graph::Graph& folded);
/// Gives one of them the values that fold_keeping_ids would give it now. Different tensors may be folded at the same time.
void fold_again(const graph::Graph& model, const FoldedTensor& tensor, graph::Graph& folded);

/// The float32 graph to deploy: folded, RELU/RELU6 fused into their producers, PAD + VALID turned to SAME where equal, everything
/// kConstant. A batch norm that cannot be folded becomes MUL and ADD.
Result<graph::Graph> lower_to_float(const graph::Graph& model);

enum class IoType { kFloat32, kInt8, kUInt8 };
Result<IoType> parse_io_type(const std::string& name);

/// The integer graph to deploy: int8 activations and weights, int32 biases, parameters from the plan's ranges (TFMOT scheme:
/// tflite-int8.md section 4.6, in double as TFLite's converter), QUANTIZE/DEQUANTIZE at the ends as io asks.
/// Under kLiteqat8Bit batch norm that the graph still has is folded first.
/// Requires: the plan was made for this graph. Fails: kUnsupported, kOutOfRange (a scale that is zero or not finite).
Result<graph::Graph> lower_to_int8(const graph::Graph& model, const Plan& plan, IoType io);
/// The same, operators' weights divided among workers.
Result<graph::Graph> lower_to_int8(const graph::Graph& model, const Plan& plan, IoType io, ThreadPool& pool);
/// The same with ends as their operators leave them: int8, or float32 beside an operator that stays in float.
Result<graph::Graph> lower_without_ends(const graph::Graph& model, const Plan& plan);

}  // namespace liteqat::quant
