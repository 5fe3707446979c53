#include "graph/builder.h"

#include <cmath>
#include <cstring>
#include <span>
#include <utility>

#include "base/checked.h"
#include "base/rng.h"
#include "graph/rules.h"

namespace liteqat::graph {
namespace {

/// One layer may hold this many weights; beyond it the options are a typing mistake rather than a network.
constexpr int64_t kMaxKernelElems = int64_t{1} << 28;

/// FNV-1a, 64 bits: gives each tensor its own stream of random numbers.
uint64_t hash_name(const std::string& name) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (char letter : name) hash = (hash ^ static_cast<uint8_t>(letter)) * 0x100000001b3u;
  return hash;
}

void fill_glorot_uniform(std::span<float> weights, int64_t fan_in, int64_t fan_out, Rng& rng) {
  const double limit = std::sqrt(6.0 / static_cast<double>(fan_in + fan_out));
  for (float& weight : weights) weight = static_cast<float>(limit * (2.0 * rng.next_double() - 1.0));
}

void fill_he_normal(std::span<float> weights, int64_t fan_in, Rng& rng) {
  constexpr double kTruncatedDeviation = 0.87962566103423978;  // of a standard normal cut at +-2, as in Keras' VarianceScaling
  const double deviation = std::sqrt(2.0 / static_cast<double>(fan_in)) / kTruncatedDeviation;
  for (float& weight : weights) {
    double normal = rng.next_normal();
    while (std::abs(normal) > 2.0) normal = rng.next_normal();
    weight = static_cast<float>(deviation * normal);
  }
}

Pool2DParams pool_params(const PoolLayer& layer) {
  return {.stride_h = layer.stride > 0 ? layer.stride : layer.filter_h,
          .stride_w = layer.stride > 0 ? layer.stride : layer.filter_w,
          .filter_h = layer.filter_h,
          .filter_w = layer.filter_w};
}

}  // namespace

GraphBuilder::GraphBuilder(std::string model_name, uint64_t seed, const BatchNormParams& batch_norm)
    : seed_(seed), batch_norm_(batch_norm) {
  graph_.info.name = std::move(model_name);
}

TensorId GraphBuilder::add_tensor(Tensor tensor) {
  shapes_.push_back(tensor.shape);
  return graph_.add_tensor(std::move(tensor));
}

const Shape& GraphBuilder::shape(TensorId id) const {
  static const Shape kNone = {1, 1, 1, 1};  // after a failure, so that callers need not look
  return id == kNoTensor ? kNone : shapes_[static_cast<size_t>(id)];
}

TensorId GraphBuilder::input(int32_t height, int32_t width, int32_t channels) {
  const TensorId id = add_tensor({.name = "input", .shape = {1, height, width, channels}});
  graph_.inputs = {id};
  return id;
}

TensorId GraphBuilder::add_op(OpKind kind, const std::string& name, std::vector<TensorId> inputs, OpParams params) {
  for (TensorId id : inputs) {
    if (id == kNoTensor || !status_.ok()) return kNoTensor;
  }
  Op op = {.kind = kind, .name = name, .inputs = std::move(inputs), .outputs = {}, .params = std::move(params)};
  auto output_shapes = compute_output_shapes(graph_, op, shapes_);
  if (!output_shapes.ok()) {
    status_ = output_shapes.status().with_context(format("{} '{}' (operator {})", op_kind_name(kind), name, graph_.ops.size()));
    return kNoTensor;
  }
  const TensorId output = add_tensor({.name = name, .shape = std::move(output_shapes.value()[0])});
  op.outputs = {output};
  graph_.ops.push_back(std::move(op));
  return output;
}

TensorId GraphBuilder::add_indices(const std::string& name, const Shape& shape, const std::vector<int32_t>& values) {
  Tensor tensor = {.name = name, .type = DType::kInt32, .shape = shape, .role = Role::kConstant};
  tensor.data.resize(values.size() * sizeof(int32_t));
  if (!values.empty()) std::memcpy(tensor.data.data(), values.data(), tensor.data.size());
  return add_tensor(std::move(tensor));
}

