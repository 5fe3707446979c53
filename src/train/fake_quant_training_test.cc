// Fake quantization inside the training walk: forward values, straight-through gradients, ranges, evaluation, calibration.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"
#include "graph/builder.h"
#include "quant/lower.h"
#include "train/engine.h"
#include "train/plain_network_for_test.h"

namespace liteqat::train {
namespace {

using graph::Graph;
using graph::GraphBuilder;
using graph::TensorId;

constexpr int32_t kImages = 6;

Graph make_net() {
  GraphBuilder b("net", 5, {});
  const TensorId input = b.input(6, 6, 2);
  const TensorId stem = b.relu("stem_relu", b.batch_norm("stem_bn", b.conv2d("stem", input, {.filters = 4, .kernel = 3})));
  const TensorId dw = b.relu6("dw_relu", b.batch_norm("dw_bn", b.depthwise("dw", stem, {.filters = 1, .kernel = 3})));
  const TensorId project = b.batch_norm("project_bn", b.conv2d("project", dw, {.filters = 4, .kernel = 1}));
  const TensorId pooled = b.global_mean("mean", b.add("sum", project, stem));
  auto model = b.finish(b.dense("dense", pooled, 3), "logits");
  LITEQAT_CHECK(model.ok());
  return std::move(model).value();
}

/// Gates and joins, whose ranges are their own (docs/decisions/0035).
Graph make_gated_net() {
  GraphBuilder b("gated", 6, {});
  const TensorId stem =
      b.hard_swish("stem_swish", b.batch_norm("stem_bn", b.conv2d("stem", b.input(6, 6, 2), {.filters = 4, .kernel = 3})));
  const graph::ConvLayer holes{.filters = 1, .kernel = 3, .dilation = 2};
  const TensorId far = b.hard_swish("far_swish", b.batch_norm("far_bn", b.depthwise("far", stem, holes)));
  const TensorId joined = b.concatenate("joined", {stem, far});
  const TensorId squeezed = b.logistic("sigmoid", b.dense("squeeze", b.global_mean("mean", joined), 8));
  const TensorId excited = b.multiply("excited", joined, b.reshape("gate", squeezed, {-1, 1, 1, 8}));
  const TensorId mixed = b.relu("mixed_relu", b.batch_norm("mixed_bn", b.conv2d("mixed", excited, {.filters = 4})));
  auto model = b.finish(b.dense("dense", b.global_mean("last_mean", b.multiply("product", mixed, stem)), 3), "logits");
  LITEQAT_CHECK(model.ok());
  return std::move(model).value();
}

std::vector<float> make_images(uint64_t seed) {
  Rng rng(seed);
  std::vector<float> images(kImages * 72);
  for (float& value : images) value = rng.next_float();
  return images;
}

std::vector<int32_t> make_labels() {
  return {0, 1, 2, 0, 1, 2};
}

struct Trained {
  Graph model;
  quant::Plan plan;
};

/// A network and plan under a scheme; folded where the scheme asks for it.
Trained make_trained(quant::Scheme scheme, Graph (*make)() = make_net) {
  Trained trained{make(), {}};
  if (scheme == quant::Scheme::kLiteqat8Bit) {
    auto folded = quant::fold_batch_norm(trained.model);
    LITEQAT_CHECK(folded.ok());
    trained.model = std::move(folded).value();
  }
  // A bias of zero would put windows of zeros exactly on ReLU's kink, where a central difference is half the slope.
  Rng rng(8);
  for (graph::Tensor& tensor : trained.model.tensors) {
    if (tensor.role != graph::Role::kParameter || tensor.shape.size() != 1) continue;
    for (float& value : tensor.as<float>()) value += 0.05f + 0.1f * rng.next_float();
  }
  auto plan = quant::make_plan(trained.model, scheme);
  LITEQAT_CHECK(plan.ok());
  trained.plan = std::move(plan).value();
  return trained;
}

class QuantizedTraining : public testing::TestWithParam<quant::Scheme> {};

void expect_straight_through_gradients(Trained trained, double tolerance) {
  const auto images = make_images(1);
  const auto labels = make_labels();
  ThreadPool pool(2);
  auto engine = Engine::make(trained.model, &trained.plan, pool, {.max_batch = kImages, .chunk = 2});
  ASSERT_TRUE(engine.ok()) << engine.status().message();
  engine->forward(images, kImages, Mode::kTraining);
  const LossValue loss = engine->backward(labels, 0);
  // The plan now holds the ranges that this very step used: the plain network reads them.
  PlainNetwork plain(trained.model, images, kImages, labels, 0);
  plain.use_plan(&trained.plan);
  EXPECT_NEAR(loss.loss, plain.loss(), 1e-5);  // no value near a rounding tie: one step of a quantizer would show as 1e-3 or more
  for (size_t k = 0; k < engine->parameters().size(); ++k) {
    const std::span<const float> gradient = engine->gradient(k);
    std::vector<double> expected;
    double largest = 0;
    for (size_t i = 0; i < gradient.size(); ++i) {
      expected.push_back(plain.derivative(engine->parameters()[k], i, 1e-6));
      largest = std::max(largest, std::abs(expected.back()));
    }
    int64_t outside = 0;
    for (size_t i = 0; i < gradient.size(); ++i) {
      // A central difference at the end of a range is half the slope inside; the engine's mask decides for one side. That is the extreme
      // weight of each channel, exactly at +-max|w|.
      const float x = std::abs(trained.model.tensor(engine->parameters()[k]).as<float>()[i]);
      const quant::Quantizer* quantizer = trained.plan.find(engine->parameters()[k]);
      if (quantizer != nullptr && std::ranges::find(quantizer->max, x) != quantizer->max.end()) continue;
      outside += std::abs(gradient[i] - expected[i]) > tolerance * (largest + 1e-3);
    }
    EXPECT_EQ(outside, 0) << trained.model.tensor(engine->parameters()[k]).name;
  }
}

// Tolerances: gradient_tolerance() of engine_test.cc, 2.6e-5 for each operator on the longest path.
TEST_P(QuantizedTraining, GradientsAreStraightThrough) {
  expect_straight_through_gradients(make_trained(GetParam()), 2e-4);
}

TEST(FakeQuantTraining, GatesAndJoinsHaveStraightThroughGradients) {
  expect_straight_through_gradients(make_trained(quant::Scheme::kLiteqat8Bit, make_gated_net), 13 * 2.6e-5);
}

TEST_P(QuantizedTraining, BytesDoNotDependOnThreads) {
  std::vector<std::vector<float>> results;
  for (int threads : {1, 2, 4}) {
    Trained trained = make_trained(GetParam());
    ThreadPool pool(threads);
    auto engine = Engine::make(trained.model, &trained.plan, pool, {.max_batch = kImages, .chunk = 1});
    ASSERT_TRUE(engine.ok());
    std::vector<float> bytes;
    for (uint64_t step = 0; step < 2; ++step) {
      engine->forward(make_images(step), kImages, Mode::kTraining);
      engine->backward(make_labels(), 0.1f);
      for (size_t k = 0; k < engine->parameters().size(); ++k) {
        bytes.insert(bytes.end(), engine->gradient(k).begin(), engine->gradient(k).end());
      }
    }
    for (const quant::Quantizer& quantizer : trained.plan.quantizers) {
      bytes.insert(bytes.end(), quantizer.min.begin(), quantizer.min.end());
      bytes.insert(bytes.end(), quantizer.max.begin(), quantizer.max.end());
    }
    results.push_back(bytes);
  }
  EXPECT_EQ(results[1], results[0]);
  EXPECT_EQ(results[2], results[0]);
}

INSTANTIATE_TEST_SUITE_P(Schemes, QuantizedTraining, testing::Values(quant::Scheme::kTfmot8Bit, quant::Scheme::kLiteqat8Bit),
                         [](const auto& param) { return quant::scheme_name(param.param); });

TEST(FakeQuantTraining, RangesMoveAsPublishedAndBeforeTheyAreUsed) {
  Trained trained = make_trained(quant::Scheme::kTfmot8Bit);
  auto images = make_images(3);
  images[7] = 2.5f;
  ThreadPool pool(2);
  auto engine = Engine::make(trained.model, &trained.plan, pool, {.max_batch = kImages, .chunk = 2});
  ASSERT_TRUE(engine.ok());
  engine->forward(images, kImages, Mode::kTraining);
  const quant::Quantizer& input = *trained.plan.find(trained.model.inputs[0]);
  EXPECT_EQ(input.min[0], 0.0f);
  EXPECT_EQ(input.max[0], 2.5f);
  // 8 bits over [0, 2.5]: the input's own maximum is on the grid, in the first step already.
  const std::vector<float> seen = engine->copy_activation(trained.model.inputs[0]);
  EXPECT_FLOAT_EQ(seen[7], 2.5f);
  EXPECT_NEAR(seen[8], images[8], 2.5 / 255 / 2 + 1e-6);
  EXPECT_NEAR(std::fmod(static_cast<double>(seen[8]) / (2.5 / 255) + 0.5, 1.0), 0.5, 1e-4) << "a multiple of the scale";

  const TensorId kernel = trained.model.find_tensor("dense/kernel");
  float largest = 0;
  for (float w : trained.model.tensor(kernel).as<float>()) largest = std::max(largest, std::abs(w));
  EXPECT_EQ(trained.plan.find(kernel)->max[0], largest);
  EXPECT_EQ(trained.plan.find(kernel)->min[0], -largest);

  // TFMOT: 6 - (6 - batch maximum) * 0.001.
  const TensorId relu = trained.model.find_tensor("stem_relu");
  const std::vector<float> quantized = engine->copy_activation(relu);
  const double top = *std::max_element(quantized.begin(), quantized.end());
  const quant::Quantizer& range = *trained.plan.find(relu);
  // The maximum was seen before rounding, half a step of the range's grid (12 / 255) at most from where it is now.
  EXPECT_NEAR(range.max[0], 6 - (6 - top) * 0.001, 0.001 * 12 / 255);
  EXPECT_NEAR(range.min[0], -6 + 6 * 0.001, 1e-6);
}

TEST(FakeQuantTraining, EvaluationUsesStoredRangesAndRoundsBiases) {
  Trained trained = make_trained(quant::Scheme::kLiteqat8Bit);
  ThreadPool pool(1);
  auto engine = Engine::make(trained.model, &trained.plan, pool, {.max_batch = kImages, .chunk = 4});
  ASSERT_TRUE(engine.ok());
  const auto images = make_images(4);
  engine->forward(images, kImages, Mode::kTraining);
  const TensorId bias = trained.model.find_tensor("dense/bias");
  trained.model.tensor(bias).as<float>()[1] = 0.123456f;
  const quant::Plan before = trained.plan;
  trained.plan.quantize_bias = false;
  const auto plain = engine->forward(images, kImages, Mode::kEvaluation);
  const std::vector<float> without(plain.begin(), plain.end());
  trained.plan.quantize_bias = true;
  engine->forward(images, kImages, Mode::kEvaluation);
  for (size_t k = 0; k < before.quantizers.size(); ++k) {
    EXPECT_EQ(trained.plan.quantizers[k].min, before.quantizers[k].min);
    EXPECT_EQ(trained.plan.quantizers[k].max, before.quantizers[k].max);
  }
  // The grid of the bias (about 1e-5 here) is far finer than that of the logits: the same logits, but for a step at a rounding edge.
  const std::vector<float> with = engine->copy_activation(trained.model.outputs[0]);
  const quant::Quantizer& logits = *trained.plan.find(trained.model.outputs[0]);
  const double step = (logits.max[0] - logits.min[0]) / 255.0;
  for (size_t i = 0; i < with.size(); ++i) EXPECT_NEAR(with[i], without[i], 1.01 * step);
}

TEST(FakeQuantTraining, CalibrationRecordsAndRoundsNothing) {
  Trained trained = make_trained(quant::Scheme::kLiteqat8Bit);
  const auto images = make_images(6);
  ThreadPool pool(2);
  auto quantized = Engine::make(trained.model, &trained.plan, pool, {.max_batch = kImages, .chunk = 2});
  auto plain = Engine::make(trained.model, nullptr, pool, {.max_batch = kImages, .chunk = 2});
  ASSERT_TRUE(quantized.ok() && plain.ok());
  const auto calibrated = quantized->forward(images, kImages, Mode::kCalibration);
  const auto expected = plain->forward(images, kImages, Mode::kEvaluation);
  EXPECT_THAT(std::vector<float>(calibrated.begin(), calibrated.end()), testing::ElementsAreArray(expected));
  for (size_t k = 0; k < trained.plan.quantizers.size(); ++k) {
    const quant::Quantizer& quantizer = trained.plan.quantizers[k];
    const quant::Observation& seen = quantized->observations()[k];
    EXPECT_EQ(seen.seen, !quantizer.weight);
    if (quantizer.weight) continue;
    const std::vector<float> values = quantized->copy_activation(quantizer.tensor);
    EXPECT_EQ(seen.min, *std::min_element(values.begin(), values.end()));
    EXPECT_EQ(seen.max, *std::max_element(values.begin(), values.end()));
  }
}

}  // namespace
}  // namespace liteqat::train
