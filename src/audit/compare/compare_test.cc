#include "audit/compare/compare.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/rng.h"

namespace liteqat::audit {
namespace {

/// Class indices: `both` images right in both, then only a, only b, and neither. Labels are 0..3 in turn; a wrong answer is the next class.
struct Compared {
  std::vector<Answers> models;
  std::vector<int32_t> labels;
};

Compared make_material(int both, int only_a, int only_b, int neither) {
  Compared material;
  material.models.resize(2);
  material.models[0].name = "first", material.models[1].name = "second";
  const auto add = [&](int count, bool a, bool b) {
    for (int i = 0; i < count; ++i) {
      const auto label = static_cast<int32_t>(material.labels.size() % 4);
      material.labels.push_back(label);
      material.models[0].classed.push_back(a ? label : (label + 1) % 4);
      material.models[1].classed.push_back(b ? label : (label + 1) % 4);
    }
  };
  add(both, true, true), add(only_a, true, false), add(only_b, false, true), add(neither, false, false);
  return material;
}

// The public re-run of the founding case: QAT against int8 TFLite, 80 and 85 discordant images of 10,000.
TEST(Compare, FoundingCase) {
  const Compared material = make_material(6822, 80, 85, 3013);
  const auto comparison = compare(material.models, material.labels, {});
  ASSERT_TRUE(comparison.ok()) << comparison.status().message();
  const results::PairComparison& pair = comparison->pairs.at(0);
  EXPECT_EQ(pair.a.correct, 6902);
  EXPECT_EQ(pair.b.correct, 6907);
  EXPECT_EQ(pair.agreement, 6822 + 3013);
  EXPECT_EQ(pair.both_wrong, 3013);
  EXPECT_NEAR(pair.difference, -0.0005, 1e-15);
  EXPECT_GT(pair.p_exact, 0.7);
  EXPECT_LT(pair.equivalence_p, 1e-9);
  EXPECT_EQ(comparison->findings.at(0).check, "noise.within_sampling_error");
  EXPECT_EQ(comparison->findings.at(0).verdict, results::Verdict::kClear);
}

TEST(Compare, FlipsByClassAddUp) {
  const Compared material = make_material(40, 9, 3, 8);
  const auto comparison = compare(material.models, material.labels, {});
  ASSERT_TRUE(comparison.ok());
  int64_t total = 0, only_a = 0, only_b = 0, changed = 0;
  for (const results::ClassFlips& flips : comparison->pairs.at(0).flips) {
    total += flips.total, only_a += flips.only_a, only_b += flips.only_b, changed += flips.changed;
  }
  EXPECT_EQ(total, 60);
  EXPECT_EQ(only_a, 9);
  EXPECT_EQ(only_b, 3);
  EXPECT_EQ(changed, 60 - comparison->pairs.at(0).agreement);
}

TEST(Compare, HolmOverAllPairs) {
  Compared material = make_material(80, 15, 4, 1);
  material.models.push_back(material.models[0]);
  material.models[2].name = "third";
  const auto comparison = compare(material.models, material.labels, {});
  ASSERT_TRUE(comparison.ok());
  ASSERT_EQ(comparison->pairs.size(), 3u);
  const double p = comparison->pairs[0].p_exact;  // first-second; second-third is the same table mirrored, first-third has no discordance
  EXPECT_DOUBLE_EQ(comparison->pairs[0].p_holm, 3 * p);
  EXPECT_DOUBLE_EQ(comparison->pairs[2].p_holm, 3 * p);
  EXPECT_EQ(comparison->pairs[1].p_holm, 1.0);
}

TEST(Compare, WithoutLabelsOnlyAgreementIsKnown) {
  const Compared material = make_material(50, 5, 5, 0);
  const auto comparison = compare(material.models, {}, {});
  ASSERT_TRUE(comparison.ok());
  EXPECT_FALSE(comparison->pairs.at(0).labelled);
  EXPECT_EQ(comparison->pairs.at(0).agreement, 50);
  ASSERT_EQ(comparison->findings.size(), 1u);
  EXPECT_EQ(comparison->findings[0].check, "report.identical_figures");
}

TEST(Compare, ScoresAreComparedWhereBothAreFinite) {
  constexpr float kNever = -std::numeric_limits<float>::infinity();
  auto a = make_answers("a", {0, 1, 2, kNever}, 2), b = make_answers("b", {0, 1.5, 1, kNever}, 2);
  ASSERT_TRUE(a.ok() && b.ok());
  const std::vector<Answers> models = {*a, *b};
  const auto comparison = compare(models, {}, {});
  ASSERT_TRUE(comparison.ok());
  const auto& scores = comparison->pairs.at(0).scores;
  ASSERT_TRUE(scores.has_value());
  EXPECT_DOUBLE_EQ(scores->mean, 0.5);  // |0-0|, |1-1.5|, |2-1|
  EXPECT_DOUBLE_EQ(scores->largest, 1.0);
  EXPECT_DOUBLE_EQ(scores->root_mean_square, std::sqrt(1.25 / 3));
}

TEST(Compare, TheSameClassesWithOtherScoresAreTwoModels) {
  auto a = make_answers("a", {0, 1, 2, 0}, 2), b = make_answers("b", {0, 1.5, 1, 0}, 2);
  ASSERT_TRUE(a.ok() && b.ok());
  const auto apart = compare(std::vector<Answers>{*a, *b}, {}, {}), twice = compare(std::vector<Answers>{*a, *a}, {}, {});
  ASSERT_TRUE(apart.ok() && twice.ok());
  EXPECT_EQ(apart->findings.back().verdict, results::Verdict::kClear);
  EXPECT_EQ(twice->findings.back().verdict, results::Verdict::kDoubt);
}

TEST(Compare, DeploymentShouldGiveTheSameScores) {
  auto a = make_answers("net_qat_int8", {0, 1, 2, 0}, 2), b = make_answers("net_qat", {0, 1, 2, 0}, 2);
  ASSERT_TRUE(a.ok() && b.ok());
  const auto comparison = compare(std::vector<Answers>{*a, *b}, {}, {});
  ASSERT_TRUE(comparison.ok());
  EXPECT_EQ(comparison->findings.back().verdict, results::Verdict::kClear);
  EXPECT_NE(comparison->findings.back().summary.find("Every score of the two is identical."), std::string::npos);
}

TEST(Compare, AGapWithinNoiseSaysHowManyImagesItWouldTake) {
  const Compared material = make_material(6822, 80, 85, 3013);
  const auto comparison = compare(material.models, material.labels, {});
  ASSERT_TRUE(comparison.ok());
  const results::PairComparison& pair = comparison->pairs.at(0);
  // Connor: ((1.95996 sqrt(0.0165) + 0.84162 sqrt(0.0165 - 0.0005^2)) / 0.0005)^2.
  EXPECT_NEAR(static_cast<double>(pair.images_needed.value()), 518024, 100);
  EXPECT_GT(pair.images_needed_unpaired.value(), 10 * *pair.images_needed);  // 2 * 0.69 * 0.31 / 0.0165 = 26 times the variance
  const std::string summary = comparison->findings.at(0).summary;
  EXPECT_NE(summary.find("To show a gap of 0.05 points you would need"), std::string::npos) << summary;
}

// Every image as it is and once more: twice the images, the same pictures.
TEST(Compare, CopiesCountAsTheirPictures) {
  const Compared once = make_material(150, 30, 10, 10);
  Compared twice = once;
  const auto repeat = [](std::vector<int32_t>& values) { values.insert(values.end(), values.begin(), values.begin() + 200); };
  repeat(twice.labels), repeat(twice.models[0].classed), repeat(twice.models[1].classed);
  CompareOptions pictures;
  pictures.pictures = 200;
  const auto a = compare(once.models, once.labels, pictures), b = compare(twice.models, twice.labels, pictures);
  ASSERT_TRUE(a.ok() && b.ok());
  const results::PairComparison &plain = a->pairs.at(0), &copied = b->pairs.at(0);
  EXPECT_EQ(copied.total, 400);
  EXPECT_EQ(copied.clusters->images_each, 2);
  EXPECT_NEAR(copied.clusters->p, plain.clusters->p, 1e-12);
  EXPECT_NEAR(copied.difference_interval.low, plain.difference_interval.low, 1e-12);
  EXPECT_NEAR(copied.a.interval.low, plain.a.interval.low, 1e-9);
  EXPECT_NEAR(copied.b.interval.high, plain.b.interval.high, 1e-9);
  EXPECT_NEAR(copied.equivalence_p, plain.equivalence_p, 1e-12);
  EXPECT_NEAR(*copied.smallest_gap, *plain.smallest_gap, 1e-12);
  // Copies that answer otherwise than their pictures: standing in another order, they belong to other pictures and say something else.
  Compared turned = twice;
  for (Answers& model : turned.models) std::rotate(model.classed.begin() + 200, model.classed.begin() + 240, model.classed.end());
  std::rotate(turned.labels.begin() + 200, turned.labels.begin() + 240, turned.labels.end());
  const auto c = compare(turned.models, turned.labels, pictures);
  ASSERT_TRUE(c.ok());
  EXPECT_EQ(c->pairs.at(0).only_a, copied.only_a);
  EXPECT_GT(std::fabs(c->pairs.at(0).a.interval.low - copied.a.interval.low), 1e-4);
  EXPECT_GT(std::fabs(c->pairs.at(0).b.interval.low - copied.b.interval.low), 1e-4);
  EXPECT_GT(std::fabs(c->pairs.at(0).clusters->p / copied.clusters->p - 1), 0.1);
  EXPECT_EQ(copied.images_needed, plain.images_needed);
  EXPECT_FALSE(copied.a.interval_exact.has_value());
  pictures.pictures = 3;
  EXPECT_FALSE(compare(twice.models, twice.labels, pictures).ok());
}

/// Shares of simulated pairs of equally good models (1,000 images of ten classes) that a finding doubts, or calls real.
struct Rates {
  double flips = 0, real = 0;
};
Rates simulate_equality(double discordance, int trials) {
  Rng rng(11);
  Rates rates;
  for (int trial = 0; trial < trials; ++trial) {
    Compared material;
    material.models.resize(2);
    for (int32_t i = 0; i < 1000; ++i) {
      const int32_t label = i % 10, wrong = (label + 1) % 10;
      const double draw = rng.next_double();
      material.labels.push_back(label);
      material.models[0].classed.push_back(draw < discordance / 2 ? wrong : label);
      material.models[1].classed.push_back(draw >= discordance / 2 && draw < discordance ? wrong : label);
    }
    const auto comparison = compare(material.models, material.labels, {});
    for (const results::Finding& finding : comparison->findings) {
      if (finding.check == "quant.flips_by_class") rates.flips += finding.verdict == results::Verdict::kDoubt;
      if (finding.check == "noise.within_sampling_error") rates.real += finding.evidence.at("within") == 0;
    }
  }
  rates.flips /= trials, rates.real /= trials;
  return rates;
}

// Both tests are exact, so that their stated level of 0.05 is a bound; 4,000 trials, standard error at the level 0.0034.
TEST(Compare, EqualModelsAreDoubtedNoMoreOftenThanStated) {
  for (const double discordance : {0.02, 0.2}) {
    const Rates rates = simulate_equality(discordance, 4000);
    EXPECT_LE(rates.flips, 0.05 + 4 * 0.0034) << discordance;
    EXPECT_LE(rates.real, 0.05 + 4 * 0.0034) << discordance;
    EXPECT_GT(rates.real, 0.01) << discordance;  // and not for being blind
  }
}

std::string message_of(std::vector<Answers> models, const std::vector<int32_t>& labels) {
  const auto comparison = compare(models, labels, {});
  return comparison.ok() ? "" : comparison.status().message();
}

TEST(Compare, WhatDoesNotFitIsNamed) {
  const Compared material = make_material(5, 1, 1, 1);
  std::vector<Answers> models = material.models;
  models[1].classed.pop_back();
  EXPECT_NE(message_of(models, {}).find("8 images, second for 7"), std::string::npos) << message_of(models, {});
  EXPECT_NE(message_of(material.models, {0, 1}).find("2 labels"), std::string::npos);
  models = material.models;
  models[0].classes = 4, models[1].classes = 5;
  EXPECT_NE(message_of(models, {}).find("4 scores"), std::string::npos);
  models[1].classes = 0, models[1].classed[0] = 9;
  EXPECT_NE(message_of(models, {}).find("answers class 9"), std::string::npos);
  EXPECT_FALSE(message_of({material.models[0]}, {}).empty());
}

TEST(Answers, NotANumberIsAnErrorAndTiesAreCounted) {
  const auto broken = make_answers("m", {0, 1, std::nanf(""), 1}, 2);
  ASSERT_FALSE(broken.ok());
  EXPECT_NE(broken.status().message().find("class 0 of image 1 is NaN"), std::string::npos) << broken.status().message();
  const auto tied = make_answers("m", {3, 3, 1, 0, 5, 5}, 3);
  ASSERT_TRUE(tied.ok());
  EXPECT_EQ(tied->ties, 2);
  EXPECT_EQ(tied->classed, (std::vector<int32_t>{0, 1}));
}

}  // namespace
}  // namespace liteqat::audit
