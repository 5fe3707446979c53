// Fuzz target: any bytes as a safetensors file, its tensors and the graph described in it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "formats/safetensors/graph_file.h"
#include "formats/safetensors/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace safetensors = liteqat::formats::safetensors;
  const auto file = safetensors::read(std::as_bytes(std::span(data, size)), "fuzz.safetensors");
  if (!file.ok()) return 0;
  (void)safetensors::load_graph(*file, "fuzz.safetensors");
  if (!safetensors::read(safetensors::write(*file), "again.safetensors").ok()) std::abort();
  return 0;
}
