#include "base/format.h"
#include "base/text.h"
#include "report/report.h"

namespace liteqat::report {
namespace {

std::string numbers(const std::vector<double>& values) {
  std::string text;
  for (double value : values) text += format(" {:.8f}", value);
  return text;
}

std::string description(const results::DatasetRecord& dataset) {
  std::string text = format("{}: {} classes ({})\n", dataset.name, dataset.class_names.size(), join(dataset.class_names, ", "));
  for (const results::SplitRecord& split : dataset.splits) {
    if (split.count == 0) continue;
    text += format("{:<6} {} images {}x{}x{}, sha256 {}\n", split.name, format_count(split.count), split.height, split.width,
                   split.channels, split.sha256);
  }
  // What a model is normalized with: of the training images, or, in a folder of test images alone, of those.
  for (const results::SplitRecord& split : dataset.splits) {
    if (split.count == 0) continue;
    return text + format("{:<6} mean{}, std{} (of pixel / 255)\n", split.name, numbers(split.mean), numbers(split.std));
  }
  return text;
}

std::string verdict(const results::DatasetRecord& dataset) {
  std::string text;
  for (const results::DatasetIssueRecord& issue : dataset.issues) text += "problem: " + issue.text + "\n";
  for (const results::SplitRecord& split : dataset.splits) {
    if (split.count == 0) continue;
    std::string counts;
    for (int64_t count : split.per_class) counts += format("{}{}", counts.empty() ? "" : " ", count);
    text += format("{}: {} images read, labels in range, per class {}\n", split.name, split.count, counts);
  }
  if (dataset.issues.empty()) return text + "no duplicates, no missing classes, no constant images\n";
  return text + format("{} {}\n", dataset.issues.size(), dataset.issues.size() == 1 ? "problem" : "problems");
}

}  // namespace

std::string render_dataset(const results::DatasetRecord& dataset) {
  return dataset.checked ? verdict(dataset) : description(dataset);
}

}  // namespace liteqat::report
