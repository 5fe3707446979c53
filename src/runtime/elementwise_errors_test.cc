// What prepare refuses of elementwise and row operators: parameters that TFLite's kernels refuse or abort on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "runtime/interpreter.h"

namespace liteqat::runtime {
namespace {

using graph::DType;
using graph::Graph;
using graph::OpKind;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Operand {
  DType type = DType::kInt8;
  float scale = 0.1f;
  int64_t zero_point = 0;
};

Graph elementwise_op(OpKind kind, const std::vector<Operand>& in, const Operand& out, graph::OpParams params = {}) {
  Graph graph;
  const auto add = [&](const Operand& end) {
    graph::Tensor tensor = {.name = format("t{}", graph.tensors.size()), .type = end.type, .shape = {1, 3}};
    if (end.type != DType::kFloat32) tensor.quantization = {{end.scale}, {end.zero_point}, 0};
    return graph.add_tensor(std::move(tensor));
  };
  for (const Operand& end : in) graph.inputs.push_back(add(end));
  graph.outputs = {add(out)};
  graph.ops = {{kind, "op", graph.inputs, graph.outputs, std::move(params), 0}};
  return graph;
}

void expect_operator_refused(const Graph& graph, Code code, const std::string& part) {
  const auto result = Interpreter::prepare(graph, {});
  ASSERT_FALSE(result.ok()) << part;
  EXPECT_EQ(result.status().code(), code) << result.status().message();
  EXPECT_THAT(result.status().message(),
              AllOf(HasSubstr(graph::op_kind_name(graph.ops[0].kind)), HasSubstr("(operator 0)"), HasSubstr(part)));
}

TEST(ElementwiseErrors, FixedOutputs) {
  expect_operator_refused(elementwise_op(OpKind::kLogistic, {{}}, {.scale = 1.0f / 255, .zero_point = -128}), Code::kMismatch,
                          "scale 1/256");
  expect_operator_refused(elementwise_op(OpKind::kLogistic, {{DType::kInt16}}, {DType::kInt16, 0.001f}), Code::kMismatch, "scale 1/32768");
  expect_operator_refused(elementwise_op(OpKind::kTanh, {{DType::kInt16}}, {DType::kInt16, 0.001f}), Code::kMismatch,
                          "scale 1/32768, found 0.001");
  expect_operator_refused(elementwise_op(OpKind::kSoftmax, {{DType::kInt16}}, {DType::kInt16, 0.001f}, graph::SoftmaxParams{}),
                          Code::kMismatch, "1/32768");
  expect_operator_refused(elementwise_op(OpKind::kLogSoftmax, {{}}, {.scale = 1.0f / 16, .zero_point = 126}), Code::kMismatch,
                          "zero point 127, found");
  expect_operator_refused(elementwise_op(OpKind::kLogSoftmax, {{DType::kUInt8}}, {DType::kUInt8, 0.05f, 255}), Code::kMismatch,
                          "scale 1/16");
  expect_operator_refused(elementwise_op(OpKind::kL2Normalization, {{}}, {.scale = 0.01f}, graph::ArithmeticParams{}), Code::kMismatch,
                          "scale 1/128");
  expect_operator_refused(
      elementwise_op(OpKind::kL2Normalization, {{DType::kFloat32}}, {DType::kFloat32}, graph::ArithmeticParams{graph::Activation::kRelu}),
      Code::kUnsupported, "fused activation");
}

TEST(ElementwiseErrors, ScalesBeyondTheArithmetic) {
  const graph::ArithmeticParams none;
  expect_operator_refused(elementwise_op(OpKind::kSub, {{}, {}}, {.scale = 1e-9f}, none), Code::kOutOfRange, "2^19 times finer");
  expect_operator_refused(elementwise_op(OpKind::kSub, {{.scale = 3e38f}, {}}, {}, none), Code::kOutOfRange, "finite");
  const Operand wide = {DType::kInt16, 1.1f};
  expect_operator_refused(elementwise_op(OpKind::kAdd, {wide, wide}, {DType::kInt16, 1e-6f}, none), Code::kOutOfRange, "2^14 times finer");
  expect_operator_refused(elementwise_op(OpKind::kMul, {{.scale = 1e9f}, {.scale = 1e9f}}, {}, none), Code::kOutOfRange, "less than 2^30");
  expect_operator_refused(elementwise_op(OpKind::kMul, {{.scale = 1e38f}, {.scale = 1e38f}}, {}, none), Code::kOutOfRange, "inf");
  expect_operator_refused(elementwise_op(OpKind::kPrelu, {{.scale = 1e9f}, {.scale = 1e9f}}, {}), Code::kOutOfRange, "less than 2^30");
  expect_operator_refused(elementwise_op(OpKind::kHardSwish, {{.scale = 13.0f}}, {.scale = 0.1f}), Code::kOutOfRange,
                          "128 times the output scale");
  expect_operator_refused(elementwise_op(OpKind::kHardSwish, {{.scale = 1e8f}}, {.scale = 1e8f}), Code::kOutOfRange, "2^24");
  expect_operator_refused(elementwise_op(OpKind::kTanh, {{}}, {.scale = 1e-45f}), Code::kOutOfRange, "too small");
  expect_operator_refused(elementwise_op(OpKind::kTanh, {{DType::kInt16, 1e10f}}, {DType::kInt16, 1.0f / 32768}), Code::kOutOfRange,
                          "below 131072");
  const Operand log_probability = {.scale = 1.0f / 16, .zero_point = 127};
  expect_operator_refused(elementwise_op(OpKind::kLogSoftmax, {{.scale = 1e-9f}}, log_probability), Code::kOutOfRange, "2^-26");
  expect_operator_refused(elementwise_op(OpKind::kSoftmax, {{DType::kInt16, 1e20f}}, {DType::kInt16, 1.0f / 32768}, graph::SoftmaxParams{}),
                          Code::kOutOfRange, "below 65536");
}

TEST(ElementwiseErrors, LeakyReluAlpha) {
  const float infinity = std::numeric_limits<float>::infinity();
  expect_operator_refused(elementwise_op(OpKind::kLeakyRelu, {{}}, {}, graph::LeakyReluParams{infinity}), Code::kOutOfRange,
                          "alpha must be finite");
  expect_operator_refused(elementwise_op(OpKind::kLeakyRelu, {{}}, {}, graph::LeakyReluParams{1e20f}), Code::kOutOfRange, "less than 2^30");
}

TEST(ElementwiseErrors, PowersOfTwoThatTheOlderInt16KernelLacks) {
  const Operand fine = {DType::kInt16, 0.25f}, coarse = {DType::kInt16, 0.5f}, coarser = {DType::kInt16, 1.0f};
  const graph::ArithmeticParams older = {.power_of_two_int16 = true}, general = {.power_of_two_int16 = false};
  expect_operator_refused(elementwise_op(OpKind::kAdd, {fine, fine}, coarse, older), Code::kUnsupported,
                          "one input must have the output's scale");
  expect_operator_refused(elementwise_op(OpKind::kSub, {coarser, coarse}, coarse, older), Code::kUnsupported,
                          "one input must have the output's scale");
  EXPECT_TRUE(Interpreter::prepare(elementwise_op(OpKind::kAdd, {fine, coarse}, coarse, older), {}).ok());
  EXPECT_TRUE(Interpreter::prepare(elementwise_op(OpKind::kAdd, {fine, fine}, coarse, general), {}).ok());
}

TEST(ElementwiseErrors, TooManyPlacesToStretch) {
  Graph graph = elementwise_op(OpKind::kMul, {{DType::kFloat32}, {DType::kFloat32}}, {DType::kFloat32}, graph::ArithmeticParams{});
  graph.tensor(0).shape = {1, 2, 1, 2, 1, 2, 1, 2};
  graph.tensor(1).shape = {1, 1, 2, 1, 2, 1, 2, 1};
  graph.tensor(2).shape = {1, 2, 2, 2, 2, 2, 2, 2};
  expect_operator_refused(graph, Code::kUnsupported, "stretch in more than 6 places");
}

TEST(Elementwise, InfiniteSumsAndProductsBecomeTheLargestNumber) {
  for (const OpKind kind : {OpKind::kAdd, OpKind::kSub, OpKind::kMul}) {
    const Graph graph = elementwise_op(kind, {{DType::kFloat32}, {DType::kFloat32}}, {DType::kFloat32}, graph::ArithmeticParams{});
    auto interpreter = Interpreter::prepare(graph, {});
    ASSERT_TRUE(interpreter.ok()) << interpreter.status().message();
    const float a[] = {3e38f, -3e38f, 1.5f}, b[] = {3e38f, 3e38f, 2.0f};
    std::memcpy(interpreter->input(0).data(), a, sizeof a);
    std::memcpy(interpreter->input(1).data(), b, sizeof b);
    interpreter->invoke();
    const auto* y = reinterpret_cast<const float*>(interpreter->output(0).data());
    constexpr float kLargest = std::numeric_limits<float>::max();
    EXPECT_EQ(y[0], kind == OpKind::kSub ? 0.0f : kLargest);
    EXPECT_EQ(y[1], kind == OpKind::kAdd ? 0.0f : -kLargest);
    EXPECT_EQ(y[2], kind == OpKind::kAdd ? 3.5f : kind == OpKind::kSub ? -0.5f : 3.0f);
  }
}

TEST(Elementwise, EveryPartitionGivesTheSameBytes) {
  for (const OpKind kind : {OpKind::kMul, OpKind::kSub, OpKind::kMaximum}) {
    Graph graph = elementwise_op(kind, {{}, {.scale = 0.05f, .zero_point = 3}}, {.scale = 0.2f, .zero_point = -7},
                                 kind == OpKind::kMaximum ? graph::OpParams{} : graph::OpParams{graph::ArithmeticParams{}});
    graph.tensor(0).shape = graph.tensor(2).shape = {1, 31, 17, 131};
    graph.tensor(1).shape = {1, 1, 17, 1};
    std::vector<std::byte> expected;
    for (const int threads : {1, 2, 3}) {
      auto interpreter = Interpreter::prepare(graph, {.threads = threads});
      ASSERT_TRUE(interpreter.ok()) << interpreter.status().message();
      for (size_t input = 0; input < 2; ++input) {
        size_t index = 0;
        for (std::byte& code : interpreter->input(input)) code = static_cast<std::byte>(index++ * 37 % 251);
      }
      interpreter->invoke();
      const auto output = interpreter->output(0);
      if (threads == 1) expected.assign(output.begin(), output.end());
      EXPECT_TRUE(std::equal(expected.begin(), expected.end(), output.begin(), output.end())) << threads;
    }
  }
}

}  // namespace
}  // namespace liteqat::runtime
