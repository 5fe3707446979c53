// Rewrites of a float graph on its way to deployment. All work in place and keep tensor ids valid, so that a plan made before still fits;
// tensors that fall out of use stay until remove_unused_tensors.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/status.h"
#include "graph/graph.h"

namespace liteqat::quant {

/// "CONV_2D \"stem\" (operator 3): why"
Status op_error(Code code, const graph::Graph& graph, const graph::Op& op, const std::string& why);

/// The only operator that reads the tensor; nullptr if there are several, none, or the tensor is a graph output.
const graph::Op* single_consumer(const graph::Graph& graph, graph::TensorId tensor);

bool has_batch_norm(const graph::Graph& graph);
bool is_relu(graph::OpKind kind);
/// Whether TFLite's operator has an activation of its own that a following RELU or RELU6 becomes.
bool fuses_activation(graph::OpKind kind);

/// What batch norm multiplies each output channel of a weight tensor with: gamma / sqrt(variance + epsilon).
/// By the weight tensor's id.
using Multipliers = std::map<graph::TensorId, std::vector<float>>;
Status fold_batch_norms(graph::Graph& graph, Multipliers* multipliers);

/// Batch norms that cannot be folded become a MUL and an ADD with one constant a channel, as in TFLite's converter. Requires: a valid
/// graph.
void split_unfoldable_batch_norms(graph::Graph& graph);

/// RELU and RELU6 into the operator before, which then computes the activation's output tensor.
void fuse_activations(graph::Graph& graph);

/// PAD followed by a VALID convolution becomes SAME where that pads the same.
void fuse_padding(graph::Graph& graph);

/// A bias of zeros, "<operator>/bias", where an operator with weights has none.
void add_missing_biases(graph::Graph& graph);

/// Batch norm folded (so every operator with weights has a bias), activations and padding fused. Fails as graph::validate and
/// fold_batch_norms do.
Status fuse_for_deployment(graph::Graph& graph, Multipliers* multipliers);
/// The same for a graph that is valid but for weights, whose payloads may be missing.
Status fuse_validated(graph::Graph& graph, Multipliers* multipliers);

/// Everything that training changed is kConstant from here on.
void freeze(graph::Graph& graph);

/// Drops tensors that no operator, input or output names. Ids change.
void remove_unused_tensors(graph::Graph& graph);

}  // namespace liteqat::quant
