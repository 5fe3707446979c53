#include "audit/explain/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <ctime>
#include <map>
#include <string>

#include "base/format.h"

namespace liteqat::audit {
namespace {

constexpr const char* kFounding =
    "Quant TFLite test_accuracy: 0.94462\n"
    "Quant TF test accuracy:     0.744700014591217\n"
    "TF test accuracy:           0.737500011920929\n";

results::Explanation explain(const std::string& text, const StatedFacts& facts) {
  auto explanation = explain_text(text, facts, "test");
  EXPECT_TRUE(explanation.ok()) << explanation.status().message();
  return explanation.ok() ? *explanation : results::Explanation{};
}

StatedFacts data_set(const std::string& name) {
  StatedFacts facts;
  facts.dataset = name;
  return facts;
}

const results::Hypothesis* find(const results::Explanation& explanation, const std::string& id) {
  for (const auto& hypothesis : explanation.hypotheses) {
    if (hypothesis.id == id) return &hypothesis;
  }
  return nullptr;
}

std::string first_id(const results::Explanation& explanation) {
  return explanation.hypotheses.empty() ? "" : explanation.hypotheses.front().id;
}

// The same case as it was first asked, in one line that does not say accuracy.
TEST(Explain, TheFoundingQuestion) {
  const std::string question = "Quantized TFLite 0.94462, QAT 0.7447, float 0.7375: how is this possible?";
  const auto explanation = explain(question, data_set("cifar10"));
  ASSERT_GE(explanation.hypotheses.size(), 2u);
  const auto &first = explanation.hypotheses[0], &second = explanation.hypotheses[1];
  EXPECT_EQ(first.id, "metric.one_hot_elementwise");
  EXPECT_EQ(first.subject, "Quantized TFLite");
  EXPECT_EQ(first.implied_correct, 7231);
  EXPECT_EQ(first.implied_total, 10000);
  EXPECT_EQ(second.id, "split.train");
  EXPECT_EQ(second.implied_correct, 47231);
  EXPECT_EQ(second.implied_total, 50000);
  ASSERT_EQ(explanation.notes.size(), 1u);
  EXPECT_THAT(explanation.notes[0], testing::HasSubstr("nothing in the text says accuracy"));

  const auto without_sizes = explain(question, {});
  ASSERT_EQ(without_sizes.figures.size(), 3u);
  EXPECT_EQ(without_sizes.figures[0].possible, std::nullopt);
  ASSERT_FALSE(without_sizes.hypotheses.empty());
  EXPECT_EQ(without_sizes.hypotheses[0].subject, "Quantized TFLite");
}

// shared/reference/case-study.md: 5,538 mismatches of 100,000, an even number; 2,769 wrong images; 47,231 of 50,000.
TEST(Explain, TheFoundingCase) {
  const auto explanation = explain(kFounding, data_set("cifar10"));
  ASSERT_GE(explanation.hypotheses.size(), 2u);
  const auto &first = explanation.hypotheses[0], &second = explanation.hypotheses[1];
  EXPECT_EQ(first.id, "metric.one_hot_elementwise");
  EXPECT_EQ(first.subject, "Quant TFLite test_accuracy");
  EXPECT_EQ(first.implied_correct, 7231);
  EXPECT_EQ(first.implied_total, 10000);
  EXPECT_EQ(first.implied_accuracy, 0.7231);
  EXPECT_EQ(second.id, "split.train");
  EXPECT_EQ(second.implied_correct, 47231);
  EXPECT_EQ(second.implied_total, 50000);
  EXPECT_LT(first.weight, 10 * second.weight);  // of the same order
  EXPECT_EQ(explanation.figures[0].possible, false);
  EXPECT_EQ(explanation.figures[1].numerators.at(0).second->low, 7447);
  EXPECT_EQ(explanation.figures[1].numerators.at(0).second->high, 7447);
  EXPECT_EQ(explanation.findings.at(0).check, "granularity.impossible");
  EXPECT_EQ(explanation.findings.at(0).verdict, results::Verdict::kProblem);
}

TEST(Explain, ATrainingCurveIsNoMistake) {
  const auto explanation = explain(
      "Epoch 1/2\n1563/1563 - 21s - accuracy: 0.4417 - loss: 1.5364 - val_accuracy: 0.5903 - val_loss: 1.1504\n"
      "Epoch 2/2\n1563/1563 - 20s - accuracy: 0.6231 - loss: 1.0640 - val_accuracy: 0.6549 - val_loss: 0.9874\n"
      "Test accuracy: 0.6549000144004822\n",
      data_set("cifar10"));
  for (const results::Finding& finding : explanation.findings) EXPECT_EQ(finding.verdict, results::Verdict::kClear) << finding.summary;
}

TEST(Explain, TheFoundingComparison) {
  const auto explanation = explain(kFounding, data_set("CIFAR-10"));
  ASSERT_EQ(explanation.comparisons.size(), 1u);
  const auto& pair = explanation.comparisons[0];
  EXPECT_EQ(pair.a, "Quant TF test accuracy");
  EXPECT_EQ(pair.b, "TF test accuracy");
  // z = 0.0072 / sqrt(2 p q / n) with p = 0.7411: 0.0072 / 0.0061946.
  EXPECT_NEAR(pair.z, 1.1623, 5e-5);
  EXPECT_NEAR(pair.difference, 0.0072, 1e-15);
  EXPECT_EQ(pair.significant_below_discordant, 1312);
  // (1.95996 sqrt(2 p q) + 0.84162 sqrt(p1 q1 + p2 q2))^2 / 0.0072^2 with p q = 0.191871.
  EXPECT_NEAR(static_cast<double>(pair.images_needed.value()), 58100, 10);
}

TEST(Explain, TensorFlowsReRun) {
  const auto explanation =
      explain("Quant TFLite test_accuracy: 0.93814\nQuant TF test accuracy: 0.6902\nTF test accuracy: 0.6434\n", data_set("cifar10"));
  EXPECT_EQ(first_id(explanation), "metric.one_hot_elementwise");
  EXPECT_EQ(explanation.hypotheses.front().implied_correct, 6907);
  for (const auto& finding : explanation.findings) EXPECT_NE(finding.check, "noise.within_sampling_error");
}

TEST(Explain, TheMnistTripleIsNoise) {
  const auto explanation =
      explain("Quant TFLite test_accuracy: 0.9817\nQuant TF test accuracy: 0.9815\nTF test accuracy: 0.9811\n", data_set("mnist"));
  EXPECT_TRUE(explanation.hypotheses.empty());
  EXPECT_EQ(explanation.comparisons.size(), 3u);
  for (const auto& finding : explanation.findings) EXPECT_EQ(finding.verdict, results::Verdict::kClear) << finding.summary;
  EXPECT_EQ(explanation.comparisons[0].significant_below_discordant, std::nullopt);  // 2 images: 2:0 has p = 0.5
  EXPECT_EQ(explanation.comparisons[1].significant_below_discordant, 6);             // 6:0 has p = 0.031, 7:1 p = 0.070
}

struct Case {
  const char* text;
  StatedFacts facts;
  const char* id;
  int64_t correct, total;  // 0: not determined
};

TEST(Explain, MistakesAreInverted) {
  const std::string three = "A test accuracy: 0.7447\nB test accuracy: 0.7375\n";
  const Case cases[] = {
      {"test accuracy: 100000.0000%", data_set("cifar10"), "metric.label_shape_broadcast", 0, 0},
      {"test accuracy: 100000.0000%", {}, "metric.label_shape_broadcast", 0, 0},
      {"test accuracy: 0.1", data_set("cifar10"), "metric.label_shape_broadcast", 0, 0},
      {"test accuracy: 0.7431%", data_set("cifar10"), "metric.percent", 7431, 10000},
      {"test accuracy: 7431.00 %", data_set("cifar10"), "metric.percent", 7431, 10000},
      {"test accuracy: 0.94463", data_set("cifar10"), "metric.binary_accuracy", 0, 10000},                 // 5,537 mismatches: odd
      {"test accuracy: 0.7419871794871795", data_set("cifar10"), "metric.dropped_remainder", 7408, 9984},  // 312 batches of 32
  };
  for (const Case& one : cases) {
    const auto explanation = explain(one.text + std::string("\n") + three, one.facts);
    EXPECT_EQ(first_id(explanation), one.id) << one.text;
    const auto* reading = find(explanation, one.id);
    ASSERT_NE(reading, nullptr) << one.text;
    if (one.correct > 0) {
      EXPECT_EQ(reading->implied_correct, one.correct) << one.text;
    }
    if (one.total > 0) {
      EXPECT_EQ(reading->implied_total, one.total) << one.text;
    }
  }
}

TEST(Explain, PaddedTotalsAndBatchCounts) {
  const std::string siblings = "A test accuracy: 0.7447\nB test accuracy: 0.7375\n";
  StatedFacts facts;
  facts.test = 10007;  // 313 batches of 32, the last of 23: with 16 a mean of batch means would have the same denominator
  facts.classes = 10;
  const auto padded = explain(format("test accuracy: {}\n", 7428.0 / 10016) + siblings, facts);
  EXPECT_EQ(first_id(padded), "metric.denominator");
  EXPECT_EQ(padded.hypotheses.front().implied_correct, 7428);
  const auto batches = explain(format("test accuracy: {:.2f}%\n", 100 * 7428.0 / 313) + siblings, data_set("cifar10"));
  EXPECT_EQ(first_id(batches), "metric.denominator");
  EXPECT_EQ(batches.hypotheses.front().implied_correct, 7428);
}

// 312 full batches of 32 with 7,400 right and a last one of 16 with 12: (7400 / 32 + 12 / 16) / 313.
TEST(Explain, PartialBatch) {
  const double mean = (7400.0 / 32 + 12.0 / 16) / 313;
  const auto explanation = explain(format("test accuracy: {}\nA test accuracy: 0.7447\n", mean), data_set("cifar10"));
  EXPECT_EQ(first_id(explanation), "metric.partial_batch");
  EXPECT_EQ(explanation.hypotheses.front().implied_correct, 7412);
}

TEST(Explain, IdenticalReadingsAreTied) {
  // 47,231 of 50,000 training images, and the mean of five runs of 10,000.
  const auto explanation = explain("test accuracy: 0.94462\nA test accuracy: 0.9447\n", data_set("cifar10"));
  const auto *train = find(explanation, "split.train"), *runs = find(explanation, "report.averaged_runs");
  ASSERT_NE(train, nullptr);
  ASSERT_NE(runs, nullptr);
  EXPECT_THAT(train->tied_with, testing::Contains("report.averaged_runs"));
  EXPECT_THAT(runs->tied_with, testing::Contains("split.train"));
  // Beside a sibling of 0.9447 the mean of several runs is the likelier of the two, and the one-hot reading (0.7231) is out.
  EXPECT_LT(find(explanation, "metric.one_hot_elementwise") ? find(explanation, "metric.one_hot_elementwise")->weight : 0, runs->weight);
}

TEST(Explain, WeightsOfASubjectAddUpToAtMostOne) {
  for (const char* text : {kFounding, "accuracy: 0.1\nA accuracy: 0.7\n", "accuracy: 31.5\nA accuracy: 0.9\n", "accuracy: 0.9999\n"}) {
    const auto explanation = explain(text, data_set("cifar10"));
    std::map<std::string, double> sums;
    for (const auto& hypothesis : explanation.hypotheses) {
      EXPECT_GE(hypothesis.weight, 0);
      sums[hypothesis.subject] += hypothesis.weight;
    }
    for (const auto& [subject, sum] : sums) EXPECT_LE(sum, 1 + 1e-12) << subject;
  }
}

TEST(Explain, ACollapsedFigureDoesNotThrowDoubtOnItsNeighbour) {
  const auto explanation = explain("int8 accuracy: 0.1000\nfloat accuracy: 0.7012\n", data_set("cifar10"));
  for (const auto& hypothesis : explanation.hypotheses) EXPECT_EQ(hypothesis.subject, "int8 accuracy");
  EXPECT_EQ(first_id(explanation), "metric.label_shape_broadcast");
  ASSERT_NE(find(explanation, "quant.constant_output"), nullptr);
  EXPECT_THAT(explanation.hypotheses.front().tied_with, testing::ElementsAre("quant.constant_output"));
}

TEST(Explain, UnknownSizesLeavePossibleEmpty) {
  const auto explanation = explain("test accuracy: 0.94462\n", {});
  EXPECT_EQ(explanation.figures.at(0).possible, std::nullopt);
  EXPECT_TRUE(explanation.figures.at(0).numerators.empty());
  EXPECT_TRUE(explanation.findings.empty());
}

TEST(Explain, FlagsWinOverTheTextAndTheTextOverTheDataSet) {
  const std::string text = "accuracy on 2000 test images: 0.5005\n";
  EXPECT_EQ(explain(text, data_set("cifar10")).figures.at(0).numerators.at(0).second->total, 2000);
  StatedFacts flagged = data_set("cifar10");
  flagged.test = 4000;
  const auto explanation = explain(text, flagged);
  EXPECT_EQ(explanation.figures.at(0).numerators.at(0).second->low, 2002);
  EXPECT_THAT(explanation.notes, testing::Contains(testing::HasSubstr("the flag is used")));
}

TEST(Explain, ASizeBesideOneFigureIsOfThatFigure) {
  const auto explanation = explain("float accuracy = 85.2% (n=500)\nint8 accuracy = 85.31%\n", data_set("cifar10"));
  EXPECT_EQ(explanation.figures.at(0).numerators.at(0).second->total, 500);
  EXPECT_EQ(explanation.figures.at(0).numerators.at(0).second->low, 426);
  EXPECT_EQ(explanation.figures.at(1).numerators.at(0).second->low, 8531);
  ASSERT_FALSE(explanation.facts.empty());
  EXPECT_EQ(explanation.facts.back().count, 500);
}

TEST(Explain, ValuesOutsideZeroToOneAreProblems) {
  for (const char* text : {"accuracy: -0.5", "accuracy: 1.02", "accuracy: 250 %"}) {
    const auto explanation = explain(text, {});
    EXPECT_EQ(explanation.figures.at(0).possible, false) << text;
    EXPECT_EQ(explanation.findings.at(0).verdict, results::Verdict::kProblem) << text;
  }
}

TEST(Explain, EpochsStandForOneFigure) {
  std::string log;
  for (int epoch = 1; epoch <= 30; ++epoch)
    log += format("Epoch {0}/30\n1563/1563 [====] - 9s - loss: 1 - accuracy: {1:.4f} - val_loss: 1 - val_accuracy: {1:.4f}\n", epoch,
                  0.3 + 0.02 * epoch);
  const auto explanation = explain(log + "313/313 - 1s - loss: 0.5 - accuracy: 0.8912\n", data_set("cifar10"));
  EXPECT_EQ(explanation.figures.size(), 61u);
  for (const auto& finding : explanation.findings) EXPECT_EQ(finding.verdict, results::Verdict::kClear) << finding.summary;
}

TEST(Explain, ADataSetThatTheTextNamesIsPointedAt) {
  const auto notes = [](const std::string& text) { return explain(text, {}).notes; };
  const auto points_at = [](const std::string& name) {
    return testing::Contains(testing::HasSubstr("--dataset " + name + " says how many"));
  };
  EXPECT_THAT(notes("accuracy on MNIST: 0.1135, Keras accuracy 0.991"), points_at("mnist"));
  EXPECT_THAT(notes("Fashion-MNIST accuracy: 0.8935"), points_at("fashion_mnist"));
  EXPECT_THAT(notes("FashionMNIST accuracy: 0.8935"), points_at("fashion_mnist"));
  EXPECT_THAT(notes("CIFAR-10\naccuracy: 0.8935"), points_at("cifar10"));
  EXPECT_THAT(notes("Tiny ImageNet accuracy: 0.6"), points_at("tiny_imagenet"));
  const auto none = testing::Not(testing::Contains(testing::HasSubstr("--dataset")));
  EXPECT_THAT(notes("pretrained on ImageNet; CIFAR-10 accuracy: 0.8935"), none);  // which of them is not known
  EXPECT_THAT(notes("MNIST accuracy on 1000 images: 0.893"), none);
  EXPECT_THAT(explain("MNIST accuracy: 0.8935", data_set("mnist")).notes, none);
}

TEST(Explain, RefusesWithASentence) {
  EXPECT_EQ(explain_text("no figure here", {}, "log.txt").status().code(), Code::kNotFound);
  EXPECT_THAT(explain_text("no figure here", {}, "log.txt").status().message(), testing::HasSubstr("log.txt"));
  const auto unknown = explain_text("accuracy: 0.5", data_set("cifar11"), "log.txt");
  EXPECT_EQ(unknown.status().code(), Code::kInvalidArgument);
  EXPECT_THAT(unknown.status().message(), testing::HasSubstr("cifar10"));
  StatedFacts bad;
  bad.test = 0;
  EXPECT_EQ(explain_text("accuracy: 0.5", bad, "log.txt").status().code(), Code::kInvalidArgument);
}

// Time of the processor, which other programs on a busy machine do not lengthen. A hundred thousand are asked of the program
// (tests/e2e/explain_test.py).
TEST(Explain, ManyFiguresTakeBoundedTime) {
  std::string text;
  for (int i = 0; i < 20000; ++i) text += format("model{} accuracy: 0.{:05}\n", i, (i * 7919) % 100000);
  const std::clock_t start = std::clock();
  const auto explanation = explain(text, data_set("cifar10"));
  const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  EXPECT_EQ(explanation.figures.size(), 20000u);
  EXPECT_LE(explanation.comparisons.size(), 200u);
  EXPECT_LT(seconds, 60);  // linear work takes a fraction of a second, 5 s under ASan; pairs of all figures would take hours
}

}  // namespace
}  // namespace liteqat::audit
