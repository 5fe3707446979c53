#include "results/dataset_record.h"
#include "results/json_writer.h"

namespace liteqat::results {
namespace {

Json split_json(const SplitRecord& split) {
  Json json = Json::object();
  json["name"] = split.name;
  json["count"] = split.count;
  json["height"] = split.height;
  json["width"] = split.width;
  json["channels"] = split.channels;
  json["sha256"] = split.sha256;
  json["per_class"] = split.per_class;
  if (!split.mean.empty()) {
    json["mean"] = split.mean;
    json["std"] = split.std;
  }
  return json;
}

Json issue_json(const DatasetIssueRecord& issue) {
  Json json = Json::object();
  json["kind"] = issue.kind;
  json["count"] = issue.count;
  json["text"] = issue.text;
  return json;
}

}  // namespace

std::string dataset_to_json(const DatasetRecord& dataset) {
  Json json = Json::object();
  json["schema"] = "liteqat/data/1";
  json["dataset"] = dataset.name;
  json["folder"] = dataset.folder;
  json["classes"] = dataset.class_names;
  json["splits"] = list(dataset.splits, split_json);
  if (dataset.checked) json["issues"] = list(dataset.issues, issue_json);
  return print_document(json);
}

}  // namespace liteqat::results
