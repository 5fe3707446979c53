// Every reading of a claimed figure, and the thresholds of checks on labels and data, against figures counted here in plain loops.
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "audit/audit.h"
#include "audit/checks/check.h"
#include "base/format.h"
#include "base/rng.h"

namespace liteqat::audit {
namespace {

using results::Verdict;

constexpr int32_t kTest = 1003, kTrain = 1501, kClasses = 10;  // primes' neighbours: no usual batch divides them

/// A model with random scores, right on some 60 % of the test and 80 % of the training images, classes unevenly.
struct Material {
  Evidence evidence;
  std::vector<int32_t> right, train_right;  // 0 or 1

  Material() {
    Rng rng(5);
    AuditedModel model;
    model.name = "net";
    evidence.classes = kClasses;
    for (int32_t i = 0; i < kTest; ++i) evidence.labels.push_back(static_cast<int32_t>(rng.next_below(kClasses)));
    for (int32_t i = 0; i < kTrain; ++i) evidence.train_labels.push_back(static_cast<int32_t>(rng.next_below(kClasses)));
    model.measured.push_back({"litert-reference", "test", answer(rng, evidence.labels, 60, right)});
    model.measured.push_back({"litert-reference", "train", answer(rng, evidence.train_labels, 80, train_right)});
    evidence.subjects.push_back(model);
  }

  static Answers answer(Rng& rng, const std::vector<int32_t>& labels, uint32_t percent, std::vector<int32_t>& right) {
    std::vector<float> scores;
    for (const int32_t label : labels) {
      std::vector<float> row;
      for (int32_t c = 0; c < kClasses; ++c) row.push_back(static_cast<float>(rng.next_below(1000)) / 2000);  // below one half
      if (rng.next_below(100) < percent - 2 * static_cast<uint32_t>(label)) row[static_cast<size_t>(label)] = 0.6f;
      right.push_back(std::max_element(row.begin(), row.end()) - row.begin() == label ? 1 : 0);
      scores.insert(scores.end(), row.begin(), row.end());
    }
    return *make_answers("net", std::move(scores), kClasses);
  }

