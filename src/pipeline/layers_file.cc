#include "pipeline/layers_file.h"

#include <algorithm>

#include "base/file.h"
#include "base/text.h"
#include "hash/sha256.h"
#include "pipeline/toml_parse.h"

namespace liteqat::pipeline {
namespace {

const std::vector<std::string> kKeys = {"name", "op", "type", "per_channel"};
constexpr size_t kLongestText = 1000;

Result<LayerOverride> parse_layer(const toml::table& table, const std::string& where) {
  LayerOverride layer;
  layer.where = where;
  for (const auto& [key, node] : table) {
    const std::string name(key.str());
    const auto text = node.value<std::string>();
    if (text && text->size() > kLongestText) {
      return error(Code::kCorruptFile, "{}: '{}' has {} bytes, at most {} are read", where, name, text->size(), kLongestText);
    }
    if (name == "per_channel" && node.is_boolean()) {
      layer.per_channel = *node.value<bool>();
    } else if (name == "name" && text) {
      layer.name = *text;
    } else if (name == "op" && text) {
      layer.op = *text;
    } else if (name == "type" && text) {
      auto type = quant::parse_layer_type(*text);
      if (!type.ok()) return Status(Code::kCorruptFile, format("{}: {}", where, type.status().message()));
      layer.type = *type;
    } else if (std::ranges::find(kKeys, name) == kKeys.end()) {
      return error(Code::kCorruptFile, "{}: unknown key '{}'; did you mean '{}'?", where, name, nearest_name(name, kKeys));
    } else {
      return error(Code::kCorruptFile, "{}: '{}' must be {}", where, name, name == "per_channel" ? "true or false" : "a text");
    }
  }
  if (layer.name.empty() && layer.op.empty()) return error(Code::kCorruptFile, "{}: needs 'name' or 'op'", where);
  if (!layer.type && !layer.per_channel) return error(Code::kCorruptFile, "{}: says nothing: give 'type' or 'per_channel'", where);
  return layer;
}

bool fits(const LayerOverride& layer, const graph::Graph& model, const graph::Op& op) {
  const auto named = [&](const std::string& name) { return fits_pattern(layer.name, name); };
  const bool name = layer.name.empty() || named(op.name) || (!op.outputs.empty() && named(model.tensor(op.outputs[0]).name));
  return name && (layer.op.empty() || layer.op == op_kind_name(op.kind));
}

std::string no_match(const LayerOverride& layer, const graph::Graph& model) {
  std::vector<std::string> names;
  for (const graph::Op& op : model.ops) names.push_back(layer.name.empty() ? op_kind_name(op.kind) : op.name);
  const std::string& wanted = layer.name.empty() ? layer.op : layer.name;
  return format("{}: no operator of the model fits '{}'; did you mean '{}'?", layer.where, wanted, nearest_name(wanted, names));
}

}  // namespace

bool fits_pattern(const std::string& pattern, const std::string& text) {
  // Greedy with one point to go back to: linear in practice, and no recursion that a file could deepen.
  size_t at = 0, in = 0, star = std::string::npos, resume = 0;
  while (in < text.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      star = at++, resume = in;
    } else if (at < pattern.size() && pattern[at] == text[in]) {
      ++at, ++in;
    } else if (star != std::string::npos) {
      at = star + 1, in = ++resume;
    } else {
      return false;
    }
  }
  while (at < pattern.size() && pattern[at] == '*') ++at;
  return at == pattern.size();
}

Result<std::string> read_layers_file(const std::string& path, const std::string& expected) {
  constexpr int64_t kLargest = 16 << 20;  // bytes
  if (path.empty()) return std::string();
  LITEQAT_ASSIGN_OR_RETURN(std::string text, read_text_file(path, kLargest));
  if (expected.empty() || sha256(text) == expected) return text;
  return error(Code::kMismatch, "{}: was changed since the run began (SHA-256 {}, expected {}); start over with --fresh", path,
               sha256(text), expected);
}

Result<std::vector<LayerOverride>> parse_layers_file(const std::string& text, const std::string& path) {
  LITEQAT_ASSIGN_OR_RETURN(const toml::table table, parse_toml(text, path));
  for (const auto& [key, node] : table) {
    if (key.str() != "layer") return error(Code::kCorruptFile, "{}: unknown key '{}', expected [[layer]]", path, std::string(key.str()));
  }
  const toml::array* entries = table["layer"].as_array();
  if (entries == nullptr) return error(Code::kCorruptFile, "{}: holds no [[layer]]", path);
  std::vector<LayerOverride> layers;
  for (const toml::node& entry : *entries) {
    const std::string where = format("{}, layer {}", path, layers.size() + 1);
    const toml::table* fields = entry.as_table();
    if (fields == nullptr) return error(Code::kCorruptFile, "{}: a table is expected", where);
    LITEQAT_ASSIGN_OR_RETURN(LayerOverride layer, parse_layer(*fields, where));
    layers.push_back(std::move(layer));
  }
  return layers;
}

Result<std::vector<LayerOverride>> collect_overrides(const std::string& text, const std::string& path,
                                                     const std::vector<std::string>& skipped) {
  std::vector<LayerOverride> overrides;
  if (!path.empty()) {
    LITEQAT_ASSIGN_OR_RETURN(overrides, parse_layers_file(text, path));
  }
  for (const std::string& pattern : skipped) {
    overrides.push_back({.name = pattern, .op = "", .type = quant::LayerType::kFloat32, .per_channel = {}, .where = "skip " + pattern});
  }
  return overrides;
}

Status apply_overrides(const graph::Graph& model, const std::vector<LayerOverride>& overrides, std::vector<quant::LayerChoice>& layers) {
  for (const LayerOverride& layer : overrides) {
    bool found = false;
    for (size_t index = 0; index < model.ops.size(); ++index) {
      if (!fits(layer, model, model.ops[index])) continue;
      found = true;
      if (layer.type) layers[index].type = *layer.type;
      if (layer.per_channel) layers[index].per_channel = *layer.per_channel;
    }
    if (!found) return Status(Code::kMismatch, no_match(layer, model));
  }
  return {};
}

}  // namespace liteqat::pipeline
