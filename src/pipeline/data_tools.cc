#include "pipeline/data_tools.h"

#include <cmath>

#include "base/file.h"
#include "base/text.h"
#include "data/check_dataset.h"
#include "data/synthetic.h"

namespace liteqat::pipeline {
namespace {

std::string describe_split(const data::Split& split) {
  return format("{:<6} {} images {}x{}x{}, sha256 {}\n", split.name, format_count(split.count), split.height, split.width, split.channels,
                split.sha256);
}

/// Mean and population standard deviation of pixel / 255 per channel.
std::string describe_statistics(const data::Split& split) {
  const auto channels = static_cast<size_t>(split.channels);
  std::vector<int64_t> sum(channels), squares(channels);
  for (size_t i = 0; i < split.pixels.size(); ++i) {
    const int64_t value = split.pixels[i];
    sum[i % channels] += value;
    squares[i % channels] += value * value;
  }
  const double count = static_cast<double>(split.pixels.size()) / static_cast<double>(channels);
  std::string mean, deviation;
  for (size_t c = 0; c < channels && count > 0; ++c) {
    const double m = static_cast<double>(sum[c]) / count;
    mean += format(" {:.8f}", m / 255);
    deviation += format(" {:.8f}", std::sqrt(static_cast<double>(squares[c]) / count - m * m) / 255);
  }
  return format("{:<6} mean{}, std{} (of pixel / 255)\n", split.name, mean, deviation);
}

}  // namespace

Result<std::string> detect_dataset(const std::string& folder) {
  if (!file_exists(folder)) return error(Code::kNotFound, "{}: no such folder", folder);
  for (const char* name : {"t10k-images-idx3-ubyte", "train-images-idx3-ubyte"}) {
    if (file_exists(folder + "/" + name) || file_exists(folder + "/" + name + ".gz")) return std::string("mnist");
  }
  for (const char* name : {"test_batch.bin", "data_batch_1.bin"}) {
    if (file_exists(folder + "/" + name)) return std::string("cifar10");
  }
  return error(Code::kNotFound, "{}: no data set recognised: neither MNIST (t10k-images-idx3-ubyte[.gz]) nor CIFAR-10 (test_batch.bin)",
               folder);
}

Result<data::Dataset> read_any_dataset(const std::string& folder) {
  LITEQAT_ASSIGN_OR_RETURN(const std::string name, detect_dataset(folder));
  return data::read_dataset(name, folder);
}

std::string describe_dataset(const data::Dataset& dataset) {
  std::string text = format("{}: {} classes ({})\n", dataset.name, dataset.classes(), join(dataset.class_names, ", "));
  for (const data::Split* split : {&dataset.train, &dataset.test}) text += describe_split(*split);
  return text + describe_statistics(dataset.train);
}

DataCheck check_data(const data::Dataset& dataset) {
  DataCheck check;
  for (const data::DatasetIssue& issue : data::check_dataset(dataset)) check.problems.push_back(issue.text);
  for (const data::Split* split : {&dataset.train, &dataset.test}) {
    std::string counts;
    for (int64_t count : data::count_labels(*split, dataset.classes())) counts += format("{}{}", counts.empty() ? "" : " ", count);
    check.notes.push_back(format("{}: {} images read, labels in range, per class {}", split->name, split->count, counts));
  }
  check.notes.push_back(check.problems.empty() ? "no duplicates, no missing classes, no constant images"
                                               : format("{} problems", check.problems.size()));
  return check;
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
