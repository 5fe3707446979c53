#include "train/optimizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace liteqat::train {
namespace {

using graph::Graph;

/// A rank-2 kernel and a bias, both long enough to cross vector widths.
Graph make_model(int32_t elems) {
  Graph model;
  for (const graph::Shape& shape : {graph::Shape{1, elems}, graph::Shape{elems}}) {
    graph::Tensor tensor;
    tensor.name = shape.size() == 2 ? "dense/kernel" : "dense/bias";
    tensor.shape = shape;
    tensor.role = graph::Role::kParameter;
    tensor.data.resize(static_cast<size_t>(elems) * sizeof(float));
    for (size_t i = 0; i < static_cast<size_t>(elems); ++i) tensor.as<float>()[i] = 0.5f - 0.1f * static_cast<float>(i);
    model.add_tensor(tensor);
  }
  return model;
}

std::vector<float> make_gradient(int32_t elems, int step) {
  std::vector<float> gradient(static_cast<size_t>(elems));
  for (size_t i = 0; i < gradient.size(); ++i) gradient[i] = std::sin(static_cast<float>(i) + static_cast<float>(step));
  return gradient;
}

/// The update of one scalar in double, from the published formulas: keras.io/api/optimizers (SGD, Adam, AdamW, use_ema), PyTorch's
/// documentation of AdamW for the decoupled decay.
struct ScalarOptimizer {
  OptimizerOptions options;
  double w = 0, m = 0, v = 0, average = 0;
  int t = 0;

  void step(double g, double factor, bool decay) {
    update(g, factor, decay);
    const double keep = options.ema_decay;
    average = t == 1 ? w : keep * average + (1 - keep) * w;
  }

 private:
  void update(double g, double factor, bool decay) {
    ++t;
    const double rate = options.learning_rate * factor;
    const bool decoupled = options.kind == OptimizerKind::kAdamW;
    if (decay && !decoupled) g += options.weight_decay * w;
    if (decay && decoupled) w *= 1 - rate * options.weight_decay;
    if (options.kind != OptimizerKind::kSgd) {
      m = options.beta1 * m + (1 - static_cast<double>(options.beta1)) * g;
      v = options.beta2 * v + (1 - static_cast<double>(options.beta2)) * g * g;
      const double alpha = rate * std::sqrt(1 - std::pow(options.beta2, t)) / (1 - std::pow(options.beta1, t));
      w -= alpha * m / (std::sqrt(v) + options.epsilon);
    } else {
      m = options.momentum * m - rate * g;
      w += options.nesterov ? options.momentum * m - rate * g : m;
    }
  }
};

/// clip / norm where the norm over all gradients is above clip (tf.clip_by_global_norm), in double.
double clip_factor(const OptimizerOptions& options, std::initializer_list<const std::vector<float>*> gradients) {
  double sum = 0;
  for (const auto* gradient : gradients) {
    for (float g : *gradient) sum += double{g} * double{g};
  }
  const double norm = std::sqrt(sum);
  return options.clip_norm > 0 && norm > options.clip_norm ? options.clip_norm / norm : 1.0;
}

void expect_follows_closed_form(const OptimizerOptions& options) {
  const int32_t elems = 37;
  Graph model = make_model(elems);
  Optimizer optimizer(options, model, {0, 1});
  std::vector<ScalarOptimizer> expected(static_cast<size_t>(2 * elems), ScalarOptimizer{options});
  for (size_t i = 0; i < expected.size(); ++i) expected[i].w = model.tensors[0].as<float>()[i % elems];
  ThreadPool pool(2);
  for (int step = 0; step < 4; ++step) {
    const auto kernel = make_gradient(elems, step), bias = make_gradient(elems, 10 + step);
    const std::span<const float> gradients[] = {kernel, bias};
    const float factor = step == 2 ? 0.5f : 1.0f;
    optimizer.step(model, gradients, factor, pool);
    for (size_t i = 0; i < expected.size(); ++i) {
      const bool is_kernel = i < kernel.size();
      const double clip = clip_factor(options, {&kernel, &bias});
      expected[i].step(clip * (is_kernel ? kernel[i] : bias[i - kernel.size()]), factor, is_kernel);
      // Four updates of a weight of size up to 3.2 in float32: half an ulp of it (1.2e-7) for each of about four roundings a step.
      EXPECT_NEAR(model.tensors[is_kernel ? 0 : 1].as<float>()[i % elems], expected[i].w, 2e-6) << "step " << step << " element " << i;
    }
  }
  EXPECT_EQ(optimizer.steps_done(), 4);
  if (options.ema_decay == 0) return;
  const Graph trained = model;
  optimizer.swap_averages(model);
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(model.tensors[i / elems].as<float>()[i % elems], expected[i].average, 2e-6) << "average of element " << i;
  }
  optimizer.swap_averages(model);
  EXPECT_EQ(model.tensors[0].data, trained.tensors[0].data) << "a second exchange takes the first one back";
}

