#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <set>
#include <sstream>

#include "audit/audit.h"
#include "audit/checks/check.h"
#include "audit/checks/claimed.h"

namespace liteqat::audit {
namespace {

using results::Verdict;

TEST(Checks, EveryOneIsDescribedAndDocumentedOnce) {
  std::ifstream file(std::string(LITEQAT_SOURCE_DIR) + "/docs/audit.md");
  std::stringstream docs;
  docs << file.rdbuf();
  std::set<std::string> ids;
  for (const Check* check : all_checks()) {
    EXPECT_TRUE(ids.insert(check->id).second) << check->id;
    for (const char* text : {check->question, check->needs, check->statistic, check->threshold, check->error_rate}) {
      EXPECT_GT(std::strlen(text), 0u) << check->id;
    }
    EXPECT_NE(docs.str().find(std::string("`") + check->id + "`"), std::string::npos) << check->id << " is not in docs/audit.md";
  }
  EXPECT_EQ(ids.size(), 45u);  // the design's list
}

TEST(Checks, NothingAtHandSkipsAllAndSaysWhatIsNeeded) {
  const auto findings = run_checks({});
  EXPECT_EQ(findings.size(), all_checks().size());
  for (const results::Finding& finding : findings) {
    EXPECT_EQ(finding.verdict, Verdict::kSkipped) << finding.check;
    EXPECT_TRUE(finding.advice.starts_with("Needs ")) << finding.check;
  }
}

/// A model that is right on 80 of 100 images of ten classes; wrong answers are the next class but three.
Evidence make_evidence(const std::string& claimed) {
  Evidence evidence;
  AuditedModel model;
  model.name = "net";
  Measured measured = {"litert-reference", "test", {}};
  measured.answers.name = "net";
  for (int32_t i = 0; i < 100; ++i) {
    evidence.labels.push_back(i % 10);
    measured.answers.classed.push_back(i < 80 ? i % 10 : (i + 3) % 10);
  }
  model.measured.push_back(measured);
  evidence.subjects.push_back(model);
  evidence.classes = 10;
  evidence.claims = assign_claims(read_figures(claimed).figures, evidence.subjects);
  return evidence;
}

TEST(Checks, OneHotClaimIsTheFirstFinding) {
  // 1000 - 2 * 20 of 1000 elements are equal.
  const auto findings = run_checks(make_evidence("test accuracy: 0.960"));
  EXPECT_EQ(findings[0].check, "metric.one_hot_elementwise");
  EXPECT_EQ(findings[0].verdict, Verdict::kProblem);
  EXPECT_EQ(findings[0].counts.at("right"), (results::Count{80, 100}));
  EXPECT_EQ(findings[0].counts.at("reproduced"), (results::Count{960, 1000}));
}

TEST(Checks, ARightClaimIsClear) {
  for (const results::Finding& finding : run_checks(make_evidence("test accuracy: 0.80"))) {
    EXPECT_GE(finding.verdict, Verdict::kClear) << finding.check << ": " << finding.summary;
  }
}

TEST(Checks, AFigureFromNowhereIsNotReproducible) {
  const auto findings = run_checks(make_evidence("test accuracy: 0.51"));
  EXPECT_EQ(findings[0].check, "report.not_reproducible");
  EXPECT_EQ(findings[0].verdict, Verdict::kProblem);
}

TEST(Claims, BelongToTheModelTheLabelNames) {
  std::vector<AuditedModel> models(3);
  models[0].name = "float", models[0].kind = Kind::kFloat;
  models[1].name = "qat_int8", models[1].kind = Kind::kInteger;
  models[2].name = "other", models[2].kind = Kind::kUnknown;
  const auto claims = assign_claims(
      read_figures("Quant TFLite test_accuracy: 0.93814\nTF test accuracy: 0.6434\nother accuracy: 0.5\ntest accuracy: 0.7").figures,
      models);
  ASSERT_EQ(claims.size(), 4u);
  EXPECT_EQ(claims[0].subject, 1u);
  EXPECT_EQ(claims[1].subject, 0u);
  EXPECT_EQ(claims[2].subject, 2u);
  EXPECT_EQ(claims[3].subject, std::nullopt);
}

TEST(Claims, TheQuantizationAwareModelIsNeitherFloatNorInteger) {
  std::vector<AuditedModel> models(3);
  models[0].name = "net_float", models[0].kind = Kind::kFloat;
  models[1].name = "net_qat_int8", models[1].kind = Kind::kInteger;
  models[2].name = "qat", models[2].kind = Kind::kUnknown;
  const auto figures =
      read_figures("Quant TFLite test_accuracy: 0.93814\nQuant TF test accuracy: 0.6902\nTF test accuracy: 0.6434").figures;
  const auto claims = assign_claims(figures, models);
  EXPECT_EQ(claims[0].subject, 1u);
  EXPECT_EQ(claims[1].subject, 2u);
  EXPECT_EQ(claims[2].subject, 0u);
  models.pop_back();
  EXPECT_EQ(assign_claims(figures, models)[1].subject, std::nullopt) << "it is not at hand";
}

TEST(Attribution, PartsAddUp) {
  Evidence evidence = make_evidence("Quant TFLite test accuracy: 0.960\nfloat test accuracy: 0.75");
  evidence.subjects[0].kind = Kind::kInteger;
  AuditedModel real = evidence.subjects[0];
  real.name = "float", real.kind = Kind::kFloat;
  for (size_t i = 70; i < 80; ++i) real.measured[0].answers.classed[i] = (evidence.labels[i] + 1) % 10;
  evidence.subjects.push_back(real);
  evidence.claims = assign_claims(read_figures("Quant TFLite test accuracy: 0.960\nfloat test accuracy: 0.75").figures, evidence.subjects);
  const auto attribution = attribute_gap(evidence, run_checks(evidence));
  ASSERT_TRUE(attribution.has_value());
  double sum = attribution->from_value;
  for (const results::AttributionPart& part : attribution->parts) sum += part.value;
  EXPECT_DOUBLE_EQ(attribution->from_value, 0.75);
  EXPECT_NEAR(sum, 0.96, 1e-12);
  EXPECT_EQ(attribution->parts.back().part, "metric");
}

/// Answers right on the first `right` images, wrong on the others.
AuditedModel right_on(const Evidence& evidence, const std::string& name, Kind kind, int32_t right, const std::string& profile) {
  AuditedModel model;
  model.name = name, model.kind = kind;
  Measured measured = {profile, "test", {}};
  measured.answers.name = name;
  for (int32_t i = 0; i < 100; ++i) measured.answers.classed.push_back(i < right ? evidence.labels[i] : (evidence.labels[i] + 3) % 10);
  model.measured.push_back(measured);
  return model;
}

const results::AttributionPart& part_named(const results::Attribution& attribution, const std::string& name) {
  for (const results::AttributionPart& part : attribution.parts) {
    if (part.part == name) return part;
  }
  ADD_FAILURE() << "no part " << name;
  return attribution.parts[0];
}

/// A run: float 60, control 70, qat 71, int8 under the reference 70, under xnnpack 75; post-training int8 58. The claim is the one-hot
/// figure of the xnnpack answers: 1 - 2 * 0.25 / 10 = 0.95.
results::Attribution attribute_run() {
  Evidence evidence = make_evidence("");
  evidence.subjects.clear();
  const std::tuple<const char*, Kind, int32_t> models[] = {{"float", Kind::kFloat, 60},
                                                           {"float_control", Kind::kFloat, 70},
                                                           {"qat", Kind::kUnknown, 71},
                                                           {"ptq_int8", Kind::kInteger, 58},
                                                           {"qat_int8", Kind::kInteger, 70}};
  for (const auto& [name, kind, right] : models)
    evidence.subjects.push_back(right_on(evidence, name, kind, right, kind == Kind::kInteger ? "litert-reference" : "float32"));
  evidence.subjects.back().measured.push_back(right_on(evidence, "qat_int8", Kind::kInteger, 75, "xnnpack").measured[0]);
  evidence.claims = assign_claims(read_figures("qat_int8 test accuracy: 0.950").figures, evidence.subjects);
  return *attribute_gap(evidence, run_checks(evidence));
}

TEST(Attribution, EveryExchangeIsAPartAndTheirSumIsTheGap) {
  const results::Attribution gap = attribute_run();
  double sum = gap.from_value;
  for (const results::AttributionPart& part : gap.parts) sum += part.value;
  EXPECT_NEAR(sum, 0.95, 1e-12);
  EXPECT_NEAR(part_named(gap, "extra training").value, 0.10, 1e-12);
  EXPECT_NEAR(part_named(gap, "fake quantization").value, 0.01, 1e-12);
  EXPECT_NEAR(part_named(gap, "conversion").value, -0.01, 1e-12);
  EXPECT_NEAR(part_named(gap, "runtime").value, 0.05, 1e-12);
  EXPECT_NEAR(part_named(gap, "metric").value, 0.20, 1e-12);
}

TEST(Attribution, NamesThatEndInARunsNamesPlayTheirParts) {
  Evidence evidence = make_evidence("");
  evidence.subjects.clear();
  evidence.subjects.push_back(right_on(evidence, "study_qat_int8", Kind::kInteger, 70, "litert-reference"));
  evidence.subjects.push_back(right_on(evidence, "study_float", Kind::kFloat, 60, "float32"));
  evidence.subjects.push_back(right_on(evidence, "qat", Kind::kUnknown, 71, "file"));
  const auto gap = attribute_gap(evidence, run_checks(evidence));
  ASSERT_TRUE(gap.has_value());
  EXPECT_NEAR(part_named(*gap, "extra training and fake quantization").value, 0.11, 1e-12);
  EXPECT_NEAR(part_named(*gap, "conversion").value, -0.01, 1e-12);
  bool doubted = false;
  for (const results::Finding& finding : run_checks(evidence))
    doubted = doubted || (finding.check == "training.extra_epochs" && finding.verdict == Verdict::kDoubt);
  EXPECT_TRUE(doubted);
}

TEST(Attribution, InteractionsAreMeasuredInTheOtherOrder) {
  const results::Attribution gap = attribute_run();
  // Metric first, under the reference: 1 - 0.3 / 5 = 0.94, less 0.70; then the runtime: 0.95 less 0.94.
  EXPECT_NEAR(*part_named(gap, "metric").other_order, 0.24, 1e-12);
  EXPECT_NEAR(*part_named(gap, "runtime").other_order, 0.01, 1e-12);
  EXPECT_NEAR(*part_named(gap, "conversion").other_order, -0.02, 1e-12);  // ptq_int8 less float
}

TEST(Attribution, StepsWithinChanceAreCalledNoise) {
  const results::Attribution gap = attribute_run();
  // Ten images to none: 2 / 2^10; one to none: p = 1.
  EXPECT_FALSE(part_named(gap, "extra training").noise);
  EXPECT_TRUE(part_named(gap, "fake quantization").noise);
  ASSERT_TRUE(part_named(gap, "fake quantization").interval.has_value());
  EXPECT_LT(part_named(gap, "fake quantization").interval->low, 0);
  EXPECT_FALSE(part_named(gap, "metric").interval.has_value());  // a metric's change is no sample
}

/// Float and a second model of that name, which gets every image of class 3 right that float gets wrong (30 of 60), else the same.
Evidence make_pair(const std::string& second, bool in_a_run) {
  Evidence evidence;
  evidence.classes = 10;
  if (in_a_run) evidence.run.emplace();
  for (const std::string& name : {std::string("float"), second}) {
    AuditedModel model;
    model.name = name;
    model.kind = name == "float" ? Kind::kFloat : Kind::kInteger;
    Measured measured = {"litert-reference", "test", {}};
    for (int32_t i = 0; i < 600; ++i) {
      const bool wrong = name == "float" && i % 10 == 3 && i < 300;
      measured.answers.classed.push_back(wrong ? 4 : i % 10);
    }
    model.measured.push_back(measured);
    evidence.subjects.push_back(model);
  }
  for (int32_t i = 0; i < 600; ++i) evidence.labels.push_back(i % 10);
  return evidence;
}

Verdict verdict_of(const Evidence& evidence, const std::string& check) {
  for (const results::Finding& finding : run_checks(evidence)) {
    if (finding.check == check) return finding.verdict;
  }
  return Verdict::kSkipped;
}

TEST(Checks, AClassThatFurtherTrainingMovesIsNoDoubtAboutQuantization) {
  EXPECT_EQ(verdict_of(make_pair("ptq_int8", true), "quant.flips_by_class"), Verdict::kDoubt);
  EXPECT_EQ(verdict_of(make_pair("some_int8", false), "quant.flips_by_class"), Verdict::kDoubt);
  for (const char* trained : {"float_control", "qat", "qat_int8"}) {
    EXPECT_EQ(verdict_of(make_pair(trained, true), "quant.flips_by_class"), Verdict::kClear) << trained;
    EXPECT_EQ(verdict_of(make_pair(trained, false), "quant.flips_by_class"), Verdict::kDoubt) << trained;
  }
}

TEST(Checks, ARunsIntegerModelIsHeldAgainstItsOwnFloatForm) {
  Evidence evidence = make_pair("qat", true);
  AuditedModel deployed = evidence.subjects[0];  // it answers as float does: class 3 was lost again in conversion
  deployed.name = "qat_int8", deployed.kind = Kind::kInteger;
  evidence.subjects.push_back(deployed);
  evidence.subjects[1].kind = Kind::kUnknown;
  bool found = false;
  for (const results::Finding& finding : run_checks(evidence)) {
    found = found || (finding.check == "quant.flips_by_class" && finding.verdict == Verdict::kDoubt && finding.evidence.at("class") == 3);
  }
  EXPECT_TRUE(found);
}

/// A model right on all but every tenth of 200 images, with scores.
AuditedModel scored(const std::string& name, Kind kind, float score) {
  std::vector<float> scores(200 * 10);
  for (size_t i = 0; i < 200; ++i) scores[10 * i + (i % 10 == 9 ? 0 : i % 10)] = score;
  AuditedModel model;
  model.name = name, model.kind = kind;
  model.measured.push_back({"litert-reference", "test", *make_answers(name, std::move(scores), 10)});
  return model;
}

Evidence make_scored(std::vector<AuditedModel> models) {
  Evidence evidence;
  evidence.classes = 10;
  for (int32_t i = 0; i < 200; ++i) evidence.labels.push_back(i % 10);
  evidence.subjects = std::move(models);
  return evidence;
}

/// 60 images a class of ten; the first `counts.size()` classes are answered as `counts` says, the others right.
Evidence make_confused(const std::vector<std::vector<int>>& counts) {
  Evidence evidence;
  evidence.classes = 10;
  AuditedModel model;
  model.name = "net";
  Measured measured = {"file", "test", {}};
  for (int32_t label = 0; label < 10; ++label) {
    const auto row = static_cast<size_t>(label);
    std::vector<int32_t> answers;
    for (int32_t answer = 0; row < counts.size() && answer < 10; ++answer) {
      const auto column = static_cast<size_t>(answer);
      answers.insert(answers.end(), column < counts[row].size() ? static_cast<size_t>(counts[row][column]) : 0, answer);
    }
    answers.resize(60, label);
    evidence.labels.insert(evidence.labels.end(), 60, label);
    measured.answers.classed.insert(measured.answers.classed.end(), answers.begin(), answers.end());
  }
  model.measured.push_back(measured);
  evidence.subjects.push_back(model);
  return evidence;
}

TEST(Checks, TwoClassesExchangedAreSeenThoughTheyLookAlike) {
  EXPECT_EQ(verdict_of(make_confused({{10, 50}, {48, 12}}), "labels.permutation"), Verdict::kProblem);
  EXPECT_EQ(verdict_of(make_confused({{15, 0, 45}, {0, 15, 0, 45}}), "labels.permutation"), Verdict::kClear)
      << "a weak model takes one class for another, and no ring closes";
  EXPECT_EQ(verdict_of(make_confused({{5, 0, 55}, {0, 5, 0, 55}}), "labels.permutation"), Verdict::kProblem) << "hardly ever themselves";
}

TEST(Checks, AnIntegerFormThatAnswersAsItsModelIsNoDoubt) {
  Evidence evidence = make_scored({scored("qat", Kind::kUnknown, 1), scored("qat_int8", Kind::kInteger, 1)});
  EXPECT_EQ(verdict_of(evidence, "report.identical_figures"), Verdict::kClear);
  evidence.run.emplace();
  EXPECT_EQ(verdict_of(evidence, "report.identical_figures"), Verdict::kClear);
  evidence.subjects[1].name = "ptq_int8";
  EXPECT_EQ(verdict_of(evidence, "report.identical_figures"), Verdict::kDoubt) << "quantization that moves no score at all";
}

TEST(Checks, TheFirstFloatModelIsThePartnerWhereverItIsNamed) {
  const AuditedModel a = scored("a_int8", Kind::kInteger, 1), b = scored("b_int8", Kind::kInteger, 2),
                     real = scored("real", Kind::kFloat, 3), other = scored("other", Kind::kFloat, 4);
  for (const auto& order : {std::vector{real, a, b, other}, std::vector{a, real, b, other}, std::vector{a, b, real, other}}) {
    int pairs = 0;
    for (const results::Finding& finding : run_checks(make_scored(order))) {
      if (finding.check != "noise.within_sampling_error") continue;
      EXPECT_TRUE(finding.subject.starts_with("real against ")) << finding.subject;
      ++pairs;
    }
    EXPECT_EQ(pairs, 3);
  }
}

TEST(Checks, ClassesThatTwoFloatModelsSeeOtherwiseAreNoDoubtAboutQuantization) {
  Evidence evidence = make_pair("another", false);
  evidence.subjects[1].kind = Kind::kFloat;
  EXPECT_EQ(verdict_of(evidence, "quant.flips_by_class"), Verdict::kClear);
}

TEST(Checks, WeightsThatAreNotTheFloatModelsRoundedExplainClassesThatMove) {
  Evidence evidence = make_pair("some_int8", false);
  LayerStudy study;
  study.twin = "float", study.own_weights = false;
  LayerNoise layer;
  layer.op = "CONV_2D (operator 0)", layer.sqnr_db = 40, layer.range_used = 1, layer.weights = WeightNoise{};
  layer.weights->sqnr_db = 40, layer.weights->rounded = 1;
  study.layers.push_back(layer);
  evidence.subjects[1].study = study;
  EXPECT_EQ(verdict_of(evidence, "quant.flips_by_class"), Verdict::kDoubt);
  evidence.subjects[1].study->layers[0].weights->rounded = 0.4;  // as close, but not rounded
  EXPECT_EQ(verdict_of(evidence, "quant.flips_by_class"), Verdict::kClear);
}

}  // namespace
}  // namespace liteqat::audit
