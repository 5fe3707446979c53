// One training step of a named network on random images, written out as .npy files and a description of the graph, so that
// tests/oracle/train_step_test.py can make the same step with another implementation. Usage: train_step NETWORK IMAGES FOLDER
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "base/rng.h"
#include "formats/npy/npy.h"
#include "graph/architectures.h"
#include "train/engine.h"
#include "train/optimizer.h"

namespace liteqat {
namespace {

using graph::Graph;
using graph::OpKind;

template <typename T>
Status write_array(const std::string& path, const std::string& dtype, std::vector<int64_t> shape, std::span<const T> values) {
  formats::npy::Array array{dtype, std::move(shape), Bytes(values.size_bytes())};
  std::memcpy(array.data.data(), values.data(), values.size_bytes());
  return write_file(path, formats::npy::write(array));
}

std::string json_list(const std::vector<int32_t>& values) {
  std::string text;
  for (int32_t value : values) text += (text.empty() ? "" : ",") + std::to_string(value);
  return "[" + text + "]";
}

const char* padding_text(graph::Padding padding) {
  return padding == graph::Padding::kSame ? "SAME" : "VALID";
}

std::string describe_params(const graph::Op& op) {
  switch (op.kind) {
    case OpKind::kConv2D: {
      const auto& p = op.params_as<graph::Conv2DParams>();
      return format(R"(,"padding":"{}","strides":[{},{}],"dilation":[{},{}])", padding_text(p.padding), p.stride_h, p.stride_w,
                    p.dilation_h, p.dilation_w);
    }
    case OpKind::kDepthwiseConv2D: {
      const auto& p = op.params_as<graph::DepthwiseConv2DParams>();
      return format(R"(,"padding":"{}","strides":[{},{}],"dilation":[{},{}])", padding_text(p.padding), p.stride_h, p.stride_w,
                    p.dilation_h, p.dilation_w);
    }
    case OpKind::kMaxPool2D:
    case OpKind::kAveragePool2D: {
      const auto& p = op.params_as<graph::Pool2DParams>();
      return format(R"(,"padding":"{}","strides":[{},{}],"window":[{},{}])", padding_text(p.padding), p.stride_h, p.stride_w, p.filter_h,
                    p.filter_w);
    }
    case OpKind::kConcatenation:
      return format(R"(,"axis":{})", op.params_as<graph::AxisParams>().axis);
    case OpKind::kBatchNorm:
      return format(R"(,"epsilon":{},"momentum":{})", op.params_as<graph::BatchNormParams>().epsilon,
                    op.params_as<graph::BatchNormParams>().momentum);
    default:
      return {};
  }
}

std::string describe(const Graph& model) {
  std::string ops, tensors;
  for (const graph::Op& op : model.ops) {
    ops += format(R"({}{{"kind":"{}","inputs":{},"outputs":{}{}}})", ops.empty() ? "" : ",\n", op_kind_name(op.kind), json_list(op.inputs),
                  json_list(op.outputs), describe_params(op));
  }
  for (const graph::Tensor& tensor : model.tensors) {
    tensors += format(R"({}{{"name":"{}","shape":{},"constant":{}}})", tensors.empty() ? "" : ",\n", tensor.name, json_list(tensor.shape),
                      tensor.constant());
  }
  return format("{{\"input\":{},\"output\":{},\n\"tensors\":[{}],\n\"ops\":[{}]}}\n", model.inputs[0], model.outputs[0], tensors, ops);
}

Status write_constants(const Graph& model, const std::string& prefix) {
  for (size_t id = 0; id < model.tensors.size(); ++id) {
    const graph::Tensor& tensor = model.tensors[id];
    if (!tensor.constant()) continue;
    const std::string dtype = tensor.type == graph::DType::kInt32 ? "<i4" : "<f4";
    const std::vector<int64_t> shape(tensor.shape.begin(), tensor.shape.end());
    LITEQAT_RETURN_IF_ERROR(write_array<std::byte>(format("{}_{}.npy", prefix, id), dtype, shape, tensor.data));
  }
  return {};
}

/// Where each RELU and RELU6 passed its input on: decisions near the kinks that the other implementation must share.
Status write_masks(const Graph& model, const train::Engine& engine, const std::string& folder) {
  for (const graph::Op& op : model.ops) {
    if (op.kind != OpKind::kRelu && op.kind != OpKind::kRelu6) continue;
    const float top = op.kind == OpKind::kRelu6 ? 6.0f : std::numeric_limits<float>::infinity();
    std::vector<uint8_t> mask;
    for (float value : engine.copy_activation(op.outputs[0])) mask.push_back(value > 0 && value < top);
    const std::vector<int64_t> shape = {static_cast<int64_t>(mask.size())};
    LITEQAT_RETURN_IF_ERROR(write_array<uint8_t>(format("{}/mask_{}.npy", folder, op.outputs[0]), "|u1", shape, mask));
  }
  return {};
}

/// Keeps gammas, betas and biases from being exactly one or zero.
void disturb(Graph& model) {
  Rng rng(99);
  for (graph::Tensor& tensor : model.tensors) {
    if (tensor.role != graph::Role::kParameter || tensor.shape.size() != 1) continue;
    for (float& value : tensor.as<float>()) value += 0.2f * (rng.next_float() - 0.5f);
  }
}

Status run(const std::string& name, int32_t images, const std::string& folder) {
  graph::ArchitectureOptions options{.name = name};
  if (name.rfind("mnist", 0) != 0) options.height = options.width = 32, options.channels = 3;
  LITEQAT_ASSIGN_OR_RETURN(Graph model, graph::make_architecture(options));
  disturb(model);
  Rng rng(5);
  const int64_t image_elems = graph::elem_count(model.tensor(model.inputs[0]).shape);
  std::vector<float> pixels(static_cast<size_t>(images * image_elems));
  for (float& pixel : pixels) pixel = rng.next_float() * 2 - 1;
  std::vector<int32_t> labels(static_cast<size_t>(images));
  for (int32_t& label : labels) label = static_cast<int32_t>(rng.next_below(10));

  LITEQAT_RETURN_IF_ERROR(make_folder(folder));
  LITEQAT_RETURN_IF_ERROR(write_text_file(folder + "/graph.json", describe(model)));
  LITEQAT_RETURN_IF_ERROR(write_constants(model, folder + "/before"));
  LITEQAT_RETURN_IF_ERROR(write_array<float>(folder + "/images.npy", "<f4", {images, image_elems}, pixels));
  LITEQAT_RETURN_IF_ERROR(write_array<int32_t>(folder + "/labels.npy", "<i4", {images}, labels));

  ThreadPool pool(2);
  LITEQAT_ASSIGN_OR_RETURN(train::Engine engine,
                           train::Engine::make(model, nullptr, pool, {images, train::training_chunk_images(model, nullptr, images)}));
  engine.forward(pixels, images, train::Mode::kTraining);
  const double loss = engine.backward(labels, 0.1f).loss;
  LITEQAT_RETURN_IF_ERROR(write_array<double>(folder + "/loss.npy", "<f8", {1}, std::span(&loss, 1)));
  LITEQAT_RETURN_IF_ERROR(write_masks(model, engine, folder));
  std::vector<std::span<const float>> gradients;
  for (size_t k = 0; k < engine.parameters().size(); ++k) {
    gradients.push_back(engine.gradient(k));
    const std::vector<int64_t> shape = {static_cast<int64_t>(gradients[k].size())};
    LITEQAT_RETURN_IF_ERROR(write_array<float>(format("{}/gradient_{}.npy", folder, engine.parameters()[k]), "<f4", shape, gradients[k]));
  }
  train::Optimizer optimizer({.learning_rate = 1e-3f}, model, engine.parameters());
  optimizer.step(model, gradients, 1.0f, pool);
  return write_constants(model, folder + "/after");
}

}  // namespace
}  // namespace liteqat

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: train_step NETWORK IMAGES FOLDER\n");
    return 2;
  }
  const liteqat::Status status = liteqat::run(argv[1], std::atoi(argv[2]), argv[3]);
  if (!status.ok()) std::fprintf(stderr, "train_step: %s\n", status.message().c_str());
  return status.ok() ? 0 : 3;
}
