#include "formats/keras/model_config.h"

#include <algorithm>
#include <map>
#include <utility>

namespace liteqat::formats::keras {
namespace {

using nlohmann::json;

constexpr size_t kMaxLayers = 10000;  // of one model; the deepest published ones have about 1000
constexpr int kMaxNesting = 16;       // of models inside models

bool is_model_class(const std::string& name) {
  return name == "Functional" || name == "Model" || name == "Sequential";
}

Status malformed(const std::string& where, const std::string& expected) {
  return error(Code::kCorruptFile, "the model's configuration: {} must be {}", where, expected);
}

Result<std::string> read_text(const json& object, const char* key, const std::string& where) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  if (!object.is_object() || found == object.end() || !found->is_string()) return malformed(format("'{}' of {}", key, where), "a text");
  return found->get<std::string>();
}

/// ["layer", node, tensor] with anything behind.
bool is_reference(const json& entry) {
  return entry.is_array() && entry.size() >= 3 && entry[0].is_string() && entry[1].is_number_integer() && entry[2].is_number_integer();
}

TensorRef make_reference(const json& entry) {
  return {entry[0].get<std::string>(), entry[1].get<int64_t>(), entry[2].get<int64_t>()};
}

/// Keras 3: {"class_name": "__keras_tensor__", "config": {"keras_history": ["layer", node, tensor]}} anywhere in the arguments, in order.
Status collect_keras_tensors(const json& value, const std::string& where, std::vector<TensorRef>& found, int depth) {
  if (depth > kMaxNesting) return malformed(where, "less deeply nested");
  if (value.is_array()) {
    for (const json& entry : value) LITEQAT_RETURN_IF_ERROR(collect_keras_tensors(entry, where, found, depth + 1));
    return {};
  }
  if (!value.is_object()) return {};
  if (value.value("class_name", json()) == "__keras_tensor__") {
    const json config = value.value("config", json::object());
    const json history = config.is_object() ? config.value("keras_history", json()) : json();
    if (!is_reference(history)) return malformed(where, "tensors with their layer, call and index");
    found.push_back(make_reference(history));
    return {};
  }
  for (const json& entry : value) LITEQAT_RETURN_IF_ERROR(collect_keras_tensors(entry, where, found, depth + 1));
  return {};
}

bool is_true(const json& value) {
  return value.is_boolean() ? value.get<bool>() : value.is_number() && value.get<double>() != 0;
}

/// Whether layer(x, training=True) was written in Keras 2, which then computes as in training at inference too: it keeps what was given by
/// keyword behind every tensor. Keras 3's predict says training=False to all layers, whatever their calls say.
bool is_called_in_training(const json& node) {
  if (!node.is_array()) return false;
  const auto says_training = [](const json& keywords) { return keywords.is_object() && is_true(keywords.value("training", json())); };
  return std::ranges::any_of(
      node, [&](const json& entry) { return says_training(entry) || (entry.is_array() && std::ranges::any_of(entry, says_training)); });
}

/// One call of a layer. Tensors handed over by keyword are beyond the layers we know.
Result<std::vector<TensorRef>> parse_call(const json& node, const std::string& where) {
  std::vector<TensorRef> inputs;
  if (is_called_in_training(node)) {
    return error(Code::kUnsupported,
                 "{}: it is called with training=True, so it would compute as in training at inference too; save the model without that",
                 where);
  }
  if (node.is_object()) {
    LITEQAT_RETURN_IF_ERROR(collect_keras_tensors(node.value("args", json::array()), where, inputs, 0));
    std::vector<TensorRef> by_keyword;
    LITEQAT_RETURN_IF_ERROR(collect_keras_tensors(node.value("kwargs", json::object()), where, by_keyword, 0));
    if (!by_keyword.empty()) return error(Code::kUnsupported, "{}: takes a tensor by keyword, which is not supported", where);
    return inputs;
  }
  if (is_reference(node)) return std::vector<TensorRef>{make_reference(node)};
  if (!node.is_array()) return malformed(where, "lists of tensors");
  for (const json& entry : node) {
    if (!is_reference(entry)) return malformed(where, "tensors with their layer, call and index");
    inputs.push_back(make_reference(entry));
  }
  return inputs;
}

/// "input_layers" and "output_layers": one reference, a list of them, or a table by name.
Result<std::vector<TensorRef>> parse_ends(const json& config, const char* key) {
  std::vector<TensorRef> ends;
  const json value = config.value(key, json());
  if (is_reference(value)) {
    ends.push_back(make_reference(value));
  } else if (value.is_array() || value.is_object()) {
    for (const json& entry : value) {
      if (!is_reference(entry)) return malformed(format("'{}'", key), "tensors with their layer, call and index");
      ends.push_back(make_reference(entry));
    }
  }
  if (ends.empty()) return malformed(format("'{}'", key), "at least one tensor");
  return ends;
}

Result<Model> parse_model_object(const json& object, int depth);

/// A .keras archive says where a class comes from; one's own may have the name of one of Keras'.
Status check_class_is_kerass_own(const json& entry, const Layer& layer) {
  const auto origin = entry.find("module");
  if (origin == entry.end()) return {};
  const std::string module = origin->is_string() ? origin->get<std::string>() : "";
  const std::string package = module.substr(0, module.find('.'));
  if (package == "keras" || package == "tf_keras") return {};
  return error(Code::kUnsupported, "layer '{}' ({}): its class is none of Keras' own, and the code of others is not in the file",
               layer.name, layer.class_name);
}

Result<Layer> parse_layer(const json& entry, size_t position, int depth) {
  Layer layer;
  LITEQAT_ASSIGN_OR_RETURN(layer.class_name, read_text(entry, "class_name", format("layer {}", position)));
  if (!entry.contains("config")) return malformed(format("layer {} ({})", position, layer.class_name), "complete: 'config' is missing");
  layer.config = entry["config"];
  const json shared = entry.value("shared_object_id", json());
  if (shared.is_number_integer()) layer.shared_id = shared.get<int64_t>();
  if (is_model_class(layer.class_name)) {
    LITEQAT_ASSIGN_OR_RETURN(Model nested, parse_model_object(entry, depth + 1));
    layer.nested = std::make_unique<Model>(std::move(nested));
    layer.name = layer.nested->name;
  }
  const json& named = entry.contains("name") ? entry : layer.config;
  if (layer.name.empty() || entry.contains("name")) {
    LITEQAT_ASSIGN_OR_RETURN(layer.name, read_text(named, "name", format("layer {} ({})", position, layer.class_name)));
  }
  LITEQAT_RETURN_IF_ERROR(check_class_is_kerass_own(entry, layer));
  return layer;
}

Status parse_calls(const json& entry, Layer& layer) {
  const json nodes = entry.value("inbound_nodes", json::array());
  const std::string where = format("'inbound_nodes' of layer '{}' ({})", layer.name, layer.class_name);
  if (!nodes.is_array()) return malformed(where, "a list of calls");
  for (const json& node : nodes) {
    LITEQAT_ASSIGN_OR_RETURN(std::vector<TensorRef> inputs, parse_call(node, where));
    layer.calls.push_back(std::move(inputs));
  }
  return {};
}

/// A Sequential model may say its input's shape in the first layer's options or beside the layers instead of by an InputLayer.
Status add_sequential_input(const json& config, Model& model) {
  if (!model.layers.empty() && model.layers[0].class_name == "InputLayer") return {};
  json shape;
  if (!model.layers.empty()) {
    const Layer& first = model.layers[0];
    const json& options = first.nested && !first.nested->layers.empty() ? first.nested->layers[0].config : first.config;
    for (const char* key : {"batch_input_shape", "batch_shape"}) {
      if (options.is_object() && options.contains(key)) shape = options[key];
    }
  }
  if (!shape.is_array() && config.is_object()) shape = config.value("build_input_shape", json());
  if (!shape.is_array()) {
    return error(Code::kUnsupported, "model '{}' (Sequential) does not say its input's shape: build it before it is saved", model.name);
  }
  Layer input;
  input.class_name = "InputLayer";
  input.name = "input";
  input.config = {{"batch_shape", shape}, {"name", "input"}};
  model.layers.insert(model.layers.begin(), std::move(input));
  return {};
}

/// As a chain of calls, so that both kinds of models are walked alike.
Status connect_sequential(const json& config, Model& model) {
  LITEQAT_RETURN_IF_ERROR(add_sequential_input(config, model));
  model.inputs = {{model.layers[0].name, 0, 0}};
  TensorRef last = model.inputs[0];
  for (size_t i = 1; i < model.layers.size(); ++i) {
    model.layers[i].calls = {{last}};
    last = {model.layers[i].name, 0, 0};
  }
  model.outputs = {last};
  return {};
}

/// Keras 2 counts the calls of a nested Sequential model from 1 (its own construction is call 0) but lists only those inside this model:
/// references to a nested model are moved down so that the highest one is its last call.
void renumber_calls(Model& model) {
  std::vector<TensorRef*> refs;
  for (TensorRef& ref : model.outputs) refs.push_back(&ref);
  for (Layer& layer : model.layers) {
    for (std::vector<TensorRef>& call : layer.calls) {
      for (TensorRef& ref : call) refs.push_back(&ref);
    }
  }
  std::map<std::string, int64_t> last_call, highest;
  for (const Layer& layer : model.layers) {
    if (layer.nested) last_call[layer.name] = static_cast<int64_t>(layer.calls.size()) - 1;
  }
  for (const TensorRef* ref : refs) highest[ref->layer] = std::max(highest[ref->layer], ref->node);
  for (TensorRef* ref : refs) {
    const auto nested = last_call.find(ref->layer);
    if (nested != last_call.end()) ref->node -= std::max<int64_t>(0, highest[ref->layer] - nested->second);
  }
}

Result<Model> parse_model_object(const json& object, int depth) {
  if (depth > kMaxNesting) return malformed("models", format("nested at most {} deep", kMaxNesting));
  LITEQAT_ASSIGN_OR_RETURN(const std::string class_name, read_text(object, "class_name", "the model"));
  if (!is_model_class(class_name)) {
    return error(Code::kUnsupported,
                 "a model of class {} cannot be read: its layers are connected by code; save a Sequential or Functional model", class_name);
  }
  const json config = object.value("config", json());
  Model model;
  model.sequential = class_name == "Sequential";
  if (config.is_object() && config.value("name", json()).is_string()) model.name = config["name"].get<std::string>();
  const json layers = config.is_array() ? config : config.is_object() ? config.value("layers", json()) : json();
  if (!layers.is_array() || layers.size() > kMaxLayers) {
    return malformed(format("'layers' of model '{}'", model.name), format("a list of at most {} layers", kMaxLayers));
  }
  for (size_t i = 0; i < layers.size(); ++i) {
    LITEQAT_ASSIGN_OR_RETURN(Layer layer, parse_layer(layers[i], i, depth));
    if (!model.sequential) LITEQAT_RETURN_IF_ERROR(parse_calls(layers[i], layer));
    model.layers.push_back(std::move(layer));
  }
  if (model.sequential) {
    LITEQAT_RETURN_IF_ERROR(connect_sequential(config, model));
    return model;
  }
  LITEQAT_ASSIGN_OR_RETURN(model.inputs, parse_ends(config, "input_layers"));
  LITEQAT_ASSIGN_OR_RETURN(model.outputs, parse_ends(config, "output_layers"));
  renumber_calls(model);
  return model;
}

/// Recursion below follows the nesting of the text, so the parser itself bounds it. Deep enough for models in models.
bool is_too_deep(const std::string& text) {
  constexpr int kMaxDepth = 512;
  int depth = 0;
  bool in_text = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char letter = text[i];
    if (in_text && letter == '\\') ++i;
    if (letter == '"') in_text = !in_text;
    if (in_text) continue;
    if (letter == '{' || letter == '[') ++depth;
    if (letter == '}' || letter == ']') --depth;
    if (depth > kMaxDepth) return true;
  }
  return false;
}

}  // namespace

Result<Model> parse_model(const std::string& text) {
  if (is_too_deep(text)) return malformed("its JSON", "nested less deeply");
  const json object = json::parse(text, nullptr, false);
  if (object.is_discarded()) return malformed("it", "JSON");
  return parse_model_object(object, 0);
}

}  // namespace liteqat::formats::keras
