#include "data/dataset.h"

#include <algorithm>

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

Split slice(const Split& split, int64_t begin, int64_t end, const std::string& name) {
  LITEQAT_CHECK(0 <= begin && begin <= end && end <= split.count);
  Split part;
  part.name = name;
  part.count = end - begin;
  part.height = split.height, part.width = split.width, part.channels = split.channels;
  part.sha256 = split.sha256;
  part.pixels.assign(split.pixels.begin() + begin * split.image_elems(), split.pixels.begin() + end * split.image_elems());
  part.labels.assign(split.labels.begin() + begin, split.labels.begin() + end);
  return part;
}

Split take_first(const Split& split, int64_t count) {
  return slice(split, 0, count <= 0 ? split.count : std::min(count, split.count), split.name);
}

}  // namespace liteqat::data
