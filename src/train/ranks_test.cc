// Training over several ranks has the bytes of one process: weights, statistics, ranges, optimizer state, history. In one process here
// (ranks/thread_ranks_for_test.h); tests/e2e/ranks_test.py starts real ones.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/rng.h"
#include "graph/builder.h"
#include "quant/lower.h"
#include "quant/passes.h"
#include "ranks/thread_ranks_for_test.h"
#include "train/batch_source.h"
#include "train/fit.h"
#include "train/fusion.h"
#include "train/walk.h"

namespace liteqat::train {
namespace {

using graph::Graph;
using graph::GraphBuilder;
using graph::TensorId;
using testing::HasSubstr;

data::Split make_split(int64_t count, uint64_t seed) {
  data::Split split;
  split.name = "train";
  split.count = count;
  split.height = split.width = 8;
  split.channels = 1;
  Rng rng(seed);
  split.pixels.resize(static_cast<size_t>(count * split.image_elems()));
  for (uint8_t& pixel : split.pixels) pixel = static_cast<uint8_t>(rng.next_below(256));
  for (int64_t image = 0; image < count; ++image) split.labels.push_back(static_cast<int32_t>(rng.next_below(3)));
  return split;
}

/// Fused units, a residual sum, depthwise units in strips, an expansion that one of them takes along, pooling, a dense layer with a bias.
Graph make_model() {
  GraphBuilder b("net", 4, {.epsilon = 1e-3f, .momentum = 0.9f});
  const TensorId stem = b.relu("relu", b.batch_norm("bn", b.conv2d("conv", b.input(8, 8, 1), {.filters = 6, .kernel = 3})));
  const TensorId deep = b.relu6("relu6", b.batch_norm("dw_bn", b.depthwise("dw", stem, {.filters = 1, .kernel = 3})));
  const TensorId point = b.batch_norm("point_bn", b.conv2d("point", deep, {.filters = 6, .kernel = 1}));
  const TensorId sum = b.relu("sum_relu", b.add("sum", point, stem));
  const TensorId wide = b.relu6("wide_relu", b.batch_norm("wide_bn", b.conv2d("wide", sum, {.filters = 24, .kernel = 1})));
  const TensorId half = b.relu6("half_relu", b.batch_norm("half_bn", b.depthwise("half", wide, {.filters = 1, .kernel = 3, .stride = 2})));
  const TensorId pooled = b.max_pool("pool", b.batch_norm("narrow_bn", b.conv2d("narrow", half, {.filters = 6, .kernel = 1})), {});
  return b.finish(b.dense("dense", b.reshape("flatten", pooled, {-1, 24}), 3), "logits").value();
}

enum class Way { kFloat, kTfmot, kFakeQuant, kLearned, kInteger };

struct Case {
  const char* name;
  Way way;
  int32_t batch;
  float dropout = 0;
};

struct Outcome {
  Graph model = make_model();
  std::optional<quant::Plan> plan;
  Result<FitState> state = FitState{};
  std::vector<int32_t> epochs_told;
};

Outcome make_start(Way way) {
  Outcome start;
  if (way == Way::kFakeQuant || way == Way::kLearned) start.model = quant::fold_batch_norm(start.model).value();
  if (way == Way::kFloat) return start;
  start.plan = quant::make_plan(start.model, way == Way::kTfmot ? quant::Scheme::kTfmot8Bit : quant::Scheme::kLiteqat8Bit).value();
  for (quant::Quantizer& quantizer : start.plan->quantizers) {
    quantizer.decay = 0.9f;
    if (quantizer.weight || way == Way::kTfmot || quantizer.min.empty()) continue;
    quantizer.min[0] = -1.0f, quantizer.max[0] = 4.0f;
  }
  if (way == Way::kLearned) quant::set_weight_ranges(*start.plan, start.model);
  return start;
}

/// 50 training images: 4 batches of 16, the last one of 2; 37 for validation.
Outcome train(const Case& which, int threads, ranks::Ranks* ranks) {
  Outcome outcome = make_start(which.way);
  const data::Split split = make_split(50, 1), validation = make_split(37, 2);
  FitOptions options;
  options.epochs = 2;
  options.batch_size = which.batch;
  options.optimizer.learning_rate = 0.01f;
  options.dropout = which.dropout;
  if (which.dropout > 0) options.optimizer.clip_norm = 0.5f, options.optimizer.ema_decay = 0.9f;
  options.normalization = {.mean = {0.0f}, .std = {255.0f}};
  options.augmentation = {.crop_padding = 1, .horizontal_flip = true};
  options.forward = which.way == Way::kInteger ? Forward::kInteger : Forward::kFakeQuant;
  if (which.way == Way::kLearned) options.ranges = Ranges::kLearned;
  options.ranks = ranks;
  ThreadPool pool(threads);
  SilentProgress progress;
  outcome.state = fit(outcome.model, outcome.plan ? &*outcome.plan : nullptr, split, &validation, options, {}, pool, progress,
                      [&](const FitState& state) {
                        outcome.epochs_told.push_back(state.epochs_done);
                        return Status{};
                      });
  if (!outcome.state.ok() && ranks != nullptr) (void)ranks->fail(outcome.state.status());
  return outcome;
}

void expect_same(const Outcome& a, const Outcome& b, const std::string& title) {
  SCOPED_TRACE(title);
  ASSERT_TRUE(a.state.ok()) << a.state.status().message();
  ASSERT_TRUE(b.state.ok()) << b.state.status().message();
  for (size_t id = 0; id < a.model.tensors.size(); ++id) {
    EXPECT_TRUE(a.model.tensors[id].data == b.model.tensors[id].data) << a.model.tensors[id].name;
  }
  ASSERT_EQ(a.plan.has_value(), b.plan.has_value());
  for (size_t k = 0; a.plan && k < a.plan->quantizers.size(); ++k) {
    EXPECT_EQ(a.plan->quantizers[k].min, b.plan->quantizers[k].min);
    EXPECT_EQ(a.plan->quantizers[k].max, b.plan->quantizers[k].max);
  }
  ASSERT_EQ(a.state->slots.size(), b.state->slots.size());
  for (size_t k = 0; k < a.state->slots.size(); ++k) EXPECT_EQ(a.state->slots[k].values, b.state->slots[k].values);
  ASSERT_EQ(a.state->history.size(), b.state->history.size());
  for (size_t k = 0; k < a.state->history.size(); ++k) {
    EXPECT_EQ(a.state->history[k].train_loss, b.state->history[k].train_loss);
    EXPECT_EQ(a.state->history[k].train_correct, b.state->history[k].train_correct);
    EXPECT_EQ(a.state->history[k].train_total, b.state->history[k].train_total);
    EXPECT_EQ(a.state->history[k].validation_loss, b.state->history[k].validation_loss);
    EXPECT_EQ(a.state->history[k].validation_correct, b.state->history[k].validation_correct);
  }
  EXPECT_EQ(a.epochs_told, b.epochs_told);
}

class RanksTest : public testing::TestWithParam<Case> {};

TEST_P(RanksTest, SeveralRanksGiveTheBytesOfOneProcess) {
  const Outcome one = train(GetParam(), 2, nullptr);
  for (int count : {2, 3}) {
    for (int threads : {1, 2}) {
      std::vector<Outcome> outcomes(static_cast<size_t>(count));
      ranks::run_ranks(count,
                       [&](ranks::Ranks& ranks) { outcomes[static_cast<size_t>(ranks.rank())] = train(GetParam(), threads, &ranks); });
      for (int rank = 0; rank < count; ++rank) {
        expect_same(one, outcomes[static_cast<size_t>(rank)], format("rank {} of {} with {} threads", rank, count, threads));
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Ways, RanksTest,
                         testing::Values(Case{"float", Way::kFloat, 16}, Case{"float_uneven", Way::kFloat, 21},
                                         Case{"float_dropout", Way::kFloat, 21, 0.25f}, Case{"tfmot", Way::kTfmot, 16},
                                         Case{"tfmot_dropout", Way::kTfmot, 16, 0.25f}, Case{"fake_quant", Way::kFakeQuant, 16},
                                         Case{"fake_quant_dropout", Way::kFakeQuant, 21, 0.25f}, Case{"learned", Way::kLearned, 16},
                                         Case{"learned_dropout", Way::kLearned, 21, 0.25f}, Case{"integer", Way::kInteger, 16},
                                         Case{"integer_uneven", Way::kInteger, 21}),
                         [](const auto& param) { return std::string(param.param.name); });

TEST(Ranks, TheNetworkHasAnExpansionThatItsReaderTakesAlong) {
  const Graph model = make_model();
  const Fusion fusion = Fusion::find(model, model.outputs[0], {});
  EXPECT_EQ(std::ranges::count(fusion.units(), true, &FusedUnit::by_reader), 1);
}

// A share is loaded as the same part of the whole batch is, made ahead or not; the labels are the whole batch's.
TEST(BatchSource, LoadsItsShare) {
  const data::Split split = make_split(50, 3);
  const data::Normalization normalization{{120.0f}, {64.0f}};
  const data::Augmentation augmentation{.crop_padding = 1, .horizontal_flip = true, .cutout = 3};
  ThreadPool pool(2);
  const auto last_third = [](int32_t n) { return Share{n - n / 3, n / 3}; };
  BatchSource whole(split, normalization, augmentation, 5, 16, pool);
  BatchSource own(split, normalization, augmentation, 5, 16, pool, last_third),
      ahead(split, normalization, augmentation, 5, 16, pool, last_third);
  const std::vector<int32_t> order = data::epoch_order(5, 0, split.count, true);
  const auto elems = static_cast<size_t>(split.image_elems());
  for (int64_t begin = 0; begin < split.count; begin += 16) {
    const int32_t images = whole.load(order, begin, 0);
    ASSERT_EQ(own.load(order, begin, 0), images);
    ASSERT_EQ(ahead.load(order, begin, 0), images);
    ahead.prefetch(order, begin + images, 0);
    const auto count = static_cast<size_t>(last_third(images).count);
    for (const BatchSource* source : {&own, &ahead}) {
      EXPECT_TRUE(std::ranges::equal(source->images(), whole.images().last(count * elems))) << begin;
      EXPECT_TRUE(std::ranges::equal(source->labels(), whole.labels())) << begin;
    }
  }
}

TEST(Ranks, MoreThanABatchHasPartsAreRefused) {
  std::vector<std::string> told(5);
  ranks::run_ranks(5, [&](ranks::Ranks& ranks) {
    told[static_cast<size_t>(ranks.rank())] = train({"", Way::kFloat, 16}, 1, &ranks).state.status().message();
  });
  EXPECT_THAT(told, testing::Each(HasSubstr("a batch of 16 images has 4 parts for 5 ranks; start at most 4")));
}

TEST(Ranks, ARankThatFailsEndsTheTrainingOfTheOthers) {
  std::vector<Outcome> outcomes(2);
  ranks::run_ranks(2, [&](ranks::Ranks& ranks) {
    if (ranks.rank() == 1) {
      (void)ranks.fail(Status(Code::kIo, "the disk is gone"));
      return;
    }
    outcomes[0] = train({"", Way::kFloat, 16}, 1, &ranks);
  });
  EXPECT_EQ(outcomes[0].state.status().message(), "rank 1: the disk is gone");
}

TEST(MakeBatch, SharesAreConsecutiveAndCoverEveryBatch) {
  for (int32_t count : {1, 2, 3, 5, 16}) {
    for (int32_t images : {1, 2, 7, 16, 33, 64, 128, 261}) {
      int32_t next = 0, groups = 0;
      for (int rank = 0; rank < count; ++rank) {
        ranks::ThreadLinks links;
        const ranks::ThreadRanks own(links, rank, count);
        const Batch batch = make_batch(images, 4, &own);
        EXPECT_TRUE(batch.images == 0 || batch.first_image == next);
        EXPECT_EQ(batch.all_images, images);
        EXPECT_LE(batch.images, most_images(300, 4, &own));
        EXPECT_TRUE(rank > 0 || batch.images > 0);
        next += batch.images, groups += batch.groups;
      }
      EXPECT_EQ(next, images) << count << " ranks";
      EXPECT_EQ(groups, make_batch(images, 4).groups);
    }
  }
}

}  // namespace
}  // namespace liteqat::train
