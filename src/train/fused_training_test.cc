// Fused steps against a step per operator: the same function, rounded at other places.
#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"
#include "graph/architectures.h"
#include "graph/builder.h"
#include "train/engine.h"
#include "train/optimizer.h"
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

std::vector<int32_t> random_labels(int32_t count, uint64_t seed) {
  Rng rng(seed);
  std::vector<int32_t> labels(static_cast<size_t>(count));
  for (int32_t& label : labels) label = static_cast<int32_t>(rng.next_below(3));
  return labels;
}

/// Every fusion: k x k, strided, depthwise, pointwise and dense, with and without bias, RELU, RELU6 or HARD_SWISH and no activation, stored
/// and unstored outputs, a residual sum.
Graph make_mobile_net(int32_t size, int32_t width, bool swish = false) {
  GraphBuilder b("mobile", 5, {});
  const auto unit = [&](const std::string& name, TensorId sum) {
    const TensorId norm = b.batch_norm(name + "_bn", sum);
    return swish ? b.hard_swish(name + "_relu", norm) : b.relu6(name + "_relu", norm);
  };
  const TensorId stem = unit("stem", b.conv2d("stem", b.input(size, size, 3), {.filters = width, .kernel = 3, .bias = true}));
  const TensorId narrow = b.batch_norm("narrow_bn", b.conv2d("narrow", stem, {.filters = 3, .kernel = 1}));
  const TensorId wide = unit("expand", b.conv2d("expand", narrow, {.filters = width, .kernel = 1}));
  const TensorId deep = b.relu("dw_relu", b.batch_norm("dw_bn", b.depthwise("dw", wide, {.filters = 1, .kernel = 3, .bias = true})));
  const TensorId sum = b.add("sum", narrow, b.batch_norm("project_bn", b.conv2d("project", deep, {.filters = 3, .kernel = 1})));
  const TensorId half = unit("half", b.conv2d("half", sum, {.filters = 6, .kernel = 3, .stride = 2}));
  const TensorId dense = unit("dense", b.dense("dense", b.global_mean("mean", half), 5));
  auto model = b.finish(b.dense("logits", dense, 3), "output");
  LITEQAT_CHECK(model.ok());
  Rng rng(17);
  for (graph::Tensor& tensor : model->tensors) {
    if (tensor.role != graph::Role::kParameter) continue;
    for (float& value : tensor.as<float>()) value += 0.2f * (rng.next_float() - 0.5f);
  }
  return std::move(model).value();
}

/// A depthwise convolution that takes an expansion along whose own input is not stored; windows that overlap, skip rows or have holes.
Graph make_expansion(int32_t size, const graph::ConvLayer& depthwise, bool swish = false) {
  GraphBuilder b("expansion", 5, {});
  const TensorId stem = b.relu("stem_relu", b.batch_norm("stem_bn", b.conv2d("stem", b.input(size, size, 3), {.filters = 5, .kernel = 3})));
  const auto unit = [&](const std::string& name, TensorId norm) { return swish ? b.hard_swish(name, norm) : b.relu6(name, norm); };
  const TensorId wide =
      unit("expand_relu", b.batch_norm("expand_bn", b.conv2d("expand", stem, {.filters = 20, .kernel = 1, .bias = true})));
  const TensorId deep = unit("dw_relu", b.batch_norm("dw_bn", b.depthwise("dw", wide, depthwise)));
  auto model = b.finish(b.dense("logits", b.global_mean("mean", deep), 3), "output");
  LITEQAT_CHECK(model.ok());
  return std::move(model).value();
}

struct StepResult {
  double loss = 0;
  std::vector<std::vector<float>> gradients;
  std::vector<std::vector<std::byte>> tensors;  // of the model, with the moving statistics
  bool operator==(const StepResult&) const = default;
};

