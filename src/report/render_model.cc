#include "base/format.h"
#include "base/text.h"
#include "report/report.h"

namespace liteqat::report {
namespace {

std::string shape_text(const std::vector<int32_t>& shape) {
  std::string text;
  for (int32_t extent : shape) text += format("{}{}", text.empty() ? "" : ",", extent);
  return "[" + text + "]";
}

std::string floats(const std::vector<float>& values) {
  std::string text;
  for (float value : values) text += format("{}{}", text.empty() ? "" : ", ", value);
  return text;
}

std::string signature_line(const char* title, const results::TensorRecord& tensor) {
  std::string line = format("{:<11} {} {} {}", title, tensor.name, tensor.type, shape_text(tensor.shape));
  if (!tensor.scale.empty()) line += format(", scale {}, zero_point {}", tensor.scale[0], tensor.zero_point[0]);
  return line + "\n";
}

std::string operator_counts(const results::ModelRecord& model) {
  std::string text;
  for (const auto& [name, count] : model.operators) text += format("{}{} {}", text.empty() ? "" : ", ", count, name);
  return text;
}

std::string training_lines(const results::ModelRecord& model) {
  std::string text;
  if (model.parameters) {
    text += format("parameters  {} trainable, {} in all\n", format_count(*model.trainable_parameters), format_count(*model.parameters));
  }
  if (!model.scheme.empty()) text += format("quantized   {}, {} quantizers\n", model.scheme, model.quantizers);
  if (model.epochs) text += format("epochs      {}\n", *model.epochs);
  return text;
}

const char* format_text(const std::string& format) {
  if (format == "tflite") return ".tflite, schema version 3";
  return format == "keras" ? "Keras model" : "liteqat model (safetensors)";
}

std::string summary(const results::ModelRecord& model) {
  std::string text = format("{}: {}, {}\n", model.file, format_text(model.format), format_bytes(model.file_bytes));
  if (!model.description.empty()) text += format("description {}\n", model.description);
  for (int32_t id : model.inputs) text += signature_line("input", model.tensor(id));
  for (int32_t id : model.outputs) text += signature_line("output", model.tensor(id));
  text += model.mean.empty() ? "preprocess  none recorded\n"
                             : format("preprocess  (pixel - [{}]) / [{}]\n", floats(model.mean), floats(model.std));
  if (!model.labels.empty()) text += format("labels      {}\n", join(model.labels, ", "));
  int64_t operators = 0;
  for (const auto& [name, count] : model.operators) operators += count;
  text += format("operators   {} ({})\n", operators, operator_counts(model));
  if (!model.inactive_layers.empty()) text += format("skipped     {}: nothing at inference\n", join(model.inactive_layers, ", "));
  text += format("constants   {}\n", format_bytes(model.constant_bytes));
  text += format("MACs        {} an image\n", format_count(model.macs));
  text += training_lines(model);
  if (model.memory) {
    text += format("memory      {} arena (activations alive at once: {}), {} scratch\n", format_bytes(model.memory->arena_bytes),
                   format_bytes(model.memory->live_peak_bytes), format_bytes(model.memory->scratch_bytes));
    text += format("isa         {}\n", model.isa);
  }
  return text;
}

std::string layer_table(const results::ModelRecord& model) {
  std::string text = format("\n{:>3}  {:<18} {:<34} {:>12}  {}\n", "op", "operator", "kernel", "MACs", "inputs -> outputs (tensors)");
  for (const results::LayerRecord& layer : model.layers) {
    std::string wires;
    for (int32_t id : layer.inputs) wires += id < 0 ? "- " : format("{} ", id);
    wires += "->";
    for (int32_t id : layer.outputs) wires += format(" {}", id);
    text += format("{:>3}  {:<18} {:<34} {:>12}  {}\n", layer.index, layer.op, layer.kernel.empty() ? "-" : layer.kernel,
                   format_count(layer.macs), wires);
  }
  return text;
}

/// One value as it is; of several the smallest and the largest.
template <typename Value>
std::string extent_text(const std::vector<Value>& values) {
  if (values.empty()) return "-";
  Value low = values[0], high = values[0];
  for (Value value : values) low = value < low ? value : low, high = high < value ? value : high;
  return low == high ? format("{}", low) : format("{} .. {}", low, high);
}

std::string place_text(const results::TensorRecord& tensor) {
  if (tensor.place != results::TensorPlace::kArena) return results::tensor_place_name(tensor.place);
  std::string text =
      format("arena {} .. {}, operators {} .. {}", tensor.offset, tensor.offset + tensor.bytes, tensor.first_op, tensor.last_op);
  if (tensor.in_place_of) text += format(", in place of {}", *tensor.in_place_of);
  return text;
}

std::string quantization_text(const results::TensorRecord& tensor) {
  std::string text;
  if (!tensor.scale.empty()) {
    text = format("scale {}, zero point {}", extent_text(tensor.scale), extent_text(tensor.zero_point));
    if (tensor.scale.size() > 1) text += format(" ({} along axis {})", tensor.scale.size(), tensor.axis);
  }
  if (tensor.low && tensor.high) text += format("{}{:.6g} .. {:.6g}", text.empty() ? "" : ", ", *tensor.low, *tensor.high);
  return text.empty() ? "-" : text;
}

std::string tensor_table(const results::ModelRecord& model) {
  std::string text = format("\n{:>4}  {:<8} {:<18} {:>10}  {}\n", "id", "type", "shape", "bytes", "place; scale, zero point, range; name");
  for (const results::TensorRecord& tensor : model.tensors) {
    text += format("{:>4}  {:<8} {:<18} {:>10}  {}; {}; {}\n", tensor.id, tensor.type, shape_text(tensor.shape), format_count(tensor.bytes),
                   place_text(tensor), quantization_text(tensor), tensor.name);
  }
  return text;
}

}  // namespace

std::string render_model(const results::ModelRecord& model, bool with_layers) {
  return summary(model) + (with_layers ? layer_table(model) + tensor_table(model) : std::string());
}

}  // namespace liteqat::report
