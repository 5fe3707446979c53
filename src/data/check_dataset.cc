#include "data/check_dataset.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>

namespace liteqat::data {
namespace {

/// First image with the same bytes, by content.
using ImageIndex = std::unordered_map<std::string_view, int64_t>;

/// Every pixel equals the first.
bool is_one_colour(std::span<const uint8_t> image, size_t channels) {
  return std::equal(image.begin() + static_cast<ptrdiff_t>(channels), image.end(), image.begin());
}

void check_split(const Split& split, int32_t classes, ImageIndex& seen, std::vector<DatasetIssue>& issues) {
  int64_t duplicates = 0, constant = 0, first = -1, original = -1;
  for (int64_t index = 0; index < split.count; ++index) {
    const auto [entry, added] = seen.emplace(split.content(index), index);
    if (!added && duplicates++ == 0) first = index, original = entry->second;
    constant += is_one_colour(split.image(index), static_cast<size_t>(split.channels));
  }
  if (duplicates > 0) {
    issues.push_back({"duplicates", duplicates,
                      format("{}: {} images are exact copies of an earlier one (first: image {} is image {})", split.name, duplicates,
                             first, original)});
  }
  if (constant > 0)
    issues.push_back({"constant_image", constant, format("{}: {} images are of one colour throughout", split.name, constant)});
  const auto counts = count_labels(split, classes);
  for (size_t label = 0; label < counts.size(); ++label) {
    if (counts[label] == 0) issues.push_back({"class_missing", 1, format("{}: class {} has no image", split.name, label)});
  }
}

}  // namespace

std::vector<int64_t> count_labels(const Split& split, int32_t classes) {
  std::vector<int64_t> counts(static_cast<size_t>(classes));
  for (int32_t label : split.labels) ++counts[static_cast<size_t>(label)];
  return counts;
}

std::vector<DatasetIssue> check_dataset(const Dataset& dataset) {
  std::vector<DatasetIssue> issues;
  ImageIndex in_train, in_test;
  check_split(dataset.train, dataset.classes(), in_train, issues);
  check_split(dataset.test, dataset.classes(), in_test, issues);
  int64_t leaked = 0, example = -1, source = -1;
  for (int64_t index = 0; index < dataset.test.count; ++index) {
    const auto found = in_train.find(dataset.test.content(index));
    if (found != in_train.end() && leaked++ == 0) example = index, source = found->second;
  }
  if (leaked > 0) {
    issues.push_back({"leak", leaked,
                      format("{} test images are exact copies of training images (first: test image {} is training image {})", leaked,
                             example, source)});
  }
  return issues;
}

}  // namespace liteqat::data
