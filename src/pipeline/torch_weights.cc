#include "pipeline/torch_weights.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/text.h"
#include "graph/architectures.h"
#include "numeric/float16.h"
#include "pipeline/toml_parse.h"

namespace liteqat::pipeline {
namespace {

using graph::DType;
using graph::Graph;
using graph::Op;
using graph::OpKind;
using graph::TensorId;

constexpr std::pair<const char*, const char*> kParts[] = {{"kernel", "weight"},
                                                          {"bias", "bias"},
                                                          {"gamma", "weight"},
                                                          {"beta", "bias"},
                                                          {"moving_mean", "running_mean"},
                                                          {"moving_variance", "running_var"}};
constexpr const char* kCounter = ".num_batches_tracked";

/// "layer1.0.conv1/kernel" -> {"layer1.0.conv1", "kernel"}.
std::pair<std::string, std::string> split_name(const std::string& tensor) {
  const size_t slash = tensor.rfind('/');
  if (slash == std::string::npos) return {tensor, ""};
  return {tensor.substr(0, slash), tensor.substr(slash + 1)};
}

Result<std::vector<float>> read_values(const formats::safetensors::Array& array, const std::string& path, const std::string& name) {
  const size_t count = array.data.size() / static_cast<size_t>(graph::dtype_bytes(array.type));
  std::vector<float> values(count);
  if (array.type == DType::kFloat32) {
    if (count > 0) std::memcpy(values.data(), array.data.data(), array.data.size());
  } else if (array.type == DType::kFloat16) {
    for (size_t i = 0; i < count; ++i) {
      uint16_t bits = 0;
      std::memcpy(&bits, array.data.data() + i * sizeof(bits), sizeof(bits));
      values[i] = numeric::widen_float16(bits);
    }
  } else {
    return error(Code::kUnsupported, "{}: array '{}' is {}, weights are float32 or float16", path, name, graph::dtype_name(array.type));
  }
  for (size_t i = 0; i < count; ++i) {
    if (!std::isfinite(values[i])) return error(Code::kCorruptFile, "{}: array '{}': element {} is {}", path, name, i, values[i]);
  }
  return values;
}

/// [outer, first, last, inner] -> [outer, last, first, inner].
std::vector<float> swap_axes(const std::vector<float>& values, size_t outer, size_t first, size_t last) {
  std::vector<float> turned(values.size());
  for (size_t o = 0; o < outer; ++o) {
    for (size_t f = 0; f < first; ++f) {
      for (size_t l = 0; l < last; ++l) turned[(o * last + l) * first + f] = values[(o * first + f) * last + l];
    }
  }
  return turned;
}

/// The image shape [N,H,W,C] that a dense layer's input was flattened from, if it was.
std::optional<graph::Shape> flattened_image(const Graph& network, const Op& dense) {
  const int32_t producer = network.find_producer(dense.inputs[0]);
  if (producer < 0 || network.ops[static_cast<size_t>(producer)].kind != OpKind::kReshape) return std::nullopt;
  const graph::Shape& image = network.tensor(network.ops[static_cast<size_t>(producer)].inputs[0]).shape;
  if (image.size() != 4) return std::nullopt;
  return image;
}

}  // namespace

Result<WeightMap> parse_weight_map(const std::string& text, const std::string& path) {
  LITEQAT_ASSIGN_OR_RETURN(const toml::table table, parse_toml(text, path));
  for (const auto& [key, node] : table) {
    if (key.str() != "layers") return error(Code::kCorruptFile, "{}: unknown key '{}', expected [layers]", path, std::string(key.str()));
  }
  const toml::table* layers = table["layers"].as_table();
  if (layers == nullptr) return error(Code::kCorruptFile, "{}: holds no [layers]", path);
  WeightMap map;
  for (const auto& [key, node] : *layers) {
    const auto module = node.value<std::string>();
    const std::string layer(key.str());
    if (!module) return error(Code::kCorruptFile, "{}: '{}' must be the name of a module, a text", path, layer);
    map[layer] = *module;
  }
  return map;
}

Result<TorchWeights> TorchWeights::make(formats::safetensors::File file, WeightMap map, const std::string& path) {
  TorchWeights weights;
  weights.map_ = std::move(map);
  for (const auto& [name, array] : file.arrays) {
    if (name.ends_with(kCounter)) continue;
    LITEQAT_ASSIGN_OR_RETURN(weights.values_[name], read_values(array, path, name));
    weights.shapes_[name] = array.shape;
  }
  return weights;
}

std::string TorchWeights::find(const std::string& tensor) const {
  const auto [layer, part] = split_name(tensor);
  const auto known = std::ranges::find_if(kParts, [&](const auto& entry) { return part == entry.first; });
  if (known == std::end(kParts)) return "";
  const auto mapped = map_.find(layer);
  const std::vector<std::string> modules =
      mapped != map_.end() ? std::vector{mapped->second} : std::vector{layer, graph::torchvision_module(layer)};
  for (const std::string& module : modules) {
    const std::string name = module + "." + known->second;
    if (!module.empty() && values_.contains(name)) return name;
  }
  return "";
}

std::optional<std::vector<float>> TorchWeights::convert(const std::string& name, const Graph& network, TensorId id) const {
  const std::vector<float>& values = values_.at(name);
  const std::vector<int64_t>& from = shapes_.at(name);
  const graph::Shape& to = network.tensor(id).shape;
  const std::vector<int32_t> readers = network.find_consumers(id);
  if (to.size() == 1 && from == std::vector<int64_t>{to[0]}) return values;
  if (readers.empty()) return std::nullopt;
  const Op& reader = network.ops[static_cast<size_t>(readers[0])];
  if (reader.kind == OpKind::kDepthwiseConv2D) {
    if (from != std::vector<int64_t>{to[3], 1, to[1], to[2]}) return std::nullopt;
    return swap_axes(values, 1, static_cast<size_t>(to[3]), static_cast<size_t>(to[1]) * static_cast<size_t>(to[2]));
  }
  if (reader.kind == OpKind::kConv2D) {
    if (from != std::vector<int64_t>{to[0], to[3], to[1], to[2]}) return std::nullopt;
    return swap_axes(values, static_cast<size_t>(to[0]), static_cast<size_t>(to[3]),
                     static_cast<size_t>(to[1]) * static_cast<size_t>(to[2]));
  }
  if (reader.kind != OpKind::kFullyConnected || from != std::vector<int64_t>{to[0], to[1]}) return std::nullopt;
  const auto image = flattened_image(network, reader);
  if (!image) return values;
  return swap_axes(values, static_cast<size_t>(to[0]), static_cast<size_t>((*image)[3]),
                   static_cast<size_t>((*image)[1]) * static_cast<size_t>((*image)[2]));
}

std::string TorchWeights::shape_text(const std::string& name) const {
  std::vector<std::string> extents;
  for (int64_t extent : shapes_.at(name)) extents.push_back(format("{}", extent));
  return "[" + join(extents, ",") + "] in PyTorch's order";
}

std::vector<std::string> TorchWeights::names() const {
  std::vector<std::string> names;
  for (const auto& [name, values] : values_) names.push_back(name);
  return names;
}

std::vector<std::string> TorchWeights::unknown_layers(const Graph& network) const {
  std::vector<std::string> unknown;
  for (const auto& [layer, module] : map_) {
    const bool known =
        std::ranges::any_of(network.tensors, [&](const graph::Tensor& tensor) { return split_name(tensor.name).first == layer; });
    if (!known) unknown.push_back(layer);
  }
  return unknown;
}

}  // namespace liteqat::pipeline
