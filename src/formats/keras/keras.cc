#include "formats/keras/keras.h"

#include "formats/archive/archive.h"
#include "formats/keras/import_model.h"

namespace liteqat::formats::keras {
bool is_keras(std::span<const std::byte> bytes) {
  return archive::is_hdf5(bytes) || archive::is_zip(bytes);
}

Result<graph::Graph> read(const std::string& path) {
  LITEQAT_ASSIGN_OR_RETURN(const archive::Contents contents, archive::read(path));
  auto graph = import_contents(contents);
  if (!graph.ok()) return graph.status().with_context(path);
  return graph;
}

}  // namespace liteqat::formats::keras
