#include "pipeline/model_file.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

#include "base/file.h"
#include "base/text.h"
#include "formats/keras/keras.h"
#include "formats/safetensors/graph_file.h"
#include "formats/safetensors/safetensors.h"
#include "formats/tflite/tflite.h"
#include "quant/raise.h"

namespace liteqat::pipeline {
namespace {

namespace safetensors = formats::safetensors;

constexpr const char* kRecipeHash = "liteqat.recipe_hash";
constexpr const char* kScheme = "liteqat.scheme";
constexpr const char* kFloatTensors = "liteqat.float_tensors";           // outputs of operators that stay in float, a line each
constexpr const char* kPerTensorWeights = "liteqat.per_tensor_weights";  // weights of one scale where the scheme has more, a line each
constexpr const char* kEpochsDone = "liteqat.epochs_done";
constexpr const char* kOptimizerSteps = "liteqat.optimizer_steps";
constexpr const char* kEpochPart = "liteqat.epoch_part";  // of an epoch that was interrupted: images seen, right ones, sum of losses
constexpr const char* kHistory = "liteqat.history";       // a line per epoch, the fields of train::EpochRecord but seconds, in order
constexpr const char* kSlotPrefix = "optimizer/";
constexpr const char* kRangePrefix = "range/";

safetensors::Array float_array(const std::vector<float>& values) {
  safetensors::Array array{graph::DType::kFloat32, {static_cast<int64_t>(values.size())}, Bytes(values.size() * sizeof(float))};
  if (!values.empty()) std::memcpy(array.data.data(), values.data(), array.data.size());
  return array;
}

Result<std::vector<float>> read_floats(const safetensors::Array& array, const std::string& path, const std::string& name) {
  if (array.type != graph::DType::kFloat32) return error(Code::kCorruptFile, "{}: array '{}' must be float32", path, name);
  std::vector<float> values(array.data.size() / sizeof(float));
  if (!values.empty()) std::memcpy(values.data(), array.data.data(), array.data.size());
  return values;
}

std::string print_history(const std::vector<train::EpochRecord>& history) {
  std::string text;
  for (const train::EpochRecord& r : history) {
    text +=
        format("{} {} {} {} {} {} {} {} {}\n", r.epoch, r.steps, r.train_loss, r.train_correct, r.train_total,
               r.validation_loss ? format("{}", *r.validation_loss) : "none", r.validation_correct, r.validation_total, r.learning_rate);
  }
  return text;
}

/// Reads one space-separated field; false at the end of the line or on anything that is not a whole number or decimal fraction.
template <typename T>
bool take_field(std::string_view& line, T& value) {
  const size_t end = std::min(line.find(' '), line.size());
  const auto parsed = std::from_chars(line.data(), line.data() + end, value);
  if (parsed.ec != std::errc() || parsed.ptr != line.data() + end) return false;
  line.remove_prefix(std::min(end + 1, line.size()));
  return true;
}

bool parse_history_line(std::string_view line, train::EpochRecord& r) {
  if (!take_field(line, r.epoch) || !take_field(line, r.steps) || !take_field(line, r.train_loss) || !take_field(line, r.train_correct) ||
      !take_field(line, r.train_total)) {
    return false;
  }
  if (line.starts_with("none ")) {
    line.remove_prefix(5);
  } else {
    double loss = 0;
    if (!take_field(line, loss)) return false;
    r.validation_loss = loss;
  }
  return take_field(line, r.validation_correct) && take_field(line, r.validation_total) && take_field(line, r.learning_rate) &&
         line.empty();
}

Status parse_history(const std::string& text, const std::string& path, std::vector<train::EpochRecord>& history) {
  std::string_view rest = text;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    train::EpochRecord record;
    if (!parse_history_line(rest.substr(0, end), record)) {
      return error(Code::kCorruptFile, "{}: '{}' in the header, line {}: not an epoch record", path, kHistory, history.size() + 1);
    }
    history.push_back(record);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return {};
}

Status parse_part(const std::string& text, const std::string& path, train::Tally& part) {
  std::string_view line = text;
  if (take_field(line, part.total) && take_field(line, part.correct) && take_field(line, part.loss_sum) && line.empty()) return {};
  return error(Code::kCorruptFile, "{}: '{}' in the header is '{}', images, right ones and a loss were expected", path, kEpochPart, text);
}

Result<int64_t> read_count(const safetensors::File& file, const std::string& key, const std::string& path) {
  const auto entry = file.metadata.find(key);
  if (entry == file.metadata.end()) return int64_t{0};
  int64_t value = 0;
  const std::string& text = entry->second;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || value < 0 || value > INT32_MAX) {
    return error(Code::kCorruptFile, "{}: '{}' in the header is '{}', a count was expected", path, key, text);
  }
  return value;
}

Status store_choices(const quant::Plan& plan, const graph::Graph& graph, safetensors::File& file) {
  LITEQAT_ASSIGN_OR_RETURN(const graph::Graph deployed, quant::deployed_operators(graph));
  const std::vector<quant::LayerChoice> layers = quant::layer_choices(deployed, plan);
  std::string in_float, per_tensor;
  for (size_t index = 0; index < layers.size(); ++index) {
    const graph::Op& op = deployed.ops[index];
    if (layers[index].type == quant::LayerType::kFloat32) in_float += deployed.tensor(op.outputs[0]).name + "\n";
    if (!layers[index].per_channel) per_tensor += deployed.tensor(op.inputs[1]).name + "\n";
  }
  if (!in_float.empty()) file.metadata[kFloatTensors] = in_float;
  if (!per_tensor.empty()) file.metadata[kPerTensorWeights] = per_tensor;
  return {};
}

/// The choices as stored; none if the file has none. Fails: kCorruptFile for a name that is not the graph's.
Result<std::vector<quant::LayerChoice>> load_choices(const safetensors::File& file, const graph::Graph& graph, const std::string& path) {
  if (!file.metadata.contains(kFloatTensors) && !file.metadata.contains(kPerTensorWeights)) return std::vector<quant::LayerChoice>();
  LITEQAT_ASSIGN_OR_RETURN(const graph::Graph deployed, quant::deployed_operators(graph));
  std::vector<quant::LayerChoice> layers(deployed.ops.size());
  for (const char* key : {kFloatTensors, kPerTensorWeights}) {
    const auto entry = file.metadata.find(key);
    if (entry == file.metadata.end()) continue;
    std::string_view rest = entry->second;
    while (!rest.empty()) {
      const size_t end = std::min(rest.find('\n'), rest.size());
      const std::string name(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      const bool output = key == kFloatTensors;
      const auto named = [&](const graph::Op& op) {
        if (output) return deployed.tensor(op.outputs[0]).name == name;
        return op.inputs.size() > 1 && op.inputs[1] != graph::kNoTensor && deployed.tensor(op.inputs[1]).name == name;
      };
      const auto op = std::ranges::find_if(deployed.ops, named);
      if (op == deployed.ops.end())
        return error(Code::kCorruptFile, "{}: '{}' in the header names '{}', which no operator has", path, key, name);
      quant::LayerChoice& layer = layers[static_cast<size_t>(op - deployed.ops.begin())];
      if (output) {
        layer.type = quant::LayerType::kFloat32;
      } else {
        layer.per_channel = false;
      }
    }
  }
  return layers;
}

Status store_plan(const quant::Plan& plan, const graph::Graph& graph, safetensors::File& file) {
  file.metadata[kScheme] = quant::scheme_name(plan.scheme);
  LITEQAT_RETURN_IF_ERROR(store_choices(plan, graph, file));
  for (const quant::Quantizer& quantizer : plan.quantizers) {
    const std::string name = kRangePrefix + graph.tensor(quantizer.tensor).name;
    file.arrays[name + "/min"] = float_array(quantizer.min);
    file.arrays[name + "/max"] = float_array(quantizer.max);
  }
  return {};
}

Result<std::vector<float>> read_range(const safetensors::File& file, const std::string& name, size_t expected, const std::string& path) {
  const auto found = file.arrays.find(name);
  if (found == file.arrays.end()) return error(Code::kCorruptFile, "{}: range '{}' is missing", path, name);
  LITEQAT_ASSIGN_OR_RETURN(std::vector<float> values, read_floats(found->second, path, name));
  if (values.size() != expected) {
    return error(Code::kCorruptFile, "{}: range '{}' has {} values, the scheme expects {}", path, name, values.size(), expected);
  }
  if (!std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); })) {
    return error(Code::kCorruptFile, "{}: range '{}' has a value that is not finite", path, name);
  }
  return values;
}

