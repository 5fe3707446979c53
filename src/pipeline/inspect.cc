#include "pipeline/inspect.h"

#include <algorithm>

#include "pipeline/model_file.h"
#include "runtime/interpreter.h"

namespace liteqat::pipeline {
namespace {

using graph::DType;

struct Limits {
  double low = 0, high = 0;
};

/// Integers of the types that hold quantized activations and weights.
std::optional<Limits> limits_of(DType type) {
  switch (type) {
    case DType::kInt8:
      return Limits{-128, 127};
    case DType::kUInt8:
      return Limits{0, 255};
    case DType::kInt16:
      return Limits{-32768, 32767};
    case DType::kFloat32:
    case DType::kFloat16:
    case DType::kInt32:
    case DType::kInt64:
    case DType::kBool:
      return std::nullopt;
  }
  return std::nullopt;
}

/// The real values between the type's smallest and largest code; with several scales the widest.
void add_representable_range(const graph::Tensor& tensor, results::TensorRecord& record) {
  const auto limits = limits_of(tensor.type);
  const graph::Quantization& q = tensor.quantization;
  for (size_t i = 0; limits && i < q.scale.size(); ++i) {
    const auto zero_point = static_cast<double>(q.zero_point[i]);
    const double low = q.scale[i] * (limits->low - zero_point), high = q.scale[i] * (limits->high - zero_point);
    record.low = std::min(record.low.value_or(low), low);
    record.high = std::max(record.high.value_or(high), high);
  }
}

void add_trained_range(const quant::Plan& plan, graph::TensorId id, results::TensorRecord& record) {
  const quant::Quantizer* quantizer = plan.find(id);
  if (quantizer == nullptr) return;
  const quant::Quantizer& holder = plan.range_of(*quantizer);
  if (holder.min.empty()) return;
  record.low = *std::min_element(holder.min.begin(), holder.min.end());
  record.high = *std::max_element(holder.max.begin(), holder.max.end());
}

results::TensorRecord describe_tensor(const graph::Tensor& tensor, graph::TensorId id) {
  results::TensorRecord record = {.id = id, .name = tensor.name, .type = graph::dtype_name(tensor.type), .shape = tensor.shape};
  record.scale = tensor.quantization.scale;
  record.zero_point = tensor.quantization.zero_point;
  record.axis = tensor.quantization.axis;
  record.bytes = graph::elem_count(tensor.shape) * graph::dtype_bytes(tensor.type);
  if (tensor.constant()) record.place = results::TensorPlace::kConstant;
  add_representable_range(tensor, record);
  return record;
}

results::ModelRecord describe_graph(const graph::Graph& graph) {
  results::ModelRecord record;
  record.description = graph.info.description;
  record.inputs = graph.inputs;
  record.outputs = graph.outputs;
  if (graph.info.normalization) record.mean = graph.info.normalization->mean, record.std = graph.info.normalization->std;
  record.labels = graph.info.labels;
  record.macs = graph::count_macs(graph);
  for (size_t i = 0; i < graph.tensors.size(); ++i) {
    record.tensors.push_back(describe_tensor(graph.tensors[i], static_cast<graph::TensorId>(i)));
    record.constant_bytes += static_cast<int64_t>(graph.tensors[i].data.size());
  }
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    const graph::Op& op = graph.ops[i];
    ++record.operators[graph::op_kind_name(op.kind)];
    record.layers.push_back({.index = static_cast<int32_t>(i),
                             .op = graph::op_kind_name(op.kind),
                             .name = op.name,
                             .kernel = {},
                             .macs = graph::count_macs(graph, op),
                             .inputs = op.inputs,
                             .outputs = op.outputs});
  }
  return record;
}

void add_training(const TrainedModel& model, results::ModelRecord& record) {
  record.trainable_parameters = graph::count_parameters(model.graph, false);
  record.parameters = graph::count_parameters(model.graph, true);
  record.epochs = model.state.epochs_done;
  if (!model.plan) return;
  record.scheme = quant::scheme_name(model.plan->scheme);
  record.quantizers = static_cast<int64_t>(model.plan->quantizers.size());
  for (results::TensorRecord& tensor : record.tensors) add_trained_range(*model.plan, tensor.id, tensor);
}

void add_place(const runtime::TensorPlace& place, results::TensorRecord& record) {
  using Kind = runtime::TensorPlace::Kind;
  if (place.kind == Kind::kConstant) record.place = results::TensorPlace::kConstant;
  if (place.kind != Kind::kArena) return;
  record.place = results::TensorPlace::kArena;
  record.offset = place.offset;
  record.first_op = place.first_op;
  record.last_op = place.last_op;
  if (place.owner != record.id) record.in_place_of = place.owner;
}

void add_execution(const runtime::Interpreter& interpreter, Isa isa, results::ModelRecord& record) {
  record.isa = isa_name(isa);
  record.memory = results::MemoryRecord{.arena_bytes = interpreter.arena_bytes(),
                                        .live_peak_bytes = interpreter.live_peak_bytes(),
                                        .scratch_bytes = interpreter.scratch_bytes()};
  for (const runtime::StepInfo& step : interpreter.steps()) {
    results::LayerRecord& layer = record.layers[static_cast<size_t>(step.op_index)];
    layer.kernel = step.kernel;
    layer.scratch_bytes = step.scratch_bytes;
  }
  const std::vector<runtime::TensorPlace> places = interpreter.tensor_places();
  for (results::TensorRecord& tensor : record.tensors) add_place(places[static_cast<size_t>(tensor.id)], tensor);
}

}  // namespace

Result<results::ModelRecord> inspect_model(const std::string& path, Isa isa) {
  LITEQAT_ASSIGN_OR_RETURN(const AnyModel any, read_any_model(path));
  results::ModelRecord record = describe_graph(any.model.graph);
  record.file = path;
  record.format = any.deployed ? "tflite" : any.imported ? "keras" : "liteqat";
  record.file_bytes = any.file_bytes;
  record.inactive_layers = any.inactive_layers;
  if (!any.deployed) {
    add_training(any.model, record);
    return record;
  }
  const auto interpreter = runtime::Interpreter::prepare(any.model.graph, {.stored_shapes = true, .isa = isa});
  if (!interpreter.ok()) return interpreter.status().with_context(path);
  add_execution(*interpreter, isa, record);
  return record;
}

}  // namespace liteqat::pipeline
