#include "train/fit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "graph/builder.h"
#include "quant/lower.h"
#include "train/fit_for_test.h"

namespace liteqat::train {
namespace {

using graph::Graph;
using graph::GraphBuilder;
using testing::HasSubstr;

Graph make_model() {
  GraphBuilder b("small", 1, {.epsilon = 1e-3f, .momentum = 0.9f});
  const auto conv = b.relu("relu", b.batch_norm("bn", b.conv2d("conv", b.input(6, 6, 1), {.filters = 4, .kernel = 3, .stride = 2})));
  auto model = b.finish(b.dense("dense", b.reshape("flatten", conv, {-1, 36}), 2), "logits");
  LITEQAT_CHECK(model.ok());
  return std::move(model).value();
}

/// TFMOT's plan with ranges that settle within a few dozen steps.
quant::Plan make_plan(const Graph& model) {
  quant::Plan plan = quant::make_plan(model, quant::Scheme::kTfmot8Bit).value();
  for (quant::Quantizer& quantizer : plan.quantizers) quantizer.decay = 0.9f;
  return plan;
}

FitOptions make_options(int32_t epochs) {
  FitOptions options;
  options.epochs = epochs;
  options.batch_size = 32;
  options.optimizer.learning_rate = 0.01f;
  options.normalization = {.mean = {0.0f}, .std = {255.0f}};
  options.augmentation = {.crop_padding = 1, .horizontal_flip = true};
  options.seed = 7;
  return options;
}

struct Outcome {
  Graph model = make_model();
  quant::Plan plan = make_plan(model);
  Result<FitState> state = FitState{};
};

Outcome train(int32_t epochs, int threads, FitState from = {}, const Outcome* start = nullptr) {
  Outcome outcome;
  if (start != nullptr) outcome = *start;
  const data::Split split = make_two_halves(150, 1), validation = make_two_halves(40, 2);
  ThreadPool pool(threads);
  SilentProgress progress;
  outcome.state = fit(outcome.model, &outcome.plan, split, &validation, make_options(epochs), std::move(from), pool, progress, {});
  return outcome;
}

void expect_same(const Outcome& a, const Outcome& b) {
  EXPECT_EQ(find_difference(a.model, b.model), "");
  EXPECT_EQ(find_difference(a.plan, b.plan), "");
  EXPECT_EQ(find_difference(*a.state, *b.state), "");
}

TEST(Fit, LearnsAndRecordsEveryEpoch) {
  const Outcome outcome = train(8, 2);
  ASSERT_TRUE(outcome.state.ok()) << outcome.state.status().message();
  const std::vector<EpochRecord>& history = outcome.state->history;
  ASSERT_EQ(history.size(), 8u);
  for (size_t epoch = 0; epoch < history.size(); ++epoch) {
    EXPECT_EQ(history[epoch].epoch, static_cast<int32_t>(epoch) + 1);
    EXPECT_EQ(history[epoch].steps, 5);  // 150 images: four batches of 32 and one of 22, as Keras keeps the rest
    EXPECT_EQ(history[epoch].train_total, 150);
    EXPECT_EQ(history[epoch].validation_total, 40);
  }
  EXPECT_LT(history.back().train_loss, 0.5 * history.front().train_loss);
  EXPECT_GE(history.back().validation_correct, 38);
  EXPECT_EQ(outcome.state->optimizer_steps, 40);
}

TEST(Fit, CanTrainWithAStepPerOperator) {
  const data::Split split = make_two_halves(32, 1);
  ThreadPool pool(2);
  SilentProgress progress;
  Graph models[] = {make_model(), make_model()};
  double losses[2];
  for (const bool fused : {false, true}) {
    FitOptions options = make_options(1);
    options.fused = fused;
    const auto state = fit(models[fused], nullptr, split, nullptr, options, {}, pool, progress, {});
    ASSERT_TRUE(state.ok()) << state.status().message();
    losses[fused] = state->history[0].train_loss;  // of the one batch, before the weights changed
  }
  // Sums over 32 images of 9 positions and 9 taps, rounded at other places: as in fused_training_test.cc.
  EXPECT_NEAR(losses[0], losses[1], 10 * std::sqrt(32.0 * 9 * 9) * 0x1p-24 * losses[0]);
  bool same = true;
  for (size_t id = 0; id < models[0].tensors.size(); ++id) same = same && models[0].tensors[id].data == models[1].tensors[id].data;
  EXPECT_FALSE(same) << "no other kernels ran";
}

TEST(Fit, ThreadsDoNotChangeBytes) {
  const Outcome one = train(2, 1);
  ASSERT_TRUE(one.state.ok());
  expect_same(one, train(2, 2));
  expect_same(one, train(2, 4));
}

TEST(Fit, ResumedRunEqualsUninterruptedRun) {
  const Outcome whole = train(4, 2);
  const Outcome half = train(2, 2);
  ASSERT_TRUE(whole.state.ok() && half.state.ok());
  expect_same(whole, train(4, 2, *half.state, &half));
  expect_same(half, train(2, 2, *half.state, &half));  // nothing left to do
}

/// On the deployed integers, from calibrated ranges; batch norm stays in the model.
FitOptions integer_options(int32_t epochs) {
  FitOptions options = make_options(epochs);
  options.forward = Forward::kInteger;
  return options;
}

Outcome start_on_integers() {
  ThreadPool pool(2);
  SilentProgress progress;
  Outcome outcome;
  outcome.plan = quant::make_plan(outcome.model, quant::Scheme::kLiteqat8Bit).value();
  Graph folded = quant::fold_keeping_ids(outcome.model).value();
  const auto seen = calibrate(folded, outcome.plan, make_two_halves(150, 1), make_options(1).normalization, pool, progress);
  quant::apply_observations(outcome.plan, seen.value());
  return outcome;
}

Outcome train_on_integers(int32_t epochs, int threads, FitState from = {}, const Outcome* start = nullptr) {
  const data::Split split = make_two_halves(150, 1), validation = make_two_halves(40, 2);
  ThreadPool pool(threads);
  SilentProgress progress;
  const FitOptions options = integer_options(epochs);
  Outcome outcome = start != nullptr ? *start : start_on_integers();
  outcome.state = fit(outcome.model, &outcome.plan, split, &validation, options, std::move(from), pool, progress, {});
  return outcome;
}

TEST(Fit, LearnsOnIntegersWithTheSameBytesForAnyThreadsAndResumes) {
  const Outcome whole = train_on_integers(8, 2);
  ASSERT_TRUE(whole.state.ok()) << whole.state.status().message();
  EXPECT_LT(whole.state->history.back().train_loss, 0.5 * whole.state->history.front().train_loss);
  EXPECT_GE(whole.state->history.back().validation_correct, 38);
  expect_same(whole, train_on_integers(8, 1));
  expect_same(whole, train_on_integers(8, 4));
  const Outcome part = train_on_integers(3, 2);  // 15 steps: in the middle of an interval of observations
  expect_same(whole, train_on_integers(8, 2, *part.state, &part));
  const data::Split validation = make_two_halves(40, 2);
  ThreadPool pool(2);
  SilentProgress progress;
  Outcome deployed = whole;
  EXPECT_TRUE(predict(deployed.model, &deployed.plan, validation, make_options(1).normalization, pool, progress).ok());
}

/// Interrupted after so many batches; the state is what was to be stored then.
Outcome interrupt(Outcome outcome, const FitOptions& options, int batches) {
  const data::Split split = make_two_halves(150, 1), validation = make_two_halves(40, 2);
  ThreadPool pool(2);
  InterruptAfter progress(batches);
  FitState kept;
  const auto keep = [&](const FitState& state) {
    kept = state;
    return Status();
  };
  const auto ended = fit(outcome.model, &outcome.plan, split, &validation, options, {}, pool, progress, keep);
  clear_interrupt();
  EXPECT_EQ(ended.status().code(), Code::kInterrupted) << ended.status().message();
  outcome.state = kept;
  return outcome;
}

// Five batches an epoch: after the fifth and the tenth it is the validation that is interrupted.
TEST(Fit, InterruptedInsideAnEpochGoesOnThere) {
  FitOptions averaged = make_options(3);
  averaged.optimizer.ema_decay = 0.9f;
  averaged.schedule.kind = ScheduleKind::kCosine;
  averaged.schedule.total_steps = 15;
  const data::Split split = make_two_halves(150, 1), validation = make_two_halves(40, 2);
  ThreadPool pool(2);
  SilentProgress progress;
  const auto go_on = [&](Outcome from, const FitOptions& options) {
    from.state = fit(from.model, &from.plan, split, &validation, options, *from.state, pool, progress, {});
    EXPECT_TRUE(from.state.ok()) << from.state.status().message();
    return from;
  };
  for (const FitOptions& options : {make_options(3), averaged, integer_options(3)}) {
    const Outcome start = options.forward == Forward::kInteger ? start_on_integers() : Outcome();
    const Outcome whole = go_on(start, options);
    for (const int batches : {1, 4, 5, 7, 10}) {
      const Outcome part = interrupt(start, options, batches);
      EXPECT_EQ(part.state->epochs_done, (batches - 1) / 5);
      EXPECT_EQ(part.state->part.total, batches % 5 == 0 ? 150 : batches % 5 * 32);
      expect_same(whole, go_on(part, options));
    }
  }
}

TEST(Fit, AnInterruptionBeforeTheFirstBatchStoresNothing) {
  Outcome outcome;
  const data::Split split = make_two_halves(150, 1);
  ThreadPool pool(1);
  SilentProgress progress;
  request_interrupt();
  const auto ended = fit(outcome.model, nullptr, split, nullptr, make_options(1), {}, pool, progress, [](const FitState&) {
    ADD_FAILURE() << "nothing was done";
    return Status();
  });
  clear_interrupt();
  EXPECT_EQ(ended.status().code(), Code::kInterrupted);
}

TEST(Fit, AnInterruptionThatCannotBeStoredSaysSo) {
  Outcome outcome;
  const data::Split split = make_two_halves(150, 1);
  ThreadPool pool(1);
  InterruptAfter progress(2);
  const auto ended = fit(outcome.model, nullptr, split, nullptr, make_options(1), {}, pool, progress,
                         [](const FitState&) { return error(Code::kIo, "disk full"); });
  clear_interrupt();
  EXPECT_EQ(ended.status().code(), Code::kInterrupted);
  EXPECT_THAT(ended.status().message(), testing::AllOf(HasSubstr("step 3"), HasSubstr("disk full")));
}

TEST(Fit, PartsOfAnotherEpochAreRefused) {
  const data::Split split = make_two_halves(150, 1);
  ThreadPool pool(1);
  SilentProgress progress;
  for (const Tally& part : {Tally{1.0, 3, 33}, Tally{1.0, 65, 64}, Tally{1.0, 3, 160}, Tally{NAN, 3, 64}, Tally{1.0, -1, 64}}) {
    Outcome outcome;
    FitState state;
    state.part = part;
    const auto ended = fit(outcome.model, nullptr, split, nullptr, make_options(1), state, pool, progress, {});
    EXPECT_EQ(ended.status().code(), Code::kMismatch) << part.total << ": " << ended.status().message();
  }
}

// Validation rounds by fake quantization alone, predict as deployment does: a code differs now and then, no decision on these images.
TEST(Fit, PredictAgreesWithTheLastValidation) {
  Outcome outcome = train(3, 2);
  ASSERT_TRUE(outcome.state.ok());
  const data::Split validation = make_two_halves(40, 2);
  ThreadPool pool(2);
  SilentProgress progress;
  const auto scores = predict(outcome.model, &outcome.plan, validation, make_options(1).normalization, pool, progress);
  ASSERT_TRUE(scores.ok()) << scores.status().message();
  ASSERT_EQ(scores->size(), 80u);
  int64_t correct = 0;
  for (size_t i = 0; i < 40; ++i) correct += ((*scores)[2 * i + 1] > (*scores)[2 * i]) == (validation.labels[i] == 1);
  EXPECT_EQ(correct, outcome.state->history.back().validation_correct);
}

TEST(Fit, CalibrateSeesTheRangesOfTheFloatNetwork) {
  Outcome outcome;
  const data::Split split = make_two_halves(70, 3);
  ThreadPool pool(2);
  SilentProgress progress;
  const auto seen = calibrate(outcome.model, outcome.plan, split, make_options(1).normalization, pool, progress);
  ASSERT_TRUE(seen.ok()) << seen.status().message();
  const auto [low, high] = std::minmax_element(split.pixels.begin(), split.pixels.end());
  for (size_t k = 0; k < seen->size(); ++k) {
    const quant::Quantizer& quantizer = outcome.plan.quantizers[k];
    EXPECT_EQ((*seen)[k].seen, !quantizer.weight);
    if (quantizer.tensor != outcome.model.inputs[0]) continue;
    EXPECT_EQ((*seen)[k].min, static_cast<float>(*low) / 255.0f);
    EXPECT_EQ((*seen)[k].max, static_cast<float>(*high) / 255.0f);
  }
  EXPECT_EQ(outcome.plan.quantizers[0].max[0], 0.0f) << "calibration leaves the plan alone";
}

}  // namespace
}  // namespace liteqat::train
