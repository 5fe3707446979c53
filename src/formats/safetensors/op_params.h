// Operator parameters as JSON, both ways. Internal to this folder. Reading throws nlohmann::json::exception for what does not fit.
#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <utility>

#include "graph/graph.h"

namespace liteqat::formats::safetensors {

/// Enumerations travel by name.
template <typename Enum, size_t N>
Enum parse_enum(const nlohmann::json& value, const std::pair<const char*, Enum> (&names)[N]) {
  const std::string text = value.get<std::string>();
  for (const auto& [name, item] : names) {
    if (text == name) return item;
  }
  throw nlohmann::json::other_error::create(500, "unknown value '" + text + "'", nullptr);
}

template <typename Enum, size_t N>
const char* enum_text(Enum value, const std::pair<const char*, Enum> (&names)[N]) {
  for (const auto& [name, item] : names) {
    if (item == value) return name;
  }
  return "";
}

nlohmann::json params_to_json(const graph::OpParams& params);
graph::OpParams parse_params(graph::OpKind kind, const nlohmann::json& value);

}  // namespace liteqat::formats::safetensors
