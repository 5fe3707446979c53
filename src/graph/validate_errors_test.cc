// Every rule of validate is broken once in an otherwise valid graph.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>

#include "graph/graph.h"
#include "graph/test_graphs.h"

namespace liteqat::graph {
namespace {

using ::testing::HasSubstr;

struct Violation {
  const char* part;  // of the message
  Code code;
  std::function<void(Graph&)> apply;
};

void expect_all_refused(const std::function<Graph()>& make, const std::vector<Violation>& violations) {
  const Graph intact = make();
  ASSERT_TRUE(validate(intact).ok()) << validate(intact).message();
  for (const Violation& violation : violations) {
    Graph graph = make();
    violation.apply(graph);
    const Status status = validate(graph);
    EXPECT_EQ(status.code(), violation.code) << violation.part << ": " << status.message();
    EXPECT_THAT(status.message(), HasSubstr(violation.part));
  }
}

TEST(ValidateErrors, structure) {
  expect_all_refused(
      int8_conv_graph,
      {
          {"0 inputs and 1 outputs", Code::kMismatch, [](Graph& g) { g.inputs.clear(); }},
          {"1 inputs and 0 outputs", Code::kMismatch, [](Graph& g) { g.outputs.clear(); }},
          {"graph input 0 is tensor 4, the graph has tensors 0 to 3", Code::kMismatch, [](Graph& g) { g.inputs = {4}; }},
          {"graph input 0 is tensor -1", Code::kMismatch, [](Graph& g) { g.inputs = {-1}; }},
          {"graph input 1 (tensor 0 'input') is constant or listed twice", Code::kMismatch,
           [](Graph& g) {
             g.inputs = {0, 0};
           }},
          {"graph input 1 (tensor 1 'weights') is constant", Code::kMismatch,
           [](Graph& g) {
             g.inputs = {0, 1};
           }},
          {"graph output 0 is tensor 9", Code::kMismatch, [](Graph& g) { g.outputs = {9}; }},
          {"is not computed by any operator", Code::kMismatch, [](Graph& g) { g.outputs = {g.add_tensor(int8_activation("loose", {1}))}; }},
          {"CONV_2D 'conv' (operator 0): input 1 is tensor 17, the graph has tensors 0 to 3", Code::kMismatch,
           [](Graph& g) { g.ops[0].inputs[1] = 17; }},
          {"CONV_2D 'conv' (operator 0): input 0 is tensor -1", Code::kMismatch, [](Graph& g) { g.ops[0].inputs[0] = kNoTensor; }},
          {"CONV_2D 'conv' (operator 0): input 2 is tensor -2", Code::kMismatch, [](Graph& g) { g.ops[0].inputs[2] = -2; }},
          {"expected 2 to 3 inputs, found 1", Code::kMismatch, [](Graph& g) { g.ops[0].inputs.resize(1); }},
          {"expected 2 to 3 inputs, found 4", Code::kMismatch, [](Graph& g) { g.ops[0].inputs.push_back(2); }},
          {"expected 1 output, found 0", Code::kMismatch, [](Graph& g) { g.ops[0].outputs.clear(); }},
          {"its output is tensor 8, the graph has tensors 0 to 3", Code::kMismatch, [](Graph& g) { g.ops[0].outputs = {8}; }},
          {"(tensor 2 'bias') already has a value", Code::kMismatch, [](Graph& g) { g.ops[0].outputs = {2}; }},
          {"(tensor 0 'input') already has a value", Code::kMismatch, [](Graph& g) { g.ops[0].outputs = {0}; }},
          {"CONV_2D 'conv' (operator 1): its output (tensor 3 'output') already has a value", Code::kMismatch,
           [](Graph& g) { g.ops.push_back(g.ops[0]); }},
          {"input 0 (tensor 3 'output') is neither constant", Code::kMismatch, [](Graph& g) { g.ops[0].inputs[0] = 3; }},
          {"its parameters are those of another operator", Code::kMismatch, [](Graph& g) { g.ops[0].params = Pool2DParams{}; }},
      });
}

TEST(ValidateErrors, omitted_bias_is_accepted) {
  Graph graph = int8_conv_graph();
  graph.ops[0].inputs[2] = kNoTensor;
  EXPECT_TRUE(validate(graph).ok());
  graph.ops[0].inputs.resize(2);
  EXPECT_TRUE(validate(graph).ok());
}

TEST(ValidateErrors, payloads_and_extents) {
  expect_all_refused(int8_conv_graph,
                     {
                         {"tensor 1 'weights' (int8 [3,3,3,2], constant) holds 53 bytes, expected 54", Code::kMismatch,
                          [](Graph& g) { g.tensor(1).data.pop_back(); }},
                         {"holds 55 bytes, expected 54", Code::kMismatch, [](Graph& g) { g.tensor(1).data.emplace_back(); }},
                         {"tensor 0 'input' (int8 [1,5,5,2], computed) holds 1 bytes, expected 0", Code::kMismatch,
                          [](Graph& g) { g.tensor(0).data.resize(1); }},
                         {"tensor 3 'output' has shape [1,5,0,3]", Code::kOutOfRange, [](Graph& g) { g.tensor(3).shape[2] = 0; }},
                         {"tensor 1 'weights' has shape [-3,3,3,2]", Code::kOutOfRange, [](Graph& g) { g.tensor(1).shape[0] = -3; }},
                         {"too many elements", Code::kOutOfRange,
                          [](Graph& g) {
                            g.tensor(0).shape = {1 << 30, 1 << 30, 1 << 30, 2};
                          }},
                         {"CONV_2D 'conv' (operator 0): its output (tensor 3 'output') is stored with shape [1,5,5,4], computed [1,5,5,3]",
                          Code::kMismatch, [](Graph& g) { g.tensor(3).shape[3] = 4; }},
                         {"CONV_2D 'conv' (operator 0): filter, stride and dilation", Code::kOutOfRange,
                          [](Graph& g) { std::get<Conv2DParams>(g.ops[0].params).stride_h = 0; }},
                     });
}

TEST(ValidateErrors, quantization) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN(), kInf = std::numeric_limits<float>::infinity();
  expect_all_refused(
      int8_conv_graph,
      {
          {"tensor 1 'weights' has 3 scales but 2 zero points", Code::kMismatch,
           [](Graph& g) { g.tensor(1).quantization.zero_point.pop_back(); }},
          {"tensor 0 'input' has scale nan at slice 0", Code::kOutOfRange, [=](Graph& g) { g.tensor(0).quantization.scale[0] = kNan; }},
          {"tensor 1 'weights' has scale inf at slice 2", Code::kOutOfRange, [=](Graph& g) { g.tensor(1).quantization.scale[2] = kInf; }},
          {"has scale 0 at slice 1", Code::kOutOfRange, [](Graph& g) { g.tensor(1).quantization.scale[1] = 0; }},
          {"has scale -0.5 at slice 0", Code::kOutOfRange, [](Graph& g) { g.tensor(3).quantization.scale[0] = -0.5f; }},
          {"has zero point 128 at slice 0: expected -128 to 127 for int8", Code::kOutOfRange,
           [](Graph& g) { g.tensor(0).quantization.zero_point[0] = 128; }},
          {"has zero point -129", Code::kOutOfRange, [](Graph& g) { g.tensor(0).quantization.zero_point[0] = -129; }},
          {"tensor 2 'bias' has zero point 1 at slice 1: expected 0 to 0", Code::kOutOfRange,
           [](Graph& g) { g.tensor(2).quantization.zero_point[1] = 1; }},
          {"its axis 1 has 3 slices", Code::kMismatch,
           [](Graph& g) {
             g.tensor(1).quantization = {.scale = {1, 1}, .zero_point = {0, 0}, .axis = 1};
           }},
          {"is quantized along axis 4", Code::kOutOfRange, [](Graph& g) { g.tensor(1).quantization.axis = 4; }},
          {"is quantized along axis -1", Code::kOutOfRange, [](Graph& g) { g.tensor(1).quantization.axis = -1; }},
          {"are quantized along axis 1, expected 0", Code::kUnsupported, [](Graph& g) { g.tensor(1).quantization.axis = 1; }},
          {"weights 'weights' have zero point -3, expected 0", Code::kUnsupported,
           [](Graph& g) { g.tensor(1).quantization.zero_point[1] = -3; }},
          {"int8 weights 'weights' have no scale", Code::kMismatch, [](Graph& g) { g.tensor(1).quantization = {}; }},
          {"tensor 'input' of type int8 must have one scale and zero point, found 0", Code::kMismatch,
           [](Graph& g) { g.tensor(0).quantization = {}; }},
          {"tensor 'output' of type int8 must have one scale and zero point, found 3", Code::kMismatch,
           [](Graph& g) {
             g.tensor(3).quantization = {.scale = {1, 1, 1}, .zero_point = {0, 0, 0}, .axis = 3};
           }},
      });
}

/// The graph with the tensor given another type, its payload resized to fit.
std::function<void(Graph&)> retype(TensorId id, DType type) {
  return [=](Graph& g) {
    Tensor& tensor = g.tensor(id);
    tensor.type = type;
    tensor.quantization = {};
    if (tensor.constant()) tensor.data.resize(static_cast<size_t>(elem_count(tensor.shape) * dtype_bytes(type)));
  };
}

TEST(ValidateErrors, element_types_of_weighted_operators) {
  expect_all_refused(int8_conv_graph, {
                                          {"(float32, int8, int32) -> int8", Code::kUnsupported, retype(0, DType::kFloat32)},
                                          {"(int8, float32, int32) -> int8", Code::kUnsupported, retype(1, DType::kFloat32)},
                                          {"(int8, int8, float32) -> int8", Code::kUnsupported, retype(2, DType::kFloat32)},
                                          {"(int8, int8, int64) -> int8", Code::kUnsupported, retype(2, DType::kInt64)},
                                          {"(int8, int8, int32) -> float32", Code::kUnsupported, retype(3, DType::kFloat32)},
                                          {"(uint8, int8, int32) -> int8", Code::kUnsupported, retype(0, DType::kUInt8)},
                                      });
}

TEST(ValidateErrors, quantized_weights_and_bias_may_be_computed) {
  for (TensorId id : {1, 2}) {
    Graph graph = int8_conv_graph();
    graph.tensor(id).role = Role::kActivation;
    graph.tensor(id).data.clear();
    graph.inputs.push_back(id);
    const Status status = validate(graph);
    EXPECT_TRUE(status.ok()) << status.message();
  }
}

TEST(ValidateErrors, a_bias_counts_in_steps_of_input_and_weights) {
  Graph graph = int8_conv_graph();                        // input scale 0.5, weights 0.1 0.2 0.3, output 0.5
  graph.tensor(2).quantization.scale[1] = 0.1f + 0.009f;  // 0.02 * 0.5 = 0.01 may be missed
  EXPECT_TRUE(validate(graph).ok()) << validate(graph).message();
  graph.tensor(2).quantization.scale[1] = 0.1f + 0.011f;
  EXPECT_EQ(validate(graph).code(), Code::kMismatch);
  EXPECT_THAT(validate(graph).message(), HasSubstr("CONV_2D 'conv' (operator 0): its bias 'bias' has scale 0.111"));
  graph.tensor(2).quantization = {};
  EXPECT_TRUE(validate(graph).ok()) << validate(graph).message();
}

TEST(ValidateErrors, transposed_convolutions_read_their_third_input) {
  const auto make = [] {
    Graph graph = int8_conv_graph();
    graph.tensor(0).shape = {1, 5, 5, 2};
    const TensorId shape = graph.add_tensor(int32_constant("output_shape", {4}, {1, 5, 5, 3}));
    graph.ops[0] = {
        .kind = OpKind::kTransposeConv, .name = "up", .inputs = {shape, 1, 0, 2}, .outputs = {3}, .params = TransposeConvParams{}};
    return graph;
  };
  expect_all_refused(
      make,
      {{"(int32, int8, float32, int32) -> int8", Code::kUnsupported, retype(0, DType::kFloat32)},
       {"(int32, int8, int8, float32) -> int8", Code::kUnsupported, retype(2, DType::kFloat32)},
       {"tensor 'input' of type int8 must have one scale", Code::kMismatch, [](Graph& g) { g.tensor(0).quantization = {}; }},
       {"4 extents", Code::kMismatch,
        [](Graph& g) {
          g.tensor(4) = int32_constant("output_shape", {3}, {5, 5, 3});
        }},
       {"must lie in 1 to 2^30", Code::kOutOfRange, [](Graph& g) { std::get<TransposeConvParams>(g.ops[0].params).stride_h = 1 << 30; }}});
}

/// x [1,4] in two halves; SPLIT's axis is its first input and the first tensor.
Graph split_graph() {
  Graph graph;
  const TensorId axis = graph.add_tensor(int32_constant("axis", {}, {1})), x = graph.add_tensor(float_activation("x", {1, 4}));
  const TensorId halves[] = {graph.add_tensor(float_activation("a", {1, 2})), graph.add_tensor(float_activation("b", {1, 2}))};
  graph.ops.push_back(
      {.kind = OpKind::kSplit, .name = "split", .inputs = {axis, x}, .outputs = {halves[0], halves[1]}, .params = SplitParams{2}});
  graph.inputs = {x};
  graph.outputs = {halves[0], halves[1]};
  EXPECT_TRUE(validate(graph).ok()) << validate(graph).message();
  return graph;
}

TEST(ValidateErrors, the_first_tensor_and_the_first_input_are_looked_at_too) {
  Graph graph = split_graph();
  graph.tensor(0).type = DType::kFloat32;
  EXPECT_THAT(validate(graph).message(), HasSubstr("input 0 (tensor 'axis') must be of type int32 or int64, found float32"));
}

TEST(ValidateErrors, operators_with_any_number_of_inputs_omit_none) {
  Graph graph = one_op_graph(OpKind::kConcatenation, AxisParams{.axis = 1}, {1, 4}, {float_parameter("b", {1, 2})});
  ASSERT_TRUE(infer_shapes(graph).ok());
  graph.ops[0].inputs.push_back(kNoTensor);
  EXPECT_THAT(validate(graph).message(), HasSubstr("input 2 is tensor -1"));
  graph.ops[0].kind = OpKind::kPack;
  EXPECT_THAT(validate(graph).message(), HasSubstr("input 2 is tensor -1"));
}

TEST(ValidateErrors, weights_of_uint8_have_one_scale_and_16x8_needs_the_right_bias) {
  expect_all_refused(int8_conv_graph, {
                                          {"(int16, int8, float32) -> int16", Code::kUnsupported,
                                           [](Graph& g) {
                                             for (TensorId id : {0, 3}) g.tensor(id).type = DType::kInt16;
                                             for (TensorId id : {0, 3}) g.tensor(id).quantization.zero_point = {0};
                                             retype(2, DType::kFloat32)(g);
                                           }},
                                          {"are quantized along axis 0, expected one scale", Code::kUnsupported,
                                           [](Graph& g) {
                                             for (TensorId id : {0, 1, 3}) g.tensor(id).type = DType::kUInt8;
                                             for (TensorId id : {0, 3}) g.tensor(id).quantization.zero_point = {3};
                                             Tensor& w = g.tensor(1);
                                             const auto channels = static_cast<size_t>(w.shape[0]);
                                             w.quantization = {std::vector<float>(channels, 0.5f), std::vector<int64_t>(channels, 0), 0};
                                           }},
                                      });
}

Graph with_output(Graph graph, DType from, DType to) {
  const auto activation = [](const std::string& name, DType type, const Shape& shape) {
    Tensor tensor = {.name = name, .type = type, .shape = shape};
    if (type == DType::kInt8 || type == DType::kUInt8) tensor.quantization = {.scale = {0.5f}, .zero_point = {1}};
    if (type == DType::kInt16 || type == DType::kInt32) tensor.quantization = {.scale = {0.5f}, .zero_point = {0}};
    return tensor;
  };
  const Shape shape = graph.tensor(0).shape;
  graph.tensor(graph.inputs[0]) = activation("input", from, shape);
  graph.tensor(graph.outputs[0]) = activation("output", to, shape);
  return graph;
}

TEST(ValidateErrors, quantize_and_dequantize_type_pairs) {
  using enum DType;
  const auto types = {kFloat32, kFloat16, kInt8, kUInt8, kInt16, kInt32, kInt64, kBool};
  const std::vector<std::pair<DType, DType>> quantize = {
      {kFloat32, kInt8}, {kFloat32, kUInt8}, {kFloat32, kInt16}, {kInt8, kInt8},   {kInt8, kUInt8},  {kInt8, kInt16}, {kUInt8, kInt8},
      {kUInt8, kUInt8},  {kUInt8, kInt16},   {kInt16, kInt8},    {kInt16, kInt16}, {kInt16, kInt32}, {kInt32, kInt8}, {kInt32, kInt16}};
  const std::vector<std::pair<DType, DType>> dequantize = {{kInt8, kFloat32}, {kUInt8, kFloat32}, {kInt16, kFloat32}, {kFloat16, kFloat32}};
  for (DType from : types) {
    for (DType to : types) {
      const std::pair<DType, DType> pair = {from, to};
      for (OpKind kind : {OpKind::kQuantize, OpKind::kDequantize}) {
        const auto& allowed = kind == OpKind::kQuantize ? quantize : dequantize;
        const bool expected = std::ranges::find(allowed, pair) != allowed.end();
        const Status status = validate(with_output(one_op_graph(kind, {}, {1, 4}, {}), from, to));
        EXPECT_EQ(status.ok(), expected) << op_kind_name(kind) << dtype_name(from) << dtype_name(to) << status.message();
      }
    }
  }
}

TEST(ValidateErrors, uniform_operators_refuse_mixed_types) {
  EXPECT_TRUE(validate(with_output(one_op_graph(OpKind::kRelu, {}, {1, 4}, {}), DType::kInt8, DType::kInt8)).ok());
  EXPECT_EQ(validate(with_output(one_op_graph(OpKind::kRelu, {}, {1, 4}, {}), DType::kFloat32, DType::kInt8)).code(), Code::kUnsupported);
  EXPECT_EQ(validate(with_output(one_op_graph(OpKind::kRelu6, {}, {1, 4}, {}), DType::kInt32, DType::kInt32)).code(), Code::kUnsupported);
  Graph add = with_output(one_op_graph(OpKind::kAdd, ArithmeticParams{}, {1, 4}, {float_parameter("b", {4})}), DType::kInt8, DType::kInt8);
  EXPECT_EQ(validate(add).code(), Code::kUnsupported);
}

TEST(ValidateErrors, types_of_functions_of_one_value) {
  using enum DType;
  const std::vector<DType> float_and_byte = {kFloat32, kInt8}, bytes = {kFloat32, kInt8, kUInt8}, all = {kFloat32, kInt8, kUInt8, kInt16};
  const std::vector<std::pair<OpKind, std::vector<DType>>> expected = {
      {OpKind::kRelu, all},        {OpKind::kRelu6, all},    {OpKind::kReluN1To1, bytes}, {OpKind::kElu, float_and_byte},
      {OpKind::kHardSwish, bytes}, {OpKind::kLogistic, all}, {OpKind::kTanh, all},        {OpKind::kLogSoftmax, bytes},
      {OpKind::kLeakyRelu, all},   {OpKind::kSoftmax, all}};
  for (const auto& [kind, allowed] : expected) {
    const OpParams params = kind == OpKind::kLeakyRelu ? OpParams(LeakyReluParams{})
                            : kind == OpKind::kSoftmax ? SoftmaxParams{}
                                                       : OpParams();
    for (DType type : {kFloat32, kFloat16, kInt8, kUInt8, kInt16, kInt32, kInt64, kBool}) {
      const Status status = validate(with_output(one_op_graph(kind, params, {1, 4}, {}), type, type));
      EXPECT_EQ(status.ok(), std::ranges::find(allowed, type) != allowed.end()) << op_kind_name(kind) << dtype_name(type);
    }
  }
}

TEST(ValidateErrors, codes_need_one_scale_and_prelu_does_not_grow) {
  Graph graph = with_output(one_op_graph(OpKind::kTanh, {}, {1, 4}, {}), DType::kInt16, DType::kInt16);
  graph.tensor(graph.inputs[0]).quantization = {};
  EXPECT_THAT(validate(graph).message(), HasSubstr("of type int16 must have one scale and zero point, found 0"));
  Graph dequantize = with_output(one_op_graph(OpKind::kDequantize, {}, {1, 4}, {}), DType::kInt16, DType::kFloat32);
  dequantize.tensor(dequantize.inputs[0]).quantization = {{0.5f, 0.5f, 0.5f, 0.5f}, {0, 0, 0, 0}, 1};
  EXPECT_EQ(validate(dequantize).code(), Code::kMismatch);
  Graph prelu = one_op_graph(OpKind::kPrelu, {}, {1, 1}, {float_parameter("alpha", {4})});
  EXPECT_THAT(infer_shapes(prelu).message(), HasSubstr("input 1 of shape [4] does not broadcast to the input's [1,1]"));
}

TEST(ValidateErrors, types_of_prelu) {
  using enum DType;
  const auto prelu = [](DType type, DType alpha) {
    Graph graph = with_output(one_op_graph(OpKind::kPrelu, {}, {1, 4}, {float_parameter("alpha", {4})}), type, type);
    Tensor& slopes = graph.tensor(1);
    slopes.type = alpha;
    slopes.data.resize(static_cast<size_t>(4 * dtype_bytes(alpha)));
    if (alpha == kInt8 || alpha == kUInt8) slopes.quantization = {.scale = {0.5f}, .zero_point = {1}};
    return validate(graph);
  };
  for (const auto& [type, alpha] : {std::pair(kFloat32, kFloat32), {kInt8, kInt8}, {kUInt8, kUInt8}, {kInt16, kInt8}}) {
    EXPECT_TRUE(prelu(type, alpha).ok()) << prelu(type, alpha).message();
  }
  for (const auto& [type, alpha] :
       {std::pair(kFloat32, kInt8), {kInt8, kUInt8}, {kInt16, kInt16}, {kInt16, kUInt8}, {kInt32, kInt32}, {kInt8, kFloat32}}) {
    EXPECT_EQ(prelu(type, alpha).code(), Code::kUnsupported) << dtype_name(type) << dtype_name(alpha);
  }
}

TEST(ValidateErrors, constants_of_bool_hold_zeros_and_ones) {
  Graph graph = int8_conv_graph();
  const TensorId flags = graph.add_tensor({.name = "flags", .type = DType::kBool, .shape = {3}, .role = Role::kConstant});
  graph.tensor(flags).data = bytes_of<uint8_t>({0, 1, 1});
  EXPECT_TRUE(validate(graph).ok()) << validate(graph).message();
  graph.tensor(flags).data = bytes_of<uint8_t>({0, 1, 2});
  EXPECT_THAT(validate(graph).message(), HasSubstr("tensor 4 'flags' holds 2 at byte 2, a bool is 0 or 1"));
}

/// An operator on two int8 tensors of one quantization: "input" and, if it takes one, `further`.
Graph int8_graph(OpKind kind, OpParams params, std::vector<Tensor> further) {
  Graph graph = one_op_graph(kind, std::move(params), {1, 2, 2, 4}, std::move(further));
  for (TensorId id : {graph.inputs[0], graph.outputs[0]}) {
    graph.tensor(id).type = DType::kInt8;
    graph.tensor(id).quantization = {.scale = {0.5f}, .zero_point = {-3}};
  }
  EXPECT_TRUE(infer_shapes(graph).ok()) << infer_shapes(graph).message();
  return graph;
}

Tensor int8_constant(const std::string& name, const Shape& shape) {
  Tensor tensor = int8_activation(name, shape);
  tensor.role = Role::kConstant;
  tensor.data.resize(static_cast<size_t>(elem_count(shape)));
  return tensor;
}

TEST(ValidateErrors, values_that_are_moved_keep_their_scale) {
  const auto other_zero_point = [](TensorId id) { return [=](Graph& g) { g.tensor(id).quantization.zero_point = {4}; }; };
  const auto other_scale = [](TensorId id) { return [=](Graph& g) { g.tensor(id).quantization.scale = {0.25f}; }; };
  const auto no_scale = [](TensorId id) { return [=](Graph& g) { g.tensor(id).quantization = {}; }; };
  expect_all_refused(
      [] {
        return int8_graph(OpKind::kConcatenation, AxisParams{.axis = 3}, {int8_constant("b", {1, 2, 2, 1})});
      },
      {{"input 1 (tensor 'b') and the output must share scale and zero point, found 0.5/4 and 0.5/-3", Code::kMismatch,
        other_zero_point(1)},
       {"input 0 (tensor 'input') and the output must share scale and zero point, found 0.25/-3 and 0.5/-3", Code::kMismatch,
        other_scale(0)},
       {"must share scale and zero point, found 0/0 and 0.5/-3", Code::kMismatch, no_scale(1)},
       {"must share scale and zero point, found 0.5/-3 and 0/0", Code::kMismatch, no_scale(2)},
       {"a fused activation is not supported", Code::kUnsupported,
        [](Graph& g) { std::get<AxisParams>(g.ops[0].params).activation = Activation::kRelu; }}});
  expect_all_refused(
      [] {
        return int8_graph(OpKind::kPack, AxisParams{}, {int8_constant("b", {1, 2, 2, 4})});
      },
      {{"input 1 (tensor 'b') and the output must share scale", Code::kMismatch, other_scale(1)}});
  expect_all_refused([] { return int8_graph(OpKind::kReduceMax, ReductionParams{}, {int32_constant("axes", {1}, {1})}); },
                     {{"input 0 (tensor 'input') and the output must share scale", Code::kMismatch, other_scale(0)}});
  expect_all_refused(
      [] {
        return int8_graph(OpKind::kPadV2, {}, {int32_constant("p", {4, 2}, {0, 0, 1, 1, 1, 1, 0, 0}), int8_constant("value", {1})});
      },
      {{"its value 'value' and the output must share scale and zero point", Code::kMismatch, other_zero_point(2)},
       {"its value 'value' and the output must share scale and zero point", Code::kMismatch, other_scale(2)}});
  expect_all_refused([] { return int8_graph(OpKind::kMaxPool2D, Pool2DParams{.filter_h = 2, .filter_w = 2}, {}); },
                     {{"tensor 'input' of type int8 must have one scale and zero point, found 0", Code::kMismatch, no_scale(0)},
                      {"tensor 'output' of type int8 must have one scale and zero point, found 0", Code::kMismatch, no_scale(1)}});
}

TEST(ValidateErrors, values_that_are_moved_keep_their_type) {
  const auto becomes_int32 = [](TensorId id) {
    return [=](Graph& g) {
      g.tensor(id).type = DType::kInt32;
      g.tensor(id).quantization = {};
      if (g.tensor(id).constant()) g.tensor(id).data.resize(g.tensor(id).data.size() * 4);
    };
  };
  const auto refused = [&](const std::function<Graph()>& make, std::initializer_list<TensorId> tensors) {
    for (TensorId id : tensors) {
      expect_all_refused(make, {{"expected data of one type", Code::kUnsupported, becomes_int32(id)}});
    }
  };
  refused([] { return int8_graph(OpKind::kConcatenation, AxisParams{.axis = 3}, {int8_constant("b", {1, 2, 2, 1})}); }, {0, 1, 2});
  refused(
      [] {
        return int8_graph(OpKind::kPadV2, {}, {int32_constant("p", {4, 2}, {0, 0, 1, 1, 1, 1, 0, 0}), int8_constant("v", {1})});
      },
      {0, 2, 3});
  refused([] { return int8_graph(OpKind::kTranspose, {}, {int32_constant("order", {4}, {0, 2, 1, 3})}); }, {0, 2});
  Graph split = split_graph();
  split.tensor(split.inputs[0]).type = DType::kInt32;
  EXPECT_THAT(validate(split).message(), HasSubstr("expected data of one type"));
}

TEST(ValidateErrors, uint8_is_rescaled_where_it_is_joined) {
  Graph graph = int8_graph(OpKind::kConcatenation, AxisParams{.axis = 3}, {int8_constant("b", {1, 2, 2, 1})});
  for (Tensor& tensor : graph.tensors) tensor.type = DType::kUInt8, tensor.quantization.zero_point = {3};
  graph.tensor(1).quantization = {.scale = {0.25f}, .zero_point = {9}};
  EXPECT_TRUE(validate(graph).ok()) << validate(graph).message();
  graph.tensor(1).quantization = {};
  EXPECT_THAT(validate(graph).message(), HasSubstr("tensor 'b' of type uint8 must have one scale and zero point, found 0"));
}

TEST(ValidateErrors, positions_of_the_largest_are_integers) {
  Graph graph = one_op_graph(OpKind::kArgMax, {}, {1, 4}, {int32_constant("axis", {}, {1})});
  graph.tensor(graph.outputs[0]).type = DType::kInt64;
  ASSERT_TRUE(infer_shapes(graph).ok());
  EXPECT_TRUE(validate(graph).ok()) << validate(graph).message();
  for (DType type : {DType::kFloat32, DType::kInt16}) {
    graph.tensor(graph.outputs[0]).type = type;
    EXPECT_THAT(validate(graph).message(), HasSubstr("to int32 or int64"));
  }
}

TEST(ValidateErrors, a_bias_has_a_scale_for_each_channel_or_one) {
  Graph graph = int8_conv_graph();
  graph.tensor(2).quantization = {.scale = {0.05f, 0.1f}, .zero_point = {0, 0}, .axis = 0};
  EXPECT_THAT(validate(graph).message(), HasSubstr("its axis 0 has 3 slices"));
  graph.tensor(1).quantization = {.scale = {0.1f}, .zero_point = {0}, .axis = 0};
  graph.tensor(2).quantization = {.scale = {0.05f}, .zero_point = {0}, .axis = 0};
  EXPECT_TRUE(validate(graph).ok()) << validate(graph).message();
}

TEST(ValidateErrors, index_tensors_are_integers_that_follow_from_constants_and_shapes) {
  Graph graph = one_op_graph(OpKind::kMean, ReductionParams{}, {1, 2, 2, 3}, {int32_constant("axes", {2}, {1, 2})});
  ASSERT_TRUE(infer_shapes(graph).ok());
  ASSERT_TRUE(validate(graph).ok());
  Graph wide = graph;
  wide.tensor(1).type = DType::kInt64;
  wide.tensor(1).data = bytes_of<int64_t>({1, 2});
  EXPECT_TRUE(validate(wide).ok());
  wide.tensor(1).data = bytes_of<int64_t>({1, int64_t{1} << 32});
  EXPECT_THAT(validate(wide).message(), HasSubstr("constant 'axes' of shape [2] holds 16 bytes"));
  Graph narrow = graph;
  narrow.tensor(1).type = DType::kInt16;
  narrow.tensor(1).data.resize(4);
  EXPECT_THAT(validate(narrow).message(), HasSubstr("input 1 (tensor 'axes') must be of type int32 or int64, found int16"));
  graph.tensor(1).role = Role::kActivation;
  graph.tensor(1).data.clear();
  graph.inputs.push_back(1);
  EXPECT_THAT(validate(graph).message(), HasSubstr("input 1 (tensor 'axes') must follow from constants and shapes"));
}

Graph batch_norm_graph() {
  Graph graph = one_op_graph(OpKind::kBatchNorm, BatchNormParams{}, {1, 2, 2, 3},
                             {float_parameter("g", {3}), float_parameter("b", {3}), float_parameter("m", {3}), float_parameter("v", {3})});
  const Status status = infer_shapes(graph);
  EXPECT_TRUE(status.ok()) << status.message();
  return graph;
}

TEST(ValidateErrors, batch_norm_and_softmax_parameters) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN(), kInf = std::numeric_limits<float>::infinity();
  expect_all_refused(batch_norm_graph, {
                                           {"epsilon must be finite and positive, found 0", Code::kOutOfRange,
                                            [](Graph& g) { std::get<BatchNormParams>(g.ops[0].params).epsilon = 0; }},
                                           {"epsilon must be finite and positive, found nan", Code::kOutOfRange,
                                            [=](Graph& g) { std::get<BatchNormParams>(g.ops[0].params).epsilon = kNan; }},
                                           {"epsilon must be finite and positive, found inf", Code::kOutOfRange,
                                            [=](Graph& g) { std::get<BatchNormParams>(g.ops[0].params).epsilon = kInf; }},
                                           {"momentum must lie in [0, 1], found 1.5", Code::kOutOfRange,
                                            [](Graph& g) { std::get<BatchNormParams>(g.ops[0].params).momentum = 1.5f; }},
                                           {"are not supported, expected float32 throughout", Code::kUnsupported, retype(3, DType::kInt32)},
                                           {"are not supported, expected float32 throughout", Code::kUnsupported, retype(5, DType::kInt32)},
                                           {"input 4 ('v') must be a stored parameter or statistic", Code::kUnsupported,
                                            [](Graph& g) {
                                              g.tensor(4).role = Role::kActivation;
                                              g.tensor(4).data.clear();
                                              g.inputs.push_back(4);
                                            }},
                                       });
  Graph softmax = one_op_graph(OpKind::kSoftmax, SoftmaxParams{.beta = kNan}, {1, 4}, {});
  EXPECT_EQ(validate(softmax).code(), Code::kOutOfRange);
}

}  // namespace
}  // namespace liteqat::graph
