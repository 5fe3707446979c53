// What the layer study and the twin's answers come to: harm, and the limits of saturation.
#include <gtest/gtest.h>

#include "audit/audit.h"
#include "audit/checks/check.h"
#include "audit/checks/harm.h"

namespace liteqat::audit {
namespace {

using results::Verdict;

constexpr int32_t kStudyImages = 1000;

std::vector<int32_t> right_on(int32_t right) {
  std::vector<int32_t> classed;
  for (int32_t i = 0; i < kStudyImages; ++i) classed.push_back(i < right ? i % 10 : (i + 1) % 10);
  return classed;
}

/// An integer model right on 600 images, of one layer; its twin, of the same weights, right on `twin`.
Evidence make_study(int32_t twin, double saturated) {
  Evidence evidence;
  evidence.classes = 10;
  for (int32_t i = 0; i < kStudyImages; ++i) evidence.labels.push_back(i % 10);
  AuditedModel model;
  model.name = "int8", model.kind = Kind::kInteger;
  Measured measured = {"litert-reference", "test", {}};
  measured.answers.classed = right_on(600);
  model.measured.push_back(measured);
  LayerStudy study;
  LayerNoise layer;
  layer.op = "CONV_2D (operator 0)", layer.sqnr_db = 40, layer.range_used = 1, layer.saturated = saturated;
  study.layers.push_back(layer);
  study.twin_classed = right_on(twin);
  model.study = study;
  evidence.subjects.push_back(model);
  return evidence;
}

TEST(Harm, IsTwoPointsThatChanceDoesNotGive) {
  // 30 images one way and none the other: p = 2^-29. 20 are two points, but p = 2^-19 is above 1e-6; the other way round is no harm.
  for (const auto& [twin, hurts] : {std::pair(630, true), std::pair(620, false), std::pair(570, false), std::pair(600, false)}) {
    const Evidence evidence = make_study(twin, 0);
    const auto harm = measure_harm(evidence, evidence.subjects[0]);
    ASSERT_TRUE(harm.has_value());
    EXPECT_EQ(harm->hurts, hurts) << twin;
    EXPECT_EQ(harm->twin, (results::Count{twin, kStudyImages}));
    EXPECT_EQ(harm->own, (results::Count{600, kStudyImages}));
  }
}

TEST(Saturation, FivePercentIsADoubtAndWithHarmAProblem) {
  const auto verdict = [](int32_t twin, double saturated) {
    for (const results::Finding& finding : run_checks(make_study(twin, saturated))) {
      if (finding.check == "quant.saturation") return finding.verdict;
    }
    return Verdict::kSkipped;
  };
  EXPECT_EQ(verdict(700, 0.051), Verdict::kProblem);
  EXPECT_EQ(verdict(600, 0.051), Verdict::kDoubt);
  EXPECT_EQ(verdict(700, 0.049), Verdict::kClear) << "its noise is small, and what hurts is elsewhere";
}

TEST(SameTraining, IsWhatTheMedianOperatorsWeightsSay) {
  LayerStudy study;
  study.own_weights = false;
  EXPECT_FALSE(same_training(study)) << "no weights to compare";
  for (const double share : {0.1, 1.0, 1.0}) {
    LayerNoise layer;
    layer.weights = WeightNoise{};
    layer.weights->rounded = share;
    study.layers.push_back(layer);
  }
  EXPECT_TRUE(same_training(study)) << "one operator that is off is a fault, and no training";
  study.layers[1].weights->rounded = 0.48;  // of a single epoch of ten steps
  EXPECT_FALSE(same_training(study));
}

}  // namespace
}  // namespace liteqat::audit
