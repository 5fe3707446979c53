#include "formats/safetensors/graph_file.h"

#include <nlohmann/json.hpp>

#include <utility>

#include "formats/safetensors/op_params.h"

namespace liteqat::formats::safetensors {
namespace {

using graph::Graph;
using graph::Op;
using graph::OpKind;
using graph::Tensor;
using nlohmann::json;

constexpr const char* kGraphKey = "liteqat.graph";
constexpr const char* kGraphSchema = "liteqat/graph/1";

constexpr std::pair<const char*, graph::Role> kRoles[] = {{"activation", graph::Role::kActivation},
                                                          {"constant", graph::Role::kConstant},
                                                          {"parameter", graph::Role::kParameter},
                                                          {"statistic", graph::Role::kStatistic}};
std::string kind_text(OpKind kind) {
  return graph::op_kind_name(kind);
}

OpKind parse_kind(const std::string& text) {
  if (const auto kind = graph::find_op_kind(text)) return *kind;
  throw json::other_error::create(500, "unknown operator '" + text + "'", nullptr);
}

graph::DType parse_dtype(const std::string& text) {
  for (int value = 0; value <= static_cast<int>(graph::DType::kBool); ++value) {
    if (text == graph::dtype_name(static_cast<graph::DType>(value))) return static_cast<graph::DType>(value);
  }
  throw json::other_error::create(500, "unknown type '" + text + "'", nullptr);
}

json tensor_to_json(const Tensor& tensor) {
  json value = {
      {"name", tensor.name}, {"type", graph::dtype_name(tensor.type)}, {"shape", tensor.shape}, {"role", enum_text(tensor.role, kRoles)}};
  if (!tensor.quantization.empty()) {
    value["scale"] = tensor.quantization.scale;
    value["zero_point"] = tensor.quantization.zero_point;
    value["axis"] = tensor.quantization.axis;
  }
  return value;
}

Tensor parse_tensor(const json& value) {
  Tensor tensor;
  tensor.name = value.at("name").get<std::string>();
  tensor.type = parse_dtype(value.at("type").get<std::string>());
  tensor.shape = value.at("shape").get<graph::Shape>();
  tensor.role = parse_enum(value.at("role"), kRoles);
  if (value.contains("scale")) {
    tensor.quantization.scale = value.at("scale").get<std::vector<float>>();
    tensor.quantization.zero_point = value.at("zero_point").get<std::vector<int64_t>>();
    tensor.quantization.axis = value.at("axis").get<int32_t>();
  }
  return tensor;
}

json info_to_json(const graph::ModelInfo& info) {
  json value = {{"name", info.name}, {"description", info.description}, {"labels", info.labels}};
  if (info.normalization) value["normalization"] = {{"mean", info.normalization->mean}, {"std", info.normalization->std}};
  return value;
}

graph::ModelInfo parse_info(const json& value) {
  graph::ModelInfo info;
  info.name = value.at("name").get<std::string>();
  info.description = value.at("description").get<std::string>();
  info.labels = value.at("labels").get<std::vector<std::string>>();
  if (value.contains("normalization")) {
    const json& normalization = value.at("normalization");
    info.normalization = {normalization.at("mean").get<std::vector<float>>(), normalization.at("std").get<std::vector<float>>()};
  }
  return info;
}

Graph parse_graph(const json& value) {
  Graph graph;
  if (value.at("schema").get<std::string>() != kGraphSchema) throw json::other_error::create(500, "unknown graph schema", nullptr);
  graph.info = parse_info(value.at("info"));
  for (const json& tensor : value.at("tensors")) graph.tensors.push_back(parse_tensor(tensor));
  for (const json& item : value.at("ops")) {
    Op op;
    op.kind = parse_kind(item.at("kind").get<std::string>());
    op.name = item.at("name").get<std::string>();
    op.inputs = item.at("inputs").get<std::vector<graph::TensorId>>();
    op.outputs = item.at("outputs").get<std::vector<graph::TensorId>>();
    op.params = parse_params(op.kind, item.at("params"));
    graph.ops.push_back(std::move(op));
  }
  graph.inputs = value.at("inputs").get<std::vector<graph::TensorId>>();
  graph.outputs = value.at("outputs").get<std::vector<graph::TensorId>>();
  return graph;
}

Status fill_constant(const File& file, const std::string& path, Tensor& tensor) {
  const auto found = file.arrays.find(tensor.name);
  if (found == file.arrays.end()) return error(Code::kCorruptFile, "{}: array '{}' that the graph names is missing", path, tensor.name);
  const Array& array = found->second;
  const std::vector<int64_t> expected(tensor.shape.begin(), tensor.shape.end());
  if (array.type != tensor.type || array.shape != expected) {
    return error(Code::kCorruptFile, "{}: array '{}' is {} with {} dimensions, the graph expects {} {}", path, tensor.name,
                 graph::dtype_name(array.type), array.shape.size(), graph::dtype_name(tensor.type), graph::shape_text(tensor.shape));
  }
  tensor.data = array.data;
  return {};
}

}  // namespace

Status store_graph(const Graph& graph, File& file) {
  json value = {{"schema", kGraphSchema}, {"info", info_to_json(graph.info)}, {"inputs", graph.inputs}, {"outputs", graph.outputs}};
  value["tensors"] = json::array();
  value["ops"] = json::array();
  for (const Tensor& tensor : graph.tensors) {
    value["tensors"].push_back(tensor_to_json(tensor));
    if (!tensor.constant()) continue;
    Array array{tensor.type, {tensor.shape.begin(), tensor.shape.end()}, tensor.data};
    if (!file.arrays.emplace(tensor.name, std::move(array)).second) {
      return error(Code::kInvalidArgument, "two arrays share the name '{}'", tensor.name);
    }
  }
  for (const Op& op : graph.ops) {
    value["ops"].push_back({{"kind", kind_text(op.kind)},
                            {"name", op.name},
                            {"inputs", op.inputs},
                            {"outputs", op.outputs},
                            {"params", params_to_json(op.params)}});
  }
  file.metadata[kGraphKey] = value.dump();
  return {};
}

Result<Graph> load_graph(const File& file, const std::string& path) {
  const auto entry = file.metadata.find(kGraphKey);
  if (entry == file.metadata.end()) {
    return error(Code::kCorruptFile, "{}: no '{}' in the header: not a model of ours", path, kGraphKey);
  }
  Graph graph;
  try {
    graph = parse_graph(json::parse(entry->second));
  } catch (const json::exception& fault) {
    return error(Code::kCorruptFile, "{}: '{}' in the header cannot be read: {}", path, kGraphKey, fault.what());
  }
  for (Tensor& tensor : graph.tensors) {
    if (tensor.constant()) LITEQAT_RETURN_IF_ERROR(fill_constant(file, path, tensor));
  }
  const Status valid = graph::validate(graph);
  return valid.ok() ? Result<Graph>(std::move(graph)) : Result<Graph>(valid.with_context(path));
}

}  // namespace liteqat::formats::safetensors
