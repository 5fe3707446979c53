#include "report/words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace liteqat::report {
namespace {

using testing::ElementsAre;

TEST(Percent, OneImageAlwaysShows) {
  EXPECT_EQ(percent(0.9815, 10000), "98.15 %");
  EXPECT_EQ(percent_of(9999, 10000), "99.99 %");
  EXPECT_EQ(percent_of(10000, 10000), "100.00 %");
  EXPECT_EQ(percent_of(49999, 50000), "99.998 %");
  EXPECT_EQ(percent_of(999999, 1000000), "99.9999 %");
  for (const int64_t total : {1, 7, 100, 3000, 10000, 10001, 50000, 100000, 60000, 1281167}) {
    EXPECT_NE(percent_of(total - 1, total), percent_of(total, total)) << total;
  }
}

TEST(Percent, WhatIsNotMeasured) {
  EXPECT_EQ(percent(NAN, 100), "n/a");
  EXPECT_EQ(percent_of(0, 0), "n/a");
  EXPECT_EQ(percent_range({.low = NAN, .high = 1}, 100), "n/a");
  EXPECT_EQ(percent_range({.low = 0.9786, .high = 0.984}, 10000), "97.86 .. 98.40 %");
  EXPECT_EQ(level_text(0.95), "95 %");
  EXPECT_EQ(level_text(0.999), "99.9 %");
}

TEST(Seconds, Units) {
  EXPECT_EQ(seconds_text(0.049), "0.05 s");
  EXPECT_EQ(seconds_text(83.14), "83.1 s");
  EXPECT_EQ(seconds_text(725), "12 min 05 s");
  EXPECT_EQ(seconds_text(3599.6), "1 h 00 min");
  EXPECT_EQ(seconds_text(7380), "2 h 03 min");
  EXPECT_EQ(seconds_text(INFINITY), "n/a");
  EXPECT_EQ(seconds_text(1e300), "1e+300 s");
}

TEST(Models, KnownOnesFirst) {
  EXPECT_THAT(order_models({"zeta", "qat_int8", "alpha", "float32", "float", "qat", "float_control", "ptq_int8", "float16"}),
              ElementsAre("float", "float_control", "qat", "float32", "float16", "ptq_int8", "qat_int8", "zeta", "alpha"));
}

TEST(Models, FamilyFromTheFileElseTheName) {
  results::Run run;
  EXPECT_STREQ(family_of(run, "qat"), "fake_quant");
  EXPECT_STREQ(family_of(run, "ptq_int8"), "integer");
  EXPECT_STREQ(family_of(run, "mine"), "float");
  run.models = {{.model = "mine", .path = "mine.tflite", .bytes = 1, .sha256 = "", .type = "int8", .description = ""}};
  EXPECT_STREQ(family_of(run, "mine"), "integer");
}

results::Metric metric_named(const std::string& model, const std::string& split, const std::string& arithmetic = "litert-reference") {
  return {.id = model + "." + split, .model = model, .arithmetic = arithmetic, .split = split};
}

TEST(Models, HeadlineIsTheDeployedModel) {
  results::Run run;
  EXPECT_EQ(headline_metric(run), nullptr);
  run.metrics = {metric_named("float", "test"), metric_named("qat_int8", "train"), metric_named("ptq_int8", "test")};
  EXPECT_EQ(headline_metric(run)->id, "ptq_int8.test");
  run.metrics.push_back(metric_named("qat_int8", "test"));
  EXPECT_EQ(headline_metric(run)->id, "qat_int8.test");
  run.metrics = {metric_named("b", "train"), metric_named("a", "train")};
  EXPECT_EQ(headline_metric(run)->id, "a.train");
}

TEST(Models, ArithmeticOnlyWhereItDistinguishes) {
  results::Run run;
  run.metrics = {metric_named("a", "test"), metric_named("b", "test"), metric_named("b", "test", "xnnpack"), metric_named("a", "train")};
  EXPECT_EQ(metric_label(run, run.metrics[0]), "a");
  EXPECT_EQ(metric_label(run, run.metrics[2]), "b (xnnpack)");
  EXPECT_THAT(splits_with_metrics(run), ElementsAre("test", "train"));
}

}  // namespace
}  // namespace liteqat::report
