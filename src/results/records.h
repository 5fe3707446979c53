// What a run, an evaluation and a check leave behind: plain, versioned records, and their JSON (design: "liteqat/run/1",
// "liteqat/eval/1"). Nothing is computed here; report formats these and nothing else.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "results/model_record.h"

namespace liteqat::results {

struct Interval {
  std::string method = "wilson";
  double level = 0.95, low = 0, high = 0;
};

/// Part of a metric's images: those of one folder of a pool, or one form of the copies. Of a part without images only the name has a
/// meaning.
struct MetricPart {
  std::string name;
  int64_t correct = 0, total = 0;
  double value = 0;
  Interval interval = {};
};

/// Images that are not independent: pictures and their altered copies. The metric's interval is then that of the clusters.
struct ClusterRecord {
  int64_t pictures = 0, images_each = 1;
  double design_effect = 1, effective_images = 0;
};

struct Metric {
  std::string id, model, arithmetic, split;  // "qat_int8.test", "qat_int8", "litert-reference" ("float32" for train's forward), "test"
  int64_t correct = 0, total = 0;
  double value = 0;
  Interval interval = {};
  int64_t ties = 0;                       // images whose largest score is shared
  std::optional<int64_t> agreement = {};  // images given the same class as the model `agreement_with`
  std::string agreement_with = {};
  std::vector<std::vector<int64_t>> confusion = {};  // [label][prediction]; empty if not recorded
  std::vector<MetricPart> directories = {};          // of a pool of several
  std::vector<MetricPart> copies = {};               // of altered copies, the pictures as they are first
  std::optional<ClusterRecord> clusters = {};        // of altered copies
};

enum class Verdict { kProblem, kDoubt, kClear, kSkipped };

struct Count {
  int64_t correct = 0, total = 0;
  bool operator==(const Count&) const = default;
};

/// The four maps together are "evidence" in JSON; a key stands in one of them.
struct Finding {
  std::string check = {}, subject = {}, summary = {}, advice = {};
  Verdict verdict = Verdict::kClear;
  std::map<std::string, double> evidence = {};
  std::map<std::string, Count> counts = {};  // "claimed", "right", "reproduced": images
  std::map<std::string, std::string> words = {};
  std::map<std::string, std::vector<int64_t>> lists = {};
};

/// One exchange on the way from one figure to another.
struct AttributionPart {
  std::string part = {};                   // "extra training", "conversion", "metric", ..., "unexplained"
  std::string how = {};                    // what was exchanged to measure it
  double value = 0;                        // fraction; parts add up to to_value less from_value
  std::optional<Interval> interval = {};   // of the value, where both sides answered the same images
  bool noise = false;                      // those images show no difference
  std::optional<double> other_order = {};  // the same exchange measured with a neighbouring one already made; the difference is interaction
  std::string other_how = {};
};

struct Attribution {
  std::string from = {}, to = {};  // figures' labels or models
  double from_value = 0, to_value = 0;
  std::vector<AttributionPart> parts = {};  // in the order in which they were exchanged
};

struct Environment {
  std::string version, cpu, cpu_flags, isa;
  int32_t threads = 1;  // of each rank
  int32_t ranks = 1;    // processes that trained together
  std::map<std::string, std::string> libraries = {};
};

struct DataSplit {
  std::string name, sha256;
  int64_t count = 0;
};

struct Stage {
  std::string name;
  double seconds = 0;
  std::optional<double> images_per_second = {};
};

struct EpochPoint {
  int32_t epoch = 0;
  double train_loss = 0, learning_rate = 0;
  int64_t train_correct = 0, train_total = 0;
  std::optional<double> validation_loss = {};
  int64_t validation_correct = 0, validation_total = 0;
};

struct Curve {
  std::string stage;  // "float", "qat", "float_control"
  std::vector<EpochPoint> points = {};
};

struct ModelFile {
  std::string model, path;  // path relative to the run directory
  int64_t bytes = 0;
  std::string sha256, type, description;            // type: "int8", "float32"; description: where its figures come from, in words
  std::vector<FloatLayerRecord> float_layers = {};  // of an integer model: what stayed in float, and why
};

/// An image on which models disagree, with its pixels, so that a report can show it.
struct Disagreement {
  int64_t index = 0;
  int32_t label = 0, height = 0, width = 0, channels = 0;
  std::vector<uint8_t> pixels = {};                 // NHWC bytes
  std::map<std::string, int32_t> predictions = {};  // by model
};

/// How a person's own images were read: what a figure on them depends on.
struct ImageReading {
  std::string kind;  // "image_folder", "manifest", "arrays", "mnist", "cifar10"
  int32_t height = 0, width = 0;
  std::string channels;     // "rgb", "bgr", "gray"
  std::string resize, fit;  // names of the kernel and of the way to the size
  std::string labels;       // how the data's classes became the model's: "by name", "by place, offset 1"; empty: as they are
};

struct Run {
  std::string recipe, recipe_hash, dataset;
  std::string recipe_text = {};  // every key as it was effective, TOML, without the data's folder; empty in records of older versions
  std::vector<std::string> class_names;
  uint64_t seed = 0;
  Environment environment;
  std::vector<DataSplit> data;
  std::optional<ImageReading> images = {};
  std::optional<CalibrationRecord> calibration = {};  // the images that ranges start from or come from; without method
  std::vector<Stage> stages;
  std::vector<Metric> metrics;
  std::vector<Finding> findings;
  std::optional<Attribution> attribution = {};
  std::vector<Curve> curves;
  std::vector<ModelFile> models;
  std::vector<Disagreement> disagreements;
};

/// JSON with stable key order, two-space indent, a final newline; numbers round-trip.
std::string run_to_json(const Run& run);
Result<Run> run_from_json(const std::string& text, const std::string& path_for_messages);

}  // namespace liteqat::results
