// What the module refuses, with the sentence it gives.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "quant/graphs_for_test.h"
#include "quant/lower.h"
#include "quant/plan.h"

namespace liteqat::quant {
namespace {

using graph::Graph;
using graph::GraphBuilder;
using graph::TensorId;
using testing::HasSubstr;

void expect_error(const Status& status, Code code, const std::string& text) {
  EXPECT_EQ(status.code(), code) << status.message();
  EXPECT_THAT(status.message(), HasSubstr(text));
}

TEST(QuantErrors, Names) {
  expect_error(parse_scheme("tfmot").status(), Code::kInvalidArgument, "unknown quantization scheme \"tfmot\": expected tfmot_8bit");
  expect_error(parse_io_type("float").status(), Code::kInvalidArgument, "\"float\": expected float32, int8 or uint8");
}

Graph batch_norm_after_add() {
  GraphBuilder builder("test", 1, {});
  const TensorId x = builder.input(2, 2, 2);
  return builder.finish(builder.batch_norm("bn", builder.add("add", x, x)), "out").value();
}

TEST(QuantErrors, BatchNormInAPlaceThatCannotFold) {
  const Graph model = batch_norm_after_add();
  expect_error(fold_batch_norm(model).status(), Code::kUnsupported, "BATCH_NORM \"bn\" (operator 1): batch norm can be folded only");
  expect_error(make_plan(model, Scheme::kTfmot8Bit).status(), Code::kUnsupported, "only directly after CONV_2D");
}

TEST(QuantErrors, BatchNormWhoseInputIsReadTwice) {
  GraphBuilder builder("test", 1, {});
  const TensorId conv = builder.conv2d("conv", builder.input(2, 2, 2), {.filters = 2});
  const Graph model = builder.finish(builder.add("add", conv, builder.batch_norm("bn", conv)), "out").value();
  expect_error(fold_batch_norm(model).status(), Code::kUnsupported, "its input is used elsewhere too");
  expect_error(make_plan(model, Scheme::kTfmot8Bit).status(), Code::kUnsupported, "its input is used elsewhere too");
}

TEST(QuantErrors, SchemesRefuseWhatTheyCannotQuantize) {
  expect_error(make_plan(batch_norm_after_add(), Scheme::kLiteqat8Bit).status(), Code::kUnsupported, "batch norm can be folded only");
  GraphBuilder builder("test", 1, {});
  const TensorId x = builder.depthwise("dw", builder.input(2, 2, 2), {.filters = 2});
  const Graph model = builder.finish(x, "out").value();
  expect_error(make_plan(model, Scheme::kTfmot8Bit).status(), Code::kUnsupported,
               "DEPTHWISE_CONV_2D \"dw\" (operator 0): tfmot_8bit needs");
  EXPECT_TRUE(make_plan(model, Scheme::kLiteqat8Bit).ok());
  GraphBuilder dense("test", 1, {});
  const TensorId y = dense.dense("dense", dense.reshape("flat", dense.input(1, 1, 2), {-1, 2}), 2);
  expect_error(make_plan(dense.finish(dense.batch_norm("bn", y), "out").value(), Scheme::kTfmot8Bit).status(), Code::kUnsupported,
               "\"bn\"");
}

TEST(QuantErrors, SharedWeights) {
  GraphBuilder builder("test", 1, {});
  TensorId x = builder.conv2d("a", builder.input(2, 2, 2), {.filters = 2});
  x = builder.batch_norm("bn", builder.conv2d("b", x, {.filters = 2}));
  Graph model = builder.finish(x, "out").value();
  model.ops[1].inputs[1] = model.ops[0].inputs[1];
  expect_error(make_plan(model, Scheme::kTfmot8Bit).status(), Code::kUnsupported, "tensor \"a/kernel\" would be quantized twice");
  expect_error(fold_batch_norm(model).status(), Code::kUnsupported, "CONV_2D \"b\" (operator 1): batch norm cannot be folded");
}

TEST(QuantErrors, AlreadyQuantized) {
  const Graph model = dense_only();
  const Plan plan = make_plan(model, Scheme::kLiteqat8Bit).value();
  const Graph lowered = lower_to_int8(model, plan, IoType::kFloat32).value();
  expect_error(make_plan(lowered, Scheme::kLiteqat8Bit).status(), Code::kUnsupported, "QUANTIZE \"input_quantize\" (operator 0)");
}

class BadPlan : public testing::Test {
 protected:
  BadPlan() : model_(dense_only()), plan_(make_plan(model_, Scheme::kLiteqat8Bit).value()) {}
  Status lower() const { return lower_to_int8(model_, plan_, IoType::kInt8).status(); }
  Quantizer& at(const std::string& name) { return *plan_.find(model_.find_tensor(name)); }

