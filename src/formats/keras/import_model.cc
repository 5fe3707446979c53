#include "formats/keras/import_model.h"

#include <algorithm>
#include <map>
#include <utility>

#include "formats/keras/layer_call.h"
#include "formats/keras/layer_weights.h"
#include "formats/keras/model_config.h"

namespace liteqat::formats::keras {
namespace {

/// "layer 'block/conv' (Conv2D)".
std::string layer_text(const std::string& name, const Layer& layer) {
  return format("layer '{}' ({})", name, layer.class_name);
}

std::string reference_text(const TensorRef& ref) {
  return format("output {} of call {} of layer '{}'", ref.index, ref.node, ref.layer);
}

/// [null, 32, 32, 3] -> [1,32,32,3].
Result<graph::Shape> read_input_shape(const Layer& layer) {
  const LayerOptions options(layer.config);
  const nlohmann::json& given = options.find("batch_shape").is_null() ? options.find("batch_input_shape") : options.find("batch_shape");
  if (!given.is_array() || given.size() < 2 || given.size() > 8) {
    return error(Code::kCorruptFile, "its shape is {}, a list of 2 to 8 extents was expected", given.dump().substr(0, 60));
  }
  graph::Shape shape = {1};
  for (size_t axis = 1; axis < given.size(); ++axis) {
    const bool whole = given[axis].is_number_integer();
    const int64_t extent = whole ? given[axis].get<int64_t>() : 0;
    if (given[axis].is_null()) {
      return error(Code::kUnsupported, "its shape {} leaves axis {} open; save the model with a fixed input size", given.dump(), axis);
    }
    if (extent < 1 || extent > (1 << 20)) {
      return error(Code::kCorruptFile, "its shape is {}, extents of 1 to 2^20 were expected", given.dump().substr(0, 60));
    }
    shape.push_back(static_cast<int32_t>(extent));
  }
  return shape;
}

class Importer {
 public:
  Importer(Imported& imported, const WeightsByLayer& weights)
      : emit_(imported.graph), inactive_layers_(imported.inactive_layers), weights_(weights) {}

  /// The model's outputs. `inputs` are those of a nested model; a null pointer: graph inputs are made.
  Result<std::vector<TensorId>> walk(const Model& model, const std::string& prefix, const std::vector<TensorId>* inputs) {
    Values values;
    LITEQAT_RETURN_IF_ERROR(place_inputs(model, prefix, inputs, values));
    std::vector<Pending> pending;
    for (const Layer& layer : model.layers) {
      if (layer.class_name == "InputLayer") continue;
      for (size_t node = 0; node < layer.calls.size(); ++node) pending.push_back({&layer, node});
    }
    // Keras writes layers nearly in order; whatever waits for a later one is taken in the next pass, as Keras itself does.
    for (bool progress = true; progress && !pending.empty();) {
      LITEQAT_ASSIGN_OR_RETURN(std::vector<Pending> waiting, pass(pending, prefix, values));
      progress = waiting.size() < pending.size();
      pending = std::move(waiting);
    }
    if (!pending.empty()) return unreachable(*pending[0].layer, pending[0].node, prefix, values);
    std::vector<TensorId> outputs;
    for (const TensorRef& ref : model.outputs) {
      const auto found = values.find(ref);
      if (found == values.end()) {
        return error(Code::kCorruptFile, "model '{}': its output is {}, which does not exist", model.name, reference_text(ref));
      }
      outputs.push_back(found->second);
    }
    return outputs;
  }

 private:
  using Values = std::map<TensorRef, TensorId>;
  struct Pending {
    const Layer* layer;
    size_t node;
  };

  static std::string path(const std::string& prefix, const std::string& name) { return prefix.empty() ? name : prefix + "/" + name; }

  Status place_inputs(const Model& model, const std::string& prefix, const std::vector<TensorId>* inputs, Values& values) {
    if (inputs != nullptr && inputs->size() != model.inputs.size()) {
      return error(Code::kMismatch, "it is called with {} tensors and has {} inputs", inputs->size(), model.inputs.size());
    }
    for (size_t i = 0; i < model.inputs.size(); ++i) {
      const TensorRef& ref = model.inputs[i];
      const auto layer = std::ranges::find(model.layers, ref.layer, &Layer::name);
      if (layer == model.layers.end() || layer->class_name != "InputLayer") {
        return error(Code::kCorruptFile, "model '{}': input {} is layer '{}', which is no InputLayer of it", model.name, i, ref.layer);
      }
      if (inputs != nullptr) {  // its own shape may be open; what it is given has one
        values[ref] = (*inputs)[i];
        continue;
      }
      auto shape = read_input_shape(*layer);
      if (!shape.ok()) return shape.status().with_context(layer_text(path(prefix, layer->name), *layer));
      values[ref] = emit_.input(layer->name, *shape);
    }
    return {};
  }

