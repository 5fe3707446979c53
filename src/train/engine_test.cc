#include "train/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"
#include "graph/builder.h"
#include "train/plain_network_for_test.h"

namespace liteqat::train {
namespace {

using graph::Graph;
using graph::GraphBuilder;
using graph::TensorId;

std::vector<float> random_images(int64_t count, uint64_t seed) {
  Rng rng(seed);
  std::vector<float> images(static_cast<size_t>(count));
  for (float& value : images) value = rng.next_float() * 2 - 1;
  return images;
}

std::vector<int32_t> random_labels(int32_t count, uint32_t classes, uint64_t seed) {
  Rng rng(seed);
  std::vector<int32_t> labels(static_cast<size_t>(count));
  for (int32_t& label : labels) label = static_cast<int32_t>(rng.next_below(classes));
  return labels;
}

/// Moves every parameter off its initial value, so that zero biases and unit gammas hide nothing.
void disturb(Graph& model, uint64_t seed) {
  Rng rng(seed);
  for (graph::Tensor& tensor : model.tensors) {
    if (tensor.role != graph::Role::kParameter) continue;
    for (float& value : tensor.as<float>()) value += 0.2f * (rng.next_float() - 0.5f);
  }
}

/// Every operator kind: convolution, batch norm, relu6, a residual add, depthwise with stride behind a pad, pools, mean, dense, softmax.
Graph make_residual_net() {
  GraphBuilder b("residual", 3, {});
  const TensorId input = b.input(7, 6, 3);
  const TensorId stem = b.relu("stem_relu", b.batch_norm("stem_bn", b.conv2d("stem", input, {.filters = 5, .kernel = 3})));
  const TensorId branch = b.batch_norm("project_bn", b.conv2d("project", stem, {.filters = 5, .kernel = 1}));
  const TensorId sum = b.relu("sum_relu", b.add("sum", branch, stem));
  const TensorId padded = b.pad("pad", sum, {0, 0, 1, 1, 1, 1, 0, 0});
  const graph::ConvLayer strided{.filters = 1, .kernel = 3, .stride = 2, .padding = graph::Padding::kValid, .bias = true};
  const TensorId depthwise = b.relu6("dw_relu", b.depthwise("dw", padded, strided));
  const TensorId pooled = b.average_pool("average", depthwise, {.filter_h = 2, .filter_w = 1});
  const TensorId mean = b.global_mean("mean", pooled);
  auto model = b.finish(b.softmax("softmax", b.dense("dense", mean, 4)), "output");
  LITEQAT_CHECK(model.ok());
  disturb(*model, 11);
  return std::move(model).value();
}

/// The shape of the guide's network: reshape, convolution with bias, relu, max pool, flatten, dense.
Graph make_pooled_net() {
  GraphBuilder b("pooled", 4, {});
  const TensorId input = b.input(8, 9, 2);
  const graph::ConvLayer conv{.filters = 6, .kernel = 3, .padding = graph::Padding::kValid, .bias = true};
  const TensorId features = b.max_pool("pool", b.relu("relu", b.conv2d("conv", input, conv)), {});
  auto model = b.finish(b.dense("dense", b.reshape("flatten", features, {-1, 54}), 3), "logits");
  LITEQAT_CHECK(model.ok());
  disturb(*model, 12);
  return std::move(model).value();
}

/// Gates and joins: products of equal shapes, with one value a channel (squeeze-and-excite) and with one a position; parts that others read
/// too; convolutions that leave rows out.
Graph make_gated_net() {
  GraphBuilder b("gated", 6, {});
  const auto swish = [&](const std::string& name, TensorId x) { return b.hard_swish(name + "_swish", b.batch_norm(name + "_bn", x)); };
  const TensorId stem = swish("stem", b.conv2d("stem", b.input(7, 6, 3), {.filters = 4, .kernel = 3, .dilation = 2}));
  const TensorId far = swish("far", b.depthwise("far", stem, {.filters = 1, .kernel = 3, .bias = true, .dilation = 2}));
  const TensorId joined = b.concatenate("joined", {stem, far});
  const TensorId squeezed = b.logistic("sigmoid", b.dense("squeeze", b.global_mean("mean", joined), 8));
  const TensorId excited = b.multiply("excited", joined, b.reshape("gate", squeezed, {-1, 1, 1, 8}));
  const TensorId place = b.logistic("place_sigmoid", b.conv2d("place", excited, {.filters = 1, .bias = true}));
  const TensorId placed = b.multiply("placed", place, excited);
  const TensorId mixed = b.relu("mixed_relu", b.batch_norm("mixed_bn", b.conv2d("mixed", placed, {.filters = 4})));
  const TensorId product = b.hard_swish("product_swish", b.multiply("product", mixed, stem));
  auto model = b.finish(b.dense("dense", b.global_mean("last_mean", product), 3), "logits");
  LITEQAT_CHECK(model.ok());
  disturb(*model, 13);
  // A steep way in, so that hard swish is seen beyond both of its corners.
  for (float& gamma : model->tensor(model->find_tensor("stem_bn/gamma")).as<float>()) gamma *= 3;
  return std::move(model).value();
}

/// Largest |gradient - derivative| over (|derivative| + floor) of the parameters, every stride-th element.
void expect_gradients_match(const Engine& engine, const Graph& model, PlainNetwork& plain, double tolerance) {
  for (size_t k = 0; k < engine.parameters().size(); ++k) {
    const TensorId id = engine.parameters()[k];
    const std::span<const float> gradient = engine.gradient(k);
    double largest = 0;
    std::vector<double> expected;
    for (size_t i = 0; i < gradient.size(); ++i) {
      expected.push_back(plain.derivative(id, i, 1e-6));
      largest = std::max(largest, std::abs(expected.back()));
    }
    for (size_t i = 0; i < gradient.size(); ++i) {
      EXPECT_NEAR(gradient[i], expected[i], tolerance * (largest + 1e-3)) << model.tensor(id).name << " element " << i;
    }
  }
}

// The bound of the gradient tests, relative to the largest gradient of the tensor: float32 sums of at most N = 9 * 42 * 5 terms a
// reduction through L operators err by about L * sqrt(N) * 2^-24 of the terms' size (2e-5 for 8), which cancellation in batch norm
// (mean-free sums) can raise tenfold; the central difference itself errs by 1e-6^2 plus 1e-16 / 1e-6 = 1e-10.
double gradient_tolerance(int operators) {
  return 10 * operators * std::sqrt(9.0 * 42 * 5) * 0x1p-24;
}

struct Case {
  const char* name;
  Graph (*make)();
  int64_t image_elems;
  uint32_t classes;
  int operators;  // on the longest path
};

class EngineGradient : public testing::TestWithParam<Case> {};

TEST_P(EngineGradient, EqualsNumericalDerivativeOfIndependentDoubleNetwork) {
  for (const auto& [smoothing, fused] : std::vector<std::pair<float, bool>>{{0.0f, true}, {0.1f, true}, {0.1f, false}}) {
    SCOPED_TRACE(format("smoothing {}, fused {}", smoothing, fused));
    Graph model = GetParam().make();
    const int32_t n = 5;
    const auto images = random_images(n * GetParam().image_elems, 1);
    const auto labels = random_labels(n, GetParam().classes, 2);
    PlainNetwork plain(model, images, n, labels, smoothing);
    ThreadPool pool(2);
    auto engine = Engine::make(model, nullptr, pool, {.max_batch = 6, .chunk = 2, .fused = fused});
    ASSERT_TRUE(engine.ok()) << engine.status().message();
    engine->forward(images, n, Mode::kTraining);
    const LossValue loss = engine->backward(labels, smoothing);
    // A loss near 1 from float32 logits: a few ulp of 2^-24 for each of the operators.
    EXPECT_NEAR(loss.loss, plain.loss(), 1e-5);
    expect_gradients_match(*engine, model, plain, gradient_tolerance(GetParam().operators));
    EXPECT_EQ(engine->find_non_finite(), "");
  }
}

INSTANTIATE_TEST_SUITE_P(Networks, EngineGradient,
                         testing::Values(Case{"residual", make_residual_net, 7 * 6 * 3, 4, 8},
                                         Case{"pooled", make_pooled_net, 8 * 9 * 2, 3, 8}, Case{"gated", make_gated_net, 7 * 6 * 3, 3, 19}),
                         [](const auto& param) { return param.param.name; });

TEST(Engine, MovingStatisticsFollowTheBatch) {
  Graph model = make_residual_net();
  const auto images = random_images(4 * 126, 5);
  const TensorId mean_id = model.find_tensor("stem_bn/moving_mean");
  const TensorId variance_id = model.find_tensor("stem_bn/moving_variance");
  PlainNetwork plain(model, images, 4, random_labels(4, 4, 1), 0);
  plain.loss();
  const std::vector<double>& x = plain.value(model.find_tensor("stem"));
  std::vector<double> mean(5), square(5);
  const double rows = static_cast<double>(x.size()) / 5;
  for (size_t i = 0; i < x.size(); ++i) mean[i % 5] += x[i] / rows;
  for (size_t i = 0; i < x.size(); ++i) square[i % 5] += (x[i] - mean[i % 5]) * (x[i] - mean[i % 5]);
  ThreadPool pool(1);
  auto engine = Engine::make(model, nullptr, pool, {.max_batch = 4, .chunk = 1});
  ASSERT_TRUE(engine.ok());
  engine->forward(images, 4, Mode::kTraining);
  for (size_t c = 0; c < 5; ++c) {
    // Keras: 0.99 of the old value (mean 0, variance 1), 0.01 of the batch; float32 sums of 168 terms err below 1e-5.
    EXPECT_NEAR(model.tensor(mean_id).as<float>()[c], 0.01 * mean[c], 1e-6);
    EXPECT_NEAR(model.tensor(variance_id).as<float>()[c], 0.99 + 0.01 * square[c] / (rows - 1), 1e-6) << "Bessel-corrected";
  }
}

TEST(Engine, EvaluationUsesMovingStatisticsAndChangesNothing) {
  Graph model = make_residual_net();
  const Graph before = model;
  const auto images = random_images(3 * 126, 5);
  ThreadPool pool(2);
  auto engine = Engine::make(model, nullptr, pool, {.max_batch = 3, .chunk = 2, .training = false});
  ASSERT_TRUE(engine.ok());
  const auto together = engine->forward(images, 3, Mode::kEvaluation);
  const std::vector<float> first(together.begin(), together.end());
  for (size_t image = 0; image < 3; ++image) {
    const auto alone = engine->forward(std::span(images).subspan(image * 126, 126), 1, Mode::kEvaluation);
    double sum = 0;
    for (size_t k = 0; k < 4; ++k) {
      EXPECT_NEAR(alone[k], first[image * 4 + k], 1e-6);  // sums over one image only: no statistics of the batch
      sum += alone[k];
    }
    EXPECT_NEAR(sum, 1.0, 1e-6);  // softmax is applied
  }
  for (size_t id = 0; id < model.tensors.size(); ++id) EXPECT_EQ(model.tensors[id].data, before.tensors[id].data);
}

TEST(Engine, BytesDoNotDependOnThreadsNorOnWhatRanBefore) {
  std::vector<std::vector<float>> results;
  for (int threads : {1, 2, 4, 1}) {
    Graph model = make_residual_net();
    ThreadPool pool(threads);
    auto engine = Engine::make(model, nullptr, pool, {.max_batch = 41, .chunk = 2});  // 21 chunks in 11 groups
    ASSERT_TRUE(engine.ok());
    std::vector<float> bytes;
    for (uint64_t step = 0; step < 3; ++step) {
      const int32_t n = step == 1 ? 41 : 5;
      const auto images = random_images(n * 126, step);
      engine->forward(images, n, Mode::kTraining);
      bytes.push_back(static_cast<float>(engine->backward(random_labels(n, 4, step), 0).loss));
      for (size_t k = 0; k < engine->parameters().size(); ++k) {
        bytes.insert(bytes.end(), engine->gradient(k).begin(), engine->gradient(k).end());
      }
    }
    results.push_back(bytes);
  }
  for (const auto& result : results) EXPECT_EQ(result, results[0]);
}

TEST(Engine, ManyChunksShareAGroupsPartialGradient) {
  Graph model = make_pooled_net();
  const int32_t n = 41;  // 41 chunks of one image: 14 groups of up to three
  const auto images = random_images(n * 144, 8);
  const auto labels = random_labels(n, 3, 9);
  PlainNetwork plain(model, images, n, labels, 0);
  ThreadPool pool(2);
  auto engine = Engine::make(model, nullptr, pool, {.max_batch = 43, .chunk = 1});
  ASSERT_TRUE(engine.ok());
  engine->forward(images, n, Mode::kTraining);
  engine->backward(labels, 0);
  expect_gradients_match(*engine, model, plain, gradient_tolerance(8));
}

TEST(Engine, NamesFirstOperatorWithValueThatIsNotFinite) {
  Graph model = make_residual_net();
  model.tensor(model.find_tensor("project/kernel")).as<float>()[3] = NAN;
  ThreadPool pool(1);
  auto engine = Engine::make(model, nullptr, pool, {.max_batch = 2, .chunk = 1});
  ASSERT_TRUE(engine.ok());
  const auto images = random_images(2 * 126, 1);
  engine->forward(images, 2, Mode::kTraining);
  EXPECT_EQ(engine->find_non_finite(), "project");
}

TEST(Engine, LossCountsHitsAndTakesFirstMaximum) {
  GraphBuilder b("tie", 0, {});
  auto model = b.finish(b.reshape("flatten", b.input(1, 1, 3), {-1, 3}), "logits");
  ASSERT_TRUE(model.ok());
  ThreadPool pool(1);
  auto engine = Engine::make(*model, nullptr, pool, {.max_batch = 2, .chunk = 1, .training = false});
  ASSERT_TRUE(engine.ok());
  const std::vector<float> images = {2, 2, 1, 0, 0, std::log(2.0f)};
  engine->forward(images, 2, Mode::kEvaluation);
  const LossValue loss = engine->loss(std::vector<int32_t>{0, 2}, 0);
  EXPECT_EQ(loss.correct, 2);
  // -log softmax by hand: log(2 + 1/e) for the first image, log(4 / 2) for the second.
  EXPECT_NEAR(loss.loss, (std::log(2 + std::exp(-1.0)) + std::log(2.0)) / 2, 1e-6);
  EXPECT_EQ(engine->loss(std::vector<int32_t>{1, 2}, 0).correct, 1);
}

TEST(ChunkImages, DependsOnTheBatchAlone) {
  EXPECT_EQ(chunk_images(1), 1);
  EXPECT_EQ(chunk_images(4), 1);
  EXPECT_EQ(chunk_images(8), 2);
  EXPECT_EQ(chunk_images(32), 4);
  EXPECT_EQ(chunk_images(500), 4);
}

}  // namespace
}  // namespace liteqat::train
