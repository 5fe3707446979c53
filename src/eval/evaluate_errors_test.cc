// Models and images that do not go together, scores that are no numbers, interruption.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "eval/evaluate.h"
#include "eval/graphs_for_test.h"

namespace liteqat::eval {
namespace {

using graph::DType;
using testing::AllOf;
using testing::HasSubstr;

Status run(const graph::Graph& model, const data::Split& split, const data::Normalization& normalization = {}, Isa isa = Isa::kReference) {
  ThreadPool pool(2);
  SilentProgress progress;
  return run_model(model, split, normalization, {.isa = isa, .batch = 4}, pool, progress).status();
}

TEST(RunModelErrors, ShapesOfImagesAndInputDiffer) {
  const data::Split split = sample_split(3, 4, 5, 1, 2);
  for (const graph::Shape& shape : {graph::Shape{5, 4, 1}, {4, 5, 3}, {4, 6, 1}, {20, 1, 1}}) {
    const Status status = run(flatten_graph(shape[0], shape[1], shape[2], DType::kFloat32, {}), split);
    EXPECT_EQ(status.code(), Code::kMismatch);
    EXPECT_THAT(status.message(), AllOf(HasSubstr("the images are 4x5x1"), HasSubstr(format("{},{},{}]", shape[0], shape[1], shape[2]))));
  }
}

TEST(RunModelErrors, TypesThatAreNoImage) {
  const Status status = run(flatten_graph(4, 5, 1, DType::kInt32, {}), sample_split(3, 4, 5, 1, 2));
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(status.code(), Code::kUnsupported) << status.message();
}

TEST(RunModelErrors, OneInputAndOneOutputAreExpected) {
  graph::Graph model = flatten_graph(4, 5, 1, DType::kFloat32, {});
  model.outputs.push_back(model.outputs[0]);
  const Status status = run(model, sample_split(3, 4, 5, 1, 2));
  EXPECT_EQ(status.code(), Code::kUnsupported);
  EXPECT_THAT(status.message(), HasSubstr("1 inputs and 2 outputs"));
}

TEST(RunModelErrors, OutputWithoutARowPerImage) {
  graph::Graph model = flatten_graph(4, 5, 1, DType::kFloat32, {});
  model.tensors[1].data = bytes_of(std::vector<int32_t>{20, -1});  // [20,N]: images run along the second axis
  model.tensors[2].shape = {20, 1};
  const Status status = run(model, sample_split(3, 4, 5, 1, 2));
  EXPECT_EQ(status.code(), Code::kMismatch) << status.message();
  EXPECT_THAT(status.message(), HasSubstr("[20,4]"));
}

TEST(RunModelErrors, NormalizationThatDoesNotFit) {
  EXPECT_EQ(run(flatten_graph(1, 1, 3, DType::kFloat32, {}), sample_split(3, 1, 1, 3, 2), {{1.0f, 2.0f}, {1.0f}}).code(), Code::kMismatch);
  EXPECT_EQ(run(flatten_graph(1, 1, 3, DType::kFloat32, {}), sample_split(3, 1, 1, 3, 2), {{1.0f}, {0.0f}}).code(), Code::kOutOfRange);
}

// 255 / 1e-38 overflows to infinity, and infinity times a weight of 0 is not a number: only images with the bright pixel.
TEST(RunModelErrors, NanScoreNamesTheImage) {
  data::Split split = sample_split(11, 1, 2, 1, 2);
  std::fill(split.pixels.begin(), split.pixels.end(), uint8_t{0});
  const graph::Graph model = dense_graph(1, 2, 1, {0.0f, 1.0f, 1.0f, 0.0f});
  const data::Normalization steep = {{0.0f}, {1e-38f}};
  EXPECT_TRUE(run(model, split, steep).ok());
  split.pixels[2 * 7] = split.pixels[2 * 9] = 255;
  const Status status = run(model, split, steep);
  EXPECT_EQ(status.code(), Code::kOutOfRange);
  EXPECT_THAT(status.message(), HasSubstr("image 7 of split test"));
}

TEST(RunModelErrors, InfiniteScoresAreScores) {
  data::Split split = sample_split(2, 1, 2, 1, 2);
  split.pixels = {255, 0, 0, 255};
  ThreadPool pool(1);
  SilentProgress progress;
  const auto predictions = run_model(flatten_graph(1, 2, 1, DType::kFloat32, {}), split, {{128.0f}, {1e-38f}}, {}, pool, progress);
  ASSERT_TRUE(predictions.ok()) << predictions.status().message();
  EXPECT_EQ(predictions->scores[1], -std::numeric_limits<float>::infinity());
  EXPECT_EQ(predictions->classed, (std::vector<int32_t>{0, 1}));
}

TEST(RunModelErrors, InterruptionIsNoticed) {
  request_interrupt();
  const Status status = run(flatten_graph(1, 1, 1, DType::kFloat32, {}), sample_split(3, 1, 1, 1, 1));
  clear_interrupt();
  EXPECT_EQ(status.code(), Code::kInterrupted);
}

}  // namespace
}  // namespace liteqat::eval
