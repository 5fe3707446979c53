#include <gtest/gtest.h>

#include "audit/audit.h"
#include "audit/checks/answer_file.h"
#include "audit/checks/check.h"

namespace liteqat::audit {
namespace {

using results::Verdict;

constexpr int32_t kImages = 1000;

/// Right on the first `right` images, one class off on the others.
std::vector<int32_t> answers_right_on(int32_t right) {
  std::vector<int32_t> classed;
  for (int32_t i = 0; i < kImages; ++i) classed.push_back(i < right ? i % 10 : (i + 1) % 10);
  return classed;
}

/// A float stage with batch normalization that is right on 600 of 1,000 images.
Evidence make_state(int64_t steps, int32_t right_in_training_mode, const std::string& claimed = {}) {
  Evidence evidence;
  evidence.classes = 10;
  for (int32_t i = 0; i < kImages; ++i) evidence.labels.push_back(i % 10);
  AuditedModel model;
  model.name = "float", model.kind = Kind::kFloat;
  Measured measured = {"float32", "test", {}};
  measured.answers.name = "float", measured.answers.classed = answers_right_on(600);
  model.measured.push_back(measured);
  evidence.subjects.push_back(model);
  evidence.training.push_back({.stage = "float", .batch_norm_momentum = 0.99, .steps = steps});
  evidence.training.back().training_mode.push_back({32, answers_right_on(right_in_training_mode)});
  evidence.claims = assign_claims(read_figures(claimed).figures, evidence.subjects);
  return evidence;
}

const results::Finding& state_finding(const std::vector<results::Finding>& findings, const std::string& check) {
  return *std::find_if(findings.begin(), findings.end(), [&](const results::Finding& finding) { return finding.check == check; });
}

TEST(BatchNormState, UnsettledStatisticsThatCostAccuracyAreAProblem) {
  // 0.99^100 = 0.37 left; 100 images more and none less: McNemar's p is 2^-99.
  const auto findings = run_checks(make_state(100, 700));
  const results::Finding& finding = state_finding(findings, "training.batch_norm_state");
  EXPECT_EQ(finding.verdict, Verdict::kProblem);
  EXPECT_EQ(finding.counts.at("reproduced"), (results::Count{700, 1000}));
}

TEST(BatchNormState, UnsettledStatisticsWithoutHarmAreADoubt) {
  EXPECT_EQ(state_finding(run_checks(make_state(100, 610)), "training.batch_norm_state").verdict, Verdict::kDoubt);
}

TEST(BatchNormState, SettledStatisticsAreClearUnlessTheBatchsOwnAreBetter) {
  // 0.99^1000 = 4e-5 left. 19 images are below two points, 20 are not: p = 2^-19 = 1.9e-6 is above the level, 30 images' is below.
  EXPECT_EQ(state_finding(run_checks(make_state(1000, 619)), "training.batch_norm_state").verdict, Verdict::kClear);
  EXPECT_EQ(state_finding(run_checks(make_state(1000, 620)), "training.batch_norm_state").verdict, Verdict::kClear);
  EXPECT_EQ(state_finding(run_checks(make_state(1000, 630)), "training.batch_norm_state").verdict, Verdict::kDoubt);
}

TEST(BatchNormState, AClaimThatTrainingModePrintsIsExplained) {
  const auto findings = run_checks(make_state(1000, 437, "float accuracy: 0.437"));
  EXPECT_EQ(findings[0].check, "training.batch_norm_state");
  EXPECT_EQ(findings[0].verdict, Verdict::kProblem);
  EXPECT_EQ(findings[0].counts.at("reproduced"), (results::Count{437, 1000}));
  EXPECT_NE(findings[0].summary.find("32 test images"), std::string::npos) << findings[0].summary;
}

TEST(BatchNormState, AFileWithTheAnswersOfTrainingModeIsExplained) {
  Evidence evidence = make_state(1000, 437);
  Measured file = {"file", "test", {}};
  file.answers.classed = answers_right_on(438);  // one image from training mode's, 162 from the model's own
  evidence.subjects[0].measured.push_back(file);
  const auto findings = run_checks(evidence);
  EXPECT_EQ(findings[0].check, "training.batch_norm_state");
  EXPECT_EQ(findings[0].verdict, Verdict::kProblem);
}

TEST(RangeState, ConstantsThatQatHasNotForgottenAreADoubt) {
  for (const auto& [steps, verdict] : {std::pair(2, Verdict::kDoubt), std::pair(5000, Verdict::kClear)}) {
    Evidence evidence = make_state(1000, 600);
    AuditedModel model = evidence.subjects[0];
    model.name = "qat_int8", model.kind = Kind::kInteger;
    LayerStudy study;
    LayerNoise layer;
    layer.range_used = 1;
    study.layers.push_back(layer);
    model.study = study;
    evidence.subjects.push_back(model);
    evidence.training.push_back({.stage = "qat", .steps = 0, .range_decay = 0.999, .range_steps = steps});
    EXPECT_EQ(state_finding(run_checks(evidence), "training.range_not_converged").verdict, verdict) << steps << " steps";
  }
}

AuditedModel with_file(int32_t own, int32_t file) {
  AuditedModel model;
  for (const auto& [profile, right] : {std::pair("litert-reference", own), std::pair("file", file)}) {
    Measured measured = {profile, "test", {}};
    measured.answers.classed = answers_right_on(right);
    model.measured.push_back(measured);
  }
  return model;
}

TEST(AnswerFile, HoldsAVariantOnlyWhereItIsFarNearerThanTheModel) {
  EXPECT_TRUE(file_holds(with_file(600, 605), answers_right_on(605)));      // five images from the model, none from the variant
  EXPECT_FALSE(file_holds(with_file(600, 604), answers_right_on(604)));     // four are too few
  EXPECT_TRUE(file_holds(with_file(600, 620), answers_right_on(624)));      // 4 against 20
  EXPECT_FALSE(file_holds(with_file(600, 616), answers_right_on(620)));     // 4 against 16 is no less than a quarter
  EXPECT_FALSE(file_holds(with_file(600, 700), answers_right_on(706)));     // six of 1,000 are too far
  EXPECT_FALSE(file_holds(with_file(600, 605), std::vector<int32_t>(10)));  // other images
  EXPECT_EQ(measure_file(with_file(600, 605))->from_model, 5);
  EXPECT_FALSE(measure_file(AuditedModel{}));
}

TEST(AnswerFile, TheNearestProfileIsTheModels) {
  AuditedModel model = with_file(600, 620);
  Measured other = {"xnnpack", "test", {}};
  other.answers.classed = answers_right_on(619);
  model.measured.push_back(other);
  EXPECT_EQ(measure_file(model)->profile, "xnnpack");
  EXPECT_EQ(measure_file(model)->from_model, 1);
  EXPECT_FALSE(file_holds(model, answers_right_on(620))) << "another arithmetic explains it";
}

TEST(InputVariants, AFileWithAVariantsAnswersIsNamedByItsCheck) {
  for (const auto& [file_right, verdict] : {std::pair(400, Verdict::kProblem), std::pair(590, Verdict::kDoubt)}) {
    Evidence evidence = make_state(1000, 600);
    evidence.training.clear();
    AuditedModel& model = evidence.subjects[0];
    model.variants = {{"input.scale", "another way", answers_right_on(596)}, {"input.scale", "that way", answers_right_on(file_right)}};
    Measured file = {"file", "test", {}};
    file.answers.classed = answers_right_on(file_right);
    model.measured.push_back(file);
    const auto findings = run_checks(evidence);
    EXPECT_EQ(findings[0].check, "input.scale");
    EXPECT_EQ(findings[0].verdict, verdict);
    EXPECT_NE(findings[0].summary.find("that way"), std::string::npos) << findings[0].summary;
  }
}

}  // namespace
}  // namespace liteqat::audit
