#include "graph/architectures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace liteqat::graph {
namespace {

Graph make(const ArchitectureOptions& options) {
  auto graph = make_architecture(options);
  EXPECT_TRUE(graph.ok()) << graph.status().message();
  return graph.ok() ? std::move(graph).value() : Graph{};
}

ArchitectureOptions cifar(const std::string& name) {
  return {.name = name, .height = 32, .width = 32, .channels = 3};
}

const Op* find_op(const Graph& graph, const std::string& name) {
  const auto op = std::ranges::find(graph.ops, name, &Op::name);
  return op == graph.ops.end() ? nullptr : &*op;
}

Shape output_shape(const Graph& graph, const std::string& layer) {
  const Op* op = find_op(graph, layer);
  return op ? graph.tensor(op->outputs[0]).shape : Shape{};
}

TEST(Architectures, every_one_is_valid_at_any_batch_and_names_its_ends) {
  for (const std::string& name : architecture_names()) {
    Graph graph = make(cifar(name));
    EXPECT_EQ(graph.info.name, name);
    ASSERT_EQ(graph.inputs.size(), 1u);
    EXPECT_EQ(graph.tensor(graph.inputs[0]).name, "input");
    EXPECT_EQ(graph.tensor(graph.inputs[0]).shape, (Shape{1, 32, 32, 3}));
    const Tensor& output = graph.tensor(graph.outputs[0]);
    EXPECT_EQ(output.name, graph.ops.back().kind == OpKind::kSoftmax ? "probabilities" : "logits");
    EXPECT_EQ(output.shape, (Shape{1, 10}));
    ASSERT_TRUE(infer_shapes(graph, 5).ok()) << name;
    EXPECT_EQ(graph.tensor(graph.outputs[0]).shape, (Shape{5, 10}));
    EXPECT_TRUE(validate(graph).ok()) << validate(graph).message();
    std::set<std::string> names;
    for (const Tensor& tensor : graph.tensors) EXPECT_TRUE(names.insert(tensor.name).second) << tensor.name;
  }
}

TEST(Architectures, torchvision_networks_have_its_parameters_and_names) {
  // torchvision's own counts for 1,000 classes.
  const std::pair<const char*, int64_t> kCounts[] = {{"torchvision_mobilenet_v2", 3504872},
                                                     {"torchvision_resnet18", 11689512},
                                                     {"torchvision_resnet34", 21797672},
                                                     {"torchvision_resnet50", 25557032}};
  for (const auto& [name, count] : kCounts) {
    const Graph graph = make({.name = name, .height = 224, .width = 224, .channels = 3, .classes = 1000});
    EXPECT_EQ(count_parameters(graph, false), count) << name;
  }
  const Graph resnet = make({.name = "torchvision_resnet50", .height = 224, .width = 224, .channels = 3, .classes = 10, .alpha = 0.125f});
  EXPECT_EQ(output_shape(resnet, "conv1"), (Shape{1, 112, 112, 8}));
  EXPECT_EQ(output_shape(resnet, "maxpool"), (Shape{1, 56, 56, 8}));
  EXPECT_EQ(output_shape(resnet, "layer1.0.downsample.0"), (Shape{1, 56, 56, 32}));
  EXPECT_EQ(output_shape(resnet, "layer2.0.conv1"), (Shape{1, 56, 56, 16}));  // the stride is the 3x3 convolution's
  EXPECT_EQ(output_shape(resnet, "layer2.0.conv2"), (Shape{1, 28, 28, 16}));
  EXPECT_EQ(output_shape(resnet, "layer4.2.conv3"), (Shape{1, 7, 7, 256}));
  const Graph mobile = make({.name = "torchvision_mobilenet_v2", .height = 224, .width = 224, .channels = 3, .classes = 10});
  EXPECT_EQ(output_shape(mobile, "features.0.0"), (Shape{1, 112, 112, 32}));
  EXPECT_EQ(output_shape(mobile, "features.17.conv.2"), (Shape{1, 7, 7, 320}));
  EXPECT_EQ(torchvision_module("block_16_project_BN"), "features.17.conv.3");
  EXPECT_EQ(torchvision_module("expanded_conv_project"), "features.1.conv.1");
  EXPECT_EQ(torchvision_module("expanded_conv_expand"), "");
  EXPECT_EQ(torchvision_module("block_17_expand"), "");
}

TEST(Architectures, guide_network_is_tensorflows) {
  const Graph graph = make({.name = "mnist_guide"});
  // tflite-int8 section 5: 120 + 20,290 parameters; 26*26*12*9 + 2028*10 multiply-accumulates.
  EXPECT_EQ(count_parameters(graph, true), 20410);
  EXPECT_EQ(count_macs(graph), 26 * 26 * 12 * 9 + 2028 * 10);
  EXPECT_EQ(output_shape(graph, "conv2d"), (Shape{1, 26, 26, 12}));
  EXPECT_EQ(output_shape(graph, "max_pooling2d"), (Shape{1, 13, 13, 12}));
  EXPECT_EQ(output_shape(graph, "flatten"), (Shape{1, 2028}));
  EXPECT_NE(graph.find_tensor("dense/kernel"), kNoTensor);
  EXPECT_NE(graph.find_tensor("conv2d/bias"), kNoTensor);
}

TEST(Architectures, small_mnist_network_stays_within_its_budget) {
  EXPECT_LE(count_parameters(make({.name = "mnist_small"}), true), 100000);
}

// Counts that tf_keras 2.19 prints for MobileNetV2(weights=None) with 1000 classes: all, trainable.
TEST(Architectures, mobilenet_v2_has_keras_parameter_counts_for_every_alpha) {
  struct Expected {
    float alpha;
    int64_t all, trainable;
  };
  for (const Expected& expected : {Expected{0.35f, 1691208, 1677128},
                                   {0.5f, 1987224, 1968680},
                                   {0.75f, 2663064, 2636424},
                                   {1.0f, 3538984, 3504872},
                                   {1.3f, 5431048, 5386792},
                                   {1.4f, 6156712, 6108776}}) {
    const Graph graph =
        make({.name = "mobilenet_v2_keras", .height = 224, .width = 224, .channels = 3, .classes = 1000, .alpha = expected.alpha});
    EXPECT_EQ(count_parameters(graph, true), expected.all) << expected.alpha;
    EXPECT_EQ(count_parameters(graph, false), expected.trainable) << expected.alpha;
    if (expected.alpha == 1.0f) {
      EXPECT_NEAR(static_cast<double>(count_macs(graph)), 300.8e6, 0.05e6);  // 300 M in table 4 of the paper
    }
  }
}

// Output shapes of keras.applications.MobileNetV2(input_shape=(35, 50, 3), alpha=0.35): odd and even extents, where correct_pad differs.
TEST(Architectures, mobilenet_v2_has_keras_shapes_at_odd_sizes) {
  const Graph graph = make({.name = "mobilenet_v2_keras", .height = 35, .width = 50, .channels = 3, .alpha = 0.35f});
  EXPECT_EQ(output_shape(graph, "Conv1"), (Shape{1, 18, 25, 16}));
  EXPECT_EQ(output_shape(graph, "expanded_conv_project_BN"), (Shape{1, 18, 25, 8}));
  EXPECT_EQ(output_shape(graph, "block_1_pad"), (Shape{1, 19, 27, 48}));
  EXPECT_EQ(output_shape(graph, "block_1_depthwise"), (Shape{1, 9, 13, 48}));
  EXPECT_EQ(output_shape(graph, "block_2_add"), (Shape{1, 9, 13, 8}));
  EXPECT_EQ(output_shape(graph, "block_3_pad"), (Shape{1, 11, 15, 48}));
  EXPECT_EQ(output_shape(graph, "block_6_pad"), (Shape{1, 7, 9, 96}));
  EXPECT_EQ(output_shape(graph, "block_13_pad"), (Shape{1, 5, 5, 192}));
  EXPECT_EQ(output_shape(graph, "block_13_depthwise_relu"), (Shape{1, 2, 2, 192}));
  EXPECT_EQ(output_shape(graph, "block_16_project_BN"), (Shape{1, 2, 2, 112}));
  EXPECT_EQ(output_shape(graph, "out_relu"), (Shape{1, 2, 2, 1280}));
  EXPECT_EQ(output_shape(graph, "global_average_pooling2d"), (Shape{1, 1280}));
  EXPECT_EQ(find_op(graph, "block_1_add"), nullptr);
  EXPECT_EQ(find_op(graph, "block_2_pad"), nullptr);
  EXPECT_NE(find_op(graph, "predictions"), nullptr);
  EXPECT_EQ(std::ranges::count(graph.ops, OpKind::kAdd, &Op::kind), 10);
}

TEST(Architectures, keras_head_options) {
  ArchitectureOptions options = cifar("mobilenet_v2_keras");
  options.dense_units = {64, 32};
  options.softmax = true;
  const Graph graph = make(options);
  EXPECT_EQ(output_shape(graph, "dense"), (Shape{1, 64}));
  EXPECT_EQ(output_shape(graph, "dense_1_relu"), (Shape{1, 32}));
  EXPECT_EQ(output_shape(graph, "dense_2"), (Shape{1, 10}));
  EXPECT_EQ(graph.tensor(graph.outputs[0]).name, "probabilities");
}

TEST(Architectures, case_study_has_the_counts_of_the_keras_model) {
  const Graph graph = make(cifar("case_study"));
  EXPECT_EQ(count_parameters(graph, true), 4901962);  // models/case_study_float.h5: count_params()
  EXPECT_EQ(output_shape(graph, "dense_relu"), (Shape{1, 2048}));
  EXPECT_EQ(graph.ops.back().kind, OpKind::kSoftmax);
}

TEST(Architectures, cifar_mobilenet_has_the_counts_of_the_benchmark_network) {
  const Graph graph = make(cifar("mobilenet_v2_cifar"));
  EXPECT_NEAR(static_cast<double>(count_macs(graph)), 87.98e6, 0.005e6);
  EXPECT_NEAR(static_cast<double>(count_parameters(graph, false)), 2.237e6, 0.0005e6);
  EXPECT_EQ(output_shape(graph, "out_relu"), (Shape{1, 4, 4, 1280}));
  EXPECT_EQ(std::ranges::count(graph.ops, OpKind::kPad, &Op::kind), 0);
  // The benchmark network at keras.applications' strides: 6.12 M.
  EXPECT_NEAR(static_cast<double>(count_macs(make(cifar("mobilenet_v2_keras")))), 6.12e6, 0.005e6);
}

TEST(Architectures, resnet8_is_mlperf_tinys) {
  const Graph graph = make(cifar("resnet8"));
  EXPECT_EQ(count_parameters(graph, true), 78666);  // models/mlperf_tiny_resnet8_cifar10.h5: count_params()
  EXPECT_NEAR(static_cast<double>(count_macs(graph)), 12.5e6, 0.05e6);
  EXPECT_EQ(output_shape(graph, "activation_2"), (Shape{1, 32, 32, 16}));
  EXPECT_EQ(output_shape(graph, "conv2d_5"), (Shape{1, 16, 16, 32}));
  EXPECT_EQ(output_shape(graph, "activation_6"), (Shape{1, 8, 8, 64}));
  EXPECT_EQ(output_shape(graph, "average_pooling2d"), (Shape{1, 1, 1, 64}));
  const Op* shortcut_add = find_op(graph, "add_2");
  ASSERT_NE(shortcut_add, nullptr);
  EXPECT_EQ(graph.tensor(shortcut_add->inputs[0]).name, "conv2d_8");
  EXPECT_EQ(graph.tensor(shortcut_add->inputs[1]).name, "batch_normalization_6");
}

struct Moments {
  double mean = 0, variance = 0, extreme = 0;
};

Moments moments(const Graph& graph, const std::string& name) {
  const auto values = graph.tensor(graph.find_tensor(name)).as<float>();
  Moments result;
  for (float value : values) {
    result.mean += value / static_cast<double>(values.size());
    result.extreme = std::max(result.extreme, std::abs(static_cast<double>(value)));
  }
  for (float value : values) result.variance += (value - result.mean) * (value - result.mean) / static_cast<double>(values.size());
  return result;
}

/// limit = sqrt(6 / (fan_in + fan_out)), variance limit^2 / 3. Tolerances: five standard errors of n samples, uniform kurtosis 1.8.
void expect_glorot(const Graph& graph, const std::string& name, double fan_in, double fan_out) {
  const Moments found = moments(graph, name);
  const double limit = std::sqrt(6 / (fan_in + fan_out)), variance = limit * limit / 3;
  const double elems = static_cast<double>(elem_count(graph.tensor(graph.find_tensor(name)).shape));
  EXPECT_LE(found.extreme, limit) << name;
  EXPECT_GT(found.extreme, 0.95 * limit) << name;
  EXPECT_NEAR(found.mean, 0, 5 * std::sqrt(variance / elems)) << name;
  EXPECT_NEAR(found.variance, variance, 5 * variance * std::sqrt(0.8 / elems)) << name;
}

TEST(Weights, glorot_uniform_with_keras_fans) {
  const Graph graph = make(cifar("mobilenet_v2_cifar"));
  expect_glorot(graph, "Conv1/kernel", 27, 9 * 32);
  expect_glorot(graph, "block_16_depthwise/kernel", 9 * 960, 9);  // Keras' layout (3,3,960,1)
  expect_glorot(graph, "block_16_project/kernel", 960, 320);
  expect_glorot(graph, "predictions/kernel", 1280, 10);
}

TEST(Weights, he_normal_is_truncated_at_two_standard_deviations) {
  const Graph graph = make(cifar("resnet8"));
  const Moments found = moments(graph, "conv2d_7/kernel");
  const double variance = 2.0 / (9 * 64), elems = 9 * 64 * 64;
  // A normal cut at +-2 has standard deviation 0.8796; scaled so that the result has the stated variance. Kurtosis below 3.
  EXPECT_LE(found.extreme, 2 * std::sqrt(variance) / 0.87962566103423978 * (1 + 1e-6));
  EXPECT_NEAR(found.mean, 0, 5 * std::sqrt(variance / elems));
  EXPECT_NEAR(found.variance, variance, 5 * variance * std::sqrt(2 / elems));
}

TEST(Weights, constants_of_batch_norm_and_bias) {
  const Graph graph = make(cifar("resnet8"));
  const auto all_equal = [&](const std::string& name, float value) {
    return std::ranges::all_of(graph.tensor(graph.find_tensor(name)).as<float>(), [&](float element) { return element == value; });
  };
  EXPECT_TRUE(all_equal("conv2d/bias", 0));
  EXPECT_TRUE(all_equal("batch_normalization/gamma", 1));
  EXPECT_TRUE(all_equal("batch_normalization/beta", 0));
  EXPECT_TRUE(all_equal("batch_normalization/moving_mean", 0));
  EXPECT_TRUE(all_equal("batch_normalization/moving_variance", 1));
  EXPECT_EQ(graph.tensor(graph.find_tensor("batch_normalization/moving_mean")).role, Role::kStatistic);
  EXPECT_EQ(graph.tensor(graph.find_tensor("batch_normalization/gamma")).role, Role::kParameter);
}

TEST(Weights, are_a_function_of_seed_and_name) {
  ArchitectureOptions options = {.name = "mnist_guide"};
  const Graph first = make(options), again = make(options);
  options.seed = 1;
  const Graph other = make(options);
  const TensorId kernel = first.find_tensor("conv2d/kernel");
  EXPECT_EQ(first.tensor(kernel).data, again.tensor(kernel).data);
  EXPECT_NE(first.tensor(kernel).data, other.tensor(kernel).data);
}

TEST(Weights, batch_norm_options_reach_the_operators) {
  ArchitectureOptions options = cifar("resnet8");
  options.batch_norm_momentum = 0.9f;
  options.batch_norm_epsilon = 0.5f;
  const Graph graph = make(options);
  const Op* op = find_op(graph, "batch_normalization_3");
  ASSERT_NE(op, nullptr);
  EXPECT_EQ(op->params_as<BatchNormParams>().momentum, 0.9f);
  EXPECT_EQ(op->params_as<BatchNormParams>().epsilon, 0.5f);
}

void expect_no_architecture(const ArchitectureOptions& options, Code code, const std::string& part) {
  const auto graph = make_architecture(options);
  ASSERT_FALSE(graph.ok());
  EXPECT_EQ(graph.status().code(), code);
  EXPECT_THAT(graph.status().message(), ::testing::HasSubstr(part));
}

TEST(ArchitectureErrors, unknown_names_and_impossible_sizes) {
  expect_no_architecture({.name = "mobilenet_v2_cifra"}, Code::kInvalidArgument, "did you mean 'mobilenet_v2_cifar'");
  expect_no_architecture({.name = "mobilenet_v2_keras"}, Code::kUnsupported, "images must be at least 32 x 32, found 28 x 28");
  expect_no_architecture({.name = "mnist_guide", .height = 0}, Code::kUnsupported, "the image height must lie in 1 to 4096, found 0");
  expect_no_architecture({.name = "mnist_guide", .width = -4}, Code::kUnsupported, "the image width");
  expect_no_architecture({.name = "mnist_guide", .channels = 1 << 20}, Code::kUnsupported, "the number of channels");
  expect_no_architecture({.name = "mnist_guide", .classes = 0}, Code::kUnsupported, "the number of classes");
  expect_no_architecture({.name = "mobilenet_v2_cifar", .alpha = 0}, Code::kUnsupported, "alpha must lie in (0, 16], found 0");
  expect_no_architecture({.name = "mobilenet_v2_cifar", .alpha = std::nanf("")}, Code::kUnsupported, "alpha");
  expect_no_architecture({.name = "mobilenet_v2_cifar", .dense_units = {0}}, Code::kUnsupported, "dense layer");
  expect_no_architecture({.name = "mnist_guide", .height = 2}, Code::kMismatch, "CONV_2D 'conv2d' (operator 0): a filter of 3");
  expect_no_architecture({.name = "mnist_guide", .height = 4096, .width = 4096}, Code::kUnsupported, "dense/kernel");
  expect_no_architecture({.name = "resnet8", .batch_norm_epsilon = -1}, Code::kOutOfRange, "epsilon");
}

}  // namespace
}  // namespace liteqat::graph