StepResult one_step(Graph model, int32_t n, const EngineOptions& options, int threads) {
  const int64_t elems = graph::elem_count(model.tensor(model.inputs[0]).shape);
  const auto images = random_images(n * elems, 3);
  ThreadPool pool(threads);
  auto engine = Engine::make(model, nullptr, pool, options);
  LITEQAT_CHECK(engine.ok());
  engine->forward(images, n, Mode::kTraining);
  StepResult result;
  result.loss = engine->backward(random_labels(n, 4), 0.1f).loss;
  for (size_t k = 0; k < engine->parameters().size(); ++k) {
    result.gradients.emplace_back(engine->gradient(k).begin(), engine->gradient(k).end());
  }
  for (const graph::Tensor& tensor : model.tensors) result.tensors.emplace_back(tensor.data.begin(), tensor.data.end());
  return result;
}

// Relative to the largest gradient of a tensor: both ways add float sums of N terms, N at most the rows of a batch times the taps, through
// L units; rounding errors of such sums grow as sqrt(N) * 2^-24 (Higham and Mary 2019), cancellation in batch norm's mean-free sums can
// raise them tenfold (as in engine_test.cc), and they add up over the units.
double rounding_bound(double rows, double taps, double units) {
  return 10 * units * std::sqrt(rows * taps) * 0x1p-24;
}

void expect_close(const Graph& model, const StepResult& a, const StepResult& b, double bound) {
  ASSERT_EQ(a.gradients.size(), b.gradients.size());
  EXPECT_NEAR(a.loss, b.loss, bound * std::abs(b.loss));
  size_t parameter = 0;
  for (const graph::Tensor& tensor : model.tensors) {
    if (tensor.role != graph::Role::kParameter) continue;
    double largest = 0;
    const auto &left = a.gradients[parameter], &right = b.gradients[parameter++];
    if (tensor.name == "stem/bias" || tensor.name == "dw/bias" || tensor.name == "expand/bias") {
      // Batch norm takes the bias out again: the gradient is 0, single operators leave rounding noise.
      for (float value : left) EXPECT_EQ(value, 0.0f) << tensor.name;
      continue;
    }
    for (float value : right) largest = std::max(largest, std::abs(static_cast<double>(value)));
    for (size_t i = 0; i < left.size(); ++i) EXPECT_NEAR(left[i], right[i], bound * (largest + 1e-3)) << tensor.name << " element " << i;
  }
}

TEST(FusedTraining, GradientsEqualThoseOfSingleOperators) {
  // 64 x 64 x 16 values an image: a block of a fused step is one image, a chunk two or three.
  for (const auto& [size, width] : std::vector<std::pair<int32_t, int32_t>>{{6, 7}, {64, 16}}) {
    for (const bool swish : {false, true}) {
      const Graph model = make_mobile_net(size, width, swish);
      for (int32_t n : {3, 5}) {
        const StepResult fused = one_step(model, n, {.max_batch = 5, .chunk = 3}, 2);
        const StepResult single = one_step(model, n, {.max_batch = 5, .chunk = 3, .fused = false}, 2);
        SCOPED_TRACE(format("{} x {}, {} images, {}", size, size, n, swish ? "HARD_SWISH" : "RELU6"));
        expect_close(model, fused, single, rounding_bound(n * size * size, 27, 7));
      }
    }
  }
}

TEST(FusedTraining, StripsOfEveryWindowGiveTheGradientsOfSingleOperators) {
  // 60 x 20 values a row: an image is cut into three strips.
  for (const auto& [kernel, stride] : std::vector<std::pair<int32_t, int32_t>>{{3, 1}, {3, 2}, {5, 1}, {5, 2}, {1, 3}, {2, 3}}) {
    for (const bool swish : {false, true}) {
      const Graph model = make_expansion(60, {.filters = 1, .kernel = kernel, .stride = stride}, swish);
      SCOPED_TRACE(format("{} x {}, stride {}, {}", kernel, kernel, stride, swish ? "HARD_SWISH" : "RELU6"));
      const EngineOptions options{.max_batch = 3, .chunk = 2};
      const StepResult fused = one_step(model, 3, options, 1);
      const StepResult single = one_step(model, 3, {.max_batch = 3, .chunk = 2, .fused = false}, 1);
      expect_close(model, fused, single, rounding_bound(3 * 60 * 60, 27, 4));
      EXPECT_TRUE(one_step(model, 3, options, 2) == fused) << "2 threads";
    }
  }
}

