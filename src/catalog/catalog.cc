#include "catalog/catalog.h"

#include <algorithm>
#include <filesystem>
#include <numeric>

#include "base/file.h"
#include "base/text.h"
#include "catalog/arrays.h"
#include "catalog/file_source.h"
#include "catalog/listing.h"
#include "data/batches.h"

namespace liteqat::catalog {
namespace {

constexpr uint64_t kShuffleSeed = 0;  // of training images; the order is part of a data set's identity

/// Images of a split as long as they are only listed.
struct Listed {
  std::vector<Entry> train, test;
};

/// At most `limit` rows, as many of each class as can be, in their order.
std::vector<int64_t> spread(const std::vector<int32_t>& labels, int64_t limit) {
  std::vector<int64_t> rows(labels.size());
  std::iota(rows.begin(), rows.end(), 0);
  if (limit <= 0 || limit >= static_cast<int64_t>(rows.size())) return rows;
  std::vector<int64_t> rank(rows.size());  // how many of its class come before it
  std::vector<int64_t> seen(static_cast<size_t>(*std::ranges::max_element(labels)) + 1);
  for (size_t i = 0; i < labels.size(); ++i) rank[i] = seen[static_cast<size_t>(labels[i])]++;
  std::ranges::stable_sort(rows, {}, [&](int64_t row) { return rank[static_cast<size_t>(row)]; });
  rows.resize(static_cast<size_t>(limit));
  std::ranges::sort(rows);
  return rows;
}

/// Puts the only split where it is needed. Fails: kNotFound where a split that is needed is not there.
Status place_splits(const std::string& path, Need need, bool one_split, bool has_train, bool has_test, bool& serves_as_train) {
  serves_as_train = one_split && need == Need::kTrain;
  if (one_split && need == Need::kBoth) {
    return error(Code::kNotFound, "{}: has no training and test images apart; folders train and test, or a column split, are expected",
                 path);
  }
  if (one_split) return {};
  if (!has_train && (need == Need::kTrain || need == Need::kBoth)) {
    return error(Code::kNotFound, "{}: holds no training images", path);
  }
  if (!has_test && (need == Need::kTest || need == Need::kBoth)) return error(Code::kNotFound, "{}: holds no test images", path);
  return {};
}

Result<std::vector<int32_t>> translate(const std::vector<int32_t>& labels, const Labelling& labelling, const std::string& what) {
  std::vector<int32_t> translated;
  for (const int32_t label : labels) {
    translated.push_back(labelling.labels[static_cast<size_t>(label)]);
    if (translated.back() < 0) {
      return error(Code::kOutOfRange, "{}: an image of label {}, which --labels-offset moves below 0", what, label);
    }
  }
  return translated;
}

/// Entries to a split that knows where its images are.
Result<data::Split> make_split(const std::string& root, const std::vector<Entry>& entries, const Labelling& labelling,
                               const std::string& name, const Request& request) {
  data::Split split;
  split.name = name;
  split.count = static_cast<int64_t>(entries.size());
  std::vector<int32_t> labels;
  for (const Entry& entry : entries) labels.push_back(entry.label), split.files.push_back(entry.file);
  LITEQAT_ASSIGN_OR_RETURN(split.labels, translate(labels, labelling, root));
  split.rows.resize(entries.size());
  std::iota(split.rows.begin(), split.rows.end(), 0);
  split.height = request.shaping.height, split.width = request.shaping.width, split.channels = request.shaping.channels;
  split.source = std::make_shared<FileSource>(root, split.files, request.shaping);
  return split;
}

data::Split mix(const data::Split& split) {
  const auto order = data::epoch_order(kShuffleSeed, 0, split.count, true);
  return data::pick(split, std::vector<int64_t>(order.begin(), order.end()));
}

Result<Reading> read_files(const Listing& listing, const std::string& path, const std::string& name, const Request& asked,
                           ThreadPool& pool) {
  Reading reading;
  reading.notes = listing.notes;
  reading.dataset.name = name;
  bool as_train = false;
  LITEQAT_RETURN_IF_ERROR(place_splits(path, asked.need, !listing.split, !listing.train.empty(), !listing.test.empty(), as_train));
  LITEQAT_ASSIGN_OR_RETURN(Labelling labelling, match_labels(listing.names, listing.numbered, asked.model, asked.labels_offset));
  Request request = asked;
  std::vector<std::string> files;
  for (const auto* entries : {&listing.train, &listing.test}) {
    for (const Entry& entry : *entries) files.push_back(entry.file);
  }
  LITEQAT_ASSIGN_OR_RETURN(request.shaping, complete_shaping(listing.root, files, asked.shaping, pool));
  const auto& train = as_train ? listing.test : listing.train;
  LITEQAT_ASSIGN_OR_RETURN(reading.dataset.train, make_split(listing.root, train, labelling, "train", request));
  LITEQAT_ASSIGN_OR_RETURN(reading.dataset.test,
                           make_split(listing.root, as_train ? std::vector<Entry>() : listing.test, labelling, "test", request));
  reading.dataset.train = mix(reading.dataset.train);
  reading.dataset.class_names = std::move(labelling.names);
  reading.labels = labelling.rule;
  return reading;
}

Result<Reading> read_array_set(const std::string& path, const Request& request, ThreadPool& pool) {
  Reading reading;
  bool one_split = false, numbered = false, as_train = false;
  LITEQAT_ASSIGN_OR_RETURN(reading.dataset, read_arrays(path, one_split, numbered));
  data::Dataset& dataset = reading.dataset;
  LITEQAT_RETURN_IF_ERROR(place_splits(path, request.need, one_split, dataset.train.count > 0, dataset.test.count > 0, as_train));
  if (as_train) {
    std::swap(dataset.train, dataset.test);
    dataset.train.name = "train";
  }
  if (dataset.train.count == 0) dataset.train = data::make_empty_split(dataset.test, "train");
  if (dataset.test.count == 0) dataset.test = data::make_empty_split(dataset.train, "test");
  LITEQAT_RETURN_IF_ERROR(relabel(dataset, request, reading));
  Shaping shaping = request.shaping;
  if (shaping.channels == 0) shaping.channels = dataset.test.channels;
  for (data::Split* split : {&dataset.train, &dataset.test}) reshape(*split, shaping, pool);
  return reading;
}

}  // namespace

std::string detect(const std::string& path) {
  std::error_code fault;
  if (std::filesystem::is_regular_file(path, fault)) {
    return path.ends_with(".csv") ? "manifest" : path.ends_with(".npz") ? "arrays" : "";
  }
  if (!std::filesystem::is_directory(path, fault)) return "";
  if (file_exists(path + "/manifest.csv")) return "manifest";
  if (looks_like_arrays(path)) return "arrays";
  return looks_like_folder(path) ? "image_folder" : "";
}

Result<Reading> read(const std::string& path, const Request& request, ThreadPool& pool) {
  const std::string kind = detect(path);
  Result<Reading> reading = error(Code::kNotFound, "{}: holds neither folders of images, nor manifest.csv, nor arrays", path);
  if (kind == "arrays") {
    reading = read_array_set(path, request, pool);
  } else if (kind == "manifest") {
    const std::string manifest = std::filesystem::is_directory(path) ? path + "/manifest.csv" : path;
    LITEQAT_ASSIGN_OR_RETURN(const Listing listing, list_manifest(manifest));
    reading = read_files(listing, path, kind, request, pool);
  } else if (kind == "image_folder") {
    LITEQAT_ASSIGN_OR_RETURN(const Listing listing, list_folder(path));
    reading = read_files(listing, path, kind, request, pool);
  }
  if (!reading.ok() || request.limit_images <= 0) return reading;
  for (data::Split* split : {&reading->dataset.train, &reading->dataset.test}) {
    if (split->count > 0) *split = data::pick(*split, spread(split->labels, request.limit_images));
  }
  return reading;
}

Result<data::Split> read_unlabelled(const std::string& path, const Shaping& asked, ThreadPool& pool) {
  if (path.ends_with(".npy")) {
    LITEQAT_ASSIGN_OR_RETURN(data::Split array, read_unlabelled_array(path));
    reshape(array, asked, pool);
    return array;
  }
  std::error_code fault;
  const bool folder = std::filesystem::is_directory(path, fault);
  const std::filesystem::path file(path);
  const std::string root = folder ? path : file.has_parent_path() ? file.parent_path().string() : ".";
  data::Split split;
  split.name = "images";
  if (folder) {
    LITEQAT_ASSIGN_OR_RETURN(split.files, find_images(root, ""));
    if (split.files.empty()) return error(Code::kNotFound, "{}: holds no image (.png, .jpg, .jpeg)", path);
  } else {
    split.files = {file.filename().string()};
  }
  LITEQAT_ASSIGN_OR_RETURN(const Shaping shaping, complete_shaping(root, split.files, asked, pool));
  split.height = shaping.height, split.width = shaping.width, split.channels = shaping.channels;
  split.count = static_cast<int64_t>(split.files.size());
  split.rows.resize(split.files.size());
  std::iota(split.rows.begin(), split.rows.end(), 0);
  split.source = std::make_shared<FileSource>(root, split.files, shaping);
  return split;
}

Status relabel(data::Dataset& dataset, const Request& request, Reading& reading) {
  const bool numbered = std::ranges::all_of(dataset.class_names, [](const std::string& name) { return parse_class_number(name) >= 0; });
  LITEQAT_ASSIGN_OR_RETURN(Labelling labelling, match_labels(dataset.class_names, numbered, request.model, request.labels_offset));
  for (data::Split* split : {&dataset.train, &dataset.test}) {
    LITEQAT_ASSIGN_OR_RETURN(split->labels, translate(split->labels, labelling, split->name));
  }
  dataset.class_names = std::move(labelling.names);
  reading.labels = labelling.rule;
  return {};
}

void reshape(data::Split& split, const Shaping& asked, ThreadPool& pool) {
  Shaping shaping = asked;
  if (shaping.height == 0) shaping.height = split.height, shaping.width = split.width;
  if (shaping.channels == 0) shaping.channels = split.channels;
  const bool same = shaping.height == split.height && shaping.width == split.width && shaping.channels == split.channels;
  if (same && !(shaping.bgr && split.channels == 3)) return;
  data::Split shaped = data::make_empty_split(split, split.name);
  shaped.height = shaping.height, shaped.width = shaping.width, shaped.channels = shaping.channels;
  shaped.count = split.count;
  shaped.labels = std::move(split.labels), shaped.files = std::move(split.files), shaped.sha256 = std::move(split.sha256);
  const auto elems = static_cast<size_t>(shaped.image_elems());
  shaped.pixels.resize(static_cast<size_t>(shaped.count) * elems);
  pool.run(static_cast<int>(split.count), [&](int index, int) {
    const auto image = shape_image({split.image(index), split.height, split.width, split.channels}, shaping);
    std::ranges::copy(image, shaped.pixels.begin() + static_cast<std::ptrdiff_t>(static_cast<size_t>(index) * elems));
  });
  split = std::move(shaped);
}

}  // namespace liteqat::catalog
