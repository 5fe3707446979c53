#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/interpreter.h"
#include "runtime/test_graphs.h"

namespace liteqat::runtime {
namespace {

using graph::DType;
using graph::Graph;
using graph::OpKind;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct End {
  DType type = DType::kInt8;
  float scale = 0.1f;
  int64_t zero_point = 0;
};

/// One operator on [1,4,4,2].
Graph one_op(OpKind kind, const End& in, const End& out, graph::OpParams params = {}, size_t data_inputs = 1) {
  Graph graph;
  const auto add = [&](const char* name, const End& end) {
    graph::Tensor tensor = {.name = name, .type = end.type, .shape = {1, 4, 4, 2}};
    if (end.type != DType::kFloat32) tensor.quantization = {{end.scale}, {end.zero_point}, 0};
    return graph.add_tensor(std::move(tensor));
  };
  const auto x = add("x", in), y = add("y", out);
  graph.ops = {{kind, "op", std::vector<graph::TensorId>(data_inputs, x), {y}, params, 0}};
  graph.inputs = {x};
  graph.outputs = {y};
  return graph;
}

void expect_refused(const Graph& graph, Code code, const std::string& start, const std::string& part) {
  const auto result = Interpreter::prepare(graph, {});
  ASSERT_FALSE(result.ok()) << start;
  EXPECT_EQ(result.status().code(), code) << result.status().message();
  EXPECT_THAT(result.status().message(), AllOf(StartsWith(start), HasSubstr(part)));
}

TEST(ProfileErrors, NameWhatExists) {
  for (const char* name : {"cmsis-nn", "tflite", "", "LITERT-REFERENCE"}) {
    const auto profile = parse_profile(name);
    ASSERT_FALSE(profile.ok());
    EXPECT_EQ(profile.status().code(), Code::kInvalidArgument);
    EXPECT_THAT(profile.status().message(), AllOf(HasSubstr(name), HasSubstr("litert-reference")));
  }
}

TEST(PrepareErrors, Options) {
  const Graph graph = one_op(OpKind::kRelu, {}, {});
  EXPECT_EQ(Interpreter::prepare(graph, {.batch = 0}).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(Interpreter::prepare(graph, {.batch = -3}).status().code(), Code::kInvalidArgument);
}

TEST(PrepareErrors, MemoryLimit) {
  const Graph graph = one_op(OpKind::kRelu, {}, {});
  EXPECT_EQ(Interpreter::prepare(graph, {.max_memory = 0}).status().code(), Code::kInvalidArgument);
  // Input and output of 32 bytes, each in a block of 64, live at once; RELU needs no working memory here.
  const auto fits = Interpreter::prepare(graph, {});
  ASSERT_TRUE(fits.ok());
  const int64_t needed = fits.value().arena_bytes() + fits.value().scratch_bytes();
  EXPECT_TRUE(Interpreter::prepare(graph, {.max_memory = needed}).ok());
  const auto refused = Interpreter::prepare(graph, {.max_memory = needed - 1});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.status().code(), Code::kOutOfRange);
  EXPECT_THAT(refused.status().message(),
              AllOf(StartsWith("RELU 'op' (operator 0): "), HasSubstr(std::to_string(needed)), HasSubstr("--max-memory")));
  // A batch that multiplies the activations beyond the default limit is refused before anything is allocated.
  EXPECT_EQ(Interpreter::prepare(graph, {.batch = 1 << 26}).status().code(), Code::kOutOfRange);
}

TEST(PrepareErrors, InputsWithoutOperatorsCountAsMemory) {
  Graph graph;
  const auto x = graph.add_tensor({.name = "x", .type = DType::kFloat32, .shape = {1, 1024}});
  graph.inputs = graph.outputs = {x};
  EXPECT_TRUE(Interpreter::prepare(graph, {.max_memory = 4096}).ok());
  for (const Options& options : {Options{.max_memory = 4095}, Options{.batch = 3, .max_memory = 3 * 4096 - 1}}) {
    const auto refused = Interpreter::prepare(graph, options);
    ASSERT_FALSE(refused.ok()) << options.batch;
    EXPECT_EQ(refused.status().code(), Code::kOutOfRange);
    EXPECT_THAT(refused.status().message(), AllOf(HasSubstr(std::to_string(options.batch * 4096)), HasSubstr("--max-memory")));
  }
}

TEST(PrepareErrors, ValuesComputedOnceCountAsMemory) {
  // 1 MiB of float16 weights that DEQUANTIZE widens to 2 MiB in prepare.
  Graph graph;
  graph::Tensor half = {.name = "half", .type = DType::kFloat16, .shape = {1 << 19}, .role = graph::Role::kConstant};
  half.data.resize(size_t{1} << 20);
  const auto w = graph.add_tensor(std::move(half)), wide = graph.add_tensor({.name = "wide", .type = DType::kFloat32, .shape = {1 << 19}});
  const auto x = graph.add_tensor({.name = "x", .type = DType::kFloat32, .shape = {1, 1}});
  const auto y = graph.add_tensor({.name = "y", .type = DType::kFloat32, .shape = {1, 1 << 19}});
  graph.ops = {{OpKind::kDequantize, "wide", {w}, {wide}, {}, 0}, {OpKind::kAdd, "y", {x, wide}, {y}, graph::ArithmeticParams{}, 0}};
  graph.inputs = {x};
  graph.outputs = {y};
  EXPECT_TRUE(Interpreter::prepare(graph, {.max_memory = 5 << 20}).ok());
  const auto refused = Interpreter::prepare(graph, {.max_memory = (2 << 20) - 1});
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.status().message(), AllOf(StartsWith("DEQUANTIZE 'wide' (operator 0): "), HasSubstr("2097152")));
}

TEST(PrepareErrors, InvalidGraphsAreRefused) {
  Graph graph = one_op(OpKind::kRelu, {}, {});
  graph.ops[0].inputs = {7};
  const auto result = Interpreter::prepare(graph, {});
  ASSERT_FALSE(result.ok());
  EXPECT_THAT(result.status().message(), HasSubstr("RELU"));
}

TEST(PrepareErrors, BatchNorm) {
  Graph graph = one_op(OpKind::kBatchNorm, {DType::kFloat32}, {DType::kFloat32}, graph::BatchNormParams{});
  for (const char* name : {"gamma", "beta", "mean", "variance"}) {
    graph.ops[0].inputs.push_back(
        graph.add_tensor({.name = name, .shape = {2}, .role = graph::Role::kParameter, .data = std::vector<std::byte>(8)}));
  }
  expect_refused(graph, Code::kUnsupported, "BATCH_NORM 'op' (operator 0): ", "fold");
}

TEST(PrepareErrors, ScalesThatMustAgree) {
  const graph::Pool2DParams pool = {.filter_h = 1, .filter_w = 1};
  expect_refused(one_op(OpKind::kMaxPool2D, {.scale = 0.1f}, {.scale = 0.2f}, pool), Code::kMismatch,
                 "MAX_POOL_2D 'op' (operator 0): ", "0.2");
  expect_refused(one_op(OpKind::kAveragePool2D, {.zero_point = 1}, {.zero_point = 2}, pool), Code::kMismatch, "AVERAGE_POOL_2D",
                 "zero point");
  expect_refused(one_op(OpKind::kSoftmax, {}, {.scale = 0.1f}, graph::SoftmaxParams{}), Code::kMismatch, "SOFTMAX", "1/256");
  expect_refused(one_op(OpKind::kSoftmax, {}, {.scale = 1.0f / 256, .zero_point = 0}, graph::SoftmaxParams{}), Code::kMismatch, "SOFTMAX",
                 "-128");
}

TEST(PrepareErrors, ScalesBeyondTheArithmetic) {
  expect_refused(one_op(OpKind::kRelu, {.scale = 1e20f}, {.scale = 1e-20f}), Code::kOutOfRange, "RELU", "2^30");
  expect_refused(one_op(OpKind::kQuantize, {.scale = 1e10f}, {.scale = 1e-2f}), Code::kOutOfRange, "QUANTIZE", "2^30");
  expect_refused(one_op(OpKind::kAdd, {.scale = 1.0f}, {.scale = 1e-9f}, graph::ArithmeticParams{}, 2), Code::kOutOfRange, "ADD", "2^19");
  expect_refused(one_op(OpKind::kAdd, {.scale = 3e38f}, {.scale = 1.0f}, graph::ArithmeticParams{}, 2), Code::kOutOfRange, "ADD", "finite");
  const End probability = {.scale = 1.0f / 256, .zero_point = -128};
  expect_refused(one_op(OpKind::kSoftmax, {.scale = 1e-12f}, probability, graph::SoftmaxParams{}), Code::kOutOfRange, "SOFTMAX", "2^-26");
  expect_refused(one_op(OpKind::kSoftmax, {}, probability, graph::SoftmaxParams{-1.0f}), Code::kUnsupported, "SOFTMAX", "beta");
}

TEST(PrepareErrors, ConvolutionMultipliersBeyondTheArithmetic) {
  Graph graph = one_op(OpKind::kConv2D, {.scale = 1e6f}, {.scale = 1e-6f}, graph::Conv2DParams{});
  graph.ops[0].inputs.push_back(graph.add_tensor({.name = "w",
                                                  .type = DType::kInt8,
                                                  .shape = {2, 1, 1, 2},
                                                  .role = graph::Role::kConstant,
                                                  .data = std::vector<std::byte>(4),
                                                  .quantization = {{1.0f}, {0}, 0}}));
  expect_refused(graph, Code::kOutOfRange, "CONV_2D 'op' (operator 0): ", "2^30");
}

TEST(PrepareErrors, MoreMemoryThanSupported) {
  const Graph graph = one_op(OpKind::kRelu, {DType::kFloat32}, {DType::kFloat32});
  const auto result = Interpreter::prepare(graph, {.batch = INT32_MAX});
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.status().code(), Code::kOutOfRange);
  EXPECT_THAT(result.status().message(), AllOf(StartsWith("RELU 'op' (operator 0): "), HasSubstr("2147483647")));
}

}  // namespace
}  // namespace liteqat::runtime
