#include "pipeline/inspect.h"

#include <map>

#include "base/text.h"
#include "pipeline/model_file.h"
#include "runtime/interpreter.h"

namespace liteqat::pipeline {
namespace {

std::string tensor_line(const char* title, const graph::Tensor& tensor) {
  std::string line = format("{:<11} {} {} {}", title, tensor.name, graph::dtype_name(tensor.type), graph::shape_text(tensor.shape));
  const graph::Quantization& q = tensor.quantization;
  if (!q.empty()) line += format(", scale {}, zero_point {}", q.scale[0], q.zero_point[0]);
  return line + "\n";
}

std::string normalization_line(const graph::Graph& graph) {
  if (!graph.info.normalization) return "preprocess  none recorded\n";
  std::string mean, std;
  for (float value : graph.info.normalization->mean) mean += format("{}{}", mean.empty() ? "" : ", ", value);
  for (float value : graph.info.normalization->std) std += format("{}{}", std.empty() ? "" : ", ", value);
  return format("preprocess  (pixel - [{}]) / [{}]\n", mean, std);
}

std::string operator_counts(const graph::Graph& graph) {
  std::map<std::string, int> counts;
  for (const graph::Op& op : graph.ops) ++counts[graph::op_kind_name(op.kind)];
  std::string text;
  for (const auto& [name, count] : counts) text += format("{}{} {}", text.empty() ? "" : ", ", count, name);
  return text;
}

std::string layer_scales(const graph::Graph& graph, const graph::Op& op) {
  const graph::Tensor& output = graph.tensor(op.outputs[0]);
  std::string text = format("{} {}", graph::dtype_name(output.type), graph::shape_text(output.shape));
  if (!output.quantization.empty()) text += format(" scale {} zp {}", output.quantization.scale[0], output.quantization.zero_point[0]);
  return text;
}

std::string layer_table(const graph::Graph& graph, const runtime::Interpreter& interpreter) {
  std::string text = format("\n{:>3}  {:<18} {:<34} {:>12}  {}\n", "op", "operator", "kernel", "MACs", "output");
  for (const runtime::StepInfo& step : interpreter.steps()) {
    text += format("{:>3}  {:<18} {:<34} {:>12}  {}\n", step.op_index, step.op, step.kernel, format_count(step.macs),
                   layer_scales(graph, graph.ops[static_cast<size_t>(step.op_index)]));
  }
  return text;
}

int64_t constant_bytes(const graph::Graph& graph) {
  int64_t bytes = 0;
  for (const graph::Tensor& tensor : graph.tensors) bytes += static_cast<int64_t>(tensor.data.size());
  return bytes;
}

}  // namespace

Result<InspectOutputs> inspect_model(const std::string& path, bool layers, Isa isa) {
  LITEQAT_ASSIGN_OR_RETURN(const AnyModel any, read_any_model(path));
  const graph::Graph& graph = any.model.graph;
  std::string text = format("{}: {}, {}\n", path, any.deployed ? ".tflite, schema version 3" : "liteqat model (safetensors)",
                            format_bytes(any.file_bytes));
  if (!graph.info.description.empty()) text += format("description {}\n", graph.info.description);
  for (graph::TensorId id : graph.inputs) text += tensor_line("input", graph.tensor(id));
  for (graph::TensorId id : graph.outputs) text += tensor_line("output", graph.tensor(id));
  text += normalization_line(graph);
  if (!graph.info.labels.empty()) text += format("labels      {}\n", join(graph.info.labels, ", "));
  text += format("operators   {} ({})\n", graph.ops.size(), operator_counts(graph));
  text += format("constants   {}\n", format_bytes(constant_bytes(graph)));
  text += format("MACs        {} an image\n", format_count(graph::count_macs(graph)));
  if (!any.deployed) {
    text += format("parameters  {} trainable, {} in all\n", format_count(graph::count_parameters(graph, false)),
                   format_count(graph::count_parameters(graph, true)));
    if (any.model.plan) {
      text += format("quantized   {}, {} quantizers\n", quant::scheme_name(any.model.plan->scheme), any.model.plan->quantizers.size());
    }
    text += format("epochs      {}\n", any.model.state.epochs_done);
    if (layers) text += "\n" + graph::print(graph);
    return InspectOutputs{text};
  }
  auto interpreter = runtime::Interpreter::prepare(graph, {.isa = isa});
  if (!interpreter.ok()) return interpreter.status().with_context(path);
  text += format("memory      {} arena (activations alive at once: {}), {} scratch\n", format_bytes(interpreter->arena_bytes()),
                 format_bytes(interpreter->live_peak_bytes()), format_bytes(interpreter->scratch_bytes()));
  text += format("isa         {}\n", isa_name(isa));
  if (layers) text += layer_table(graph, *interpreter);
  return InspectOutputs{text};
}

}  // namespace liteqat::pipeline
