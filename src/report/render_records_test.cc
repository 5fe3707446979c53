// The texts of inspect and data.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/report.h"

namespace liteqat::report {
namespace {

using testing::HasSubstr;
using testing::Not;

results::ModelRecord model_record() {
  results::ModelRecord model;
  model.file = "m.tflite";
  model.format = "tflite";
  model.file_bytes = 2048;
  model.inputs = {0};
  model.outputs = {2};
  model.operators = {{"CONV_2D", 2}, {"RESHAPE", 1}};
  model.constant_bytes = 36;
  model.macs = 1234;
  model.memory = results::MemoryRecord{.arena_bytes = 1024, .live_peak_bytes = 1024, .scratch_bytes = 0};
  model.isa = "avx2";
  model.layers = {{.index = 0, .op = "CONV_2D", .name = "c", .kernel = "conv2d_k", .macs = 1234, .inputs = {0, 1, -1}, .outputs = {2}}};
  model.tensors = {
      {.id = 0,
       .name = "x",
       .type = "int8",
       .shape = {1, 2},
       .scale = {0.5f},
       .zero_point = {3},
       .low = -65.5,
       .high = 62,
       .bytes = 2,
       .place = results::TensorPlace::kArena,
       .offset = 64,
       .last_op = 1},
      {.id = 1,
       .name = "w",
       .type = "int8",
       .shape = {2},
       .scale = {0.25f, 0.125f},
       .zero_point = {0, 0},
       .bytes = 2,
       .place = results::TensorPlace::kConstant},
      {.id = 2, .name = "y", .type = "float32", .shape = {}, .bytes = 4, .place = results::TensorPlace::kArena, .in_place_of = 0}};
  return model;
}

TEST(RenderModel, DeployedModelWithEveryTensor) {
  const std::string text = render_model(model_record(), true);
  EXPECT_THAT(text, HasSubstr("m.tflite: .tflite, schema version 3, 2.0 KiB\n"));
  EXPECT_THAT(text, HasSubstr("input       x int8 [1,2], scale 0.5, zero_point 3\n"));
  EXPECT_THAT(text, HasSubstr("preprocess  none recorded\n"));
  EXPECT_THAT(text, HasSubstr("operators   3 (2 CONV_2D, 1 RESHAPE)\n"));
  EXPECT_THAT(text, HasSubstr("arena 64 .. 66, operators 0 .. 1; scale 0.5, zero point 3, -65.5 .. 62; x\n"));
  EXPECT_THAT(text, HasSubstr("constant; scale 0.125 .. 0.25, zero point 0 (2 along axis 0); w\n"));
  EXPECT_THAT(text, HasSubstr("arena 0 .. 4, operators 0 .. 0, in place of 0; -; y\n"));
  EXPECT_THAT(text, HasSubstr("0 1 - -> 2\n"));
}

TEST(RenderModel, ModelInTrainingHasNoKernels) {
  results::ModelRecord model = model_record();
  model.memory.reset();
  model.layers[0].kernel.clear();
  model.trainable_parameters = 20410, model.parameters = 20500, model.epochs = 2;
  model.mean = {1, 2}, model.std = {3, 4};
  const std::string text = render_model(model, false);
  EXPECT_THAT(text, HasSubstr("parameters  20,410 trainable, 20,500 in all\nepochs      2\n"));
  EXPECT_THAT(text, HasSubstr("preprocess  (pixel - [1, 2]) / [3, 4]\n"));
  EXPECT_THAT(text, Not(HasSubstr("arena")));
}

TEST(RenderBench, FiguresLayersAndRatio) {
  results::BenchRecord bench;
  bench.model = "m.tflite", bench.isa = "avx2", bench.arithmetic = "litert-reference", bench.calls = 1234;
  bench.latency_ms = {.median = 0.5, .min = 0.25, .p99 = 1};
  bench.images_per_second = 2000, bench.macs = 10'000'000, bench.peak_gmacs_per_second = 100, bench.peak_kernel = "peak_i8_avx2";
  EXPECT_THAT(render_bench(bench), HasSubstr("latency     median 0.5000 ms, min 0.2500 ms, p99 1.0000 ms (1,234 calls)\n"));
  EXPECT_THAT(render_bench(bench), HasSubstr("20.0 GMAC/s, 20.0 % of the measured peak of 100 (peak_i8_avx2)\n"));
  EXPECT_THAT(render_bench(bench), Not(HasSubstr("ratio")));
  bench.layers = {{.index = 0,
                   .op = "CONV_2D",
                   .name = "c",
                   .kernel = "k",
                   .macs = 1000,
                   .median_ms = 0.4,
                   .share = 0.8,
                   .gmacs_per_second = 2.5,
                   .peak_share = 0.025},
                  {.index = 1, .op = "ADD", .name = "a", .kernel = "r", .median_ms = 0.1, .share = 0.2}};
  bench.peer = results::PeerRecord{.program = "p.py",
                                   .runtime = "LiteRT xnnpack",
                                   .median_ms = 1,
                                   .min_ms = 0.5,
                                   .images_per_second = 1000,
                                   .latency_ratio = 2,
                                   .min_ratio = 2,
                                   .throughput_ratio = 2};
  EXPECT_THAT(render_bench(bench), HasSubstr("80.0%       2.5    2.5%\n"));
  EXPECT_THAT(render_bench(bench), HasSubstr("sum of the layers' medians 0.5000 ms\n"));
  EXPECT_THAT(render_bench(bench), HasSubstr("LiteRT xnnpack: median 1.0000 ms"));
  EXPECT_THAT(render_bench(bench), HasSubstr("latency 2.000 (of the minima 2.000), throughput 2.000; above 1: liteqat is faster\n"));
}

TEST(RenderDataset, ASplitWithoutImagesIsNotShown) {
  results::DatasetRecord dataset = {.name = "image_folder", .folder = "d", .class_names = {"cat", "dog"}};
  dataset.splits = {{.name = "train", .sha256 = "ab", .height = 2, .width = 4, .channels = 1, .per_class = {0, 0}},
                    {.name = "test",
                     .sha256 = "cd",
                     .count = 2,
                     .height = 2,
                     .width = 4,
                     .channels = 1,
                     .per_class = {1, 1},
                     .mean = {0.5},
                     .std = {0.25}}};
  EXPECT_EQ(render_dataset(dataset),
            "image_folder: 2 classes (cat, dog)\n"
            "test   2 images 2x4x1, sha256 cd\n"
            "test   mean 0.50000000, std 0.25000000 (of pixel / 255)\n");
  dataset.checked = true;
  EXPECT_THAT(render_dataset(dataset), testing::Not(HasSubstr("train")));
}

TEST(RenderDataset, DescribedOrChecked) {
  results::DatasetRecord dataset = {.name = "mnist", .folder = "d", .class_names = {"0", "1"}};
  dataset.splits = {
      {.name = "train",
       .sha256 = "ab",
       .count = 3000,
       .height = 2,
       .width = 4,
       .channels = 1,
       .per_class = {1, 2999},
       .mean = {0.25},
       .std = {0.5}},
      {.name = "test", .sha256 = "cd", .count = 1, .height = 2, .width = 4, .channels = 1, .per_class = {1, 0}, .mean = {0}, .std = {0}}};
  EXPECT_EQ(render_dataset(dataset),
            "mnist: 2 classes (0, 1)\n"
            "train  3,000 images 2x4x1, sha256 ab\n"
            "test   1 images 2x4x1, sha256 cd\n"
            "train  mean 0.25000000, std 0.50000000 (of pixel / 255)\n");
  dataset.checked = true;
  EXPECT_THAT(render_dataset(dataset), HasSubstr("train: 3000 images read, labels in range, per class 1 2999\n"));
  EXPECT_THAT(render_dataset(dataset), HasSubstr("no duplicates"));
  dataset.issues = {{.kind = "class_missing", .text = "test: class 1 has no image", .count = 1}};
  EXPECT_THAT(render_dataset(dataset), HasSubstr("problem: test: class 1 has no image\n"));
  EXPECT_THAT(render_dataset(dataset), HasSubstr("\n1 problem\n"));
}

}  // namespace
}  // namespace liteqat::report
