// fit() with what a recipe can switch on beside the plain run: averaged weights, AdamW with clipping, learned ranges, dropout, cutout; the
// same bytes for any thread count and for a run that was cut in two.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "graph/builder.h"
#include "numeric/fake_quant.h"
#include "quant/lower.h"
#include "quant/passes.h"
#include "train/batch_source.h"
#include "train/classifier_dropout.h"
#include "train/fit.h"
#include "train/fit_for_test.h"
#include "train/integer/integer_engine.h"

namespace liteqat::train {
namespace {

using graph::Graph;
using graph::GraphBuilder;
using testing::HasSubstr;

/// Every operator of training graphs that the plain networks lack.
Graph make_model() {
  GraphBuilder b("gated", 1, {.epsilon = 1e-3f, .momentum = 0.9f});
  const auto stem =
      b.hard_swish("swish", b.batch_norm("bn", b.conv2d("conv", b.input(6, 6, 1), {.filters = 4, .kernel = 3, .dilation = 2})));
  const auto wide = b.relu("wide_relu", b.batch_norm("wide_bn", b.depthwise("wide", stem, {.filters = 1, .kernel = 3, .dilation = 2})));
  const auto both = b.concatenate("both", {stem, wide});
  const auto gate = b.logistic("sigmoid", b.dense("squeeze", b.global_mean("mean", both), 8));
  const auto gated = b.multiply("excite", both, b.reshape("gate", gate, {-1, 1, 1, 8}));
  const auto pooled = b.max_pool("pool", gated, {.filter_h = 3, .filter_w = 3});
  auto model = b.finish(b.dense("dense", b.reshape("flatten", pooled, {-1, 32}), 2), "logits");
  LITEQAT_CHECK(model.ok());
  return std::move(model).value();
}

FitOptions make_options(int32_t epochs) {
  FitOptions options;
  options.epochs = epochs;
  options.batch_size = 32;
  options.optimizer = {.kind = OptimizerKind::kAdamW, .learning_rate = 0.01f, .weight_decay = 0.01f, .clip_norm = 1.0f, .ema_decay = 0.8f};
  options.normalization = {.mean = {120.0f}, .std = {64.0f}};
  options.augmentation = {.crop_padding = 1, .cutout = 3};
  options.seed = 7;
  return options;
}

/// What a checkpoint holds.
struct Trained {
  Graph model;
  std::optional<quant::Plan> plan;
  FitState state;
};

/// Folded, with calibrated ranges, as a QAT stage starts.
Trained make_quantized() {
  Trained start{quant::fold_batch_norm(make_model()).value(), {}, {}};
  start.plan = quant::make_plan(start.model, quant::Scheme::kLiteqat8Bit).value();
  ThreadPool pool(1);
  SilentProgress progress;
  const auto seen = calibrate(start.model, *start.plan, make_two_halves(64, 3), make_options(1).normalization, pool, progress);
  quant::apply_observations(*start.plan, seen.value());
  quant::set_weight_ranges(*start.plan, start.model);
  return start;
}

struct Outcome {
  Trained end;
  std::vector<Trained> checkpoints;  // after every epoch
};

Outcome train(const FitOptions& options, int threads, Trained start) {
  const data::Split split = make_two_halves(150, 1), validation = make_two_halves(40, 2);
  ThreadPool pool(threads);
  SilentProgress progress;
  Outcome outcome{std::move(start), {}};
  quant::Plan* plan = outcome.end.plan ? &*outcome.end.plan : nullptr;
  const auto keep = [&](const FitState& state) -> Status {
    outcome.checkpoints.push_back({outcome.end.model, outcome.end.plan, state});
    return {};
  };
  auto fitted = fit(outcome.end.model, plan, split, &validation, options, outcome.end.state, pool, progress, keep);
  EXPECT_TRUE(fitted.ok()) << (fitted.ok() ? "" : fitted.status().message());
  if (fitted.ok()) outcome.end.state = *std::move(fitted);
  return outcome;
}

void expect_same(const Trained& a, const Trained& b) {
  EXPECT_EQ(find_difference(a.model, b.model), "");
  if (a.plan) {
    EXPECT_EQ(find_difference(*a.plan, *b.plan), "");
  }
  EXPECT_EQ(find_difference(a.state, b.state), "");
}

/// As a file gives a checkpoint back: the plan's structure is made anew, its ranges are stored.
Trained reread(const Trained& stored) {
  Trained read = stored;
  if (!stored.plan) return read;
  read.plan = quant::make_plan(stored.model, stored.plan->scheme).value();
  for (size_t k = 0; k < read.plan->quantizers.size(); ++k) {
    read.plan->quantizers[k].min = stored.plan->quantizers[k].min;
    read.plan->quantizers[k].max = stored.plan->quantizers[k].max;
  }
  return read;
}

/// A run of `epochs` that learns, with the same bytes from 1, 2 and 4 threads and from a checkpoint in the middle.
Outcome expect_reproducible(const FitOptions& options, const Trained& start) {
  Outcome whole = train(options, 2, start);
  if (whole.checkpoints.size() != static_cast<size_t>(options.epochs)) return whole;
  EXPECT_LT(whole.end.state.history.back().train_loss, 0.7 * whole.end.state.history.front().train_loss);
  EXPECT_GE(whole.end.state.history.back().validation_correct, 36);
  for (int threads : {1, 4}) expect_same(whole.end, train(options, threads, start).end);
  expect_same(whole.end, train(options, 2, reread(whole.checkpoints[1])).end);
  // All epochs are done: what is left is to hand over the averages.
  expect_same(whole.end, train(options, 2, reread(whole.checkpoints.back())).end);
  return whole;
}

TEST(FitOptions, FloatWithAveragesDropoutAndCutout) {
  FitOptions options = make_options(10);
  options.dropout = 0.25f;
  const Outcome outcome = expect_reproducible(options, {make_model(), {}, {}});
  const Graph &averaged = outcome.end.model, &raw = outcome.checkpoints.back().model;
  // On return the model holds the averages that the last checkpoint stores beside the weights, statistics included.
  const auto& slots = outcome.checkpoints.back().state.slots;
  int compared = 0;
  for (const graph::Tensor& tensor : averaged.tensors) {
    if (tensor.role != graph::Role::kParameter && tensor.role != graph::Role::kStatistic) continue;
    const auto slot = std::ranges::find(slots, "average/" + tensor.name, &Optimizer::Slot::name);
    ASSERT_NE(slot, slots.end()) << tensor.name;
    EXPECT_TRUE(std::ranges::equal(slot->values, tensor.as<float>())) << tensor.name;
    EXPECT_NE(tensor.data, raw.tensor(raw.find_tensor(tensor.name)).data) << tensor.name;
    ++compared;
  }
  EXPECT_EQ(compared, 14);
}

/// The loss over the validation images of an engine that knows neither averages nor dropout, all images in one batch.
double validation_loss(Graph model, const data::Normalization& normalization) {
  const data::Split validation = make_two_halves(40, 2);
  ThreadPool pool(2);
  auto engine = Engine::make(model, nullptr, pool, {.max_batch = 40, .chunk = 4}).value();
  std::vector<float> images(40 * 36);
  const data::BatchFiller filler(validation, normalization, {}, 0);
  filler.fill(data::epoch_order(0, 0, 40, false), 0, images);
  engine.forward(images, 40, Mode::kEvaluation);
  return engine.loss(validation.labels, 0).loss;
}

TEST(FitOptions, ValidationSeesTheAverages) {
  const FitOptions options = make_options(3);
  const Outcome outcome = train(options, 2, {make_model(), {}, {}});
  const double recorded = *outcome.end.state.history.back().validation_loss;
  // The losses are sums in double over batches of other sizes.
  EXPECT_NEAR(validation_loss(outcome.end.model, options.normalization), recorded, 1e-6);
  EXPECT_GT(std::abs(validation_loss(outcome.checkpoints.back().model, options.normalization) - recorded), 1e-3)
      << "not told from the weights";
}

TEST(FitOptions, DropoutChangesTrainingAndNotEvaluation) {
  FitOptions options = make_options(1);
  options.optimizer.ema_decay = 0;
  const Outcome without = train(options, 2, {make_model(), {}, {}});
  options.dropout = 0.5f;
  const Outcome with = train(options, 2, {make_model(), {}, {}});
  EXPECT_NE(without.end.state.history[0].train_loss, with.end.state.history[0].train_loss);
  EXPECT_NEAR(validation_loss(with.end.model, options.normalization), *with.end.state.history[0].validation_loss, 1e-6);
}

TEST(FitOptions, AveragesUnderFakeQuantization) {
  expect_reproducible(make_options(5), make_quantized());
}

TEST(FitOptions, AveragesOnIntegers) {
  FitOptions options = make_options(5);
  options.forward = Forward::kInteger;
  expect_reproducible(options, make_quantized());
}

TEST(FitOptions, LearnedRanges) {
  for (OptimizerKind kind : {OptimizerKind::kAdamW, OptimizerKind::kSgd}) {
    FitOptions options = make_options(5);
    options.ranges = Ranges::kLearned;
    options.optimizer.kind = kind;
    options.optimizer.momentum = 0.9f;
    options.optimizer.learning_rate = kind == OptimizerKind::kSgd ? 0.05f : 0.01f;
    const Trained start = make_quantized();
    const Outcome outcome = expect_reproducible(options, start);
    int moved = 0;
    for (size_t k = 0; k < start.plan->quantizers.size(); ++k) {
      const quant::Quantizer &before = start.plan->quantizers[k], &after = outcome.end.plan->quantizers[k];
      const bool learned = after.update == quant::RangeUpdate::kFixed && before.update != quant::RangeUpdate::kFixed;
      for (size_t channel = 0; learned && channel < before.min.size(); ++channel) {
        moved += before.max[channel] != after.max[channel];
        const auto was = numeric::converted_params(before.min[channel], before.max[channel], before.narrow);
        const auto is = numeric::converted_params(after.min[channel], after.max[channel], after.narrow);
        EXPECT_EQ(was.zero_point, is.zero_point) << "only the step moves";
        EXPECT_GT(is.scale, was.scale / 1025);
      }
    }
    EXPECT_EQ(moved, 18) << "all of 5 activations' and 13 channels of weights' ranges";
    // What is exported has the learned weight scales, not those of the weights' own extremes.
    const Graph lowered = quant::lower_to_int8(outcome.end.model, *outcome.end.plan, quant::IoType::kInt8).value();
    const quant::Quantizer* kernel = outcome.end.plan->find(outcome.end.model.find_tensor("conv/kernel"));
    const float scale = lowered.tensor(lowered.find_tensor("conv/kernel")).quantization.scale[0];
    EXPECT_NEAR(scale, kernel->max[0] / 127, 1e-6 * scale);
  }
}

TEST(FitOptions, RefusesWhatIntegersCannotTrain) {
  const data::Split split = make_two_halves(32, 1);
  ThreadPool pool(1);
  SilentProgress progress;
  Trained start = make_quantized();
  FitOptions options = make_options(1);
  options.forward = Forward::kInteger;
  options.ranges = Ranges::kLearned;
  auto refused = fit(start.model, &*start.plan, split, nullptr, options, {}, pool, progress, {});
  EXPECT_EQ(refused.status().code(), Code::kUnsupported);
  EXPECT_THAT(refused.status().message(), HasSubstr("ranges cannot be learned on integers"));
  options.ranges = Ranges::kFollow;
  options.dropout = 0.1f;
  refused = fit(start.model, &*start.plan, split, nullptr, options, {}, pool, progress, {});
  EXPECT_THAT(refused.status().message(), HasSubstr("dropout 0.1 cannot be trained on integers"));
  options.forward = Forward::kFakeQuant;
  options.dropout = 1.0f;
  refused = fit(start.model, &*start.plan, split, nullptr, options, {}, pool, progress, {});
  EXPECT_EQ(refused.status().code(), Code::kOutOfRange);
}

TEST(FitOptions, RestoreRefusesForeignLearnedRanges) {
  const data::Split split = make_two_halves(32, 1);
  ThreadPool pool(1);
  SilentProgress progress;
  Trained start = make_quantized();
  FitOptions options = make_options(2);
  FitState state{.epochs_done = 1, .optimizer_steps = 1, .slots = {}, .history = {}};
  options.ranges = Ranges::kLearned;
  const auto refused = fit(start.model, &*start.plan, split, nullptr, options, state, pool, progress, {});
  EXPECT_EQ(refused.status().code(), Code::kMismatch);
  EXPECT_THAT(refused.status().message(), HasSubstr("value/learned_steps"));
}

TEST(ClassifierDropout, StandsBeforeTheLastWeights) {
  const Graph model = make_model();
  const auto options = make_classifier_dropout(model, 0.5f, 1, 0).value();
  ASSERT_EQ(options.places.size(), 1u);
  EXPECT_EQ(model.tensor(options.places[0].tensor).name, "flatten");
  EXPECT_TRUE(make_classifier_dropout(model, 0, 1, 0)->places.empty());
  GraphBuilder b("bare", 1, {});
  const Graph bare = b.finish(b.global_mean("mean", b.input(2, 2, 3)), "out").value();
  EXPECT_EQ(make_classifier_dropout(bare, 0.5f, 1, 0).status().code(), Code::kUnsupported);
}

// A batch that was made ahead is the batch that would have been made then, whatever was asked for in between.
TEST(BatchSource, PrefetchedBatchesAreTheSame) {
  const data::Split split = make_two_halves(70, 1);
  const data::Normalization normalization{{120.0f}, {64.0f}};
  const data::Augmentation augmentation{.crop_padding = 2, .horizontal_flip = true, .cutout = 3};
  ThreadPool pool(2);
  BatchSource ahead(split, normalization, augmentation, 5, 32, pool), plain(split, normalization, augmentation, 5, 32, pool);
  for (int32_t epoch = 0; epoch < 3; ++epoch) {
    const std::vector<int32_t> order = data::epoch_order(5, epoch, split.count, true);
    for (int64_t begin = 0; begin < split.count; begin += 32) {
      const int32_t images = ahead.load(order, begin, epoch);
      ahead.prefetch(order, begin + images, epoch);
      ASSERT_EQ(plain.load(order, begin, epoch), images);
      EXPECT_EQ(images, begin == 64 ? 6 : 32);
      EXPECT_TRUE(std::ranges::equal(ahead.images(), plain.images())) << epoch << " " << begin;
      EXPECT_TRUE(std::ranges::equal(ahead.labels(), plain.labels()));
    }
  }
  const std::vector<int32_t> order = data::epoch_order(5, 3, split.count, true);
  ahead.load(order, 0, 3);
  ahead.prefetch(order, 32, 3);
  ahead.load(order, 64, 3);  // not what was made ahead
  plain.load(order, 64, 3);
  EXPECT_TRUE(std::ranges::equal(ahead.images(), plain.images()));
}

}  // namespace
}  // namespace liteqat::train
