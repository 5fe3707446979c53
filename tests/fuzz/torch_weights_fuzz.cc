// Fuzz target: any bytes as a PyTorch model's safetensors file, and, if they are none, as a weight map.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "graph/architectures.h"
#include "pipeline/torch_weights.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace pipeline = liteqat::pipeline;
  static const liteqat::graph::Graph kNetwork = liteqat::graph::make_architecture({.name = "mnist_guide"}).value();
  auto file = liteqat::formats::safetensors::read(std::as_bytes(std::span(data, size)), "fuzz.safetensors");
  if (!file.ok()) {
    (void)pipeline::parse_weight_map(std::string(reinterpret_cast<const char*>(data), size), "fuzz.toml");
    return 0;
  }
  const auto weights = pipeline::TorchWeights::make(*std::move(file), {{"dense", "fc"}}, "fuzz.safetensors");
  if (!weights.ok()) return 0;
  for (size_t id = 0; id < kNetwork.tensors.size(); ++id) {
    const std::string name = weights->find(kNetwork.tensors[id].name);
    if (!name.empty()) (void)weights->convert(name, kNetwork, static_cast<liteqat::graph::TensorId>(id));
  }
  return 0;
}