  /// Calls whose inputs exist are made; the others are returned.
  Result<std::vector<Pending>> pass(const std::vector<Pending>& pending, const std::string& prefix, Values& values) {
    std::vector<Pending> waiting;
    for (const Pending& call : pending) {
      const std::vector<TensorRef>& refs = call.layer->calls[call.node];
      std::vector<TensorId> inputs;
      for (const TensorRef& ref : refs) {
        const auto found = values.find(ref);
        if (found == values.end()) break;
        inputs.push_back(found->second);
      }
      if (inputs.size() < refs.size()) {
        waiting.push_back(call);
        continue;
      }
      auto outputs = call_layer(*call.layer, path(prefix, call.layer->name), inputs);
      if (!outputs.ok()) return outputs.status().with_context(layer_text(path(prefix, call.layer->name), *call.layer));
      for (size_t index = 0; index < outputs->size(); ++index) {
        values[{call.layer->name, static_cast<int64_t>(call.node), static_cast<int64_t>(index)}] = (*outputs)[index];
      }
    }
    return waiting;
  }

  Result<std::vector<TensorId>> call_layer(const Layer& layer, const std::string& name, const std::vector<TensorId>& inputs) {
    if (layer.nested) return walk(*layer.nested, name, &inputs);
    if (layer.class_name == "Lambda") {
      return error(Code::kUnsupported, "holds Python code, which is never executed: replace it by layers that say what they compute");
    }
    if (is_inactive_at_inference(layer.class_name)) return pass_through(layer, name, inputs);
    const LayerImporter* importer = find_layer_importer(layer.class_name);
    if (importer == nullptr) return error(Code::kUnsupported, "this class is not supported; known are {}", known_layer_classes());
    if (inputs.size() < importer->least_inputs || inputs.size() > importer->most_inputs) {
      return error(Code::kCorruptFile, "it is called with {} tensors, {} to {} were expected", inputs.size(), importer->least_inputs,
                   importer->most_inputs);
    }
    const auto stored = weights_.find(name);
    const auto arrays = stored == weights_.end() ? std::span<const archive::Array* const>() : std::span(stored->second);
    const LayerCall call = {layer, name, inputs, arrays, emit_, LayerOptions(layer.config)};
    LITEQAT_ASSIGN_OR_RETURN(const TensorId output, importer->import(call));
    return std::vector<TensorId>{output};
  }

  Result<std::vector<TensorId>> pass_through(const Layer& layer, const std::string& name, const std::vector<TensorId>& inputs) {
    if (inputs.size() != 1) return error(Code::kCorruptFile, "it is called with {} tensors, 1 was expected", inputs.size());
    const std::string text = format("{} ({})", name, layer.class_name);
    if (std::ranges::find(inactive_layers_, text) == inactive_layers_.end()) inactive_layers_.push_back(text);
    return inputs;
  }

  static Status unreachable(const Layer& layer, size_t node, const std::string& prefix, const Values& values) {
    const std::vector<TensorRef>& refs = layer.calls[node];
    const auto missing = std::ranges::find_if(refs, [&](const TensorRef& ref) { return !values.contains(ref); });
    return error(Code::kCorruptFile, "{}: takes {}, which does not exist or depends on this layer itself",
                 layer_text(path(prefix, layer.name), layer), reference_text(*missing));
  }

  Emitter emit_;
  std::vector<std::string>& inactive_layers_;
  const WeightsByLayer& weights_;
};

/// The configuration's text: a member of a .keras archive, an attribute of an .h5 file.
const std::string* find_config(const archive::Contents& contents) {
  for (const char* name : {"config.json", "/@model_config"}) {
    const auto found = contents.texts.find(name);
    if (found != contents.texts.end()) return &found->second;
  }
  return nullptr;
}

Result<Imported> import_model(const archive::Contents& contents) {
  const std::string* config = find_config(contents);
  if (config == nullptr) {
    return error(Code::kUnsupported,
                 "holds weights but no model (no 'model_config'): save the whole model, or start training from the weights with --weights");
  }
  LITEQAT_ASSIGN_OR_RETURN(const Model model, parse_model(*config));
  LITEQAT_ASSIGN_OR_RETURN(const WeightsByLayer weights, assign_weights(model, contents));
  Imported imported;
  imported.graph.info.name = model.name;
  LITEQAT_ASSIGN_OR_RETURN(imported.graph.outputs, Importer(imported, weights).walk(model, "", nullptr));
  LITEQAT_RETURN_IF_ERROR(graph::validate(imported.graph));
  return imported;
}

}  // namespace

bool has_model(const archive::Contents& contents) {
  return find_config(contents) != nullptr;
}

Result<Imported> import_contents(const archive::Contents& contents) {
  try {
    return import_model(contents);
  } catch (const nlohmann::json::exception& fault) {
    return error(Code::kCorruptFile, "the model's configuration: {}", fault.what());
  }
}

}  // namespace liteqat::formats::keras
