// What is in a model file, and what a conversion wrote: the records behind `liteqat inspect` and `liteqat convert`. Nothing is computed
// here.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace liteqat::results {

/// Where a tensor's bytes are while the model runs.
enum class TensorPlace {
  kNone,      // not executed, or no operator reads or writes it
  kConstant,  // in the model, or computed from constants when the model is prepared
  kArena,     // in the arena that all activations share, at `offset`
};
const char* tensor_place_name(TensorPlace place);  // "none", "constant", "arena"

struct TensorRecord {
  int32_t id = 0;
  std::string name, type;
  std::vector<int32_t> shape = {};
  std::vector<float> scale = {};         // one entry, or one per slice along axis; empty: not quantized
  std::vector<int64_t> zero_point = {};  // as scale
  int32_t axis = 0;
  std::optional<double> low = {}, high = {};  // real values that the stored type can hold, or the trained range
  int64_t bytes = 0;
  TensorPlace place = TensorPlace::kNone;
  int64_t offset = 0;                       // kArena
  std::optional<int32_t> in_place_of = {};  // shares the memory of this tensor
  int32_t first_op = 0, last_op = 0;        // kArena: the bytes are taken from this operator to that one, both included
};

struct LayerRecord {
  int32_t index = 0;
  std::string op, name, kernel;  // "CONV_2D", "block_1_expand"; kernel is empty where nothing would run
  int64_t macs = 0, scratch_bytes = 0;
  std::vector<int32_t> inputs = {}, outputs = {};  // tensor ids, -1 for an omitted input
};

struct MemoryRecord {
  int64_t arena_bytes = 0, live_peak_bytes = 0, scratch_bytes = 0;
};

struct ModelRecord {
  std::string file, format, description;  // format: "tflite", "keras" or "liteqat"
  int64_t file_bytes = 0;
  std::vector<int32_t> inputs = {}, outputs = {};  // tensor ids
  std::vector<float> mean = {}, std = {};          // input = (pixel - mean) / std; empty: not recorded
  std::vector<std::string> labels = {};
  std::map<std::string, int64_t> operators = {};  // how many of each
  int64_t constant_bytes = 0, macs = 0;
  std::vector<std::string> inactive_layers = {};  // of a Keras model: "flip (RandomFlip)", do nothing at inference and have no operator
  // Of a model in training:
  std::optional<int64_t> trainable_parameters = {}, parameters = {};
  std::optional<int32_t> epochs = {};
  std::string scheme = {};
  int64_t quantizers = 0;
  // Of a model that is run:
  std::optional<MemoryRecord> memory = {};
  std::string isa = {};
  std::vector<LayerRecord> layers = {};
  std::vector<TensorRecord> tensors = {};  // by id

  const TensorRecord& tensor(int32_t id) const { return tensors[static_cast<size_t>(id)]; }
};

/// The images that ranges come from.
struct CalibrationRecord {
  int64_t images = 0;
  std::string rule, sha256;               // which images, in words; of their pixels
  std::optional<int64_t> overlap = {};    // how many of them are among the images that accuracy is measured on
  std::string calibrator;                 // "minmax", ...
  std::vector<std::string> methods = {};  // "bias correction", ...
};

/// Accuracy before and after, on the same images.
struct ConversionAccuracy {
  std::string split;
  int64_t total = 0, float_correct = 0, correct = 0, agreement = 0;
  double difference = 0, low = 0, high = 0, p = 1;  // converted less float: paired 95 % interval, exact McNemar
};

struct LayerNoiseRecord {
  std::string op, name, type;
  double sqnr_db = 0;  // infinite where nothing changed
};

struct FloatLayerRecord {
  std::string op, name, reason;
};

/// One step of mixed precision: so many of the most sensitive layers spared.
struct TradeOffRecord {
  int64_t spared = 0;
  std::string layer, type;  // the one that this step adds, and what it becomes
  int64_t bytes = 0;
  double sqnr_db = 0;                   // of the model's output
  std::optional<int64_t> correct = {};  // of the evaluation images
};

struct ConversionRecord {
  std::string source, file, type, io;  // "int8", "uint8"
  std::string ranges;                  // where they come from: "none", "training", "calibration", "file"
  int64_t bytes = 0;
  std::string sha256;
  std::optional<CalibrationRecord> calibration = {};
  std::optional<ConversionAccuracy> accuracy = {};
  std::optional<int64_t> arena_bytes = {};
  std::vector<LayerNoiseRecord> layers = {};
  std::vector<LayerNoiseRecord> sensitivity = {};  // of the output when that layer alone is quantized; the worst first
  std::vector<TradeOffRecord> trade_off = {};
  std::vector<FloatLayerRecord> float_layers = {};  // what stayed in float, and why
};

/// {"schema": "liteqat/inspect/1", ...}; with_layers adds "layers" and "tensors".
std::string model_to_json(const ModelRecord& model, bool with_layers);
/// {"schema": "liteqat/convert/1", ...}
std::string conversion_to_json(const ConversionRecord& conversion);

}  // namespace liteqat::results
