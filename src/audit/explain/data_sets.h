// Sizes of public image-classification data sets: what --dataset NAME stands for.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace liteqat::audit {

struct DataSetFacts {
  const char* name;
  int64_t train, test, validation;  // validation 0: the set has none of its own
  int64_t classes;
  bool balanced;                               // every class has the same number of test images
  std::span<const int64_t> class_counts = {};  // test images per class, where they differ and are known
};

/// By name; letter case, hyphens, underscores and spaces do not matter. Null if unknown.
const DataSetFacts* find_data_set(const std::string& name);

std::vector<std::string> data_set_names();

/// The data sets that a text speaks of, each once: "CIFAR-10", "FashionMNIST", "tiny imagenet".
std::set<std::string> data_sets_named_in(std::string_view text);

}  // namespace liteqat::audit
