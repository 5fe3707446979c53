// `liteqat data`: what is in a folder of images, is it sound, public sets from the network, and synthetic sets in the same formats.
#pragma once

#include <string>
#include <vector>

#include "base/progress.h"
#include "base/status.h"
#include "fetch/public_sets.h"
#include "pipeline/images.h"
#include "results/dataset_record.h"

namespace liteqat::pipeline {

/// A data set to look at, in memory as a whole.
struct DataSource {
  std::string folder;
  ImageRequest images;
};

/// Splits, counts, sizes, classes, checksums, mean and standard deviation per channel. Fails: as read_any_dataset and data::load_pixels.
Result<results::DatasetRecord> describe_data(const DataSource& source, int threads);

/// The same, and what is damaged in it.
Result<results::DatasetRecord> check_data(const DataSource& source, int threads);

struct SyntheticOptions {
  std::string format = "mnist";  // mnist | cifar10
  int64_t train = 5000, test = 1000;
  uint64_t seed = 0;
};
/// Downloads a public data set. Returns a sentence on what was done. Fails: as fetch::fetch_dataset.
Result<std::string> fetch_data(const fetch::FetchRequest& request, Progress& progress);

Status make_synthetic_data(const SyntheticOptions& options, const std::string& folder);

}  // namespace liteqat::pipeline
