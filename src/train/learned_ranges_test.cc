// The gradients of learned steps inside a network, against equation 3 of Esser et al. 2020 in double, and the updates made from them.
#include "train/learned_ranges.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/rng.h"
#include "graph/builder.h"
#include "numeric/fake_quant.h"
#include "train/engine.h"

namespace liteqat::train {
namespace {

using graph::Graph;
using graph::GraphBuilder;

constexpr int32_t kImages = 6, kInputs = 12, kClasses = 3;

Graph make_model() {
  GraphBuilder b("dense", 4, {});
  return b.finish(b.dense("dense", b.reshape("flatten", b.input(2, 2, 3), {-1, kInputs}), kClasses), "logits").value();
}

struct Case {
  Graph model = make_model();
  quant::Plan plan = quant::make_plan(model, quant::Scheme::kLiteqat8Bit).value();
  std::vector<float> images;
  std::vector<int32_t> labels = {0, 1, 2, 2, 1, 0};

  Case() {
    Rng rng(3);
    for (int32_t i = 0; i < kImages * kInputs; ++i) images.push_back(static_cast<float>(rng.next_below(256)) / 255);
    quant::Quantizer& input = range("input");
    input.min = {0.0f}, input.max = {1.0f};
    quant::Quantizer& logits = range("logits");
    logits.min = {-128.0f / 255}, logits.max = {127.0f / 255};  // cuts some off
  }
  quant::Quantizer& range(const char* name) { return *plan.find(model.find_tensor(name)); }
  size_t index(const char* name) { return static_cast<size_t>(&range(name) - plan.quantizers.data()); }
};

/// dy * (rounded - x) / s inside of the range, dy * rounded / s at its ends.
double term(double dy, double x, double rounded, const numeric::FakeQuantParams& p) {
  const bool inside = x > double{p.nudged_min} && x < double{p.nudged_max};
  return dy * (inside ? rounded - x : rounded) / double{p.scale};
}

TEST(LearnedRanges, GradientsOfStepsFollowThePaper) {
  Case c;
  const std::vector<char> learned = LearnedRanges::claim(c.plan);
  EXPECT_TRUE(learned[c.index("logits")] && learned[c.index("dense/kernel")] && !learned[c.index("input")]);
  ThreadPool pool(2);
  EngineOptions options{.max_batch = kImages, .chunk = 4};
  options.learned_ranges = learned;
  auto engine = Engine::make(c.model, &c.plan, pool, options).value();
  engine.forward(c.images, kImages, Mode::kTraining);
  engine.backward(c.labels, 0);
  const std::vector<float> logits = engine.copy_activation(c.model.outputs[0]);

  const quant::Quantizer& kernel = c.range("dense/kernel");
  const auto weight_range = numeric::nudge_range(kernel.min[0], kernel.max[0], true),
             range = numeric::nudge_range(-128.0f / 255, 127.0f / 255, false);
  const auto input_range = numeric::nudge_range(c.range("input").min[0], c.range("input").max[0], false);
  const auto weights = c.model.tensor(c.model.find_tensor("dense/kernel")).as<float>();
  double of_logits = 0, size = 0;
  std::vector<double> of_weight(weights.size());  // the loss' gradient by the rounded weight
  int cut = 0;
  for (size_t image = 0; image < kImages; ++image) {
    double sum = 0;
    for (size_t k = 0; k < kClasses; ++k) sum += std::exp(double{logits[image * kClasses + k]});
    for (size_t k = 0; k < kClasses; ++k) {
      const double y = logits[image * kClasses + k];
      const double dy = (std::exp(y) / sum - (c.labels[image] == static_cast<int32_t>(k) ? 1 : 0)) / kImages;
      double x = 0;
      for (size_t i = 0; i < kInputs; ++i) {
        const float pixel = numeric::fake_quantize(c.images[image * kInputs + i], input_range);
        x += double{pixel} * double{numeric::fake_quantize(weights[k * kInputs + i], weight_range)};
      }
      const bool passes = x >= double{range.nudged_min} && x <= double{range.nudged_max};
      cut += !passes;
      of_logits += term(dy, x, y, range);
      size += std::abs(dy);
      for (size_t i = 0; passes && i < kInputs; ++i) {
        of_weight[k * kInputs + i] += dy * double{numeric::fake_quantize(c.images[image * kInputs + i], input_range)};
      }
    }
  }
  EXPECT_GT(cut, 0);
  // A logit is a float32 sum of 12 products below 1: 12 * 2^-24 of it, over a step of 1/255; dy rounds to float32.
  ASSERT_EQ(engine.range_gradient(c.index("logits")).size(), 1u);
  EXPECT_NEAR(engine.range_gradient(c.index("logits"))[0], of_logits, size * (12 * 255 + 128) * 0x1p-24);
  double of_kernel = 0, magnitude = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    const double rounded = numeric::fake_quantize(weights[i], weight_range);
    of_kernel += term(of_weight[i], double{weights[i]}, rounded, weight_range);
    magnitude += std::abs(of_weight[i]);
  }
  // Weight gradients are float32 sums of 6 products; the difference to the rounded weight is exact (Sterbenz) or rounds once.
  EXPECT_NEAR(engine.range_gradient(c.index("dense/kernel"))[0], of_kernel, magnitude * 127 * 16 * 0x1p-24);
}

/// Gives fixed gradients.
class FixedTrainer final : public Trainer {
 public:
  std::vector<std::vector<double>> gradients;
  Share share(int32_t n) const override { return {0, n}; }
  Result<LossValue> step(std::span<const float>, std::span<const int32_t>, float) override { return LossValue{}; }
  Result<LossValue> evaluate(std::span<const float>, std::span<const int32_t>) override { return LossValue{}; }
  const std::vector<graph::TensorId>& parameters() const override { return none_; }
  std::span<const float> gradient(size_t) const override { return {}; }
  std::span<const double> range_gradient(size_t quantizer) const override { return gradients[quantizer]; }
  std::string find_non_finite() const override { return {}; }
  int64_t memory_bytes() const override { return 0; }
  std::vector<StepTime> step_times() const override { return {}; }