TEST(Optimizer, AdamFollowsKeras) {
  expect_follows_closed_form({.kind = OptimizerKind::kAdam, .learning_rate = 0.01f});
  expect_follows_closed_form({.kind = OptimizerKind::kAdam, .learning_rate = 0.01f, .weight_decay = 0.1f});
}

TEST(Optimizer, AdamWFollowsKerasAndPyTorch) {
  expect_follows_closed_form({.kind = OptimizerKind::kAdamW, .learning_rate = 0.01f});
  expect_follows_closed_form({.kind = OptimizerKind::kAdamW, .learning_rate = 0.01f, .weight_decay = 0.3f});
}

// The gradients of the test have norms of about sqrt(2 * 37 / 2) = 6: 1 cuts all of them, 100 none.
TEST(Optimizer, ClipsByTheGlobalNormBeforeWeightDecay) {
  for (float clip : {1.0f, 100.0f}) {
    expect_follows_closed_form(
        {.kind = OptimizerKind::kSgd, .learning_rate = 0.1f, .momentum = 0.9f, .weight_decay = 0.05f, .clip_norm = clip});
    expect_follows_closed_form({.kind = OptimizerKind::kAdamW, .learning_rate = 0.01f, .weight_decay = 0.3f, .clip_norm = clip});
  }
}

TEST(Optimizer, AveragesFollowKeras) {
  expect_follows_closed_form({.kind = OptimizerKind::kAdamW, .learning_rate = 0.01f, .weight_decay = 0.3f, .ema_decay = 0.9f});
  expect_follows_closed_form({.kind = OptimizerKind::kSgd, .learning_rate = 0.1f, .clip_norm = 2.0f, .ema_decay = 0.5f});
}

TEST(Optimizer, AveragesStatisticsToo) {
  Graph model = make_model(3);
  model.tensors[1].role = graph::Role::kStatistic;
  Optimizer optimizer({.ema_decay = 0.75f}, model, {0});
  ThreadPool pool(1);
  const std::vector<float> gradient(3, 0.0f);
  const std::span<const float> gradients[] = {gradient};
  optimizer.swap_averages(model);  // nothing has been averaged yet
  EXPECT_EQ(model.tensors[1].as<float>()[0], 0.5f);
  for (float value : {4.0f, 8.0f, 16.0f}) {
    std::ranges::fill(model.tensors[1].as<float>(), value);
    optimizer.step(model, gradients, 1.0f, pool);
  }
  optimizer.swap_averages(model);
  // 4, then 4 + (8 - 4) / 4 = 5, then 5 + (16 - 5) / 4; exact in float32.
  EXPECT_THAT(model.tensors[1].as<float>(), testing::Each(7.75f));
}

// More elements than a block, so that blocks fall to different workers.
TEST(Optimizer, ThreadsDoNotChangeBytes) {
  std::vector<std::vector<std::byte>> results;
  for (int threads : {1, 2, 4}) {
    Graph model = make_model(40000);
    Optimizer optimizer({.kind = OptimizerKind::kAdamW, .weight_decay = 0.1f, .clip_norm = 1.0f, .ema_decay = 0.9f}, model, {0, 1});
    ThreadPool pool(threads);
    for (int step = 0; step < 3; ++step) {
      const auto kernel = make_gradient(40000, step), bias = make_gradient(40000, 10 + step);
      const std::span<const float> gradients[] = {kernel, bias};
      optimizer.step(model, gradients, 1.0f, pool);
    }
    std::vector<std::byte> bytes = model.tensors[0].data;
    optimizer.swap_averages(model);
    bytes.insert(bytes.end(), model.tensors[0].data.begin(), model.tensors[0].data.end());
    results.push_back(std::move(bytes));
  }
  EXPECT_TRUE(results[0] == results[1]);
  EXPECT_TRUE(results[0] == results[2]);
}

TEST(Optimizer, SgdFollowsKeras) {
  expect_follows_closed_form({.kind = OptimizerKind::kSgd, .learning_rate = 0.1f});
  expect_follows_closed_form({.kind = OptimizerKind::kSgd, .learning_rate = 0.1f, .momentum = 0.9f});
  expect_follows_closed_form({.kind = OptimizerKind::kSgd, .learning_rate = 0.1f, .momentum = 0.9f, .nesterov = true});
  expect_follows_closed_form({.kind = OptimizerKind::kSgd, .learning_rate = 0.1f, .momentum = 0.9f, .weight_decay = 0.05f});
}

