// What a folder of images holds and what is wrong with it: the record behind `liteqat data`. Nothing is computed here.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace liteqat::results {

struct SplitRecord {
  std::string name, sha256;
  int64_t count = 0;
  int32_t height = 0, width = 0, channels = 0;
  std::vector<int64_t> per_class = {};      // images by label
  std::vector<double> mean = {}, std = {};  // of pixel / 255, per channel (population); empty for no images
};

struct DatasetIssueRecord {
  std::string kind, text;  // "duplicates", "leak", "class_missing", "constant_image"; one sentence
  int64_t count = 0;
};

struct DatasetRecord {
  std::string name, folder;
  std::vector<std::string> class_names = {};
  std::vector<SplitRecord> splits = {};
  bool checked = false;  // issues were looked for
  std::vector<DatasetIssueRecord> issues = {};
};

/// {"schema": "liteqat/data/1", ...}; "issues" only if they were looked for.
std::string dataset_to_json(const DatasetRecord& dataset);

}  // namespace liteqat::results
