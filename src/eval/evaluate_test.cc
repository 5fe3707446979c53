#include "eval/evaluate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "eval/graphs_for_test.h"

namespace liteqat::eval {
namespace {

using graph::DType;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

Result<Predictions> run(const graph::Graph& model, const data::Split& split, const data::Normalization& normalization, int threads,
                        int32_t batch) {
  ThreadPool pool(threads);
  SilentProgress progress;
  return run_model(model, split, normalization, {.batch = batch}, pool, progress);
}

// Whole-numbered pixels and weights: every product and sum below 2^24 is exact in float32, in any order.
TEST(RunModel, EveryImageOnceInOrderForAnyBatchAndThreadCount) {
  constexpr int32_t kElems = 3 * 4 * 2, kClasses = 5;
  std::vector<float> weights;
  for (int i = 0; i < kClasses * kElems; ++i) weights.push_back(static_cast<float>(i * 29 % 17 - 8));
  const graph::Graph model = dense_graph(3, 4, 2, weights);
  for (const int64_t count : {1, 2, 31, 32, 33, 65, 300}) {
    const data::Split split = sample_split(count, 3, 4, 2, kClasses);
    std::vector<float> expected;
    for (int64_t image = 0; image < count; ++image) {
      for (size_t c = 0; c < kClasses; ++c) {
        double sum = 0;
        for (size_t k = 0; k < kElems; ++k) sum += static_cast<double>(weights[c * kElems + k]) * (split.image(image)[k] - 100.0) / 0.5;
        expected.push_back(static_cast<float>(sum));
      }
    }
    for (const int threads : {1, 2, 3}) {
      for (const int32_t batch : {0, 1, 7, 32}) {
        const auto predictions = run(model, split, {{100.0f}, {0.5f}}, threads, batch);
        ASSERT_TRUE(predictions.ok()) << predictions.status().message();
        EXPECT_EQ(predictions->classes, kClasses);
        ASSERT_EQ(predictions->scores, expected) << count << " images, " << threads << " threads, batch " << batch;
        EXPECT_EQ(predictions->classed.size(), static_cast<size_t>(count));
      }
    }
  }
}

/// q = clamp(round(value / scale) + zero_point), half away from zero, on float32 operands: the quotient by long double, rounded once to
/// float32 as an IEEE division is (64 significant bits hold more than twice 24 plus two, so rounding twice changes nothing).
int64_t quantized(float value, float scale, int64_t zero_point, int64_t low, int64_t high) {
  const float quotient = static_cast<float>(static_cast<long double>(value) / static_cast<long double>(scale));
  const double magnitude = std::abs(static_cast<double>(quotient));
  const double whole = std::floor(magnitude);
  const double rounded = magnitude - whole >= 0.5 ? whole + 1 : whole;
  const double q = std::copysign(rounded, static_cast<double>(quotient)) + static_cast<double>(zero_point);
  return static_cast<int64_t>(std::min(std::max(q, static_cast<double>(low)), static_cast<double>(high)));
}

TEST(RunModel, QuantizesIntegerInputsAndDequantizesOutputs) {
  const struct {
    DType type;
    float scale;
    int64_t zero_point, low, high;
  } cases[] = {
      {DType::kInt8, 1.0f / 255, -128, -128, 127}, {DType::kInt8, 0.0078431f, -1, -128, 127}, {DType::kInt8, 0.002f, 127, -128, 127},
      {DType::kInt8, 2.0f, 0, -128, 127},          {DType::kUInt8, 1.0f / 255, 0, 0, 255},    {DType::kUInt8, 0.0125f, 128, 0, 255},
      {DType::kInt8, 1.2f, -128, -128, 127},  // 9 / 1.2f is just below 7.5, 9 * (1 / 1.2f) is 7.5: a product would round up
  };
  const data::Split split = sample_split(40, 5, 6, 1, 3);
  for (const data::Normalization& normalization : {data::Normalization{{0.0f}, {255.0f}}, data::Normalization{{127.5f}, {127.5f}},
                                                   data::Normalization{{33.3f}, {77.0f}}, data::Normalization{}}) {
    for (const auto& c : cases) {
      const graph::Graph model = c.type == DType::kUInt8
                                     ? uint8_flatten_graph(5, 6, 1, c.scale, c.zero_point)
                                     : flatten_graph(5, 6, 1, c.type, {.scale = {c.scale}, .zero_point = {c.zero_point}});
      const auto predictions = run(model, split, normalization, 2, 32);
      ASSERT_TRUE(predictions.ok()) << predictions.status().message();
      ASSERT_EQ(predictions->scores.size(), 1200u);
      for (size_t i = 0; i < 1200; ++i) {
        const float value = (static_cast<float>(split.pixels[i]) - normalization.mean[0]) / normalization.std[0];
        const int64_t q = quantized(value, c.scale, c.zero_point, c.low, c.high);
        ASSERT_EQ(predictions->scores[i], static_cast<float>(static_cast<double>(c.scale) * static_cast<double>(q - c.zero_point)))
            << i << " " << q;
      }
    }
  }
}

TEST(RunModel, TakesImagesWithoutAChannelAxis) {
  graph::Graph model = flatten_graph(3, 4, 1, DType::kFloat32, {});
  model.tensors[0].shape = {1, 3, 4};
  const data::Split split = sample_split(3, 3, 4, 1, 2);
  const auto predictions = run(model, split, {}, 1, 2);
  ASSERT_TRUE(predictions.ok()) << predictions.status().message();
  for (size_t i = 0; i < split.pixels.size(); ++i) ASSERT_EQ(predictions->scores[i], static_cast<float>(split.pixels[i]));
}

class CountingProgress final : public Progress {
 public:
  void begin(const std::string& title, int64_t total, const std::string& unit) override {
    log += format("begin {} {} {}; ", title, total, unit);
  }
  void update(int64_t done, const std::string&) override { last = done; }
  void end(const std::string&) override { log += format("end at {}", last); }
  void note(const std::string&) override {}
  std::string log;
  int64_t last = 0;
};

TEST(RunModel, ReportsImagesDone) {
  ThreadPool pool(2);
  CountingProgress progress;
  const data::Split split = sample_split(1001, 1, 1, 1, 1);
  ASSERT_TRUE(run_model(flatten_graph(1, 1, 1, DType::kFloat32, {}), split, {}, {.batch = 32}, pool, progress).ok());
  EXPECT_EQ(progress.log, "begin eval 1001 images; end at 1001");
}

TEST(MakePredictions, FirstMaximumAndTies) {
  const float inf = std::numeric_limits<float>::infinity();
  const Predictions predictions =
      make_predictions({1, 3, 2, 5, 5, 1, 0, 7, 7, 2, 2, 2, -inf, -inf, -5, -inf, -inf, -inf, -0.0f, 0.0f, -1}, 3);
  EXPECT_EQ(predictions.classes, 3);
  EXPECT_THAT(predictions.classed, ElementsAre(1, 0, 1, 0, 2, 0, 0));
  EXPECT_THAT(predictions.tied, ElementsAre(false, true, true, true, false, true, true));
  EXPECT_EQ(predictions.scores.size(), 21u);
  EXPECT_TRUE(make_predictions({}, 3).classed.empty());
}

TEST(MakeMetric, CountsAgainstLabels) {
  const Predictions predictions = make_predictions({9, 0, 0, 9, 0, 0, 0, 9, 0, 0, 0, 9, 4, 4, 0}, 3);  // 0 0 1 2 0(tied)
  const std::vector<int32_t> labels = {0, 1, 1, 2, 2};
  const results::Metric metric = make_metric("qat_int8", "litert-reference", "test", predictions, labels);
  EXPECT_EQ(metric.id, "qat_int8.test");
  EXPECT_EQ(metric.model, "qat_int8");
  EXPECT_EQ(metric.arithmetic, "litert-reference");
  EXPECT_EQ(metric.split, "test");
  EXPECT_EQ(metric.correct, 3);
  EXPECT_EQ(metric.total, 5);
  EXPECT_EQ(metric.value, 0.6);
  EXPECT_EQ(metric.ties, 1);
  EXPECT_THAT(metric.confusion, ElementsAre(ElementsAre(1, 0, 0), ElementsAre(1, 1, 0), ElementsAre(1, 0, 1)));
  EXPECT_FALSE(metric.agreement);
  EXPECT_EQ(metric.interval.method, "wilson");
  EXPECT_EQ(metric.interval.level, 0.95);
  // Wilson's formula by hand for 3 of 5 and z = 1.959964, z^2 = 3.841459: (0.6 + 0.3841459 -+ z sqrt(0.048 + 0.0384146)) / 1.7682918.
  EXPECT_NEAR(metric.interval.low, 0.230724, 1e-5);
  EXPECT_NEAR(metric.interval.high, 0.882379, 1e-5);
}

TEST(MakeMetric, LabelsBeyondTheModelsClassesAreWrong) {
  const results::Metric metric = make_metric("m", "float32", "test", make_predictions({1, 0, 0, 1}, 2), std::vector<int32_t>{0, 7});
  EXPECT_EQ(metric.correct, 1);
  EXPECT_THAT(metric.confusion, ElementsAre(ElementsAre(1, 0), ElementsAre(0, 0)));
}

TEST(CountAgreement, SameClassWhateverTheScores) {
  const Predictions a = make_predictions({1, 0, 0, 1, 5, 5}, 2), b = make_predictions({9, 8, 2, 1, 6, 3}, 2);
  EXPECT_EQ(count_agreement(a, b), 2);
  EXPECT_EQ(count_agreement(a, a), 3);
}

TEST(FindDisagreements, FirstOnesInFileOrderWithPixels) {
  const data::Split split = sample_split(4, 1, 2, 1, 4);
  const Predictions a = make_predictions({1, 0, 1, 0, 1, 0, 1, 0}, 2), b = make_predictions({1, 0, 0, 1, 1, 0, 0, 1}, 2);
  const auto all = find_disagreements({{"a", &a}, {"b", &b}, {"c", &a}}, split, 10);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].index, 1);
  EXPECT_EQ(all[1].index, 3);
  EXPECT_EQ(all[0].label, 1);
  EXPECT_EQ(all[0].width, 2);
  EXPECT_THAT(all[0].pixels, ElementsAre(split.pixels[2], split.pixels[3]));
  EXPECT_THAT(all[0].predictions, ElementsAre(Pair("a", 0), Pair("b", 1), Pair("c", 0)));
  EXPECT_EQ(find_disagreements({{"a", &a}, {"b", &b}}, split, 1).size(), 1u);
  EXPECT_TRUE(find_disagreements({{"a", &a}}, split, 10).empty());
}

}  // namespace
}  // namespace liteqat::eval