/// The plan's structure follows from graph, scheme and stored choices; else only the ranges are stored.
Result<quant::Plan> load_plan(const safetensors::File& file, const graph::Graph& graph, const std::string& path) {
  const auto parsed = quant::parse_scheme(file.metadata.at(kScheme));
  if (!parsed.ok()) return Status(Code::kCorruptFile, format("{}: {}", path, parsed.status().message()));
  LITEQAT_ASSIGN_OR_RETURN(const auto layers, load_choices(file, graph, path));
  LITEQAT_ASSIGN_OR_RETURN(quant::Plan plan, quant::make_plan(graph, *parsed, layers));
  for (quant::Quantizer& quantizer : plan.quantizers) {
    const std::string name = kRangePrefix + graph.tensor(quantizer.tensor).name;
    LITEQAT_ASSIGN_OR_RETURN(quantizer.min, read_range(file, name + "/min", quantizer.min.size(), path));
    LITEQAT_ASSIGN_OR_RETURN(quantizer.max, read_range(file, name + "/max", quantizer.max.size(), path));
    for (size_t channel = 0; channel < quantizer.min.size(); ++channel) {
      if (quantizer.min[channel] <= quantizer.max[channel]) continue;
      return error(Code::kCorruptFile, "{}: {} goes from {} to {} in channel {}", path, name, quantizer.min[channel],
                   quantizer.max[channel], channel);
    }
  }
  return plan;
}

}  // namespace