TensorId GraphBuilder::add_filled(const std::string& name, Role role, int32_t count, float value) {
  Tensor tensor = {.name = name, .shape = {count}, .role = role};
  tensor.data.resize(static_cast<size_t>(count) * sizeof(float));
  for (float& element : tensor.as<float>()) element = value;
  return add_tensor(std::move(tensor));
}

TensorId GraphBuilder::add_kernel(const std::string& name, const Shape& shape, int64_t fan_in, int64_t fan_out, Initializer initializer) {
  const auto elems = checked_product(std::span<const int32_t>(shape));
  if (!status_.ok()) return kNoTensor;
  if (!elems || *elems < 1 || *elems > kMaxKernelElems) {
    status_ =
        error(Code::kUnsupported, "weights '{}' would have shape {}: expected 1 to {} elements", name, shape_text(shape), kMaxKernelElems);
    return kNoTensor;
  }
  Tensor tensor = {.name = name, .shape = shape, .role = Role::kParameter};
  tensor.data.resize(static_cast<size_t>(*elems) * sizeof(float));
  Rng rng(seed_, hash_name(name));
  if (initializer == Initializer::kGlorotUniform) {
    fill_glorot_uniform(tensor.as<float>(), fan_in, fan_out, rng);
  } else {
    fill_he_normal(tensor.as<float>(), fan_in, rng);
  }
  return add_tensor(std::move(tensor));
}

TensorId GraphBuilder::conv2d(const std::string& name, TensorId x, const ConvLayer& layer) {
  const int32_t channels = shape(x).back();
  const int64_t receptive = int64_t{layer.kernel} * layer.kernel;
  const TensorId kernel = add_kernel(name + "/kernel", {layer.filters, layer.kernel, layer.kernel, channels}, receptive * channels,
                                     receptive * layer.filters, layer.initializer);
  std::vector<TensorId> inputs = {x, kernel};
  if (layer.bias && kernel != kNoTensor) inputs.push_back(add_filled(name + "/bias", Role::kParameter, layer.filters, 0.0f));
  return add_op(OpKind::kConv2D, name, std::move(inputs),
                Conv2DParams{.padding = layer.padding,
                             .stride_h = layer.stride,
                             .stride_w = layer.stride,
                             .dilation_h = layer.dilation,
                             .dilation_w = layer.dilation});
}

TensorId GraphBuilder::depthwise(const std::string& name, TensorId x, const ConvLayer& layer) {
  const int32_t channels = shape(x).back();
  const int64_t receptive = int64_t{layer.kernel} * layer.kernel;
  const auto filters = checked_mul(channels, layer.filters);
  if (!filters || *filters > kMaxKernelElems) {
    status_ = error(Code::kUnsupported, "layer '{}' would have {} x {} channels", name, channels, layer.filters);
    return kNoTensor;
  }
  // Keras' layout is (H,W,C,M): fan_in counts the C channels although each output sees one only, fan_out the multiplier.
  const TensorId kernel = add_kernel(name + "/kernel", {1, layer.kernel, layer.kernel, static_cast<int32_t>(*filters)},
                                     receptive * channels, receptive * layer.filters, layer.initializer);
  std::vector<TensorId> inputs = {x, kernel};
  if (layer.bias && kernel != kNoTensor)
    inputs.push_back(add_filled(name + "/bias", Role::kParameter, static_cast<int32_t>(*filters), 0.0f));
  return add_op(OpKind::kDepthwiseConv2D, name, std::move(inputs),
                DepthwiseConv2DParams{.padding = layer.padding,
                                      .stride_h = layer.stride,
                                      .stride_w = layer.stride,
                                      .dilation_h = layer.dilation,
                                      .dilation_w = layer.dilation,
                                      .depth_multiplier = layer.filters});
}