TEST(FusedTraining, ExpansionsOfInputsFarFromZeroLoseDigitsNotValues) {
  // An expansion's variance follows from C = x^T x - sum(x) sum(x)^T / R, whose entries are differences of numbers that are 1 + m^2 times
  // as large, m the inputs' mean over their deviation: so much more than elsewhere may be lost to rounding (decisions/0033).
  for (const float mean : {0.0f, 3.0f, 10.0f, 30.0f}) {
    Graph model = make_expansion(12, {.filters = 1, .kernel = 3});
    for (float& beta : model.tensor(model.find_tensor("stem_bn/beta")).as<float>()) beta = mean;
    const EngineOptions options{.max_batch = 6, .chunk = 2};
    const StepResult fused = one_step(model, 6, options, 2);
    const StepResult single = one_step(model, 6, {.max_batch = 6, .chunk = 2, .fused = false}, 2);
    SCOPED_TRACE(format("mean {}", mean));
    expect_close(model, fused, single, rounding_bound(6 * 144, 27, 4) * (1 + double{mean} * double{mean}));
  }
}

TEST(FusedTraining, ExpansionsOfConstantInputsStayFinite) {
  // gamma 0: every input of the expansion is the same, its variance 0 but for rounding, which may leave less than 0.
  for (const float value : {1.0f, 100.0f, 1e4f}) {
    Graph model = make_expansion(12, {.filters = 1, .kernel = 3});
    for (float& beta : model.tensor(model.find_tensor("stem_bn/beta")).as<float>()) beta = value;
    for (float& gamma : model.tensor(model.find_tensor("stem_bn/gamma")).as<float>()) gamma = 0;
    const StepResult fused = one_step(model, 6, {.max_batch = 6, .chunk = 2}, 2);
    EXPECT_TRUE(std::isfinite(fused.loss)) << value;
    for (const std::vector<float>& gradient : fused.gradients) {
      for (float element : gradient) ASSERT_TRUE(std::isfinite(element)) << value;
    }
  }
}

TEST(FusedTraining, ChunksOfAGroupAddUp) {
  // 20 chunks in groups of two: what a group keeps is begun by its first chunk alone.
  const Graph model = make_mobile_net(6, 7);
  const StepResult fused = one_step(model, 20, {.max_batch = 20, .chunk = 1}, 2);
  const StepResult single = one_step(model, 20, {.max_batch = 20, .chunk = 1, .fused = false}, 2);
  expect_close(model, fused, single, rounding_bound(20 * 36, 27, 7));
}

void expect_numerical_derivatives(Graph model) {
  const int32_t n = 5;
  const auto images = random_images(n * 108, 3);
  PlainNetwork plain(model, images, n, random_labels(n, 4), 0.1);
  const StepResult fused = one_step(model, n, {.max_batch = 6, .chunk = 2}, 2);
  EXPECT_NEAR(fused.loss, plain.loss(), 1e-5);
  size_t parameter = 0;
  for (size_t id = 0; id < model.tensors.size(); ++id) {
    if (model.tensors[id].role != graph::Role::kParameter) continue;
    const std::vector<float>& gradient = fused.gradients[parameter++];
    std::vector<double> expected;
    double largest = 0;
    for (size_t i = 0; i < gradient.size(); ++i) {
      expected.push_back(plain.derivative(static_cast<TensorId>(id), i, 1e-6));
      largest = std::max(largest, std::abs(expected.back()));
    }
    // The difference quotient itself errs by 1e-10.
    const double bound = rounding_bound(n * 36, 27, 7) * (largest + 1e-3) + 1e-9;
    for (size_t i = 0; i < gradient.size(); ++i) EXPECT_NEAR(gradient[i], expected[i], bound) << model.tensors[id].name << " element " << i;
  }
}

