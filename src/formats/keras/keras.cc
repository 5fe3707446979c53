#include "formats/keras/keras.h"

#include "formats/archive/archive.h"
#include "formats/keras/import_model.h"
#include "formats/keras/layer_weights.h"
#include "formats/keras/numbered_weights.h"
#include "formats/keras/weight_layout.h"

namespace liteqat::formats::keras {
bool is_keras(std::span<const std::byte> bytes) {
  return archive::is_hdf5(bytes) || archive::is_zip(bytes);
}

Result<std::map<std::string, StoredWeight>> read_weights(const std::string& path) {
  LITEQAT_ASSIGN_OR_RETURN(const archive::Contents contents, archive::read(path));
  std::map<std::string, StoredWeight> weights;
  if (has_model(contents)) return weights;
  auto listed = contents.lists.contains("/@layer_names") || contents.lists.contains("/@layer_names0") ? list_weights(contents)
                                                                                                      : list_numbered_weights(contents);
  if (!listed.ok()) return listed.status().with_context(path);
  for (const auto& [name, array] : *listed) weights[name] = {array->shape, array->values};
  return weights;
}

std::optional<std::vector<float>> convert_weight(const StoredWeight& weight, const graph::Shape& shape) {
  const std::vector<int64_t>& from = weight.shape;
  if (from.size() != shape.size()) return std::nullopt;
  if (from.size() == 1 && from[0] == shape[0]) return weight.values;
  const bool depthwise = from.size() == 4 && shape[0] == 1 && from[0] == shape[1] && from[1] == shape[2] && from[2] * from[3] == shape[3];
  if (depthwise) return weight.values;
  const bool kernel = from.size() == 4 && from[3] == shape[0] && from[0] == shape[1] && from[1] == shape[2] && from[2] == shape[3];
  const bool dense = from.size() == 2 && from[1] == shape[0] && from[0] == shape[1];
  if (!kernel && !dense) return std::nullopt;
  return outputs_first(weight.values, shape[0]);
}

Result<Imported> read(const std::string& path) {
  LITEQAT_ASSIGN_OR_RETURN(const archive::Contents contents, archive::read(path));
  auto imported = import_contents(contents);
  if (!imported.ok()) return imported.status().with_context(path);
  return imported;
}

}  // namespace liteqat::formats::keras