TensorId GraphBuilder::dense(const std::string& name, TensorId x, int32_t units, Initializer initializer) {
  const int32_t features = shape(x).back();
  const TensorId kernel = add_kernel(name + "/kernel", {units, features}, features, units, initializer);
  if (kernel == kNoTensor) return kNoTensor;
  const TensorId bias = add_filled(name + "/bias", Role::kParameter, units, 0.0f);
  return add_op(OpKind::kFullyConnected, name, {x, kernel, bias}, FullyConnectedParams{});
}

TensorId GraphBuilder::batch_norm(const std::string& name, TensorId x) {
  if (x == kNoTensor) return kNoTensor;
  const int32_t channels = shape(x).back();
  const TensorId gamma = add_filled(name + "/gamma", Role::kParameter, channels, 1.0f);
  const TensorId beta = add_filled(name + "/beta", Role::kParameter, channels, 0.0f);
  const TensorId mean = add_filled(name + "/moving_mean", Role::kStatistic, channels, 0.0f);
  const TensorId variance = add_filled(name + "/moving_variance", Role::kStatistic, channels, 1.0f);
  return add_op(OpKind::kBatchNorm, name, {x, gamma, beta, mean, variance}, batch_norm_);
}

TensorId GraphBuilder::relu(const std::string& name, TensorId x) {
  return add_op(OpKind::kRelu, name, {x}, {});
}

TensorId GraphBuilder::relu6(const std::string& name, TensorId x) {
  return add_op(OpKind::kRelu6, name, {x}, {});
}

TensorId GraphBuilder::hard_swish(const std::string& name, TensorId x) {
  return add_op(OpKind::kHardSwish, name, {x}, {});
}

TensorId GraphBuilder::logistic(const std::string& name, TensorId x) {
  return add_op(OpKind::kLogistic, name, {x}, {});
}

TensorId GraphBuilder::multiply(const std::string& name, TensorId a, TensorId b) {
  return add_op(OpKind::kMul, name, {a, b}, ArithmeticParams{});
}

TensorId GraphBuilder::concatenate(const std::string& name, const std::vector<TensorId>& parts, int32_t axis) {
  return add_op(OpKind::kConcatenation, name, parts, AxisParams{.axis = axis});
}

TensorId GraphBuilder::add(const std::string& name, TensorId a, TensorId b) {
  return add_op(OpKind::kAdd, name, {a, b}, ArithmeticParams{});
}

TensorId GraphBuilder::max_pool(const std::string& name, TensorId x, const PoolLayer& layer) {
  return add_op(OpKind::kMaxPool2D, name, {x}, pool_params(layer));
}

TensorId GraphBuilder::average_pool(const std::string& name, TensorId x, const PoolLayer& layer) {
  return add_op(OpKind::kAveragePool2D, name, {x}, pool_params(layer));
}

TensorId GraphBuilder::global_mean(const std::string& name, TensorId x) {
  const TensorId axes = add_indices(name + "/axes", {2}, {1, 2});
  return add_op(OpKind::kMean, name, {x, axes}, ReductionParams{});
}

TensorId GraphBuilder::pad(const std::string& name, TensorId x, const std::vector<int32_t>& paddings) {
  const TensorId indices = add_indices(name + "/paddings", {static_cast<int32_t>(paddings.size() / 2), 2}, paddings);
  return add_op(OpKind::kPad, name, {x, indices}, {});
}

TensorId GraphBuilder::reshape(const std::string& name, TensorId x, const Shape& new_shape) {
  const TensorId indices = add_indices(name + "/shape", {static_cast<int32_t>(new_shape.size())}, new_shape);
  return add_op(OpKind::kReshape, name, {x, indices}, {});
}

TensorId GraphBuilder::softmax(const std::string& name, TensorId x) {
  return add_op(OpKind::kSoftmax, name, {x}, SoftmaxParams{});
}

Result<Graph> GraphBuilder::finish(TensorId output, const std::string& output_name) {
  LITEQAT_RETURN_IF_ERROR(status_);
  graph_.tensor(output).name = output_name;
  graph_.outputs = {output};
  LITEQAT_RETURN_IF_ERROR(validate(graph_));
  return std::move(graph_);
}

}  // namespace liteqat::graph
