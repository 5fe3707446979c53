// A Keras model's configuration as data: layers, how their calls are connected, and each layer's own options, still JSON. Both Keras 2's
// and Keras 3's spellings become the same records. Private to formats/keras.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"

namespace liteqat::formats::keras {

/// Output `index` of the layer's call number `node`.
struct TensorRef {
  std::string layer;
  int64_t node = 0, index = 0;
  auto operator<=>(const TensorRef&) const = default;
};

struct Model;

struct Layer {
  std::string class_name, name;
  nlohmann::json config;
  std::vector<std::vector<TensorRef>> calls;  // the inputs of each call; an InputLayer has none
  std::unique_ptr<Model> nested;              // of a model used as a layer
  std::optional<int64_t> shared_id = {};      // .keras: entries with the same number are one layer, whose weights are stored once
};

struct Model {
  std::string name;
  bool sequential = false;
  std::vector<Layer> layers;
  std::vector<TensorRef> inputs, outputs;
};

/// Reads {"class_name": "Functional" | "Model" | "Sequential", "config": {...}}. Fails: kCorruptFile, kUnsupported naming what is expected.
Result<Model> parse_model(const std::string& text);

}  // namespace liteqat::formats::keras
