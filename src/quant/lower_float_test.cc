#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"
#include "quant/graphs_for_test.h"
#include "quant/lower.h"

namespace liteqat::quant {
namespace {

using graph::Graph;
using graph::GraphBuilder;
using graph::Padding;
using graph::TensorId;
using testing::ElementsAre;

TEST(FoldBatchNorm, LiteralValues) {
  Graph model = conv_bn_relu();
  set_floats(model, "conv/kernel", {1.0f, -2.0f, 0.5f, 4.0f});
  set_floats(model, "conv/bias", {0.5f, 1.0f});
  set_floats(model, "conv_bn/gamma", {3.0f, -1.0f});
  set_floats(model, "conv_bn/beta", {0.25f, 10.0f});
  set_floats(model, "conv_bn/moving_mean", {2.0f, -4.0f});
  set_floats(model, "conv_bn/moving_variance", {0.25f - 1e-3f, 4.0f - 1e-3f});  // with epsilon 0.25 and 4: deviations 0.5 and 2
  const Graph folded = fold_batch_norm(model).value();
  EXPECT_THAT(kinds(folded), ElementsAre("CONV_2D", "RELU"));
  EXPECT_THAT(values_of<float>(folded, "conv/kernel"), ElementsAre(6.0f, -12.0f, -0.25f, -2.0f));
  EXPECT_THAT(values_of<float>(folded, "conv/bias"), ElementsAre(-8.75f, 7.5f));  // 0.5*6 + 0.25 - 2*6; 1*-0.5 + 10 - -4*-0.5
  EXPECT_EQ(folded.find_tensor("conv_bn/gamma"), graph::kNoTensor);
  EXPECT_EQ(folded.tensor(folded.find_tensor("conv/kernel")).role, graph::Role::kParameter);
  EXPECT_EQ(values_of<float>(model, "conv/kernel")[0], 1.0f) << "the model itself stays as it is";
}

/// Into a folded graph of other values: the bytes of folding anew. With and without biases, with and without batch norm, every axis.
TEST(FoldBatchNorm, FoldingAgainGivesTheSameBytes) {
  GraphBuilder builder("test", 4, {});
  TensorId x = builder.batch_norm("bn", builder.conv2d("conv", builder.input(6, 6, 3), {.filters = 5, .kernel = 3}));
  x = builder.relu("relu", builder.batch_norm("dw_bn", builder.depthwise("dw", x, {.filters = 2, .kernel = 3, .bias = true})));
  x = builder.conv2d("plain", x, {.filters = 4, .kernel = 1});
  x = builder.conv2d("biased", x, {.filters = 4, .kernel = 1, .bias = true});
  Graph model = builder.finish(builder.batch_norm("dense_bn", builder.dense("dense", builder.global_mean("mean", x), 3)), "out").value();
  Graph folded = fold_keeping_ids(model).value();
  Rng rng(9);
  for (graph::Tensor& tensor : model.tensors) {
    if (tensor.role != graph::Role::kParameter && tensor.role != graph::Role::kStatistic) continue;
    for (float& value : tensor.as<float>()) value = 0.1f + rng.next_float();
  }
  for (const FoldedTensor& tensor : find_folded_tensors(model, folded)) fold_again(model, tensor, folded);
  const Graph fresh = fold_keeping_ids(model).value();
  ASSERT_EQ(folded.tensors.size(), fresh.tensors.size());
  int changed = 0;
  for (size_t id = 0; id < fresh.tensors.size(); ++id) {
    if (fresh.tensors[id].role != graph::Role::kParameter) continue;
    EXPECT_EQ(folded.tensors[id].data, fresh.tensors[id].data) << fresh.tensors[id].name;
    ++changed;
  }
  EXPECT_GE(changed, 10);
}

/// Depthwise: the channel is the last axis. Against double arithmetic; float32 does five roundings of 2^-24.
TEST(FoldBatchNorm, DepthwiseWithoutBias) {
  GraphBuilder builder("test", 7, {});
  const TensorId x = builder.depthwise("dw", builder.input(3, 3, 5), {.filters = 1, .kernel = 3});
  Graph model = builder.finish(builder.batch_norm("bn", x), "out").value();
  const std::vector<float> gamma = {0.3f, -1.7f, 2.5f, 0.01f, 1.0f}, beta = {1, 2, 3, 4, 5}, mean = {0.1f, -0.2f, 0.3f, -0.4f, 0.5f},
                           variance = {1e-4f, 0.5f, 2.0f, 30.0f, 0.7f};
  set_floats(model, "bn/gamma", gamma);
  set_floats(model, "bn/beta", beta);
  set_floats(model, "bn/moving_mean", mean);
  set_floats(model, "bn/moving_variance", variance);
  const std::vector<float> before = values_of<float>(model, "dw/kernel");
  const Graph folded = fold_batch_norm(model).value();
  const std::vector<float> after = values_of<float>(folded, "dw/kernel"), bias = values_of<float>(folded, "dw/bias");
  ASSERT_EQ(after.size(), 45u);
  constexpr double kBound = 5.0 / (1 << 24);
  for (size_t i = 0; i < after.size(); ++i) {
    const size_t c = i % 5;
    const double scale = gamma[c] / std::sqrt(static_cast<double>(variance[c]) + 1e-3f);
    EXPECT_NEAR(after[i], before[i] * scale, std::abs(before[i] * scale) * kBound);
    EXPECT_NEAR(bias[c], beta[c] - mean[c] * scale, (std::abs(beta[c]) + std::abs(mean[c] * scale)) * kBound);
  }
}

TEST(LowerToFloat, FusesActivationsAndFreezes) {
  const Graph lowered = lower_to_float(conv_bn_relu()).value();
  ASSERT_THAT(kinds(lowered), ElementsAre("CONV_2D"));
  EXPECT_EQ(lowered.ops[0].params_as<graph::Conv2DParams>().activation, graph::Activation::kRelu);
  EXPECT_EQ(lowered.tensor(lowered.ops[0].outputs[0]).name, "out");
  for (const graph::Tensor& tensor : lowered.tensors) {
    EXPECT_TRUE(tensor.role == graph::Role::kActivation || tensor.role == graph::Role::kConstant) << tensor.name;
  }
  EXPECT_EQ(lowered.tensors.size(), 4u);  // input, kernel, bias, out
}

TEST(LowerToFloat, FusesAfterAddAndDenseButNotWhereTheValueIsReadTwice) {
  GraphBuilder builder("test", 1, {});
  const TensorId x = builder.input(1, 1, 2);
  const TensorId sum = builder.relu6("relu", builder.add("sum", x, x));
  const TensorId conv = builder.conv2d("conv", sum, {.filters = 2});
  const Graph model = builder.finish(builder.add("last", conv, builder.relu("kept", conv)), "out").value();
  const Graph lowered = lower_to_float(model).value();
  EXPECT_THAT(kinds(lowered), ElementsAre("ADD", "CONV_2D", "RELU", "ADD"));
  EXPECT_EQ(lowered.ops[0].params_as<graph::ArithmeticParams>().activation, graph::Activation::kRelu6);
  EXPECT_EQ(lowered.ops[1].params_as<graph::Conv2DParams>().activation, graph::Activation::kNone);
  EXPECT_THAT(values_of<float>(lowered, "conv/bias"), ElementsAre(0.0f, 0.0f)) << "convolutions need a bias in TFLite";
}

struct PadCase {
  int32_t size, before, after, kernel, stride;
  bool fused;
};

class Padded : public testing::TestWithParam<PadCase> {};

TEST_P(Padded, BecomesSameOnlyWhereEqual) {
  const PadCase& p = GetParam();
  GraphBuilder builder("test", 1, {});
  const TensorId x = builder.pad("pad", builder.input(p.size, p.size, 2), {0, 0, p.before, p.after, p.before, p.after, 0, 0});
  const TensorId y = builder.depthwise("dw", x, {.filters = 1, .kernel = p.kernel, .stride = p.stride, .padding = Padding::kValid});
  const Graph lowered = lower_to_float(builder.finish(y, "out").value()).value();
  EXPECT_EQ(lowered.ops.size(), p.fused ? 1u : 2u);
  const Padding padding = lowered.ops.back().params_as<graph::DepthwiseConv2DParams>().padding;
  EXPECT_EQ(padding, p.fused ? Padding::kSame : Padding::kValid);
}

INSTANTIATE_TEST_SUITE_P(LowerToFloat, Padded,
                         testing::Values(PadCase{8, 0, 1, 3, 2, true},     // keras.applications, even extent
                                         PadCase{7, 1, 1, 3, 2, true},     // odd extent
                                         PadCase{8, 1, 1, 3, 1, true},     // PyTorch's padding=1 at stride 1
                                         PadCase{8, 1, 1, 3, 2, false},    // PyTorch's at stride 2: SAME pads (0,1)
                                         PadCase{8, 1, 0, 3, 2, false},    // the wrong side
                                         PadCase{8, 2, 2, 3, 1, false},    // output grows
                                         PadCase{8, 0, 0, 3, 1, false}));  // output shrinks

TEST(LowerToFloat, BatchNormWithNothingToFoldIntoBecomesMulAndAdd) {
  GraphBuilder builder("test", 1, {});
  const TensorId x = builder.input(2, 2, 2);
  Graph model = builder.finish(builder.batch_norm("bn", builder.add("add", x, x)), "out").value();
  set_floats(model, "bn/gamma", {3.0f, -1.0f});
  set_floats(model, "bn/beta", {0.25f, 10.0f});
  set_floats(model, "bn/moving_mean", {2.0f, -4.0f});
  set_floats(model, "bn/moving_variance", {0.25f - 1e-3f, 4.0f - 1e-3f});  // with epsilon 0.25 and 4: deviations 0.5 and 2
  const Graph lowered = lower_to_float(model).value();
  EXPECT_THAT(kinds(lowered), ElementsAre("ADD", "MUL", "ADD"));
  EXPECT_THAT(values_of<float>(lowered, "bn/scale"), ElementsAre(6.0f, -0.5f));
  EXPECT_THAT(values_of<float>(lowered, "bn/offset"), ElementsAre(-11.75f, 8.0f));  // 0.25 - 2*6; 10 - -4*-0.5
}

TEST(LowerToFloat, PaddedChannelsStay) {
  GraphBuilder builder("test", 1, {});
  const TensorId x = builder.pad("pad", builder.input(8, 8, 2), {0, 0, 1, 1, 1, 1, 0, 1});
  const TensorId y = builder.conv2d("conv", x, {.filters = 1, .kernel = 3, .padding = Padding::kValid});
  EXPECT_THAT(kinds(lower_to_float(builder.finish(y, "out").value()).value()), ElementsAre("PAD", "CONV_2D"));
}

TEST(LowerToFloat, PadWithAnotherReaderStaysForIt) {
  GraphBuilder builder("test", 1, {});
  const TensorId pad = builder.pad("pad", builder.input(8, 8, 2), {0, 0, 1, 1, 1, 1, 0, 0});
  const TensorId conv = builder.conv2d("conv", pad, {.filters = 2, .kernel = 3, .padding = Padding::kValid});
  const TensorId pool = builder.max_pool("pool", pad, {10, 10});
  const TensorId mean = builder.global_mean("mean", conv);
  const Graph model = builder.finish(builder.add("add", mean, builder.reshape("flat", pool, {1, 2})), "out").value();
  const Graph lowered = lower_to_float(model).value();
  EXPECT_THAT(kinds(lowered), ElementsAre("PAD", "CONV_2D", "MAX_POOL_2D", "MEAN", "RESHAPE", "ADD"));
  EXPECT_EQ(lowered.ops[1].inputs[0], lowered.inputs[0]);
}

}  // namespace
}  // namespace liteqat::quant
