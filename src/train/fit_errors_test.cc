#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "graph/builder.h"
#include "train/fit.h"

namespace liteqat::train {
namespace {

using graph::Graph;
using graph::GraphBuilder;
using testing::HasSubstr;

data::Split make_split(int64_t count) {
  data::Split split;
  split.name = "train";
  split.count = count;
  split.height = split.width = 2;
  split.channels = 1;
  split.pixels.assign(static_cast<size_t>(count * 4), 100);
  for (int64_t i = 0; i < count; ++i) split.labels.push_back(static_cast<int32_t>(i % 2));
  return split;
}

Graph make_model() {
  GraphBuilder b("small", 1, {});
  auto model =
      b.finish(b.dense("second", b.relu("relu", b.dense("first", b.reshape("flatten", b.input(2, 2, 1), {-1, 4}), 8)), 2), "logits");
  LITEQAT_CHECK(model.ok());
  return std::move(model).value();
}

FitOptions make_options(int32_t batch_size, int32_t epochs = 1) {
  FitOptions options;
  options.batch_size = batch_size;
  options.epochs = epochs;
  return options;
}

Status run(Graph& model, const data::Split& split, const FitOptions& options, const EpochCallback& on_epoch = {}) {
  ThreadPool pool(1);
  SilentProgress progress;
  return fit(model, nullptr, split, nullptr, options, {}, pool, progress, on_epoch).status();
}

TEST(FitErrors, LossThatIsNotFiniteNamesEpochStepAndOperator) {
  Graph model = make_model();
  model.tensor(model.find_tensor("first/kernel")).as<float>()[0] = INFINITY;
  const Status status = run(model, make_split(8), make_options(4));
  EXPECT_EQ(status.code(), Code::kOutOfRange);
  EXPECT_THAT(status.message(), HasSubstr("epoch 1, step 1"));
  EXPECT_THAT(status.message(), HasSubstr("'first'"));
}

// ReLU makes 0 of minus infinity, and perhaps of what is no number: the loss alone does not tell.
TEST(FitErrors, NoStepIsMadeOnWeightsThatAreNotFinite) {
  for (const float value : {INFINITY, -INFINITY, NAN}) {
    for (const char* tensor : {"first/kernel", "first/bias", "second/kernel", "second/bias"}) {
      Graph model = make_model();
      model.tensor(model.find_tensor(tensor)).as<float>()[1] = value;
      const Status status = run(model, make_split(12), make_options(4));
      EXPECT_EQ(status.code(), Code::kOutOfRange) << tensor << " = " << value;
      EXPECT_THAT(status.message(), HasSubstr("epoch 1, step 1")) << tensor << " = " << value;
      EXPECT_THAT(status.message(), testing::AnyOf(HasSubstr("'first'"), HasSubstr("'second'"), HasSubstr("'logits'"), HasSubstr(tensor)));
    }
  }
}

TEST(FitErrors, DivergenceOnTheLastStepIsSeen) {
  Graph model = make_model();
  FitOptions options = make_options(8);
  options.optimizer = {.kind = OptimizerKind::kSgd, .learning_rate = std::numeric_limits<float>::infinity()};
  const Status status = run(model, make_split(8), options);
  EXPECT_EQ(status.code(), Code::kOutOfRange);
  EXPECT_THAT(status.message(), HasSubstr("after epoch 1"));
}

TEST(FitErrors, InterruptStopsBetweenBatches) {
  Graph model = make_model();
  const auto before = model.tensors[static_cast<size_t>(model.find_tensor("first/kernel"))].data;
  request_interrupt();
  const Status status = run(model, make_split(8), make_options(4));
  clear_interrupt();
  EXPECT_EQ(status.code(), Code::kInterrupted);
  EXPECT_EQ(model.tensor(model.find_tensor("first/kernel")).data, before);
}

TEST(FitErrors, CallbackStopsTheRun) {
  Graph model = make_model();
  const Status status = run(model, make_split(8), make_options(4, 3),
                            [](const FitState& state) { return error(Code::kIo, "disk full after epoch {}", state.epochs_done); });
  EXPECT_EQ(status.code(), Code::kIo);
  EXPECT_THAT(status.message(), HasSubstr("after epoch 1"));
}

TEST(FitErrors, DataThatDoesNotFitTheNetwork) {
  Graph model = make_model();
  data::Split split = make_split(8);
  split.labels[5] = 2;
  EXPECT_EQ(run(model, split, make_options(4)).code(), Code::kOutOfRange);
  EXPECT_THAT(run(model, split, make_options(4)).message(), HasSubstr("image 5"));
  split = make_split(8);
  split.channels = 3;
  EXPECT_EQ(run(model, split, make_options(4)).code(), Code::kMismatch);
  EXPECT_EQ(run(model, data::Split{}, make_options(4)).code(), Code::kInvalidArgument);
  EXPECT_EQ(run(model, make_split(8), make_options(0)).code(), Code::kInvalidArgument);
}

TEST(FitErrors, OperatorsThatCannotBeTrained) {
  Graph model = make_model();
  std::get<graph::FullyConnectedParams>(model.ops.back().params).activation = graph::Activation::kRelu;
  const Status status = run(model, make_split(8), make_options(4));
  EXPECT_EQ(status.code(), Code::kUnsupported);
  EXPECT_THAT(status.message(), HasSubstr("FULLY_CONNECTED second"));
}

}  // namespace
}  // namespace liteqat::train
