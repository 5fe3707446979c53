// Our tfmot_8bit export against TensorFlow's converter: variables dumped from quantization-aware Keras models go into our graph and plan,
// and every scale, zero point, weight code and bias code of the lowered graph must equal what TensorFlow wrote
// (tests/golden/tfmot_*/README.md). LITEQAT_PARITY_FOLDER and LITEQAT_PARITY_ALPHA add a run on another dump
// of MobileNetV2 (tools/dump_keras_qat.py).
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/file.h"
#include "formats/safetensors/safetensors.h"
#include "graph/architectures.h"
#include "graph/builder.h"
#include "quant/lower.h"
#include "quant/plan.h"

namespace liteqat {
namespace {

using formats::safetensors::Array;
using formats::safetensors::File;
using graph::Graph;
using graph::Op;
using graph::OpKind;
using graph::Tensor;
using quant::Plan;
using quant::Quantizer;

template <typename T>
std::vector<T> values_of(const Array& array) {
  std::vector<T> values(array.data.size() / sizeof(T));
  if (!values.empty()) std::memcpy(values.data(), array.data.data(), array.data.size());
  return values;
}

File load(const std::string& path) {
  Result<Bytes> bytes = read_file(path);
  EXPECT_TRUE(bytes.ok()) << bytes.status().message();
  Result<File> file = formats::safetensors::read(*bytes, path);
  EXPECT_TRUE(file.ok()) << file.status().message();
  return *file;
}

/// Keras' kernel layouts to TFLite's: HWIO to OHWI, (in, out) to (out, in); depthwise HWCM is 1HWC as it stands.
std::vector<float> transposed(const Array& array) {
  const std::vector<float> source = values_of<float>(array);
  const size_t outputs = static_cast<size_t>(array.shape.back());
  const size_t inputs = source.size() / outputs;
  std::vector<float> result(source.size());
  for (size_t in = 0; in < inputs; ++in) {
    for (size_t out = 0; out < outputs; ++out) result[out * inputs + in] = source[in * outputs + out];
  }
  return result;
}

const Array* find(const File& file, const std::string& name) {
  const auto found = file.arrays.find(name);
  return found == file.arrays.end() ? nullptr : &found->second;
}

void set_values(Tensor& tensor, const std::vector<float>& values) {
  ASSERT_EQ(tensor.data.size(), values.size() * sizeof(float)) << tensor.name;
  std::memcpy(tensor.data.data(), values.data(), tensor.data.size());
}

void load_weights(const File& variables, Graph& model) {
  for (const Op& op : model.ops) {
    for (graph::TensorId id : op.inputs) {
      if (id == graph::kNoTensor) continue;
      Tensor& tensor = model.tensor(id);
      if (tensor.role != graph::Role::kParameter && tensor.role != graph::Role::kStatistic) continue;
      const bool depthwise = op.kind == OpKind::kDepthwiseConv2D;
      const bool kernel = tensor.name == op.name + "/kernel";
      const Array* array = find(variables, kernel && depthwise ? op.name + "/depthwise_kernel:0" : tensor.name + ":0");
      ASSERT_NE(array, nullptr) << tensor.name;
      set_values(tensor, kernel && !depthwise ? transposed(*array) : values_of<float>(*array));
    }
  }
}

/// Gives every batch norm the multiplier that TensorFlow computed: gamma becomes it, variance + epsilon becomes 1.
void use_multipliers_of_tensorflow(const File& variables, Graph& model) {
  for (const Op& op : model.ops) {
    if (op.kind != OpKind::kBatchNorm) continue;
    const Array* multiplier = find(variables, op.name + "/multiplier");
    ASSERT_NE(multiplier, nullptr) << op.name;
    set_values(model.tensor(op.inputs[1]), values_of<float>(*multiplier));
    const float epsilon = op.params_as<graph::BatchNormParams>().epsilon;
    ASSERT_EQ((1.0f - epsilon) + epsilon, 1.0f);
    for (float& variance : model.tensor(op.inputs[4]).as<float>()) variance = 1.0f - epsilon;
  }
}

/// TFMOT's variable of a quantizer: of the layer that owns the tensor, or, for an activation that Keras has inside its layer, of the
/// layer before.
std::string variable_of(const File& variables, const Graph& model, const Quantizer& quantizer) {
  const std::string& tensor = model.tensor(quantizer.tensor).name;
  if (quantizer.weight) {
    const std::string layer = tensor.substr(0, tensor.rfind('/'));
    const std::string plain = "quant_" + layer + "/kernel";
    return find(variables, plain + "_min:0") != nullptr ? plain : "quant_" + layer + "/depthwise_kernel";
  }
  const int32_t producer = model.find_producer(quantizer.tensor);
  if (producer < 0) return "quantize_layer/quantize_layer";
  const Op& op = model.ops[static_cast<size_t>(producer)];
  std::vector<std::string> layers = {op.name};
  const int32_t before = model.find_producer(op.inputs[0]);
  if (before >= 0) layers.push_back(model.ops[static_cast<size_t>(before)].name);
  for (const std::string& layer : layers) {
    for (const char* kind : {"/output", "/post_activation", "/pre_activation"}) {
      if (find(variables, "quant_" + layer + kind + "_min:0") != nullptr) return "quant_" + layer + kind;
    }
  }
  return "";
}

void load_ranges(const File& variables, const Graph& model, Plan& plan) {
  size_t used = 0;
  for (Quantizer& quantizer : plan.quantizers) {
    const std::string variable = variable_of(variables, model, quantizer);
    ASSERT_NE(variable, "") << model.tensor(quantizer.tensor).name;
    ASSERT_NE(find(variables, variable + "_min:0"), nullptr) << variable;
    quantizer.min = values_of<float>(*find(variables, variable + "_min:0"));
    quantizer.max = values_of<float>(*find(variables, variable + "_max:0"));
    ASSERT_EQ(quantizer.min.size(), static_cast<size_t>(quantizer.channels)) << variable;
    ++used;
  }
  size_t present = 0;
  for (const auto& [name, array] : variables.arrays) present += name.ends_with("_min:0") ? 1u : 0u;
  EXPECT_EQ(used, present) << "our plan has not the quantizers that TFMOT has";
}

/// What may differ: nothing, or what follows from the last bit of 1 / sqrt(variance + epsilon).
struct Tolerance {
  /// TensorFlow's reciprocal root is within 1 ulp (2^-23), ours within half; both are multiplied by gamma, then by the scale, and stored:
  /// four more roundings of 2^-24 at most on each side.
  double scale = 0;
  /// A bias code is (beta / multiplier - mean) / (input scale * weight scale) before rounding; with codes and mean terms below 2^20, a
  /// relative error of 5.5 * 2^-23 moves it by less than 1.3, so the rounded code by 1, at most 2.
  int32_t bias = 0;
};
constexpr Tolerance kExact = {};
constexpr Tolerance kLastBitOfRsqrt = {.scale = 5.5 / (1 << 23), .bias = 2};

struct Tally {
  int64_t scales = 0, scales_differ = 0, weights = 0, weights_differ = 0, biases = 0, biases_differ = 0;
};

void compare_parameters(const File& converted, const std::string& key, const Tensor& tensor, const Tolerance& tolerance, Tally& tally) {
  const std::vector<float> scale = values_of<float>(converted.arrays.at(key + "scale"));
  ASSERT_EQ(tensor.quantization.scale.size(), scale.size()) << key;
  for (size_t i = 0; i < scale.size(); ++i) {
    const float ours = tensor.quantization.scale[i];
    EXPECT_LE(std::abs(static_cast<double>(ours) - scale[i]), tolerance.scale * scale[i]) << key << "scale[" << i << "]";
    tally.scales_differ += ours != scale[i] ? 1 : 0;
    ++tally.scales;
  }
  const Array* zero_point = find(converted, key + "zero_point");
  if (zero_point == nullptr) return;
  const std::vector<int32_t> expected = values_of<int32_t>(*zero_point);
  EXPECT_EQ(tensor.quantization.zero_point, std::vector<int64_t>(expected.begin(), expected.end())) << key;
}

template <typename T>
int64_t count_differences(const Array& expected, const Tensor& tensor, const std::string& key, int32_t tolerance) {
  const std::vector<T> values = values_of<T>(expected);
  const std::span<const T> ours = tensor.as<T>();
  EXPECT_EQ(values.size(), ours.size()) << key;
  int64_t different = 0;
  for (size_t i = 0; i < std::min(values.size(), ours.size()); ++i) {
    const int64_t difference = std::abs(static_cast<int64_t>(values[i]) - ours[i]);
    EXPECT_LE(difference, tolerance) << key << "[" << i << "]: TensorFlow " << +values[i] << ", ours " << +ours[i];
    different += difference != 0 ? 1 : 0;
  }
  return different;
}

void compare_weights(const File& converted, const std::string& key, const Graph& lowered, const Op& op, const Tolerance& tolerance,
                     Tally& tally) {
  const Tensor& weights = lowered.tensor(op.inputs[1]);
  const Tensor& bias = lowered.tensor(op.inputs[2]);
  compare_parameters(converted, key + "weights.", weights, tolerance, tally);
  compare_parameters(converted, key + "bias.", bias, tolerance, tally);
  tally.weights += graph::elem_count(weights.shape);
  tally.weights_differ += count_differences<int8_t>(converted.arrays.at(key + "weights"), weights, key + "weights", 0);
  tally.biases += graph::elem_count(bias.shape);
  tally.biases_differ += count_differences<int32_t>(converted.arrays.at(key + "bias"), bias, key + "bias", tolerance.bias);
}

void compare(const File& converted, const Graph& lowered, const Tolerance& tolerance) {
  Tally tally;
  size_t arrays = 0;
  int32_t index = 0;
  for (const Op& op : lowered.ops) {
    if (op.kind == OpKind::kReshape) continue;
    const std::string key = format("{:03}.{}/", index++, op_kind_name(op.kind));
    ASSERT_NE(find(converted, key + "scale"), nullptr) << "TensorFlow has another operator than " << key << " " << op.name;
    compare_parameters(converted, key, lowered.tensor(op.outputs[0]), tolerance, tally);
    arrays += 2;
    if (find(converted, key + "weights") == nullptr) continue;
    compare_weights(converted, key, lowered, op, tolerance, tally);
    arrays += 4;
  }
  EXPECT_EQ(arrays, converted.arrays.size());
  const auto shown = [](int64_t differ, int64_t total) { return format("{} of {}", differ, total); };
  std::puts(format("differ: scales {}, weights {}, biases {}", shown(tally.scales_differ, tally.scales),
                   shown(tally.weights_differ, tally.weights), shown(tally.biases_differ, tally.biases))
                .c_str());
}

void check_parity(Result<Graph> model, const std::string& folder, const Tolerance& tolerance) {
  const File variables = load(folder + "/variables.safetensors");
  ASSERT_TRUE(model.ok()) << model.status().message();
  load_weights(variables, *model);
  if (tolerance.bias == 0) use_multipliers_of_tensorflow(variables, *model);
  Result<Plan> plan = quant::make_plan(*model, quant::Scheme::kTfmot8Bit);
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  load_ranges(variables, *model, *plan);
  if (testing::Test::HasFatalFailure()) return;
  Result<Graph> lowered = quant::lower_to_int8(*model, *plan, quant::IoType::kFloat32);
  ASSERT_TRUE(lowered.ok()) << lowered.status().message();
  compare(load(folder + "/converted.safetensors"), *lowered, tolerance);
}

constexpr const char* kGolden = LITEQAT_SOURCE_DIR "/tests/golden/";

Result<Graph> guide() {
  return graph::make_architecture({.name = "mnist_guide"});
}

Result<Graph> mobilenet(float alpha) {
  return graph::make_architecture({.name = "mobilenet_v2_keras", .height = 32, .width = 32, .channels = 3, .alpha = alpha});
}

/// make_residual of tools/dump_keras_qat.py.
Result<Graph> residual() {
  graph::GraphBuilder builder("residual", 0, {});
  const graph::ConvLayer layer = {.filters = 4, .kernel = 3, .bias = true};
  const graph::TensorId first = builder.relu("conv2d_relu", builder.conv2d("conv2d", builder.input(8, 8, 3), layer));
  const graph::TensorId second = builder.batch_norm("batch_normalization", builder.conv2d("conv2d_1", first, layer));
  graph::TensorId x = builder.relu("activation", builder.add("add", first, second));
  x = builder.average_pool("average_pooling2d", x, {.filter_h = 4, .filter_w = 4});
  x = builder.dense("dense", builder.reshape("flatten", x, {-1, 16}), 5);
  return builder.finish(builder.softmax("softmax", x), "probabilities");
}

TEST(ConverterParity, GuideNetwork) {
  check_parity(guide(), std::string(kGolden) + "tfmot_guide", kExact);
}

TEST(ConverterParity, ResidualNetwork) {
  check_parity(residual(), std::string(kGolden) + "tfmot_residual", kLastBitOfRsqrt);
  check_parity(residual(), std::string(kGolden) + "tfmot_residual", kExact);
}

/// The committed dump, or the one that LITEQAT_PARITY_FOLDER and LITEQAT_PARITY_ALPHA name (tools/dump_keras_qat.py makes them).
struct MobileNetDump {
  std::string folder = std::string(kGolden) + "tfmot_mobilenet";
  float alpha = 0.1f;
};

MobileNetDump mobilenet_dump() {
  const char* folder = std::getenv("LITEQAT_PARITY_FOLDER");
  const char* alpha = std::getenv("LITEQAT_PARITY_ALPHA");
  if (folder == nullptr || alpha == nullptr) return {};
  return {folder, std::strtof(alpha, nullptr)};
}

TEST(ConverterParity, MobileNetV2AfterOneStep) {
  const MobileNetDump dump = mobilenet_dump();
  check_parity(mobilenet(dump.alpha), dump.folder, kLastBitOfRsqrt);
}

TEST(ConverterParity, MobileNetV2WithTensorFlowsReciprocalRoots) {
  const MobileNetDump dump = mobilenet_dump();
  check_parity(mobilenet(dump.alpha), dump.folder, kExact);
}

}  // namespace
}  // namespace liteqat