  Graph model_;
  Plan plan_;
};

TEST_F(BadPlan, OfAnotherGraph) {
  plan_.quantizers.back().tensor = 99;
  expect_error(lower(), Code::kMismatch, "the quantization plan does not fit the graph: tensor 99");
}

TEST_F(BadPlan, WithTooFewRanges) {
  at("dense/kernel").max.clear();
  expect_error(lower(), Code::kMismatch, "does not fit the graph");
}

TEST_F(BadPlan, WithChannelsThatTheWeightsLack) {
  Quantizer& kernel = at("dense/kernel");
  kernel.channels = 3;
  kernel.axis = 0;
  kernel.min.assign(3, -1.0f);
  kernel.max.assign(3, 1.0f);
  expect_error(lower(), Code::kMismatch, "does not fit the graph");
}

TEST_F(BadPlan, WithoutAQuantizer) {
  std::erase_if(plan_.quantizers, [&](const Quantizer& q) { return q.tensor == model_.find_tensor("out"); });
  expect_error(lower(), Code::kUnsupported, "FULLY_CONNECTED \"dense\" (operator 1): tensor \"out\" has no quantizer");
}

TEST_F(BadPlan, WithoutAWeightQuantizer) {
  std::erase_if(plan_.quantizers, [&](const Quantizer& q) { return q.weight; });
  expect_error(lower(), Code::kUnsupported, "FULLY_CONNECTED \"dense\" (operator 1): its weights \"dense/kernel\" have no quantizer");
}

TEST_F(BadPlan, WithRangesThatAreNotFinite) {
  at("out").max = {std::numeric_limits<float>::infinity()};
  expect_error(lower(), Code::kOutOfRange, "the range of tensor \"out\" is [-6, inf], which gives no positive finite scale");
  at("out").max = {std::nanf("")};
  expect_error(lower(), Code::kOutOfRange, "the range of tensor \"out\"");
  at("out") = {.tensor = at("out").tensor, .min = {2.0f}, .max = {-2.0f}};
  expect_error(lower(), Code::kOutOfRange, "is [2, -2]");
}

TEST_F(BadPlan, WithWeightsOrRangesThatAreNotFinite) {
  set_floats(model_, "dense/kernel", {1.0f, std::nanf(""), 0.0f, 0.0f});
  expect_error(lower(), Code::kOutOfRange, "FULLY_CONNECTED \"dense\" (operator 1): tensor \"dense/kernel\": element 1 is nan");
  set_floats(model_, "dense/kernel", {1.0f, 0.0f, 0.0f, 0.0f});
  at("dense/kernel").max = {std::numeric_limits<float>::infinity()};
  expect_error(lower(), Code::kOutOfRange, "the scale of channel 0 is inf");
  at("dense/kernel").max = {1.0f};
  set_floats(model_, "dense/bias", {0.0f, std::numeric_limits<float>::infinity()});
  expect_error(lower(), Code::kOutOfRange, "bias \"dense/bias\": channel 1 is inf");
}

/// A batch norm with gamma 0 leaves its channel no scale.
TEST(QuantErrors, DeadChannelUnderTfmot) {
  Graph model = conv_bn_relu();
  set_floats(model, "conv_bn/gamma", {1.0f, 0.0f});
  const Plan plan = make_plan(model, Scheme::kTfmot8Bit).value();
  expect_error(lower_to_int8(model, plan, IoType::kInt8).status(), Code::kOutOfRange,
               "CONV_2D \"conv\" (operator 0): tensor \"conv/kernel\": the scale of channel 1 is 0");
  const Graph folded = fold_batch_norm(model).value();
  EXPECT_TRUE(lower_to_int8(folded, make_plan(folded, Scheme::kLiteqat8Bit).value(), IoType::kInt8).ok());
}

}  // namespace
}  // namespace liteqat::quant
