// Fuzz target: any bytes as what the program that reads HDF5 and ZIP sends back (formats/archive/wire.h), in two pieces, and what they hold
// as a Keras model or as Keras 3's weights alone. The libraries behind that program are not fuzzed here: they run confined
// (docs/decisions/0050).
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "formats/archive/record_reader.h"
#include "formats/keras/import_model.h"
#include "formats/keras/layer_weights.h"
#include "formats/keras/numbered_weights.h"
#include "graph/graph.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  liteqat::formats::archive::RecordReader reader(size);
  const size_t first = size == 0 ? 0 : data[size - 1] % size;
  if (!reader.take(bytes.first(first)).ok() || !reader.take(bytes.subspan(first)).ok()) return 0;
  const auto contents = reader.finish();
  if (!contents.ok()) return 0;
  (void)liteqat::formats::keras::list_weights(*contents);
  (void)liteqat::formats::keras::list_numbered_weights(*contents);
  const auto graph = liteqat::formats::keras::import_contents(*contents);
  if (graph.ok() && !liteqat::graph::validate(graph->graph).ok()) std::abort();
  return 0;
}
