// Fuzz target: any text as a calibration table and as a layers file of a small network. An accepted table prints as one that is read back
// the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "graph/architectures.h"
#include "pipeline/layers_file.h"
#include "pipeline/ranges_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace pipeline = liteqat::pipeline;
  static const liteqat::graph::Graph kNetwork = liteqat::graph::make_architecture({.name = "mnist_guide"}).value();
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto ranges = pipeline::parse_ranges(text, "fuzz.toml", kNetwork);
  if (ranges.ok()) {
    const auto again = pipeline::parse_ranges(pipeline::print_ranges(*ranges, kNetwork, "fuzz"), "printed.toml", kNetwork);
    if (!again.ok() || *again != *ranges) std::abort();
  }
  const auto overrides = pipeline::collect_overrides(text, "fuzz.toml", {"softmax"});
  if (!overrides.ok()) return 0;
  std::vector<liteqat::quant::LayerChoice> layers(kNetwork.ops.size());
  (void)pipeline::apply_overrides(kNetwork, *overrides, layers);
  return 0;
}
