// Dense and BatchNormalization: layers with one weight a feature of the last axis.
#include "formats/keras/layer_call.h"
#include "formats/keras/weight_layout.h"

namespace liteqat::formats::keras {

using graph::Role;

namespace {

/// One value a channel: the stored weight, or `otherwise` everywhere where the layer has none.
Result<TensorId> add_channel_values(const LayerCall& call, const std::string& name, float otherwise, Role role) {
  const int32_t channels = call.shape().back();
  std::vector<float> values(static_cast<size_t>(channels), otherwise);
  if (call.has_weight(name)) {
    LITEQAT_ASSIGN_OR_RETURN(const archive::Array* stored, call.weight(name, {channels}));
    values = stored->values;
  }
  return call.emit.floats(call.name + "/" + name, {channels}, values, role);
}

}  // namespace

Result<TensorId> import_dense(const LayerCall& call) {
  const graph::Shape x = call.shape();
  if (x.size() < 2) return error(Code::kMismatch, "its input has shape {}, at least 2 axes were expected", graph::shape_text(x));
  LITEQAT_ASSIGN_OR_RETURN(const int32_t units, call.options.count("units"));
  LITEQAT_ASSIGN_OR_RETURN(const archive::Array* kernel, call.weight("kernel", {x.back(), units}));
  std::vector<TensorId> inputs = {
      call.x(), call.emit.floats(call.name + "/kernel", {units, x.back()}, outputs_first(kernel->values, units), Role::kParameter)};
  if (call.has_weight("bias")) {
    LITEQAT_ASSIGN_OR_RETURN(const archive::Array* bias, call.weight("bias", {units}));
    inputs.push_back(call.emit.floats(call.name + "/bias", {units}, bias->values, Role::kParameter));
  }
  LITEQAT_ASSIGN_OR_RETURN(const TensorId output, call.emit.op(OpKind::kFullyConnected, call.name, std::move(inputs),
                                                               graph::FullyConnectedParams{.keep_num_dims = x.size() > 2}));
  return call.activation(output);
}

Result<TensorId> import_batch_norm(const LayerCall& call) {
  LITEQAT_ASSIGN_OR_RETURN(const bool renorm, call.options.flag("renorm", false));
  if (renorm) return error(Code::kUnsupported, "batch renormalization is not supported");
  const auto rank = static_cast<int64_t>(call.shape().size());
  if (rank < 2) return error(Code::kMismatch, "its input has shape {}, at least 2 axes were expected", graph::shape_text(call.shape()));
  if (!call.options.find("axis").is_null()) {
    LITEQAT_ASSIGN_OR_RETURN(const std::vector<int64_t> axes, call.options.integers("axis"));
    if (axes.size() != 1 || (axes[0] != -1 && axes[0] != rank - 1)) {
      return error(Code::kUnsupported, "only the last axis can be normalized, its option 'axis' is {}", call.options.find("axis").dump());
    }
  }
  graph::BatchNormParams params;
  LITEQAT_ASSIGN_OR_RETURN(const double epsilon, call.options.number("epsilon", 1e-3));
  LITEQAT_ASSIGN_OR_RETURN(const double momentum, call.options.number("momentum", 0.99));
  params.epsilon = static_cast<float>(epsilon);
  params.momentum = static_cast<float>(momentum);
  LITEQAT_ASSIGN_OR_RETURN(const TensorId gamma, add_channel_values(call, "gamma", 1.0f, Role::kParameter));
  LITEQAT_ASSIGN_OR_RETURN(const TensorId beta, add_channel_values(call, "beta", 0.0f, Role::kParameter));
  LITEQAT_ASSIGN_OR_RETURN(const TensorId mean, add_channel_values(call, "moving_mean", 0.0f, Role::kStatistic));
  LITEQAT_ASSIGN_OR_RETURN(const TensorId variance, add_channel_values(call, "moving_variance", 1.0f, Role::kStatistic));
  return call.emit.op(OpKind::kBatchNorm, call.name, {call.x(), gamma, beta, mean, variance}, params);
}

}  // namespace liteqat::formats::keras
