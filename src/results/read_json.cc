// JSON to records. The text comes from a file: every key is checked for presence, type and range, and what must fit together is compared.
#include <array>
#include <limits>

#include "base/checked.h"
#include "results/base64.h"
#include "results/json_reader.h"
#include "results/records.h"
#include "results/verdict.h"

namespace liteqat::results {
namespace {

using Node = JsonReader::Node;

constexpr int64_t kMaxInt32 = std::numeric_limits<int32_t>::max();

int32_t int32_member(JsonReader& in, const Node& object, const char* key, int64_t low) {
  return static_cast<int32_t>(in.integer(in.member(object, key), low, kMaxInt32));
}

template <typename Record>
std::vector<Record> read_list(JsonReader& in, const Node& array, Record (*one)(JsonReader&, const Node&)) {
  std::vector<Record> records;
  for (const Node& node : in.elements(array)) records.push_back(one(in, node));
  return records;
}

std::string read_text(JsonReader& in, const Node& node) {
  return in.text(node);
}

void check_not_above(JsonReader& in, const Node& node, const char* small_name, int64_t small, const char* large_name, int64_t large) {
  if (small > large) in.fail(node, format("'{}' is {}, more than '{}', which is {}", small_name, small, large_name, large));
}

Environment read_environment(JsonReader& in, const Node& node) {
  Environment environment;
  environment.version = in.text(in.member(node, "version"));
  environment.cpu = in.text(in.member(node, "cpu"));
  environment.cpu_flags = in.text(in.member(node, "cpu_flags"));
  environment.isa = in.text(in.member(node, "isa"));
  environment.threads = int32_member(in, node, "threads", 0);
  if (in.optional_member(node, "ranks")) environment.ranks = int32_member(in, node, "ranks", 1);
  for (const auto& [name, version] : in.members(in.member(node, "libraries"))) environment.libraries[name] = in.text(version);
  return environment;
}

std::vector<DataSplit> read_data(JsonReader& in, const Node& node) {
  std::vector<DataSplit> splits;
  for (const auto& [name, split] : in.members(node)) {
    const int64_t count = in.count(in.member(split, "count"));
    splits.push_back({.name = name, .sha256 = in.text(in.member(split, "sha256")), .count = count});
  }
  return splits;
}

ImageReading read_image_reading(JsonReader& in, const Node& node) {
  const auto text = [&](const char* key) { return in.text(in.member(node, key)); };
  return {.kind = text("kind"),
          .height = int32_member(in, node, "height", 1),
          .width = int32_member(in, node, "width", 1),
          .channels = text("channels"),
          .resize = text("resize"),
          .fit = text("fit"),
          .labels = text("labels")};
}

Stage read_stage(JsonReader& in, const Node& node) {
  Stage stage;
  stage.name = in.text(in.member(node, "name"));
  stage.seconds = in.number(in.member(node, "seconds"));
  if (const Node rate = in.optional_member(node, "images_per_second")) stage.images_per_second = in.number(rate);
  return stage;
}

Interval read_interval(JsonReader& in, const Node& node) {
  Interval interval;
  interval.method = in.text(in.member(node, "method"));
  interval.level = in.number(in.member(node, "level"));
  interval.low = in.number(in.member(node, "low"));
  interval.high = in.number(in.member(node, "high"));
  return interval;
}

std::vector<std::vector<int64_t>> read_confusion(JsonReader& in, const Node& node) {
  std::vector<std::vector<int64_t>> confusion;
  const std::vector<Node> rows = in.elements(node);
  for (const Node& row : rows) {
    std::vector<int64_t> counts;
    for (const Node& entry : in.elements(row)) counts.push_back(in.count(entry));
    if (counts.size() != rows.size()) in.fail(row, format("a square matrix of {} classes has a row of {}", rows.size(), counts.size()));
    confusion.push_back(std::move(counts));
  }
  return confusion;
}

Metric read_metric(JsonReader& in, const Node& node) {
  Metric metric;
  metric.id = in.text(in.member(node, "id"));
  metric.model = in.text(in.member(node, "model"));
  metric.arithmetic = in.text(in.member(node, "arithmetic"));
  metric.split = in.text(in.member(node, "split"));
  metric.correct = in.count(in.member(node, "correct"));
  metric.total = in.count(in.member(node, "total"));
  metric.value = in.number(in.member(node, "value"));
  metric.interval = read_interval(in, in.member(node, "interval"));
  metric.ties = in.count(in.member(node, "ties"));
  if (const Node agreement = in.optional_member(node, "agreement")) {
    metric.agreement = in.count(agreement);
    metric.agreement_with = in.text(in.member(node, "agreement_with"));
    check_not_above(in, node, "agreement", *metric.agreement, "total", metric.total);
  }
  if (const Node confusion = in.optional_member(node, "confusion")) metric.confusion = read_confusion(in, confusion);
  check_not_above(in, node, "correct", metric.correct, "total", metric.total);
  check_not_above(in, node, "ties", metric.ties, "total", metric.total);
  return metric;
}

void read_evidence(JsonReader& in, const std::string& key, const Node& value, Finding& finding) {
  if (value.json->is_string()) {
    finding.words[key] = in.text(value);
  } else if (value.json->is_array()) {
    for (const Node& entry : in.elements(value)) {
      finding.lists[key].push_back(in.integer(entry, std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()));
    }
    finding.lists.try_emplace(key);
  } else if (value.json->is_object()) {
    finding.counts[key] = {.correct = in.count(in.member(value, "correct")), .total = in.count(in.member(value, "total"))};
  } else {
    finding.evidence[key] = in.number(value);
  }
}

Finding read_finding(JsonReader& in, const Node& node) {
  Finding finding;
  finding.check = in.text(in.member(node, "check"));
  const Node verdict = in.member(node, "verdict");
  const std::string name = in.text(verdict);
  if (const auto known = find_verdict(name)) {
    finding.verdict = *known;
  } else {
    in.fail(verdict, format("expected problem, doubt, clear or skipped, found '{}'", name));
  }
  finding.subject = in.text(in.member(node, "subject"));
  finding.summary = in.text(in.member(node, "summary"));
  for (const auto& [key, value] : in.members(in.member(node, "evidence"))) read_evidence(in, key, value, finding);
  finding.advice = in.text(in.member(node, "advice"));
  return finding;
}

EpochPoint read_point(JsonReader& in, const Node& node) {
  EpochPoint point;
  point.epoch = int32_member(in, node, "epoch", 0);
  point.learning_rate = in.number(in.member(node, "learning_rate"));
  point.train_loss = in.number(in.member(node, "train_loss"));
  point.train_correct = in.count(in.member(node, "train_correct"));
  point.train_total = in.count(in.member(node, "train_total"));
  if (const Node loss = in.optional_member(node, "validation_loss")) point.validation_loss = in.number(loss);
  point.validation_correct = in.count(in.member(node, "validation_correct"));
  point.validation_total = in.count(in.member(node, "validation_total"));
  check_not_above(in, node, "train_correct", point.train_correct, "train_total", point.train_total);
  check_not_above(in, node, "validation_correct", point.validation_correct, "validation_total", point.validation_total);
  return point;
}

Curve read_curve(JsonReader& in, const Node& node) {
  Curve curve;
  curve.stage = in.text(in.member(node, "stage"));
  curve.points = read_list(in, in.member(node, "points"), read_point);
  return curve;
}

FloatLayerRecord read_float_layer(JsonReader& in, const Node& node) {
  return {.op = in.text(in.member(node, "op")), .name = in.text(in.member(node, "name")), .reason = in.text(in.member(node, "reason"))};
}

ModelFile read_model(JsonReader& in, const Node& node) {
  ModelFile model;
  model.model = in.text(in.member(node, "model"));
  model.path = in.text(in.member(node, "path"));
  model.bytes = in.count(in.member(node, "bytes"));
  model.sha256 = in.text(in.member(node, "sha256"));
  model.type = in.text(in.member(node, "type"));
  model.description = in.text(in.member(node, "description"));
  if (const Node layers = in.optional_member(node, "float_layers")) model.float_layers = read_list(in, layers, read_float_layer);
  return model;
}

Disagreement read_disagreement(JsonReader& in, const Node& node) {
  Disagreement image;
  image.index = in.count(in.member(node, "index"));
  image.label = int32_member(in, node, "label", 0);
  image.height = int32_member(in, node, "height", 0);
  image.width = int32_member(in, node, "width", 0);
  image.channels = int32_member(in, node, "channels", 0);
  for (const auto& [model, prediction] : in.members(in.member(node, "predictions"))) {
    image.predictions[model] = static_cast<int32_t>(in.integer(prediction, 0, kMaxInt32));
  }
  const Node pixels = in.member(node, "pixels");
  auto bytes = decode_base64(in.text(pixels));
  if (!bytes) {
    in.fail(pixels, "not valid base64");
    return image;
  }
  image.pixels = std::move(*bytes);
  const std::array<int64_t, 3> extents = {image.height, image.width, image.channels};
  const auto expected = checked_product<int64_t>(extents);
  if (!expected || *expected != static_cast<int64_t>(image.pixels.size())) {
    in.fail(pixels, format("{} bytes for {}x{}x{} pixels", image.pixels.size(), image.height, image.width, image.channels));
  }
  return image;
}

AttributionPart read_part(JsonReader& in, const Node& node) {
  AttributionPart part;
  part.part = in.text(in.member(node, "part"));
  part.how = in.text(in.member(node, "how"));
  part.value = in.number(in.member(node, "value"));
  if (const Node interval = in.optional_member(node, "interval")) {
    part.interval = read_interval(in, interval);
    part.noise = in.boolean(in.member(node, "noise"));
  }
  if (const Node other = in.optional_member(node, "other_order")) {
    part.other_order = in.number(other);
    part.other_how = in.text(in.member(node, "other_how"));
  }
  return part;
}

Attribution read_attribution(JsonReader& in, const Node& node) {
  Attribution attribution;
  attribution.from = in.text(in.member(node, "from"));
  attribution.to = in.text(in.member(node, "to"));
  attribution.from_value = in.number(in.member(node, "from_value"));
  attribution.to_value = in.number(in.member(node, "to_value"));
  attribution.parts = read_list(in, in.member(node, "parts"), read_part);
  return attribution;
}

CalibrationRecord read_calibration(JsonReader& in, const Node& node) {
  return {.images = in.count(in.member(node, "images")),
          .rule = in.text(in.member(node, "rule")),
          .sha256 = in.text(in.member(node, "sha256")),
          .overlap = in.count(in.member(node, "overlap")),
          .calibrator = ""};
}

Run read_run(JsonReader& in, const Node& node) {
  Run run;
  const Node schema = in.member(node, "schema");
  const std::string found = in.text(schema);
  if (found != kRunSchema) in.fail(schema, format("expected '{}', found '{}'", kRunSchema, found));
  run.recipe = in.text(in.member(node, "recipe"));
  run.recipe_hash = in.text(in.member(node, "recipe_hash"));
  if (const Node text = in.optional_member(node, "recipe_text")) run.recipe_text = in.text(text);
  run.dataset = in.text(in.member(node, "dataset"));
  run.class_names = read_list(in, in.member(node, "class_names"), read_text);
  run.seed = in.unsigned_integer(in.member(node, "seed"));
  run.environment = read_environment(in, in.member(node, "environment"));
  run.data = read_data(in, in.member(node, "data"));
  if (const Node images = in.optional_member(node, "images")) run.images = read_image_reading(in, images);
  if (const Node images = in.optional_member(node, "calibration")) run.calibration = read_calibration(in, images);
  run.stages = read_list(in, in.member(node, "stages"), read_stage);
  run.metrics = read_list(in, in.member(node, "metrics"), read_metric);
  run.findings = read_list(in, in.member(node, "findings"), read_finding);
  if (const Node attribution = in.optional_member(node, "attribution")) run.attribution = read_attribution(in, attribution);
  run.models = read_list(in, in.member(node, "models"), read_model);
  run.curves = read_list(in, in.member(node, "curves"), read_curve);
  run.disagreements = read_list(in, in.member(node, "disagreements"), read_disagreement);
  return run;
}

}  // namespace

Result<Run> run_from_json(const std::string& text, const std::string& path_for_messages) {
  try {
    const Json json = Json::parse(text);
    JsonReader in(path_for_messages);
    Run run = read_run(in, in.root(json));
    if (!in.status().ok()) return in.status();
    return run;
  } catch (const Json::parse_error& fault) {
    return error(Code::kCorruptFile, "{}: not valid JSON at byte {} of {}", path_for_messages, fault.byte, text.size());
  } catch (const Json::exception& fault) {
    return error(Code::kCorruptFile, "{}: JSON could not be read: {}", path_for_messages, fault.what());
  }
}

}  // namespace liteqat::results
