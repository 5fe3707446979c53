// Damage that a well-formed data set can still have: duplicates inside and across splits, classes without images, constant images.
#pragma once

#include <string>
#include <vector>

#include "data/dataset.h"

namespace liteqat::data {

struct DatasetIssue {
  std::string kind;  // "duplicates", "leak", "class_missing", "constant_image"
  int64_t count = 0;
  std::string text;  // one sentence
};
std::vector<DatasetIssue> check_dataset(const Dataset& dataset);

/// Images per class.
std::vector<int64_t> count_labels(const Split& split, int32_t classes);

}  // namespace liteqat::data
