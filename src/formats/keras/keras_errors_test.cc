// Every sentence about a model that cannot be imported, from configurations and arrays in memory: no file, no reading program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "formats/keras/import_model.h"

namespace liteqat::formats::keras {
namespace {

using archive::Array;
using archive::Contents;
using nlohmann::json;
using testing::HasSubstr;

Result<Imported> import(const std::string& config, Contents contents) {
  contents.texts["config.json"] = config;
  return import_contents(contents);
}

void expect_failure(const Result<Imported>& imported, Code code, const std::string& part) {
  ASSERT_FALSE(imported.ok()) << part;
  EXPECT_EQ(imported.status().code(), code) << imported.status().message();
  EXPECT_THAT(imported.status().message(), HasSubstr(part));
}

json input_layer(const json& shape = {nullptr, 4, 4, 2}) {
  return {{"class_name", "InputLayer"}, {"config", {{"batch_shape", shape}, {"name", "in"}}}};
}

/// A Sequential model of an input and one layer "x", whose weights are stored as Keras 3 stores them.
struct OneLayer {
  std::string class_name;
  json options = json::object();
  std::vector<Array> weights = {};
  json input = input_layer();
};

Result<Imported> import(const OneLayer& model, const std::string& group = "") {
  json options = model.options;
  options["name"] = "x";
  const json layer = {{"class_name", model.class_name}, {"config", options}};
  const json config = {{"class_name", "Sequential"}, {"config", {{"name", "m"}, {"layers", {model.input, layer}}}}};
  Contents contents;
  for (size_t i = 0; i < model.weights.size(); ++i) {
    contents.arrays["/layers/" + group + "/vars/" + std::to_string(i)] = model.weights[i];
  }
  return import(config.dump(), contents);
}

Array filled(std::vector<int64_t> shape, float value = 1) {
  int64_t count = 1;
  for (int64_t extent : shape) count *= extent;
  return {std::move(shape), std::vector<float>(static_cast<size_t>(count), value)};
}

TEST(KerasErrors, ConfigurationsThatAreNone) {
  expect_failure(import("no JSON", {}), Code::kCorruptFile, "the model's configuration: it must be JSON");
  expect_failure(import("[1]", {}), Code::kCorruptFile, "'class_name' of the model must be a text");
  expect_failure(import(std::string(5000, '['), {}), Code::kCorruptFile, "must be nested less deeply");
  expect_failure(import(R"({"class_name": "MyModel", "config": {}})", {}), Code::kUnsupported,
                 "a model of class MyModel cannot be read: its layers are connected by code");
  expect_failure(import(R"({"class_name": "Functional", "config": {"name": "m"}})", {}), Code::kCorruptFile,
                 "'layers' of model 'm' must be a list of at most 10000 layers");
  expect_failure(import(R"({"class_name": "Functional", "config": {"name": "m", "layers": []}})", {}), Code::kCorruptFile,
                 "'input_layers' must be at least one tensor");
  expect_failure(import(R"({"class_name": "Sequential", "config": {"name": "m", "layers": [{"class_name": "ReLU"}]}})", {}),
                 Code::kCorruptFile, "layer 0 (ReLU) must be complete: 'config' is missing");
  expect_failure(import(R"({"class_name": "Sequential", "config": {"name": "m", "layers": [{"class_name": "ReLU", "config": {}}]}})", {}),
                 Code::kCorruptFile, "'name' of layer 0 (ReLU) must be a text");
  expect_failure(
      import(R"({"class_name": "Sequential", "config": {"name": "m", "layers": [{"class_name": "ReLU", "config": {"name": "r"}}]}})", {}),
      Code::kUnsupported, "model 'm' (Sequential) does not say its input's shape");
}

TEST(KerasErrors, WeightsWithoutAModel) {
  expect_failure(import_contents({}), Code::kUnsupported, "holds weights but no model (no 'model_config')");
  Contents numbered;
  numbered.arrays["/layers/conv2d/vars/0"] = filled({1, 1, 2, 3});
  expect_failure(import_contents(numbered), Code::kUnsupported, "start training from the weights with --weights");
}

TEST(KerasErrors, NestingHasAnEnd) {
  json model = {{"class_name", "Sequential"}, {"config", {{"name", "m"}, {"layers", {input_layer()}}}}};
  for (int depth = 0; depth < 20; ++depth) {
    model = {{"class_name", "Sequential"}, {"config", {{"name", "m"}, {"layers", {input_layer(), model}}}}};
  }
  expect_failure(import(model.dump(), {}), Code::kCorruptFile, "models must be nested at most 16 deep");
}

std::string functional(const json& layers, const std::string& output) {
  return json{{"class_name", "Functional"},
              {"config", {{"name", "m"}, {"layers", layers}, {"input_layers", {{"in", 0, 0}}}, {"output_layers", {{output, 0, 0}}}}}}
      .dump();
}

json called(const std::string& class_name, const std::string& name, const json& calls, const json& options = json::object()) {
  return {{"class_name", class_name}, {"config", options}, {"name", name}, {"inbound_nodes", calls}};
}

TEST(KerasErrors, ConnectionsThatLeadNowhere) {
  json in = input_layer();
  in["name"] = "in";
  const json from_missing = json::array({json::array({json::array({"missing", 0, 0})})});
  expect_failure(import(functional({in, called("Dropout", "d", from_missing)}, "d"), {}), Code::kCorruptFile,
                 "layer 'd' (Dropout): takes output 0 of call 0 of layer 'missing', which does not exist or depends on this layer itself");
  const json from_each_other = json::array({json::array({json::array({"a", 0, 0})})});
  expect_failure(import(functional({in, called("Dropout", "a", from_each_other)}, "a"), {}), Code::kCorruptFile,
                 "takes output 0 of call 0 of layer 'a', which does not exist or depends on this layer itself");
  expect_failure(import(functional(json::array({in}), "nothing"), {}), Code::kCorruptFile,
                 "its output is output 0 of call 0 of layer 'nothing'");
  expect_failure(import(functional(json::array({called("Dropout", "in", json::array())}), "in"), {}), Code::kCorruptFile,
                 "input 0 is layer 'in', which is no InputLayer of it");
  const json from_input = json::array({json::array({json::array({"in", 0, 0})})});
  expect_failure(import(functional({in, called("Add", "sum", from_input)}, "sum"), {}), Code::kCorruptFile,
                 "layer 'sum' (Add): it is called with 1 tensors, 2 to 1024 were expected");
  expect_failure(import(functional({in, called("Dropout", "d", json::array({json::array({"in", 0})}))}, "d"), {}), Code::kCorruptFile,
                 "'inbound_nodes' of layer 'd' (Dropout) must be tensors with their layer, call and index");
  const json tensor = {{"class_name", "__keras_tensor__"}, {"config", {{"keras_history", {"in", 0, 0}}}}};
  const json by_keyword = {{{"args", json::array()}, {"kwargs", {{"mask", tensor}}}}};
  expect_failure(import(functional({in, called("Dropout", "d", by_keyword)}, "d"), {}), Code::kUnsupported, "takes a tensor by keyword");
}

TEST(KerasErrors, LayersThatAreNotKnown) {
  expect_failure(import(OneLayer{.class_name = "Lambda"}), Code::kUnsupported,
                 "layer 'x' (Lambda): holds Python code, which is never executed");
  expect_failure(import(OneLayer{.class_name = "LSTM"}), Code::kUnsupported,
                 "layer 'x' (LSTM): this class is not supported; known are InputLayer, Activation,");
  expect_failure(import({.class_name = "Activation", .options = {{"activation", "gelu"}}}), Code::kUnsupported,
                 "layer 'x' (Activation): activation 'gelu' is not supported; known are linear, relu,");
  expect_failure(import({.class_name = "Activation", .options = {{"activation", {{"class_name", "PReLU"}, {"config", json::object()}}}}}),
                 Code::kUnsupported, "its activation is a PReLU, the name of an activation is expected");
}

/// {"class_name": "Sequential", ...} of an input and this layer.
std::string sequential(const json& layer) {
  return json{{"class_name", "Sequential"}, {"config", {{"name", "m"}, {"layers", {input_layer(), layer}}}}}.dump();
}

TEST(KerasErrors, LayersThatAreActiveAtInference) {
  for (const char* name : {"RandomCrop", "CenterCrop", "AutoContrast", "Equalization"}) {
    expect_failure(import(OneLayer{.class_name = name}), Code::kUnsupported,
                   format("layer 'x' ({}): this class is not supported; known are InputLayer, Activation,", name));
  }
  expect_failure(import(OneLayer{.class_name = "RandomCrop"}), Code::kUnsupported,
                 "and those that do nothing at inference (Dropout, RandomFlip, ...)");
}

TEST(KerasErrors, CallsInTrainingMode) {
  json in = input_layer();
  in["name"] = "in";
  const std::string sentence = "'inbound_nodes' of layer 'd' (Dropout): it is called with training=True";
  const auto keras2 = [&](const json& training) {
    const json call = json::array({json::array({"in", 0, 0, {{"training", training}}})});
    return import(functional({in, called("Dropout", "d", json::array({call}))}, "d"), {});
  };
  expect_failure(keras2(true), Code::kUnsupported, sentence);
  expect_failure(keras2(1), Code::kUnsupported, sentence);
  EXPECT_TRUE(keras2(false).ok());
  EXPECT_TRUE(keras2(nullptr).ok());
  const json tensor = {{"class_name", "__keras_tensor__"}, {"config", {{"keras_history", {"in", 0, 0}}}}};
  // Keras 3 notes a default of True, and its predict overrules it.
  const json call = {{"args", json::array({tensor})}, {"kwargs", {{"training", true}}}};
  EXPECT_TRUE(import(functional({in, called("Dropout", "d", json::array({call}))}, "d"), {}).ok());
}

TEST(KerasErrors, ClassesOfOthers) {
  const auto from = [](const json& module) {
    return import(
        sequential({{"module", module}, {"class_name", "Dropout"}, {"registered_name", "Own>Dropout"}, {"config", {{"name", "x"}}}}), {});
  };
  for (const json& module : {json(nullptr), json("own.layers"), json("kerasish.layers"), json(7)}) {
    expect_failure(from(module), Code::kUnsupported, "layer 'x' (Dropout): its class is none of Keras' own");
  }
  for (const char* module : {"keras.layers", "keras.src.layers.regularization.dropout", "tf_keras.layers"})
    EXPECT_TRUE(from(module).ok()) << module;
}

/// Nothing of the layer is in the graph, and whoever imports it is told.
TEST(KerasInactiveLayers, AreNamedAndHaveNoOperator) {
  for (const char* name :
       {"Dropout", "AlphaDropout", "ActivityRegularization", "RandomFlip", "RandomContrast", "RandAugment", "Solarization"}) {
    const auto imported = import(OneLayer{.class_name = name});
    ASSERT_TRUE(imported.ok()) << imported.status().message();
    EXPECT_TRUE(imported->graph.ops.empty());
    EXPECT_EQ(imported->graph.inputs, imported->graph.outputs);
    EXPECT_EQ(imported->inactive_layers, std::vector<std::string>{format("x ({})", name)});
  }
}

/// A nested model that is called twice: each of its layers is named once, by its path.
TEST(KerasInactiveLayers, OfNestedModels) {
  json in = input_layer();
  in["name"] = "in";
  json inner = {
      {"class_name", "Sequential"},
      {"config", {{"name", "augment"}, {"layers", {input_layer(), {{"class_name", "RandomFlip"}, {"config", {{"name", "flip"}}}}}}}}};
  inner["name"] = "augment";
  inner["inbound_nodes"] = json::array({json::array({json::array({"in", 0, 0})}), json::array({json::array({"augment", 0, 0})})});
  const json layers = {in, inner};
  const json config = {
      {"class_name", "Functional"},
      {"config", {{"name", "m"}, {"layers", layers}, {"input_layers", {{"in", 0, 0}}}, {"output_layers", {{"augment", 1, 0}}}}}};
  const auto imported = import(config.dump(), {});
  ASSERT_TRUE(imported.ok()) << imported.status().message();
  EXPECT_EQ(imported->inactive_layers, std::vector<std::string>{"augment/flip (RandomFlip)"});
}

/// A model that stands beside and inside another is stored once: entries of one "shared_object_id" have the same weights.
TEST(KerasSharedLayers, ModelsInTwoPlaces) {
  json conv = {{"class_name", "Conv2D"}, {"config", {{"name", "conv"}, {"filters", 2}, {"kernel_size", {1, 1}}, {"use_bias", false}}}};
  json shared = {
      {"class_name", "Sequential"}, {"shared_object_id", 7}, {"config", {{"name", "shared"}, {"layers", {input_layer(), conv}}}}};
  const auto model = [&](const json& first) {
    const json outer = {{"class_name", "Sequential"}, {"config", {{"name", "outer"}, {"layers", {input_layer(), shared}}}}};
    return json{{"class_name", "Sequential"}, {"config", {{"name", "m"}, {"layers", {input_layer(), first, outer}}}}}.dump();
  };
  Contents contents;
  contents.arrays["/layers/sequential/layers/conv2d/vars/0"] = filled({1, 1, 2, 2}, 3);
  const auto imported = import(model(shared), contents);
  ASSERT_TRUE(imported.ok()) << imported.status().message();
  for (const char* name : {"shared/conv/kernel", "outer/shared/conv/kernel"}) {
    const graph::TensorId id = imported->graph.find_tensor(name);
    ASSERT_NE(id, graph::kNoTensor) << name;
    EXPECT_EQ(imported->graph.tensor(id).as<float>()[0], 3) << name;
  }
  json another = shared;
  another["shared_object_id"] = 8;
  expect_failure(import(model(another), contents), Code::kMismatch,
                 "layer 'outer/shared/conv' (Conv2D): the file stores 0 weights for it, its options ask for 1");
}

TEST(KerasErrors, Resizing) {
  const json size = {{"height", 2}, {"width", 3}};
  EXPECT_TRUE(import({.class_name = "Resizing", .options = size}).ok());
  for (const char* key : {"crop_to_aspect_ratio", "pad_to_aspect_ratio", "antialias"}) {
    json options = size;
    options[key] = true;
    expect_failure(import({.class_name = "Resizing", .options = options}), Code::kUnsupported,
                   format("layer 'x' (Resizing): option '{}' is not supported", key));
  }
  json bicubic = size;
  bicubic["interpolation"] = "bicubic";
  expect_failure(import({.class_name = "Resizing", .options = bicubic}), Code::kUnsupported, "interpolation 'bicubic' is not supported");
  expect_failure(import({.class_name = "Resizing", .options = {{"height", 2}}}), Code::kCorruptFile, "option 'width' is null");
}

TEST(KerasErrors, InputsWithoutShape) {
  expect_failure(import({.class_name = "ReLU", .input = input_layer({nullptr, nullptr, 4, 2})}), Code::kUnsupported,
                 "layer 'in' (InputLayer): its shape [null,null,4,2] leaves axis 1 open");
  expect_failure(import({.class_name = "ReLU", .input = input_layer({nullptr, 0, 4, 2})}), Code::kCorruptFile,
                 "its shape is [null,0,4,2], extents of 1 to 2^20 were expected");
  expect_failure(import({.class_name = "ReLU", .input = input_layer("four")}), Code::kCorruptFile,
                 "its shape is \"four\", a list of 2 to 8 extents was expected");
}

const json kConv = {{"filters", 3}, {"kernel_size", {1, 1}}, {"use_bias", false}};

json with(json options, const std::string& key, const json& value) {
  options[key] = value;
  return options;
}

TEST(KerasErrors, Weights) {
  expect_failure(import({.class_name = "Conv2D", .options = kConv}, "conv2d"), Code::kMismatch,
                 "layer 'x' (Conv2D): the file stores 0 weights for it, its options ask for 1");
  expect_failure(import({.class_name = "Conv2D", .options = kConv, .weights = {filled({1, 1, 3, 3})}}, "conv2d"), Code::kMismatch,
                 "its weight 'kernel' is stored as [1,1,3,3], its options and input ask for [1,1,2,3]");
  Array broken = filled({1, 1, 2, 3});
  broken.values[4] = std::numeric_limits<float>::quiet_NaN();
  expect_failure(import({.class_name = "Conv2D", .options = kConv, .weights = {broken}}, "conv2d"), Code::kOutOfRange,
                 "its weight 'kernel' is nan at element 4, finite values are expected");
  EXPECT_TRUE(import({.class_name = "Conv2D", .options = kConv, .weights = {filled({1, 1, 2, 3})}}, "conv2d").ok());
  Contents listed;
  listed.lists["/model_weights@layer_names"] = {"in", "x"};
  listed.lists["/model_weights/x@weight_names"] = {"x/kernel:0"};
  const json config = {
      {"class_name", "Sequential"},
      {"config", {{"name", "m"}, {"layers", {input_layer(), {{"class_name", "Conv2D"}, {"config", with(kConv, "name", "x")}}}}}}};
  expect_failure(import(config.dump(), listed), Code::kCorruptFile,
                 "layer 'x': its weight 'x/kernel:0' is listed, but no array '/model_weights/x/x/kernel:0' is stored");
}

TEST(KerasErrors, OptionsOfConvolutions) {
  const auto conv = [](const std::string& key, const json& value) {
    return import({.class_name = "Conv2D", .options = with(kConv, key, value), .weights = {filled({1, 1, 2, 3})}}, "conv2d");
  };
  expect_failure(conv("data_format", "channels_first"), Code::kUnsupported, "data_format \"channels_first\" is not supported");
  expect_failure(conv("padding", "causal"), Code::kCorruptFile, "option 'padding' is \"causal\", \"valid\" or \"same\" was expected");
  expect_failure(conv("filters", 0), Code::kCorruptFile, "option 'filters' is 0, a whole number of 1 to 2^24 was expected");
  expect_failure(conv("strides", {1, -1}), Code::kCorruptFile, "option 'strides' is [1,-1], one or two whole numbers of 1 to 65536");
  expect_failure(conv("strides", "two"), Code::kCorruptFile, "option 'strides' is \"two\"");
  expect_failure(conv("groups", 3), Code::kMismatch, "its 2 input channels do not divide into 3 groups");
  expect_failure(import({.class_name = "Conv2D", .options = kConv, .input = input_layer({nullptr, 5})}), Code::kMismatch,
                 "its input has shape [1,5], 4 axes were expected");
  expect_failure(conv("kernel_size", {9, 9}), Code::kMismatch, "ask for [9,9,2,3]");
}

TEST(KerasErrors, OptionsOfOtherLayers) {
  expect_failure(import({.class_name = "BatchNormalization", .options = {{"axis", 1}}}), Code::kUnsupported,
                 "only the last axis can be normalized, its option 'axis' is 1");
  expect_failure(import({.class_name = "BatchNormalization", .options = {{"renorm", true}}}), Code::kUnsupported, "batch renormalization");
  expect_failure(import({.class_name = "BatchNormalization", .options = {{"renorm", 1}}}), Code::kCorruptFile,
                 "option 'renorm' is 1, true or false was expected");
  expect_failure(import({.class_name = "ReLU", .options = {{"threshold", 1}}}), Code::kUnsupported, "a threshold of 1 is not supported");
  expect_failure(import({.class_name = "ReLU", .options = {{"max_value", -1}}}), Code::kOutOfRange, "its max_value is -1");
  expect_failure(import({.class_name = "Softmax", .options = {{"axis", 1}}}), Code::kUnsupported, "only the last axis is supported");
  expect_failure(import({.class_name = "Concatenate", .options = {{"axis", 0}}}), Code::kUnsupported, "axis 0 of inputs with 4 axes");
  expect_failure(import({.class_name = "UpSampling2D", .options = {{"interpolation", "lanczos3"}}}), Code::kUnsupported,
                 "interpolation 'lanczos3' is not supported");
  expect_failure(
      import({.class_name = "UpSampling2D", .options = {{"size", {65536, 65536}}}, .input = input_layer({nullptr, 65536, 1, 1})}),
      Code::kOutOfRange, "its output would be 4294967296 x 65536");
  expect_failure(import({.class_name = "ZeroPadding2D", .options = {{"padding", {1, -1}}}}), Code::kCorruptFile,
                 "option 'padding' is [1,-1], whole numbers of 0 to 65536");
  expect_failure(import({.class_name = "Reshape", .options = {{"target_shape", {5, -1}}}}), Code::kMismatch,
                 "its target_shape [5,-1] does not fit 32 elements");
  expect_failure(import({.class_name = "Reshape", .options = {{"target_shape", "x"}}}), Code::kCorruptFile, "a list of whole numbers");
  expect_failure(import({.class_name = "LeakyReLU", .options = {{"negative_slope", "x"}}}), Code::kCorruptFile,
                 "option 'negative_slope' is \"x\", a number was expected");
}

TEST(KerasErrors, OptionsOfScaling) {
  const auto rescaling = [](const json& scale) { return import({.class_name = "Rescaling", .options = {{"scale", scale}}}); };
  expect_failure(rescaling("x"), Code::kCorruptFile, "option 'scale' is \"x\", a number, or nested lists of equal lengths, was expected");
  expect_failure(rescaling(json::array({json::array({1}), 2})), Code::kCorruptFile, "nested lists of equal lengths");
  expect_failure(rescaling({1, 2, 3}), Code::kUnsupported,
                 "'scale' has shape [3], which does not broadcast to the images of its input [1,4,4,2]");
  // Four numbers, as many as there are rows, but along the channels; two along the rows.
  expect_failure(rescaling({1, 2, 3, 4}), Code::kUnsupported, "'scale' has shape [4]");
  expect_failure(rescaling(json::array({json::array({1}), json::array({2})})), Code::kUnsupported, "'scale' has shape [2,1]");
  const json wrapped = {{"class_name", "__numpy__"}, {"config", {{"value", {1, 2}}, {"dtype", "float64"}}}};
  EXPECT_TRUE(rescaling(wrapped).ok());
  expect_failure(rescaling(with(wrapped, "config", {{"value", "x"}})), Code::kCorruptFile, "option 'scale' is \"x\"");

  const auto normalization = [](const json& options) { return import({.class_name = "Normalization", .options = options}); };
  expect_failure(normalization({}), Code::kMismatch, "its mean, variance and count were expected");
  expect_failure(normalization({{"mean", 0}, {"variance", -1}}), Code::kOutOfRange, "its variance has no finite square root");
  const json four = {{"mean", {1, 2, 3, 4}}, {"variance", 1}};
  expect_failure(normalization(four), Code::kMismatch, "its mean has shape [4], its input has [2] along the axes that have one each");
  expect_failure(normalization(with(four, "axis", {1, 3})), Code::kMismatch, "its input has [4,2] along the axes");
  expect_failure(normalization(with(four, "axis", 0)), Code::kUnsupported, "axis 0 of an input with 4 axes is not supported, 1 to 3 are");
  expect_failure(normalization(with(four, "axis", 4)), Code::kUnsupported, "axis 4 of an input with 4 axes");
  EXPECT_TRUE(normalization(with(four, "axis", {1})).ok());
}

/// Any one value of a configuration exchanged: a sentence or a model, never more.
TEST(KerasErrors, ChangedConfigurations) {
  const json layer = {{"class_name", "Conv2D"}, {"config", with(with(kConv, "name", "x"), "strides", {1, 1})}};
  const json config = {{"class_name", "Sequential"}, {"config", {{"name", "m"}, {"layers", {input_layer(), layer}}}}};
  Contents contents;
  contents.arrays["/layers/conv2d/vars/0"] = filled({1, 1, 2, 3});
  const json flat = config.flatten();
  int failures = 0;
  for (const auto& entry : flat.items()) {
    for (const json& value : {json(nullptr), json(-1), json(1e300), json("text"), json::array(), json(int64_t{1} << 62), json(true)}) {
      json changed = config;
      changed[json::json_pointer(entry.key())] = value;
      const auto graph = import(changed.dump(), contents);
      if (graph.ok()) continue;
      EXPECT_FALSE(graph.status().message().empty());
      ++failures;
    }
  }
  EXPECT_GT(failures, 50);
}

}  // namespace
}  // namespace liteqat::formats::keras
