// Activations, as layers of their own and as options of others.
#include <optional>

#include "formats/keras/layer_call.h"

namespace liteqat::formats::keras {
namespace {

struct Simple {
  const char* name;
  OpKind kind;
};
/// Activations that are one operator without options.
constexpr Simple kSimple[] = {
    {"relu", OpKind::kRelu},
    {"relu6", OpKind::kRelu6},
    {"sigmoid", OpKind::kLogistic},
    {"tanh", OpKind::kTanh},
    {"elu", OpKind::kElu},
    {"log_softmax", OpKind::kLogSoftmax},
    {"hard_silu", OpKind::kHardSwish},
    {"hard_swish", OpKind::kHardSwish},
};
constexpr float kLeakySlope = 0.2f;  // of the activation "leaky_relu" (Keras 3: negative_slope, TensorFlow: alpha)

Result<TensorId> emit_activation(const LayerCall& call, const std::string& activation, const std::string& name, TensorId x) {
  if (activation == "linear") return x;
  for (const Simple& simple : kSimple) {
    if (activation == simple.name) return call.emit.op(simple.kind, name, {x});
  }
  if (activation == "softmax") return call.emit.op(OpKind::kSoftmax, name, {x}, graph::SoftmaxParams{});
  if (activation == "leaky_relu") return call.emit.op(OpKind::kLeakyRelu, name, {x}, graph::LeakyReluParams{kLeakySlope});
  if (activation == "swish" || activation == "silu") {
    LITEQAT_ASSIGN_OR_RETURN(const TensorId gate, call.emit.op(OpKind::kLogistic, name + "/sigmoid", {x}));
    return call.emit.op(OpKind::kMul, name, {x, gate}, graph::ArithmeticParams{});
  }
  return error(Code::kUnsupported,
               "activation '{}' is not supported; known are linear, relu, relu6, leaky_relu, elu, sigmoid, tanh, softmax, log_softmax, "
               "swish (silu) and hard_swish (hard_silu)",
               activation);
}

/// How an activation stands in the options: a name, or an object around a function's name or around a layer without options of its own.
Result<std::string> activation_name(const LayerOptions& options, const char* key) {
  const nlohmann::json& value = options.find(key);
  if (value.is_null()) return std::string("linear");
  if (value.is_string()) return value.get<std::string>();
  if (value.is_object() && value.contains("config") && value["config"].is_string()) return value["config"].get<std::string>();
  std::string kind = "of a form this version does not know";
  if (value.is_object() && value.contains("class_name") && value["class_name"].is_string()) {
    kind = format("a {}", value["class_name"].get<std::string>());
  }
  return error(Code::kUnsupported, "its activation is {}, the name of an activation is expected; make it a layer of its own", kind);
}

/// Appends min(x, limit).
Result<TensorId> emit_limit(const LayerCall& call, TensorId x, float limit) {
  const TensorId constant = call.emit.floats(call.name + "/max_value", {}, std::span(&limit, 1));
  return call.emit.op(OpKind::kMinimum, call.name, {x, constant});
}

Result<double> slope_option(const LayerOptions& options, double otherwise) {
  for (const char* key : {"negative_slope", "alpha"}) {
    const nlohmann::json& value = options.find(key);
    if (value.is_array() || value.is_object()) {  // Keras 2 stored arrays of one number
      LITEQAT_ASSIGN_OR_RETURN(const NumberArray numbers, options.array(key));
      if (numbers.values.size() == 1) return static_cast<double>(numbers.values[0]);
    }
    if (!value.is_null()) return options.number(key, otherwise);
  }
  return otherwise;
}

}  // namespace

Result<TensorId> LayerCall::activation(TensorId x, const char* key) const {
  LITEQAT_ASSIGN_OR_RETURN(const std::string named, activation_name(options, key));
  return emit_activation(*this, named, name + "/" + named, x);
}

Result<TensorId> import_activation(const LayerCall& call) {
  LITEQAT_ASSIGN_OR_RETURN(const std::string named, activation_name(call.options, "activation"));
  return emit_activation(call, named, call.name, call.x());
}

Result<TensorId> import_relu(const LayerCall& call) {
  LITEQAT_ASSIGN_OR_RETURN(const double slope, slope_option(call.options, 0));
  LITEQAT_ASSIGN_OR_RETURN(const double threshold, call.options.number("threshold", 0));
  if (threshold != 0) return error(Code::kUnsupported, "a threshold of {} is not supported, only 0", threshold);
  const nlohmann::json& limited = call.options.find("max_value");
  std::optional<double> limit;
  if (!limited.is_null()) {
    LITEQAT_ASSIGN_OR_RETURN(limit, call.options.number("max_value", 0));
  }
  if (limit && *limit < 0) return error(Code::kOutOfRange, "its max_value is {}, at least 0 is expected", *limit);
  const OpKind kind = slope != 0 ? OpKind::kLeakyRelu : limit == 6.0 ? OpKind::kRelu6 : OpKind::kRelu;
  const bool two_steps = limit && kind != OpKind::kRelu6;
  graph::OpParams params;
  if (kind == OpKind::kLeakyRelu) params = graph::LeakyReluParams{static_cast<float>(slope)};
  LITEQAT_ASSIGN_OR_RETURN(const TensorId output,
                           call.emit.op(kind, call.name + (two_steps ? "/relu" : ""), {call.x()}, std::move(params)));
  if (!two_steps) return output;
  return emit_limit(call, output, static_cast<float>(*limit));
}

Result<TensorId> import_leaky_relu(const LayerCall& call) {
  LITEQAT_ASSIGN_OR_RETURN(const double slope, slope_option(call.options, 0.3));  // Keras' default
  return call.emit.op(OpKind::kLeakyRelu, call.name, {call.x()}, graph::LeakyReluParams{static_cast<float>(slope)});
}

Result<TensorId> import_softmax(const LayerCall& call) {
  if (!call.options.find("axis").is_null()) {
    LITEQAT_ASSIGN_OR_RETURN(const std::vector<int64_t> axes, call.options.integers("axis"));
    const auto last = static_cast<int64_t>(call.shape().size()) - 1;
    if (axes.size() != 1 || (axes[0] != -1 && axes[0] != last)) {
      return error(Code::kUnsupported, "only the last axis is supported, its option 'axis' is {}", call.options.find("axis").dump());
    }
  }
  return call.emit.op(OpKind::kSoftmax, call.name, {call.x()}, graph::SoftmaxParams{});
}

}  // namespace liteqat::formats::keras