TEST(FusedTraining, GradientsEqualNumericalDerivatives) {
  expect_numerical_derivatives(make_mobile_net(6, 7));
}

TEST(FusedTraining, GradientsThroughHardSwishEqualNumericalDerivatives) {
  expect_numerical_derivatives(make_mobile_net(6, 7, true));
}

TEST(FusedTraining, HardSwishTakesNoMemoryThatRelu6DoesNot) {
  Graph swish = make_mobile_net(64, 16, true), relu6 = make_mobile_net(64, 16);
  ThreadPool pool(1);
  const EngineOptions options{.max_batch = 4, .chunk = 2};
  const auto left = Engine::make(swish, nullptr, pool, options), right = Engine::make(relu6, nullptr, pool, options);
  ASSERT_TRUE(left.ok() && right.ok());
  EXPECT_EQ(left->memory_bytes(), right->memory_bytes());
}

TEST(FusedTraining, BytesDoNotDependOnThreads) {
  const Graph model = make_mobile_net(64, 16);
  const EngineOptions options{.max_batch = 10, .chunk = 3};
  const StepResult one = one_step(model, 10, options, 1);
  for (int threads : {2, 4}) EXPECT_TRUE(one_step(model, 10, options, threads) == one) << threads << " threads";
}

TEST(FusedTraining, ActivationsCanBeLookedAt) {
  Graph fused_model = make_mobile_net(6, 7), single_model = fused_model;
  ThreadPool pool(2);
  auto fused = Engine::make(fused_model, nullptr, pool, {.max_batch = 4, .chunk = 3});
  auto single = Engine::make(single_model, nullptr, pool, {.max_batch = 4, .chunk = 3, .fused = false});
  ASSERT_TRUE(fused.ok() && single.ok());
  const auto images = random_images(4 * 108, 3);
  for (Mode mode : {Mode::kTraining, Mode::kEvaluation}) {
    const auto a = fused->forward(images, 4, mode), b = single->forward(images, 4, mode);
    for (size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], rounding_bound(4 * 36, 27, 7) * 10);
    for (const char* name : {"stem_relu", "dw_relu", "narrow_bn", "dense_relu", "expand_bn"}) {
      const auto left = fused->copy_activation(fused_model.find_tensor(name)),
                 right = single->copy_activation(fused_model.find_tensor(name));
      ASSERT_EQ(left.size(), right.size());
      for (size_t i = 0; i < left.size(); ++i) EXPECT_NEAR(left[i], right[i], rounding_bound(4 * 36, 27, 7) * 10) << name;
    }
  }
}

TEST(FusedTraining, RowsThatNoWindowReadsAreComputedToo) {
  // 1 x 1 windows of stride 3 read rows 0, 3 and 6 of 8.
  Graph fused_model = make_expansion(8, {.filters = 1, .kernel = 1, .stride = 3}), single_model = fused_model;
  ThreadPool pool(2);
  auto fused = Engine::make(fused_model, nullptr, pool, {.max_batch = 4, .chunk = 3});
  auto single = Engine::make(single_model, nullptr, pool, {.max_batch = 4, .chunk = 3, .fused = false});
  ASSERT_TRUE(fused.ok() && single.ok());
  const auto images = random_images(4 * 192, 3);
  for (Mode mode : {Mode::kTraining, Mode::kEvaluation}) {
    fused->forward(images, 4, mode), single->forward(images, 4, mode);
    const TensorId id = fused_model.find_tensor("expand_relu");
    const auto left = fused->copy_activation(id), right = single->copy_activation(id);
    ASSERT_EQ(left.size(), right.size());
    for (size_t i = 0; i < left.size(); ++i) EXPECT_NEAR(left[i], right[i], rounding_bound(4 * 64, 27, 4) * 10) << "element " << i;
  }
}

