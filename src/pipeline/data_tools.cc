#include "pipeline/data_tools.h"

#include <cmath>

#include "base/file.h"
#include "base/text.h"
#include "data/check_dataset.h"
#include "data/synthetic.h"

namespace liteqat::pipeline {
namespace {

/// Mean and population standard deviation of pixel / 255 per channel.
void add_statistics(const data::Split& split, results::SplitRecord& record) {
  const auto channels = static_cast<size_t>(split.channels);
  std::vector<int64_t> sum(channels), squares(channels);
  for (size_t pixel = 0; pixel + channels <= split.pixels.size(); pixel += channels) {
    for (size_t c = 0; c < channels; ++c) {
      const int64_t value = split.pixels[pixel + c];
      sum[c] += value;
      squares[c] += value * value;
    }
  }
  const double count = static_cast<double>(split.pixels.size()) / static_cast<double>(channels);
  for (size_t c = 0; c < channels && count > 0; ++c) {
    const double mean = static_cast<double>(sum[c]) / count;
    record.mean.push_back(mean / 255);
    record.std.push_back(std::sqrt(static_cast<double>(squares[c]) / count - mean * mean) / 255);
  }
}

results::SplitRecord describe_split(const data::Split& split, int32_t classes) {
  results::SplitRecord record = {.name = split.name,
                                 .sha256 = split.sha256,
                                 .count = split.count,
                                 .height = split.height,
                                 .width = split.width,
                                 .channels = split.channels,
                                 .per_class = data::count_labels(split, classes)};
  add_statistics(split, record);
  return record;
}

results::DatasetRecord describe_dataset(const data::Dataset& dataset, const std::string& folder) {
  results::DatasetRecord record = {.name = dataset.name, .folder = folder, .class_names = dataset.class_names};
  for (const data::Split* split : {&dataset.train, &dataset.test}) record.splits.push_back(describe_split(*split, dataset.classes()));
  return record;
}

Result<data::Dataset> read_whole(const DataSource& source, int threads) {
  ThreadPool pool(threads);
  LITEQAT_ASSIGN_OR_RETURN(DataReading reading, read_any_dataset({.folder = source.folder, .images = source.images}, pool));
  LITEQAT_RETURN_IF_ERROR(data::load_pixels(reading.dataset.train, pool));
  LITEQAT_RETURN_IF_ERROR(data::load_pixels(reading.dataset.test, pool));
  return std::move(reading.dataset);
}

}  // namespace

Result<results::DatasetRecord> describe_data(const DataSource& source, int threads) {
  LITEQAT_ASSIGN_OR_RETURN(const data::Dataset dataset, read_whole(source, threads));
  return describe_dataset(dataset, source.folder);
}

Result<results::DatasetRecord> check_data(const DataSource& source, int threads) {
  LITEQAT_ASSIGN_OR_RETURN(const data::Dataset dataset, read_whole(source, threads));
  results::DatasetRecord record = describe_dataset(dataset, source.folder);
  record.checked = true;
  for (data::DatasetIssue& issue : data::check_dataset(dataset)) {
    record.issues.push_back({.kind = std::move(issue.kind), .text = std::move(issue.text), .count = issue.count});
  }
  return record;
}

Result<std::string> fetch_data(const fetch::FetchRequest& request, Progress& progress) {
  return fetch::fetch_dataset(request, progress);
}

Status make_synthetic_data(const SyntheticOptions& options, const std::string& folder) {
  data::SyntheticOptions synthetic{.train = options.train, .test = options.test, .seed = options.seed};
  if (options.format == "cifar10") {
    synthetic.height = synthetic.width = 32;
    synthetic.channels = 3;
    if (options.train < 5) return error(Code::kInvalidArgument, "--train {}: CIFAR-10's five files need at least 5 images", options.train);
    return data::write_cifar10(data::make_synthetic(synthetic), folder);
  }
  if (options.format == "mnist") return data::write_mnist(data::make_synthetic(synthetic), folder);
  const auto known = data::dataset_names();
  return error(Code::kInvalidArgument, "--format {}: unknown; did you mean '{}'?", options.format, nearest_name(options.format, known));
}

}  // namespace liteqat::pipeline
