// What an audit has at hand: models with what they answered, data, claimed figures, a run's record. Checks read it and change nothing.
// Whatever is missing is empty, and the check that would need it says so.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "audit/answers.h"
#include "audit/figures/figures.h"
#include "data/batches.h"
#include "data/dataset.h"
#include "graph/graph.h"
#include "results/records.h"

namespace liteqat::audit {

enum class Kind { kUnknown, kFloat, kInteger };

/// One evaluation: answers under a profile ("litert-reference", "float32", or "file" for a prediction file) on a split.
struct Measured {
  std::string profile, split;
  Answers answers;
};

/// The test images fed in another way than the model's convention says.
struct Variant {
  std::string check;        // "input.scale", "input.channel_order", ...
  std::string description;  // "0..1 where the model takes 0..255"
  std::vector<int32_t> classed;
};

inline constexpr double kEqualDb = 200;  // a signal-to-noise ratio without noise

/// An operator's constants beside its float twin's.
struct WeightNoise {
  std::optional<double> sqnr_db;         // of the weights; empty where the twin's are the model's own
  std::optional<double> rounded;         // share of the channels whose codes are the twin's weights rounded; empty likewise
  double bias_steps = 0;                 // largest difference of the biases, in steps of the output
  std::vector<int64_t> narrow_channels;  // their largest weight is a few codes: one scale served channels of very different size
  std::vector<int64_t> empty_channels;   // all weights are zero
};

/// One operator of an integer model beside its float twin, on the same images. QUANTIZE operators and the model's integer input have
/// neither weights nor a twin: they are held against the numbers they are given.
struct LayerNoise {
  std::string op, tensor;          // "CONV_2D (operator 3)", the output's name
  int32_t op_index = 0;            // in the integer model; -1: its input
  double sqnr_db = 0;              // the twin's signal over the difference; 200 where they are equal
  std::optional<double> alone_db;  // the same of this operator alone: the twin's is given the integer model's inputs
  double cut_off = 0;              // share of the noise, alone where known, on values outside what the codes span
  double saturated = 0;            // share of the twin's values more than a step outside what the output's codes span
  double range_used = 0;           // share of the span of the output's codes that the twin's values fill
  std::optional<WeightNoise> weights;
  std::vector<int64_t> dead_channels;      // constant here; the twin's moves by more than four steps of the scale
  std::vector<int64_t> dead_in_float_too;  // constant in both
};

struct LayerStudy {
  std::string twin;  // what it is compared with: a float model's name, or "its own weights in float"
  bool own_weights = true;
  std::string other_weights = {};  // a float model that was given, whose weights rounded these are not; the twin is then the model's own
  int64_t images = 0;              // of the layers
  std::vector<LayerNoise> layers;
  std::vector<int32_t> twin_classed;  // the twin's answers on the first test images; as many as were run
};

struct AuditedModel {
  std::string name = {};
  Kind kind = Kind::kUnknown;
  const graph::Graph* graph = nullptr;  // of a .tflite model; null where only answers are known
  data::Normalization normalization;
  std::string convention;  // "its metadata: (pixel - 0) / 255"
  std::vector<Measured> measured;
  std::vector<Variant> variants;    // empty: not made
  bool truncation_applies = false;  // an integer input, for which input.truncated_quantization was tried
  std::optional<LayerStudy> study;

  /// Null if it was not measured. An empty profile: the first of that split.
  const Measured* find(const std::string& split, const std::string& profile = {}) const;
};

struct Claim {
  Figure figure;
  std::optional<size_t> subject;  // index of the subject it belongs to
};

/// Copies across or inside splits.
struct CopyCounts {
  int64_t exact = 0, near = 0;
  double baseline = 0;  // near copies expected from the training split's own rate
  int64_t checked = 0;  // images looked up
  int64_t baseline_hits = 0, baseline_checked = 0;
  std::vector<int64_t> pairs;  // test index, training index, ... of the first exact, then near copies
};

struct DataEvidence {
  std::string name;  // "cifar10"
  int32_t classes = 0;
  int64_t train = 0, test = 0;
  std::vector<int64_t> test_counts, train_counts;  // images per class
  CopyCounts across;                               // test images found in the training split
  int64_t duplicates_train = 0, duplicates_test = 0;
};

/// The test images through a network whose batch normalization takes the statistics of every batch at hand.
struct TrainingMode {
  int32_t batch = 0;
  std::vector<int32_t> classed;
};

/// What a recipe says that bears on a check, and what only the trained network can show.
struct TrainingFacts {
  std::string stage;
  double batch_norm_momentum = 0;  // 0: no batch normalization
  int64_t steps = 0;
  double range_decay = 0;   // of activation ranges that did not start from calibration images; 0: none
  int64_t range_steps = 0;  // of those ranges
  std::vector<TrainingMode> training_mode = {};
};

struct Evidence {
  std::vector<int32_t> labels;  // of the test images; empty: unknown
  std::vector<int32_t> train_labels;
  std::vector<int32_t> data_labels;  // the data set's own test labels, where others were given
  int32_t classes = 0;
  std::vector<AuditedModel> subjects;
  std::vector<Claim> claims;
  std::optional<DataEvidence> data;
  std::optional<results::Run> run;
  std::vector<TrainingFacts> training;

  int64_t total() const { return static_cast<int64_t>(labels.size()); }
  bool has_models() const;
};

}  // namespace liteqat::audit