  std::vector<results::Finding> claim(double value) {
    evidence.claims = assign_claims(read_figures(format("net accuracy: {:.15f}", value)).figures, evidence.subjects);
    return run_checks(evidence);
  }
};

double mean(const std::vector<int32_t>& right, size_t begin, size_t end) {
  double sum = 0;
  for (size_t i = begin; i < end; ++i) sum += right[i];
  return sum / static_cast<double>(end - begin);
}

/// Mean of the accuracies of batches of 64, the last one with the others or without.
double batch_mean(const std::vector<int32_t>& right, bool with_last) {
  double sum = 0, batches = 0;
  for (size_t begin = 0; begin < right.size(); begin += 64) {
    const size_t end = std::min(right.size(), begin + 64);
    if (end - begin < 64 && !with_last) continue;
    sum += mean(right, begin, end), ++batches;
  }
  return sum / batches;
}

double top_3(const Answers& answers, const std::vector<int32_t>& labels) {
  double within = 0;
  for (size_t i = 0; i < labels.size(); ++i) {
    std::vector<float> row(answers.scores.begin() + static_cast<ptrdiff_t>(i * kClasses),
                           answers.scores.begin() + static_cast<ptrdiff_t>((i + 1) * kClasses));
    const float own = row[static_cast<size_t>(labels[i])];
    std::sort(row.rbegin(), row.rend());
    within += own >= row[2];
  }
  return within / static_cast<double>(labels.size());
}

double binary(const Answers& answers, const std::vector<int32_t>& labels) {
  double equal = 0;
  for (size_t i = 0; i < answers.scores.size(); ++i)
    equal += (answers.scores[i] > 0.5f) == (labels[i / kClasses] == static_cast<int32_t>(i % kClasses));
  return equal / static_cast<double>(answers.scores.size());
}

double macro(const std::vector<int32_t>& right, const std::vector<int32_t>& labels) {
  std::map<int32_t, std::pair<double, double>> classes;
  for (size_t i = 0; i < right.size(); ++i) classes[labels[i]].first += right[i], classes[labels[i]].second += 1;
  double sum = 0;
  for (const auto& [label, counts] : classes) sum += counts.first / counts.second;
  return sum / static_cast<double>(classes.size());
}

TEST(Readings, EachIsTheFirstFindingForTheFigureItPrints) {
  Material material;
  const Answers answers = material.evidence.subjects[0].measured[0].answers;
  const std::vector<int32_t>&right = material.right, &train = material.train_right, &labels = material.evidence.labels;
  std::vector<int32_t> pooled = train;
  pooled.insert(pooled.end(), right.begin(), right.end());
  const std::pair<const char*, double> figures[] = {
      {"metric.one_hot_elementwise", 1 - 2 * (1 - mean(right, 0, kTest)) / kClasses},
      {"metric.percent", mean(right, 0, kTest) / 100},
      {"metric.top_k", top_3(answers, labels)},
      {"metric.binary_accuracy", binary(answers, labels)},
      {"split.train", mean(train, 0, kTrain)},
      {"split.pooled", mean(pooled, 0, pooled.size())},
      {"split.validation", mean(train, kTrain - kTrain / 10, kTrain)},
      {"metric.partial_batch", batch_mean(right, true)},
      {"metric.dropped_remainder", batch_mean(right, false)},
      {"metric.macro_average", macro(right, labels)},
      {"split.subset", mean(right, 0, 500)},
  };
  for (const auto& [check, value] : figures) {
    const auto findings = material.claim(value);
    EXPECT_EQ(findings[0].check, check) << value << ": " << findings[0].summary;
    EXPECT_LE(findings[0].verdict, Verdict::kDoubt) << check;
  }
  for (const results::Finding& finding : material.claim(mean(right, 0, kTest))) {
    EXPECT_NE(finding.verdict, Verdict::kProblem) << finding.check << ": " << finding.summary;
  }
}

/// 200 images of ten classes; the answer to a label is map[label].
std::vector<results::Finding> answered_by(const std::vector<int32_t>& map) {
  Evidence evidence;
  evidence.classes = kClasses;
  AuditedModel model;
  model.name = "net";
  Measured measured = {"file", "test", {}};
  for (int32_t i = 0; i < 400; ++i) {
    evidence.labels.push_back(i % kClasses);
    measured.answers.classed.push_back(map[static_cast<size_t>(i % kClasses)]);
  }
  model.measured.push_back(measured);
  evidence.subjects.push_back(model);
  return run_checks(evidence);
}

TEST(Labels, OffsetAndPermutationAreToldApart) {
  for (const int32_t offset : {-1, 1}) {
    std::vector<int32_t> map;
    for (int32_t c = 0; c < kClasses; ++c) map.push_back(c - offset < 0 ? 0 : c - offset);
    const auto findings = answered_by(map);
    EXPECT_EQ(findings[0].check, "labels.offset") << offset;
    EXPECT_EQ(findings[0].verdict, Verdict::kProblem);
    EXPECT_EQ(findings[0].evidence.at("offset"), offset);
  }
  const auto exchanged = answered_by({0, 1, 3, 4, 2, 5, 6, 7, 8, 9});
  EXPECT_EQ(exchanged[0].check, "labels.permutation");
  EXPECT_EQ(exchanged[0].lists.at("permutation"), (std::vector<int64_t>{2, 3, 3, 4, 4, 2}));  // label, answer
  EXPECT_EQ(exchanged[0].counts.at("reproduced"), (results::Count{400, 400}));
}

const results::Finding& finding_of(const std::vector<results::Finding>& findings, const std::string& check) {
  return *std::find_if(findings.begin(), findings.end(), [&](const results::Finding& finding) { return finding.check == check; });
}

TEST(ConstantOutput, NinetyNinePercentIsTheLimit) {
  for (const auto& [same, verdict] : {std::pair(198, Verdict::kProblem), std::pair(197, Verdict::kClear)}) {
    Evidence evidence;
    evidence.classes = kClasses;
    AuditedModel model;
    Measured measured = {"file", "test", {}};
    for (int32_t i = 0; i < 200; ++i) {
      evidence.labels.push_back(i % kClasses);
      measured.answers.classed.push_back(i < same ? 3 : 4);
    }
    model.measured.push_back(measured);
    evidence.subjects.push_back(model);
    EXPECT_EQ(finding_of(run_checks(evidence), "quant.constant_output").verdict, verdict) << same;
  }
}

DataEvidence sound_data() {
  DataEvidence data;
  data.name = "photos", data.classes = 2, data.train = 9000, data.test = 1000;
  data.train_counts = {4500, 4500}, data.test_counts = {500, 500};
  data.across.checked = data.across.baseline_checked = 1000;
  data.across.near = data.across.baseline_hits = 30, data.across.baseline = 0.03;
  return data;
}

Verdict verdict_on(const DataEvidence& data, const std::string& check) {
  Evidence evidence;
  evidence.data = data;
  return finding_of(run_checks(evidence), check).verdict;
}

TEST(Data, CopiesAcrossSplitsAreCountedAgainstTheirBaseline) {
  DataEvidence data = sound_data();
  EXPECT_EQ(verdict_on(data, "split.near_duplicates"), Verdict::kClear);
  EXPECT_EQ(verdict_on(data, "split.leak"), Verdict::kClear);
  data.across.exact = 1;
  EXPECT_EQ(verdict_on(data, "split.leak"), Verdict::kProblem);
  // Pooled share of 30 and 70 in 2,000: z = 0.04 / sqrt(2 * 0.05 * 0.95 / 1000) = 4.10, p = 2.0e-5 one-sided: below 1e-3, above 1e-6.
  data = sound_data(), data.across.near = 70;
  EXPECT_EQ(verdict_on(data, "split.near_duplicates"), Verdict::kDoubt);
  // 30 and 90: z = 0.06 / sqrt(2 * 0.06 * 0.94 / 1000) = 5.65, p = 8e-9.
  data.across.near = 90;
  EXPECT_EQ(verdict_on(data, "split.near_duplicates"), Verdict::kProblem);
}

TEST(Data, AMissingClassIsAProblemWhereChanceCannotMissIt) {
  DataEvidence data = sound_data();
  data.test_counts = {1000, 0};
  EXPECT_EQ(verdict_on(data, "data.class_missing"), Verdict::kProblem);
  data.test_counts = {10, 0};  // 2 * 0.5^10 = 0.002
  EXPECT_EQ(verdict_on(data, "data.class_missing"), Verdict::kDoubt);
  data = sound_data(), data.train_counts = {9000, 0};
  EXPECT_EQ(verdict_on(data, "data.class_missing"), Verdict::kProblem);
}

}  // namespace
}  // namespace liteqat::audit
