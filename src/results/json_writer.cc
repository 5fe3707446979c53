#include "results/json_writer.h"

#include <cmath>

#include "results/verdict.h"

namespace liteqat::results {
namespace {

/// Not a number and the infinities become null (nlohmann's rule); bytes that are no UTF-8 become U+FFFD, because file names may hold any.
std::string scalar(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool fits_one_line(const Json& array) {
  for (const Json& element : array) {
    if (element.is_structured()) return false;
  }
  return true;
}

void print(const Json& value, size_t depth, std::string& out) {
  if (!value.is_structured()) {
    out += scalar(value);
    return;
  }
  const bool object = value.is_object();
  const bool one_line = value.empty() || (!object && fits_one_line(value));
  const std::string newline = "\n" + std::string(2 * (depth + 1), ' ');
  out += object ? '{' : '[';
  bool first = true;
  for (const auto& item : value.items()) {
    if (!first) out += one_line ? ", " : ",";
    if (!one_line) out += newline;
    if (object) out += scalar(item.key()) + ": ";
    print(item.value(), depth + 1, out);
    first = false;
  }
  if (!one_line) out += "\n" + std::string(2 * depth, ' ');
  out += object ? '}' : ']';
}

/// Counts stand in evidence as doubles; written as integers where they are.
Json evidence_value(double value) {
  constexpr double kExact = 9007199254740992.0;  // 2^53: below it every whole double is one integer
  if (std::abs(value) < kExact && value == std::floor(value)) return static_cast<int64_t>(value);
  return value;
}

}  // namespace

std::string print_document(const Json& document) {
  std::string out;
  print(document, 0, out);
  out += '\n';
  return out;
}

Json image_reading_json(const ImageReading& reading) {
  Json json = Json::object();
  json["kind"] = reading.kind;
  json["height"] = reading.height;
  json["width"] = reading.width;
  json["channels"] = reading.channels;
  json["resize"] = reading.resize;
  json["fit"] = reading.fit;
  json["labels"] = reading.labels;
  return json;
}

Json interval_json(const Interval& interval) {
  Json json = Json::object();
  json["method"] = interval.method;
  json["level"] = interval.level;
  json["low"] = interval.low;
  json["high"] = interval.high;
  return json;
}

Json parts_json(const std::vector<MetricPart>& parts, const char* name) {
  Json array = Json::array();
  for (const MetricPart& part : parts) {
    Json json = Json::object();
    json[name] = part.name;
    json["correct"] = part.correct;
    json["total"] = part.total;
    if (part.total > 0) json["value"] = part.value;
    if (part.total > 0) json["interval"] = interval_json(part.interval);
    array.push_back(json);
  }
  return array;
}

Json metric_json(const Metric& metric) {
  Json json = Json::object();
  json["id"] = metric.id;
  json["model"] = metric.model;
  json["arithmetic"] = metric.arithmetic;
  json["split"] = metric.split;
  json["correct"] = metric.correct;
  json["total"] = metric.total;
  json["value"] = metric.value;
  json["interval"] = interval_json(metric.interval);
  json["ties"] = metric.ties;
  if (metric.agreement) {
    json["agreement"] = *metric.agreement;
    json["agreement_with"] = metric.agreement_with;
  }
  if (!metric.confusion.empty()) json["confusion"] = metric.confusion;
  if (!metric.directories.empty()) json["directories"] = parts_json(metric.directories, "directory");
  if (!metric.copies.empty()) json["copies"] = parts_json(metric.copies, "copy");
  if (metric.clusters) {
    json["clusters"] = {{"pictures", metric.clusters->pictures},
                        {"images_each", metric.clusters->images_each},
                        {"design_effect", metric.clusters->design_effect},
                        {"effective_images", metric.clusters->effective_images}};
  }
  return json;
}

Json finding_json(const Finding& finding) {
  Json json = Json::object();
  json["check"] = finding.check;
  json["verdict"] = verdict_name(finding.verdict);
  json["subject"] = finding.subject;
  json["summary"] = finding.summary;
  json["evidence"] = Json::object();
  for (const auto& [key, count] : finding.counts) json["evidence"][key] = {{"correct", count.correct}, {"total", count.total}};
  for (const auto& [key, value] : finding.evidence) json["evidence"][key] = evidence_value(value);
  for (const auto& [key, word] : finding.words) json["evidence"][key] = word;
  for (const auto& [key, values] : finding.lists) json["evidence"][key] = values;
  json["advice"] = finding.advice;
  return json;
}

}  // namespace liteqat::results