std::vector<double> losses_of_training(Graph model, bool fused, double disturbance) {
  Rng rng(static_cast<uint64_t>(disturbance * 1e9) + 1);
  for (graph::Tensor& tensor : model.tensors) {
    if (tensor.role != graph::Role::kParameter) continue;
    for (float& value : tensor.as<float>()) value *= 1 + static_cast<float>(disturbance * (rng.next_double() * 2 - 1));
  }
  ThreadPool pool(2);
  auto engine = Engine::make(model, nullptr, pool, {.max_batch = 16, .chunk = 4, .fused = fused});
  LITEQAT_CHECK(engine.ok());
  // Adam divides by a gradient's size and makes whole steps of the noise in gradients that are 0; SGD keeps small what is small.
  Optimizer optimizer({.kind = OptimizerKind::kSgd, .learning_rate = 0.05f, .momentum = 0.9f}, model, engine->parameters());
  std::vector<std::span<const float>> gradients;
  for (size_t k = 0; k < engine->parameters().size(); ++k) gradients.push_back(engine->gradient(k));
  std::vector<double> losses;
  for (uint64_t step = 0; step < 50; ++step) {
    const auto images = random_images(16 * 108, step);  // read again by backward()
    engine->forward(images, 16, Mode::kTraining);
    losses.push_back(engine->backward(random_labels(16, step), 0).loss);
    optimizer.step(model, gradients, 1.0f, pool);
  }
  return losses;
}

TEST(FusedTraining, LearnsAsSingleOperatorsDo) {
  // Training amplifies rounding differences, by how much shows a run whose weights are disturbed by what a gradient's rounding may change,
  // the bound above: to first order the two ways may stand at most so far apart, step by step (largest so far, because a difference
  // passes through zero).
  const Graph model = make_mobile_net(6, 7);
  const double size = rounding_bound(16 * 36, 27, 7);
  const auto single = losses_of_training(model, false, 0), fused = losses_of_training(model, true, 0);
  double allowed = 0;
  std::vector<std::vector<double>> disturbed;
  for (double factor : {1.0, 1.5, 2.0}) disturbed.push_back(losses_of_training(model, false, size * factor));
  EXPECT_LT(single.back(), single.front());
  for (size_t step = 0; step < single.size(); ++step) {
    for (const auto& run : disturbed) allowed = std::max(allowed, std::abs(run[step] - single[step]));
    EXPECT_LE(std::abs(fused[step] - single[step]), allowed + 1e-6) << "step " << step;
  }
}

TEST(TrainingChunkImages, IsLargerWhereStepsAreFused) {
  const Graph fused = make_mobile_net(6, 7);
  EXPECT_EQ(training_chunk_images(fused, nullptr, 128), 16);
  EXPECT_EQ(training_chunk_images(fused, nullptr, 32), 4);
  EXPECT_EQ(training_chunk_images(fused, nullptr, 1), 1);
  // 45 w weights and few more, 3 w values: twice the one by the other is just below 30, in fours 28.
  const Graph heavy = make_mobile_net(1, 2000);
  EXPECT_EQ(training_chunk_images(heavy, nullptr, 128), 28);
  EXPECT_EQ(training_chunk_images(heavy, nullptr, 32), 8);
  GraphBuilder b("plain", 1, {});
  auto plain = b.finish(b.dense("dense", b.reshape("flatten", b.input(2, 2, 1), {-1, 4}), 3), "output");
  ASSERT_TRUE(plain.ok());
  EXPECT_EQ(training_chunk_images(*plain, nullptr, 128), chunk_images(128));
}

}  // namespace
}  // namespace liteqat::train
