#include "data/dataset.h"

#include <algorithm>
#include <numeric>

#include "base/check.h"
#include "base/text.h"

namespace liteqat::data {

std::vector<std::string> dataset_names() {
  return {"mnist", "cifar10"};
}

Result<Dataset> read_dataset(const std::string& name, const std::string& folder, TrainingImages training) {
  if (name == "mnist") return read_mnist(folder, training);
  if (name == "cifar10") return read_cifar10(folder, training);
  const auto known = dataset_names();
  return error(Code::kInvalidArgument, "unknown data set '{}'; did you mean '{}'?", name, nearest_name(name, known));
}

Split make_empty_split(const Split& like, const std::string& name) {
  Split split;
  split.name = name;
  split.height = like.height, split.width = like.width, split.channels = like.channels;
  return split;
}

Status Split::read(int64_t index, std::span<uint8_t> out) const {
  LITEQAT_CHECK(0 <= index && index < count);
  if (!loaded()) return source->read(rows[static_cast<size_t>(index)], out);
  std::ranges::copy(image(index), out.begin());
  return {};
}

Split pick(const Split& split, std::span<const int64_t> picked) {
  Split part = make_empty_split(split, split.name);
  part.count = static_cast<int64_t>(picked.size());
  part.sha256 = split.sha256;
  part.source = split.source;
  if (split.loaded()) part.pixels.reserve(static_cast<size_t>(part.count * split.image_elems()));
  for (const int64_t row : picked) {
    LITEQAT_CHECK(0 <= row && row < split.count);
    const auto at = static_cast<size_t>(row);
    if (split.loaded()) {
      const auto image = split.image(row);
      part.pixels.insert(part.pixels.end(), image.begin(), image.end());
    } else {
      part.rows.push_back(split.rows[at]);
    }
    if (!split.labels.empty()) part.labels.push_back(split.labels[at]);
    if (!split.files.empty()) part.files.push_back(split.files[at]);
  }
  return part;
}

Split slice(const Split& split, int64_t begin, int64_t end, const std::string& name) {
  LITEQAT_CHECK(0 <= begin && begin <= end && end <= split.count);
  std::vector<int64_t> rows(static_cast<size_t>(end - begin));
  std::iota(rows.begin(), rows.end(), begin);
  Split part = pick(split, rows);
  part.name = name;
  return part;
}

Split take_first(const Split& split, int64_t count) {
  return slice(split, 0, count <= 0 ? split.count : std::min(count, split.count), split.name);
}

}  // namespace liteqat::data
