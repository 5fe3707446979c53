// Sums that could leave their accumulators are refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>

#include "base/format.h"
#include "graph/accumulators.h"
#include "graph/graph.h"
#include "graph/test_graphs.h"

namespace liteqat::graph {
namespace {

using ::testing::HasSubstr;

TEST(ValidateSums, sums_stay_inside_their_accumulators) {
  Graph graph = int8_conv_graph();  // 18 products a channel, of up to 127 - -3 = 130 times the weight
  std::ranges::fill(graph.tensor(1).as<int8_t>(), int8_t{-100});
  constexpr int32_t kProducts = 18 * 130 * 100;
  graph.tensor(2).as<int32_t>()[1] = INT32_MIN + kProducts + 1;
  EXPECT_TRUE(check_accumulators(graph).ok()) << check_accumulators(graph).message();
  graph.tensor(2).as<int32_t>()[1] = INT32_MIN + kProducts;
  EXPECT_EQ(check_accumulators(graph).code(), Code::kOutOfRange);
  EXPECT_THAT(check_accumulators(graph).message(),
              HasSubstr("the sum of output channel 1 can reach 234000 products and a bias of 2147249648"));
}

/// int8 FULLY_CONNECTED [1,inputs] -> [1,1], every weight 1: tensors 0 input, 1 output, 2 weights.
Graph int8_dense_graph(int32_t inputs) {
  Graph graph = one_op_graph(OpKind::kFullyConnected, FullyConnectedParams{}, {1, inputs}, {});
  graph.tensor(0) = int8_activation("input", {1, inputs});
  graph.tensor(1) = int8_activation("output", {1, 1});
  Tensor weights = int8_activation("weights", {1, inputs});
  weights.role = Role::kConstant;
  weights.quantization.zero_point = {0};
  weights.data.assign(static_cast<size_t>(inputs), std::byte{1});
  graph.ops[0].inputs.push_back(graph.add_tensor(std::move(weights)));
  return graph;
}

TEST(ValidateSums, sums_of_many_products_stay_inside_their_accumulators) {
  constexpr int32_t kInputs = 1 << 17;
  Graph graph = int8_dense_graph(kInputs);
  EXPECT_TRUE(check_accumulators(graph).ok()) << check_accumulators(graph).message();
  std::ranges::fill(graph.tensor(2).as<int8_t>(), int8_t{127});  // 2^17 * 130 * 127 > 2^31
  EXPECT_EQ(check_accumulators(graph).code(), Code::kOutOfRange);
  EXPECT_THAT(check_accumulators(graph).message(), HasSubstr("FULLY_CONNECTED 'layer' (operator 0): the sum of output channel 0"));
}

TEST(ValidateSums, products_and_bias_share_the_accumulator) {
  constexpr int32_t kInputs = 116'000;  // products below 2^31 alone, and a bias below half of that
  Graph graph = int8_dense_graph(kInputs);
  std::ranges::fill(graph.tensor(2).as<int8_t>(), int8_t{127});
  EXPECT_TRUE(check_accumulators(graph).ok()) << check_accumulators(graph).message();
  graph.ops[0].inputs.push_back(graph.add_tensor(int32_constant("bias", {1}, {1'000'000'000})));
  EXPECT_THAT(check_accumulators(graph).message(), HasSubstr("can reach 1915160000 products and a bias of 1000000000"));
}

TEST(ValidateSums, sums_of_a_channel_are_of_its_own_weights) {
  Graph graph = one_op_graph(OpKind::kDepthwiseConv2D, DepthwiseConv2DParams{}, {1, 5, 5, 3}, {});
  graph.tensor(0) = int8_activation("input", {1, 5, 5, 3});
  graph.tensor(1) = int8_activation("output", {1, 5, 5, 3});
  Tensor weights = {.name = "weights", .type = DType::kInt8, .shape = {1, 3, 3, 3}, .role = Role::kConstant};
  weights.quantization = {.scale = {0.1f}, .zero_point = {0}};
  for (int tap = 0; tap < 9; ++tap) weights.data.insert(weights.data.end(), {std::byte{1}, std::byte{0}, std::byte{100}});
  graph.ops[0].inputs.push_back(graph.add_tensor(std::move(weights)));
  graph.ops[0].inputs.push_back(graph.add_tensor(int32_constant("bias", {3}, {0, 0, 0})));
  const int32_t products[] = {9 * 130, 0, 9 * 130 * 100};
  for (size_t channel = 0; channel < 3; ++channel) {
    std::ranges::fill(graph.tensor(3).as<int32_t>(), 0);
    graph.tensor(3).as<int32_t>()[channel] = INT32_MAX - products[channel];
    EXPECT_TRUE(check_accumulators(graph).ok()) << check_accumulators(graph).message();
    if (products[channel] == 0) continue;
    graph.tensor(3).as<int32_t>()[channel] += 1;
    EXPECT_THAT(check_accumulators(graph).message(),
                HasSubstr(format("of output channel {} can reach {} products", channel, products[channel])));
  }
}

TEST(ValidateSums, zero_points_of_dense_weights_go_with_int8_and_one_scale) {
  Graph graph = int8_dense_graph(4);
  graph.tensor(2).quantization.zero_point = {7};
  EXPECT_TRUE(validate(graph).ok()) << validate(graph).message();
  for (TensorId id : {0, 1}) graph.tensor(id).type = DType::kInt16, graph.tensor(id).quantization.zero_point = {0};
  EXPECT_THAT(validate(graph).message(), HasSubstr("its weights 'weights' have zero point 7, expected 0"));
}

TEST(ValidateSums, sums_of_16_bits_stay_below_what_is_rescaled) {
  Graph graph = int8_conv_graph();  // 18 products a channel, of up to 32768 times the weight
  for (TensorId id : {0, 3}) graph.tensor(id).type = DType::kInt16, graph.tensor(id).quantization.zero_point = {0};
  std::ranges::fill(graph.tensor(1).as<int8_t>(), int8_t{-100});
  Tensor& bias = graph.tensor(2);
  bias.type = DType::kInt64;
  constexpr int64_t kProducts = int64_t{18} * 32768 * 100, kLimit = int64_t{1} << 47;
  bias.data = bytes_of<int64_t>({0, kLimit - kProducts - 1, 0});
  EXPECT_TRUE(check_accumulators(graph).ok()) << check_accumulators(graph).message();
  for (int64_t value : {kLimit - kProducts, kProducts - kLimit, INT64_MIN, INT64_MAX}) {
    graph.tensor(2).data = bytes_of<int64_t>({0, value, 0});
    EXPECT_THAT(check_accumulators(graph).message(), HasSubstr("the sum of output channel 1 can reach 58982400 products")) << value;
  }
}

TEST(ValidateSums, sums_of_16_bits_have_64_unless_the_bias_has_32) {
  Graph graph = int8_dense_graph(600);
  for (TensorId id : {0, 1}) graph.tensor(id).type = DType::kInt16, graph.tensor(id).quantization.zero_point = {0};
  std::ranges::fill(graph.tensor(2).as<int8_t>(), int8_t{127});  // 600 * 32768 * 127 > 2^31
  EXPECT_TRUE(check_accumulators(graph).ok()) << check_accumulators(graph).message();
  graph.ops[0].inputs.push_back(graph.add_tensor(int32_constant("bias", {1}, {0})));
  EXPECT_THAT(check_accumulators(graph).message(),
              HasSubstr("can reach 2496921600 products and a bias of 0, its accumulator holds less than 2147483648"));
}

TEST(ValidateSums, sums_of_uint8_are_taken_from_the_zero_point) {
  Graph graph = int8_conv_graph();  // 18 products a channel, of up to 255 - 3 = 252 times the weight's distance
  for (TensorId id : {0, 1, 3}) graph.tensor(id).type = DType::kUInt8, graph.tensor(id).quantization = {.scale = {0.5f}, .zero_point = {3}};
  graph.tensor(2).quantization = {};
  std::ranges::fill(graph.tensor(1).as<uint8_t>(), uint8_t{203});
  constexpr int32_t kProducts = 18 * 252 * 200;
  graph.tensor(2).as<int32_t>()[2] = INT32_MAX - kProducts;
  EXPECT_TRUE(check_accumulators(graph).ok()) << check_accumulators(graph).message();
  graph.tensor(2).as<int32_t>()[2] = INT32_MAX - kProducts + 1;
  EXPECT_THAT(check_accumulators(graph).message(), HasSubstr("the sum of output channel 2 can reach 907200 products"));
  graph.tensor(0).quantization.zero_point = {253};  // farther from 0 than from 255
  EXPECT_THAT(check_accumulators(graph).message(), HasSubstr("can reach 910800 products"));
}

}  // namespace
}  // namespace liteqat::graph