 private:
  std::vector<graph::TensorId> none_;
};

TEST(LearnedRanges, SgdMovesTheStepByTheScaledGradient) {
  Case c;
  const std::vector<char> learned = LearnedRanges::claim(c.plan);
  FixedTrainer trainer;
  trainer.gradients.resize(c.plan.quantizers.size(), {0.0});
  trainer.gradients[c.index("logits")] = {2.0};
  LearnedRanges ranges(c.model, c.plan, learned, {.kind = OptimizerKind::kSgd, .learning_rate = 0.01f});
  ThreadPool pool(1);
  ranges.step(trainer, 0.5f, pool);
  // s = 1 / 255, codes from -128 to 127 times s. 3 logits an image share the step.
  const double step = 1.0 / 255 - 0.5 * 0.01 * 2.0 / std::sqrt(3.0 * 127);
  EXPECT_NEAR(c.range("logits").min[0], -128 * step, 1e-6);
  EXPECT_NEAR(c.range("logits").max[0], 127 * step, 1e-6);
}

TEST(LearnedRanges, AdamMovesTheStepByItsShareAndNeverToZero) {
  Case c;
  const std::vector<char> learned = LearnedRanges::claim(c.plan);
  const float kernel = c.range("dense/kernel").max[0];
  FixedTrainer trainer;
  trainer.gradients.resize(c.plan.quantizers.size(), {1.0});
  LearnedRanges ranges(c.model, c.plan, learned, {.kind = OptimizerKind::kAdam, .learning_rate = 0.01f});
  ThreadPool pool(1);
  ranges.step(trainer, 1, pool);
  // Adam's first update is the rate, but for its epsilon: 1e-7 beside gradients of s0 = 0.004 and more times sqrt(1 - 0.999), 1e-3 of them.
  EXPECT_NEAR(c.range("dense/kernel").max[0], kernel * 0.99f, 2e-3 * kernel);
  EXPECT_NEAR(c.range("logits").max[0], 127.0 / 255 * 0.99, 1e-3);
  for (int i = 0; i < 300; ++i) ranges.step(trainer, 1, pool);
  EXPECT_FLOAT_EQ(c.range("dense/kernel").max[0], kernel / 1024);
}

}  // namespace
}  // namespace liteqat::train
