#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <functional>
#include <new>

#include "base/count_allocations_for_test.h"
#include "base/sanitizers.h"
#include "results/audit_record.h"
#include "results/bench_record.h"
#include "results/comparison.h"
#include "results/dataset_record.h"
#include "results/evaluation_record.h"
#include "results/model_difference.h"
#include "results/model_record.h"
#include "results/records.h"
#include "results/train_bench_record.h"

namespace liteqat::results {
namespace {

constexpr int kToldOfIt = 3;  // as the program ends

/// How a process ends that does `work` and does not get the memory of one call (or of that and all later ones). Memory that ends inside a
/// destructor cannot be thrown: std::terminate is called then, for which the program has a handler (src/cli/cli.cc), so this has one too.
int status_without(int64_t nth, bool and_all_later, const std::function<void()>& work) {
  const pid_t child = fork();
  if (child == 0) {
    std::set_terminate([] { _exit(kToldOfIt); });
    fail_allocation(nth, and_all_later);
    try {
      work();
    } catch (const std::bad_alloc&) {
      _exit(kToldOfIt);
    }
    _exit(0);
  }
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return status;
}

void expect_no_signal(const std::function<void()>& work) {
  const int64_t before = allocation_count();
  work();
  const int64_t calls = allocation_count() - before;
  ASSERT_GT(calls, 0);
  constexpr int64_t kStep = kHasShadowMemory ? 16 : 1;  // a process takes 10 ms there, its pages are many
  for (int64_t nth = 0; nth < calls; nth += kStep)
    for (const bool and_all_later : {false, true}) {
      const int status = status_without(nth, and_all_later, work);
      ASSERT_TRUE(WIFEXITED(status)) << "signal " << WTERMSIG(status) << ", allocation " << nth << " of " << calls
                                     << ", later ones too: " << and_all_later;
      ASSERT_EQ(WEXITSTATUS(status), kToldOfIt) << "allocation " << nth << " of " << calls;
    }
}

Run small_run() {
  Run run;
  run.class_names = {"cat", "dog"};
  run.environment.libraries = {{"oneDNN", "2.6.3"}};
  run.data = {{.name = "train", .sha256 = "11", .count = 60000}};
  run.images = ImageReading{.kind = "image_folder", .channels = "bgr", .resize = "opencv", .fit = "pad", .labels = "by place"};
  run.stages = {{.name = "float", .seconds = 1, .images_per_second = 2}};
  run.metrics = {{.id = "float.test", .model = "float", .arithmetic = "float32", .split = "test", .confusion = {{2, 0}, {1, 1}}}};
  run.findings = {{.check = "a.check",
                   .evidence = {{"p", 0.1}},
                   .counts = {{"right", {.correct = 7, .total = 9}}},
                   .words = {{"operator", "ADD"}},
                   .lists = {{"channels", {3, 5}}}}};
  run.models = {{.model = "float",
                 .path = "f.safetensors",
                 .sha256 = "33",
                 .type = "float32",
                 .description = "trained",
                 .float_layers = {{.op = "SOFTMAX", .name = "predictions", .reason = "asked for"}}}};
  run.calibration = CalibrationRecord{.images = 5, .rule = "the first 5", .sha256 = "55", .overlap = 1, .calibrator = "minmax"};
  run.curves = {{.stage = "float", .points = {EpochPoint{.epoch = 1}}}};
  run.disagreements = {Disagreement{.index = 7, .height = 1, .width = 1, .channels = 1, .pixels = {128}, .predictions = {{"float", 1}}}};
  return run;
}

// Json values that begin as keys of a null die by SIGSEGV here (json_writer.h).
TEST(JsonMemory, OfARun) {
  expect_no_signal([run = small_run()] { run_to_json(run); });
}

TEST(JsonMemory, OfModelsAndData) {
  ModelRecord model;
  model.inputs = {0}, model.outputs = {0};
  model.labels = {"cat"};
  model.operators = {{"ADD", 1}};
  model.memory = MemoryRecord{.arena_bytes = 128};
  model.layers = {{.op = "ADD", .name = "sum", .kernel = "k", .inputs = {0, -1}, .outputs = {0}}};
  model.tensors = {{.name = "x", .type = "int8", .shape = {1, 4}, .scale = {0.1f}, .zero_point = {-3}, .low = -12.5, .high = 13}};
  expect_no_signal([&model] { model_to_json(model, true); });
  expect_no_signal([] { conversion_to_json({}); });
  expect_no_signal([] {
    model_comparison_to_json(
        {.a = "a", .b = "b", .operators = 1, .differences = {{.where = "ADD", .what = "type", .a = "int8", .b = "uint8"}}});
  });
  expect_no_signal([] {
    dataset_to_json({.name = "d",
                     .folder = "f",
                     .class_names = {"cat"},
                     .splits = {{.name = "test", .sha256 = "1", .per_class = {5}}},
                     .checked = true,
                     .issues = {{.kind = "leak", .text = "t"}}});
  });
}

TEST(JsonMemory, OfMeasurements) {
  BenchRecord bench;
  bench.layers = {LayerTime{}};
  bench.peer = PeerRecord{};
  expect_no_signal([&bench] { bench_to_json(bench); });
  TrainBenchRecord training;
  training.layers = {TrainStepTime{}};
  training.kinds = {TrainKindTime{}};
  training.float_step = FloatStepRecord{};
  training.peers = {TrainPeerRow{}};
  expect_no_signal([&training] { train_bench_to_json(training); });
  Evaluation evaluation;
  evaluation.metrics = {small_run().metrics.front()};
  expect_no_signal([&evaluation] { evaluation_to_json(evaluation); });
}

TEST(JsonMemory, OfComparisonsAndExplanations) {
  Comparison comparison;
  comparison.pairs = {PairComparison{}, PairComparison{}};
  comparison.pairs.front().labelled = true;
  comparison.pairs.front().scores = ScoreDifference{};
  comparison.findings = small_run().findings;
  expect_no_signal([&comparison] { comparison_to_json(comparison); });
  Explanation explanation;
  explanation.facts = {Fact{.what = "test", .source = "line 3"}};
  explanation.figures = {FigureRecord{}};
  explanation.figures.front().numerators = {{"test", Numerators{}}};
  explanation.hypotheses = {Hypothesis{}};
  explanation.comparisons = {FigureComparison{}};
  expect_no_signal([&explanation] { explanation_to_json(explanation); });
  Audit audit;
  audit.findings = comparison.findings;
  audit.checks = {CheckRecord{.id = "a.check", .question = "q"}};
  audit.attribution = Attribution{};
  expect_no_signal([&audit] { audit_to_json(audit); });
  expect_no_signal([&audit] { audit_to_sarif(audit, "1.0"); });
  expect_no_signal([&audit] { audit_to_junit(audit); });
}

}  // namespace
}  // namespace liteqat::results