Result<Bytes> encode_trained_model(const TrainedModel& model) {
  safetensors::File file;
  LITEQAT_RETURN_IF_ERROR(safetensors::store_graph(model.graph, file));
  if (model.plan) LITEQAT_RETURN_IF_ERROR(store_plan(*model.plan, model.graph, file));
  file.metadata[kRecipeHash] = model.recipe_hash;
  file.metadata[kEpochsDone] = format("{}", model.state.epochs_done);
  file.metadata[kOptimizerSteps] = format("{}", model.state.optimizer_steps);
  file.metadata[kHistory] = print_history(model.state.history);
  if (const train::Tally& part = model.state.part; part.total > 0) {
    file.metadata[kEpochPart] = format("{} {} {}", part.total, part.correct, part.loss_sum);
  }
  for (const train::Optimizer::Slot& slot : model.state.slots) file.arrays[kSlotPrefix + slot.name] = float_array(slot.values);
  return safetensors::write(file);
}

Result<TrainedModel> decode_trained_model(const Bytes& bytes, const std::string& path) {
  LITEQAT_ASSIGN_OR_RETURN(const safetensors::File file, safetensors::read(bytes, path));
  TrainedModel model;
  LITEQAT_ASSIGN_OR_RETURN(model.graph, safetensors::load_graph(file, path));
  if (file.metadata.contains(kScheme)) {
    LITEQAT_ASSIGN_OR_RETURN(model.plan, load_plan(file, model.graph, path));
  }
  if (file.metadata.contains(kRecipeHash)) model.recipe_hash = file.metadata.at(kRecipeHash);
  LITEQAT_ASSIGN_OR_RETURN(const int64_t epochs, read_count(file, kEpochsDone, path));
  model.state.epochs_done = static_cast<int32_t>(epochs);
  LITEQAT_ASSIGN_OR_RETURN(model.state.optimizer_steps, read_count(file, kOptimizerSteps, path));
  if (file.metadata.contains(kHistory)) LITEQAT_RETURN_IF_ERROR(parse_history(file.metadata.at(kHistory), path, model.state.history));
  if (file.metadata.contains(kEpochPart)) LITEQAT_RETURN_IF_ERROR(parse_part(file.metadata.at(kEpochPart), path, model.state.part));
  for (const auto& [name, array] : file.arrays) {
    if (!name.starts_with(kSlotPrefix)) continue;
    LITEQAT_ASSIGN_OR_RETURN(std::vector<float> values, read_floats(array, path, name));
    model.state.slots.push_back({name.substr(std::strlen(kSlotPrefix)), std::move(values)});
  }
  return model;
}

Status write_trained_model(const TrainedModel& model, const std::string& path) {
  const auto bytes = encode_trained_model(model);
  if (!bytes.ok()) return bytes.status().with_context(path);
  return write_file(path, *bytes);
}

Result<TrainedModel> read_trained_model(const std::string& path) {
  LITEQAT_ASSIGN_OR_RETURN(const Bytes bytes, read_file(path));
  return decode_trained_model(bytes, path);
}

Result<AnyModel> read_any_model(const std::string& path) {
  LITEQAT_ASSIGN_OR_RETURN(const Bytes bytes, read_file(path));
  AnyModel any;
  any.file_bytes = static_cast<int64_t>(bytes.size());
  const bool tflite = bytes.size() >= 8 && std::memcmp(bytes.data() + 4, "TFL3", 4) == 0;
  if (tflite) {
    any.deployed = true;
    LITEQAT_ASSIGN_OR_RETURN(any.model.graph, formats::tflite::read(bytes, path, &any.extras));
    return any;
  }
  if (formats::keras::is_keras(bytes)) {
    any.imported = true;
    LITEQAT_ASSIGN_OR_RETURN(formats::keras::Imported imported, formats::keras::read(path));
    any.model.graph = std::move(imported.graph);
    any.inactive_layers = std::move(imported.inactive_layers);
    return any;
  }
  if (bytes.size() < 9 || static_cast<char>(bytes[8]) != '{') {
    return error(Code::kCorruptFile,
                 "{}: neither a .tflite file (no 'TFL3' at offset 4) nor a safetensors file of liteqat nor Keras' .h5 or .keras", path);
  }
  LITEQAT_ASSIGN_OR_RETURN(any.model, decode_trained_model(bytes, path));
  return any;
}

void note_inactive_layers(const AnyModel& any, const std::string& path, Progress& progress) {
  if (any.inactive_layers.empty()) return;
  progress.note(format("{}: skipped, since they do nothing at inference: {}", path, join(any.inactive_layers, ", ")));
}

Result<graph::Graph> take_training_graph(AnyModel any, const std::string& path) {
  if (!any.deployed) return std::move(any.model.graph);
  auto raised = quant::raise_for_training(any.model.graph);
  if (raised.ok()) return raised;
  return error(raised.status().code(), "{}: {}; `liteqat convert --dequantize` makes a float model of an integer one", path,
               raised.status().message());
}

}  // namespace liteqat::pipeline
