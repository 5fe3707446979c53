#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/builder.h"
#include "train/engine.h"

namespace liteqat::train {
namespace {

using graph::Graph;
using graph::GraphBuilder;
using graph::TensorId;
using testing::HasSubstr;

Status make_status(Graph& model, quant::Plan* plan = nullptr) {
  ThreadPool pool(1);
  return Engine::make(model, plan, pool, {.max_batch = 2, .chunk = 1}).status();
}

Graph make_model() {
  GraphBuilder b("net", 1, {});
  const TensorId conv = b.relu("relu", b.conv2d("conv", b.input(4, 4, 2), {.filters = 4, .kernel = 3, .bias = true}));
  auto model = b.finish(b.softmax("softmax", b.dense("dense", b.global_mean("mean", conv), 3)), "output");
  LITEQAT_CHECK(model.ok());
  return std::move(model).value();
}

TEST(EngineErrors, FusedActivation) {
  Graph model = make_model();
  std::get<graph::Conv2DParams>(model.ops[0].params).activation = graph::Activation::kRelu6;
  const Status status = make_status(model);
  EXPECT_EQ(status.code(), Code::kUnsupported);
  EXPECT_THAT(status.message(), HasSubstr("CONV_2D conv (operator 0)"));
}

TEST(EngineErrors, SoftmaxWithAnotherTemperature) {
  Graph model = make_model();
  std::get<graph::SoftmaxParams>(model.ops.back().params).beta = 2.0f;
  const Status status = make_status(model);
  EXPECT_EQ(status.code(), Code::kUnsupported);
  EXPECT_THAT(status.message(), HasSubstr("SOFTMAX softmax"));
}

TEST(EngineErrors, SoftmaxInsideTheNetwork) {
  GraphBuilder b("net", 1, {});
  const TensorId first = b.softmax("inner", b.dense("first", b.reshape("flatten", b.input(2, 2, 1), {-1, 4}), 3));
  auto model = b.finish(b.dense("second", first, 2), "logits");
  ASSERT_TRUE(model.ok());
  const Status status = make_status(*model);
  EXPECT_EQ(status.code(), Code::kUnsupported);
  EXPECT_THAT(status.message(), HasSubstr("SOFTMAX inner"));
}

TEST(EngineErrors, SharedWeights) {
  GraphBuilder b("net", 1, {});
  const TensorId first = b.dense("first", b.reshape("flatten", b.input(2, 2, 1), {-1, 4}), 4);
  auto model = b.finish(b.dense("second", first, 4), "logits");
  ASSERT_TRUE(model.ok());
  model->ops[2].inputs[1] = model->ops[1].inputs[1];
  const Status status = make_status(*model);
  EXPECT_EQ(status.code(), Code::kUnsupported);
  EXPECT_THAT(status.message(), HasSubstr("first/kernel"));
}

TEST(EngineErrors, NothingToTrain) {
  Graph model = make_model();
  for (graph::Tensor& tensor : model.tensors) {
    if (tensor.role == graph::Role::kParameter) tensor.role = graph::Role::kConstant;
  }
  EXPECT_EQ(make_status(model).code(), Code::kUnsupported);
}

TEST(EngineErrors, WeightQuantizerOnAnInnerAxis) {
  Graph model = make_model();
  quant::Plan plan;
  quant::Quantizer quantizer;
  quantizer.tensor = model.find_tensor("conv/kernel");
  quantizer.weight = true;
  quantizer.channels = 3;
  quantizer.axis = 1;
  quantizer.min.assign(3, -1.0f);
  quantizer.max.assign(3, 1.0f);
  plan.quantizers.push_back(quantizer);
  const Status status = make_status(model, &plan);
  EXPECT_EQ(status.code(), Code::kUnsupported);
  EXPECT_THAT(status.message(), HasSubstr("axis 1"));
}

}  // namespace
}  // namespace liteqat::train
