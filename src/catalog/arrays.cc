#include "catalog/arrays.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <map>

#include "base/file.h"
#include "base/text.h"
#include "catalog/float_pixels.h"
#include "formats/npy/npz.h"
#include "hash/sha256.h"

namespace liteqat::catalog {
namespace {

namespace npy = formats::npy;

constexpr int64_t kMostClasses = 1'000'000;

/// Names of images and labels of a split, as Keras' data sets, MedMNIST and others write them.
struct PairNames {
  const char *images, *labels;
};
constexpr PairNames kTrain[] = {{"x_train", "y_train"}, {"X_train", "y_train"}, {"train_images", "train_labels"}};
constexpr PairNames kTest[] = {{"x_test", "y_test"}, {"X_test", "y_test"}, {"test_images", "test_labels"}};
constexpr PairNames kOne[] = {{"images", "labels"}, {"x", "y"}};

/// Arrays by name, wherever they are.
class Arrays {
 public:
  static Result<Arrays> open(const std::string& path) {
    Arrays arrays;
    arrays.path_ = path;
    if (std::filesystem::is_directory(path)) return arrays;
    LITEQAT_ASSIGN_OR_RETURN(const Bytes bytes, read_file(path));
    LITEQAT_ASSIGN_OR_RETURN(arrays.members_, npy::read_npz(bytes, path));
    arrays.archive_ = true;
    return arrays;
  }

  bool has(const std::string& name) const { return archive_ ? members_.contains(name) : file_exists(file(name)); }
  std::string file(const std::string& name) const { return archive_ ? path_ + ":" + name : path_ + "/" + name + ".npy"; }
  std::string names() const {
    std::string text;
    for (const auto& [name, array] : members_) text += (text.empty() ? "" : ", ") + name;
    return text;
  }

  Result<npy::Array> take(const std::string& name) {
    if (archive_) return std::move(members_.at(name));
    LITEQAT_ASSIGN_OR_RETURN(const Bytes bytes, read_file(file(name)));
    return npy::read(bytes, file(name));
  }

  const PairNames* find(std::span<const PairNames> pairs) const {
    const auto found = std::ranges::find_if(pairs, [&](const PairNames& pair) { return has(pair.images) && has(pair.labels); });
    return found == pairs.end() ? nullptr : &*found;
  }

 private:
  std::string path_;
  bool archive_ = false;
  std::map<std::string, npy::Array> members_;
};

std::string shape_text(const std::vector<int64_t>& shape) {
  std::string text = "(";
  for (size_t i = 0; i < shape.size(); ++i) text += format("{}{}", i ? "," : "", shape[i]);
  return text + ")";
}

Status check_images(const npy::Array& array, const std::string& name) {
  const auto& shape = array.shape;
  const bool fits = (shape.size() == 3 || (shape.size() == 4 && (shape[3] == 1 || shape[3] == 3))) && shape[1] > 0 && shape[2] > 0 &&
                    shape[1] <= 1 << 16 && shape[2] <= 1 << 16;
  if (fits) return {};
  return error(Code::kMismatch, "{}: shape {}, images (N,H,W) or (N,H,W,C) with 1 or 3 channels are expected", name, shape_text(shape));
}

/// A split without labels and checksum.
Result<data::Split> make_images(const npy::Array& array, const std::string& name, const std::string& split_name) {
  LITEQAT_RETURN_IF_ERROR(check_images(array, name));
  data::Split split;
  split.name = split_name;
  split.count = array.shape[0];
  split.height = static_cast<int32_t>(array.shape[1]), split.width = static_cast<int32_t>(array.shape[2]);
  split.channels = array.shape.size() == 4 ? static_cast<int32_t>(array.shape[3]) : 1;
  LITEQAT_ASSIGN_OR_RETURN(split.pixels, take_pixels(array, name));
  return split;
}

template <typename T>
Status take_numbers(std::span<const T> values, const std::string& name, std::vector<int32_t>& labels) {
  for (const T value : values) {
    const bool fits = std::cmp_greater_equal(value, 0) && std::cmp_less(value, kMostClasses);
    if (!fits)
      return error(Code::kOutOfRange, "{}: label {} at index {}, whole numbers from 0 on are expected", name, value, labels.size());
    labels.push_back(static_cast<int32_t>(value));
  }
  return {};
}

/// Rows with a single 1 among zeros, whose place is the label.
template <typename T>
Status take_one_hot(std::span<const T> values, size_t classes, const std::string& name, std::vector<int32_t>& labels) {
  for (size_t begin = 0; begin < values.size(); begin += classes) {
    const auto row = values.subspan(begin, classes);
    const auto one = std::ranges::find(row, T{1});
    if (one == row.end() || std::ranges::count(row, T{0}) != std::ssize(row) - 1) {
      return error(Code::kOutOfRange, "{}: row {} has not a single 1 among zeros, which labels of {} columns are", name, labels.size(),
                   classes);
    }
    labels.push_back(static_cast<int32_t>(one - row.begin()));
  }
  return {};
}

/// Calls visit(values) with a span of the array's own type. Fails: kMismatch if it is no number.
template <typename Visit>
Status visit_numbers(const npy::Array& array, const std::string& name, const Visit& visit) {
  if (array.dtype == "|u1" || array.dtype == "|b1") return visit(array.as<uint8_t>());
  if (array.dtype == "|i1") return visit(array.as<int8_t>());
  if (array.dtype == "<u2") return visit(array.as<uint16_t>());
  if (array.dtype == "<i2") return visit(array.as<int16_t>());
  if (array.dtype == "<u4") return visit(array.as<uint32_t>());
  if (array.dtype == "<i4") return visit(array.as<int32_t>());
  if (array.dtype == "<u8") return visit(array.as<uint64_t>());
  if (array.dtype == "<i8") return visit(array.as<int64_t>());
  if (array.dtype == "<f4") return visit(array.as<float>());
  if (array.dtype == "<f8") return visit(array.as<double>());
  return error(Code::kMismatch, "{}: holds {}, labels are numbers", name, array.dtype);
}

Result<std::vector<int32_t>> read_labels(const npy::Array& array, const std::string& name) {
  const auto& shape = array.shape;
  if (shape.empty() || shape.size() > 2 || (shape.size() == 2 && (shape[1] < 1 || shape[1] > kMostClasses))) {
    return error(Code::kMismatch, "{}: shape {}, labels (N,) or (N,1), or one-hot (N,C), are expected", name, shape_text(shape));
  }
  const size_t columns = shape.size() == 2 ? static_cast<size_t>(shape[1]) : 1;
  std::vector<int32_t> labels;
  LITEQAT_RETURN_IF_ERROR(visit_numbers(array, name, [&](auto values) -> Status {
    if (columns > 1) return take_one_hot(values, columns, name, labels);
    if constexpr (std::is_integral_v<typename decltype(values)::value_type>) return take_numbers(values, name, labels);
    return error(Code::kMismatch, "{}: holds {}, labels as whole numbers are expected", name, array.dtype);
  }));
  return labels;
}

Result<data::Split> read_split(Arrays& arrays, const PairNames& pair, const std::string& split_name) {
  const std::string images_name = arrays.file(pair.images), labels_name = arrays.file(pair.labels);
  LITEQAT_ASSIGN_OR_RETURN(const npy::Array images, arrays.take(pair.images));
  LITEQAT_ASSIGN_OR_RETURN(const npy::Array labels, arrays.take(pair.labels));
  LITEQAT_ASSIGN_OR_RETURN(data::Split split, make_images(images, images_name, split_name));
  LITEQAT_ASSIGN_OR_RETURN(split.labels, read_labels(labels, labels_name));
  if (static_cast<int64_t>(split.labels.size()) != split.count) {
    return error(Code::kMismatch, "{}: {} labels, {} has {} images", labels_name, split.labels.size(), images_name, split.count);
  }
  Sha256 hash;
  hash.update(images.data);
  hash.update(labels.data);
  split.sha256 = hash.finish();
  return split;
}

Result<std::vector<std::string>> read_names(const std::string& path) {
  const std::string file = path + "/labels.txt";
  std::vector<std::string> names;
  if (!std::filesystem::is_directory(path) || !file_exists(file)) return names;
  LITEQAT_ASSIGN_OR_RETURN(const std::string text, read_text_file(file, 16 << 20));
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    std::string line = text.substr(begin, end - begin);
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty()) names.push_back(std::move(line));
    begin = end + 1;
  }
  return names;
}

