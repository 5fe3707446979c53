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

}  // namespace
}  // namespace liteqat::audit
