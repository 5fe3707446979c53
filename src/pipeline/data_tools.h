// `liteqat data`: what is in a folder of images, is it sound, and synthetic sets in the same formats.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "data/dataset.h"
#include "results/dataset_record.h"

namespace liteqat::pipeline {

/// "mnist" or "cifar10" by the files that a folder holds. Fails: kNotFound naming what was looked for.
Result<std::string> detect_dataset(const std::string& folder);
Result<data::Dataset> read_any_dataset(const std::string& folder, data::TrainingImages training = data::TrainingImages::kRequired);

/// Splits, counts, sizes, classes, checksums, mean and standard deviation per channel.
results::DatasetRecord describe_dataset(const data::Dataset& dataset, const std::string& folder);

/// The same, and what is damaged in it.
results::DatasetRecord check_data(const data::Dataset& dataset, const std::string& folder);

struct SyntheticOptions {
  std::string format = "mnist";  // mnist | cifar10
  int64_t train = 5000, test = 1000;
  uint64_t seed = 0;
};
Status make_synthetic_data(const SyntheticOptions& options, const std::string& folder);

}  // namespace liteqat::pipeline