Status name_classes(const std::string& path, data::Dataset& dataset, bool& numbered) {
  LITEQAT_ASSIGN_OR_RETURN(dataset.class_names, read_names(path));
  numbered = dataset.class_names.empty();
  int32_t largest = -1;
  for (const data::Split* split : {&dataset.train, &dataset.test}) {
    for (const int32_t label : split->labels) largest = std::max(largest, label);
  }
  if (!numbered && largest >= dataset.classes()) {
    return error(Code::kMismatch, "{}/labels.txt: names {} classes, the arrays have label {}", path, dataset.classes(), largest);
  }
  for (int32_t label = 0; numbered && label <= largest; ++label) dataset.class_names.push_back(format("{}", label));
  return {};
}

}  // namespace

bool looks_like_arrays(const std::string& path) {
  if (!std::filesystem::is_directory(path)) return path.ends_with(".npz") && file_exists(path);
  const auto arrays = Arrays::open(path);
  return arrays.ok() && (arrays->find(kTrain) != nullptr || arrays->find(kTest) != nullptr || arrays->find(kOne) != nullptr);
}

Result<data::Dataset> read_arrays(const std::string& path, bool& one_split, bool& numbered) {
  LITEQAT_ASSIGN_OR_RETURN(Arrays arrays, Arrays::open(path));
  const PairNames *train = arrays.find(kTrain), *test = arrays.find(kTest), *one = arrays.find(kOne);
  one_split = train == nullptr && test == nullptr;
  if (one_split && one == nullptr) {
    return error(Code::kNotFound,
                 "{}: no pair of images and labels among its arrays ({}); x_test and y_test, or images and labels, are expected", path,
                 arrays.names());
  }
  data::Dataset dataset;
  dataset.name = "arrays";
  if (train != nullptr) {
    LITEQAT_ASSIGN_OR_RETURN(dataset.train, read_split(arrays, *train, "train"));
  }
  if (test != nullptr || one_split) {
    LITEQAT_ASSIGN_OR_RETURN(dataset.test, read_split(arrays, one_split ? *one : *test, "test"));
  }
  LITEQAT_RETURN_IF_ERROR(name_classes(path, dataset, numbered));
  return dataset;
}

Result<data::Split> read_unlabelled_array(const std::string& path) {
  LITEQAT_ASSIGN_OR_RETURN(const Bytes bytes, read_file(path));
  LITEQAT_ASSIGN_OR_RETURN(const npy::Array array, npy::read(bytes, path));
  LITEQAT_ASSIGN_OR_RETURN(data::Split split, make_images(array, path, "train"));
  split.sha256 = sha256(array.data);
  return split;
}

}  // namespace liteqat::catalog
