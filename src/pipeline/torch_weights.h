// Weights of a PyTorch model, saved as safetensors of its state_dict, in the layouts of our graphs.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/status.h"
#include "formats/safetensors/safetensors.h"
#include "graph/graph.h"

namespace liteqat::pipeline {

/// Our layers' names to PyTorch's modules: [layers] of a TOML file, a line `"our layer" = "module"` each.
using WeightMap = std::map<std::string, std::string>;
/// Fails: kCorruptFile with line or key.
Result<WeightMap> parse_weight_map(const std::string& text, const std::string& path);

class TorchWeights {
 public:
  /// Requires: a safetensors file that is no model of ours. `map` goes before the names that are known anyway: the layer's own, and
  /// torchvision's for layers of keras.applications' MobileNetV2. Fails: kCorruptFile for a value that is not finite, kUnsupported for
  /// weights that are not float32 or float16.
  static Result<TorchWeights> make(formats::safetensors::File file, WeightMap map, const std::string& path);

  /// Where the weight of a network's tensor ("layer1.0.conv1/kernel") stands: "layer1.0.conv1.weight". Empty if the file has none.
  std::string find(const std::string& tensor) const;
  /// In the tensor's layout: OIHW to OHWI, depthwise (C*M,1,H,W) to 1HWC, the columns of a dense layer behind a flattened image from CHW to
  /// HWC. Empty if the shape does not fit.
  std::optional<std::vector<float>> convert(const std::string& name, const graph::Graph& network, graph::TensorId tensor) const;
  std::string shape_text(const std::string& name) const;
  /// All weights but num_batches_tracked, which nothing needs.
  std::vector<std::string> names() const;
  /// Layers that the map names and the network lacks.
  std::vector<std::string> unknown_layers(const graph::Graph& network) const;

 private:
  std::map<std::string, std::vector<float>> values_;
  std::map<std::string, std::vector<int64_t>> shapes_;
  WeightMap map_;
};

}  // namespace liteqat::pipeline