TEST(Optimizer, RestoredSlotsContinueWithTheSameBytes) {
  for (const OptimizerKind kind : {OptimizerKind::kSgd, OptimizerKind::kAdam, OptimizerKind::kAdamW}) {
    const OptimizerOptions options{.kind = kind, .momentum = 0.9f, .weight_decay = 0.1f, .clip_norm = 2.0f, .ema_decay = 0.9f};
    Graph through = make_model(20);
    ThreadPool pool(1);
    Optimizer first(options, through, {0, 1});
    const auto gradient = make_gradient(20, 1);
    const std::span<const float> gradients[] = {gradient, gradient};
    first.step(through, gradients, 1.0f, pool);
    Graph resumed = through;
    Optimizer second(options, resumed, {0, 1});
    auto slots = first.slots();
    std::reverse(slots.begin(), slots.end());  // a checkpoint file holds them by name, not in the optimizer's order
    ASSERT_TRUE(second.restore(slots, first.steps_done()).ok());
    first.step(through, gradients, 1.0f, pool);
    second.step(resumed, gradients, 1.0f, pool);
    EXPECT_EQ(through.tensors[0].data, resumed.tensors[0].data);
    EXPECT_EQ(through.tensors[1].data, resumed.tensors[1].data);
    first.swap_averages(through);
    second.swap_averages(resumed);
    EXPECT_EQ(through.tensors[0].data, resumed.tensors[0].data) << "averages";
  }
}

TEST(Optimizer, RestoreRefusesWhatDoesNotFit) {
  Graph model = make_model(20);
  Optimizer optimizer({}, model, {0, 1});
  auto slots = optimizer.slots();
  ASSERT_EQ(slots.size(), 4u);
  EXPECT_EQ(slots[0].name, "adam_m/dense/kernel");
  slots.pop_back();
  EXPECT_EQ(optimizer.restore(slots, 1).code(), Code::kMismatch);
  slots = optimizer.slots();
  slots[1].name = "adam_m/other";
  EXPECT_EQ(optimizer.restore(slots, 1).code(), Code::kMismatch);
  EXPECT_THAT(optimizer.restore(slots, 1).message(), testing::HasSubstr("adam_m/other"));
  slots = optimizer.slots();
  slots[2].values.pop_back();
  EXPECT_EQ(optimizer.restore(slots, 1).code(), Code::kMismatch);
  EXPECT_EQ(optimizer.restore(optimizer.slots(), -1).code(), Code::kOutOfRange);
}

TEST(Schedule, ConstantAndWarmup) {
  const ScheduleOptions options{.warmup_steps = 4, .boundary_steps = {}};
  EXPECT_EQ(schedule_factor(options, 0), 0.0f);
  EXPECT_EQ(schedule_factor(options, 1), 0.25f);
  EXPECT_EQ(schedule_factor(options, 4), 1.0f);
  EXPECT_EQ(schedule_factor(options, 1000), 1.0f);
}

TEST(Schedule, StepMultipliesAtEachBoundary) {
  const ScheduleOptions options{.kind = ScheduleKind::kStep, .boundary_steps = {10, 20}, .step_factor = 0.5f};
  EXPECT_EQ(schedule_factor(options, 9), 1.0f);
  EXPECT_EQ(schedule_factor(options, 10), 0.5f);
  EXPECT_EQ(schedule_factor(options, 20), 0.25f);
}

TEST(Schedule, CosineGoesFromOneToTheFinalFraction) {
  const ScheduleOptions options{
      .kind = ScheduleKind::kCosine, .warmup_steps = 10, .total_steps = 110, .boundary_steps = {}, .final_fraction = 0.2f};
  EXPECT_EQ(schedule_factor(options, 5), 0.5f);
  EXPECT_EQ(schedule_factor(options, 10), 1.0f);
  EXPECT_NEAR(schedule_factor(options, 60), 0.6f, 1e-7);
  EXPECT_NEAR(schedule_factor(options, 35), 0.2 + 0.8 * (0.5 + 0.25 * std::sqrt(2.0)), 1e-7);  // cos(pi/4) = sqrt(2)/2
  EXPECT_NEAR(schedule_factor(options, 110), 0.2f, 1e-7);
  EXPECT_NEAR(schedule_factor(options, 5000), 0.2f, 1e-7);
}

}  // namespace
}  // namespace liteqat::train
