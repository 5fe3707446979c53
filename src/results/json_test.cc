#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "results/evaluation_record.h"
#include "results/records.h"

namespace liteqat::results {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

Metric small_metric() {
  Metric metric{.id = "qat_int8.test", .model = "qat_int8", .arithmetic = "litert-reference", .split = "test", .correct = 3, .total = 4};
  metric.value = 0.75;
  metric.interval = {.low = 0.3006418423, .high = 0.9544127391};
  metric.ties = 1;
  metric.agreement = 2;
  metric.agreement_with = "float";
  metric.confusion = {{2, 0}, {1, 1}};
  return metric;
}

Run full_run() {
  Run run;
  run.recipe = "mnist_guide";
  run.recipe_hash = "ab12";
  run.recipe_text = "name = \"r\"\n\n[train]\noptimizer = \"adamw\"\n";
  run.dataset = "mnist";
  run.class_names = {"zero", "one \"quoted\" \\ \n \x01 \xc3\xa9"};
  run.seed = std::numeric_limits<uint64_t>::max();
  run.environment = {.version = "0.1.0",
                     .cpu = "A CPU",
                     .cpu_flags = "avx2 fma",
                     .isa = "avx2",
                     .threads = 2,
                     .ranks = 3,
                     .libraries = {{"oneDNN", "2.6.3"}}};
  run.data = {{.name = "train", .sha256 = "11", .count = 60000}, {.name = "test", .sha256 = "22", .count = 10000}};
  run.images = results::ImageReading{.kind = "image_folder",
                                     .height = 96,
                                     .width = 128,
                                     .channels = "bgr",
                                     .resize = "opencv",
                                     .fit = "pad",
                                     .labels = "by place, offset 1"};
  run.stages = {{.name = "float", .seconds = 1.25, .images_per_second = 43200.5},
                {.name = "data", .seconds = 0.1, .images_per_second = {}}};
  run.metrics = {small_metric()};
  run.findings = {{.check = "noise.within_sampling_error",
                   .subject = "a",
                   .summary = "s",
                   .advice = "d",
                   .verdict = Verdict::kDoubt,
                   .evidence = {{"correct", 12.0}, {"p", 0.1}, {"unknown", kNan}},
                   .counts = {{"right", {.correct = 7, .total = 9}}},
                   .words = {{"operator", "CONV_2D"}},
                   .lists = {{"channels", {3, 5}}, {"pairs", {}}}}};
  run.models = {
      {.model = "float", .path = "float.safetensors", .bytes = 82000, .sha256 = "33", .type = "float32", .description = "trained"},
      {.model = "qat_int8",
       .path = "qat_int8.tflite",
       .bytes = 23000,
       .sha256 = "44",
       .type = "int8",
       .description = "rounded",
       .float_layers = {{.op = "SOFTMAX", .name = "predictions", .reason = "asked for"}}}};
  run.calibration = {.images = 5, .rule = "the first 5 of 9 images of train", .sha256 = "55", .overlap = 1, .calibrator = ""};
  EpochPoint point{
      .epoch = 1, .train_loss = 0.1 + 0.2, .learning_rate = 1e-3, .train_correct = 5, .train_total = 6, .validation_loss = kNan};
  run.curves = {{.stage = "float", .points = {point, EpochPoint{.epoch = 2}}}};
  Disagreement image{.index = 7, .label = 1, .height = 1, .width = 2, .channels = 2, .pixels = {0, 255, 1, 128}};
  image.predictions = {{"float", 1}, {"qat_int8", 0}};
  run.disagreements = {image};
  return run;
}

TEST(EvalJson, IsWrittenAsDocumented) {
  EXPECT_EQ(evaluation_to_json({.metrics = {small_metric()}}), R"({
  "schema": "liteqat/eval/1",
  "metrics": [
    {
      "id": "qat_int8.test",
      "model": "qat_int8",
      "arithmetic": "litert-reference",
      "split": "test",
      "correct": 3,
      "total": 4,
      "value": 0.75,
      "interval": {
        "method": "wilson",
        "level": 0.95,
        "low": 0.3006418423,
        "high": 0.9544127391
      },
      "ties": 1,
      "agreement": 2,
      "agreement_with": "float",
      "confusion": [
        [2, 0],
        [1, 1]
      ]
    }
  ]
}
)");
}

TEST(EvalJson, NoMetrics) {
  EXPECT_EQ(evaluation_to_json({}), "{\n  \"schema\": \"liteqat/eval/1\",\n  \"metrics\": []\n}\n");
}

TEST(EvalJson, PartsClustersAndNotesStandBesideTheMetric) {
  Metric metric = small_metric();
  metric.directories = {{.name = "a", .correct = 3, .total = 4, .value = 0.75}, {.name = "b"}};
  metric.copies = {{.name = "as they are", .correct = 1, .total = 2, .value = 0.5},
                   {.name = "mirrored", .correct = 2, .total = 2, .value = 1}};
  metric.clusters = ClusterRecord{.pictures = 2, .images_each = 2, .design_effect = 1.6, .effective_images = 2.5};
  const Json json = Json::parse(evaluation_to_json({.metrics = {metric}, .notes = {"a note"}}));
  EXPECT_EQ(json.at("notes"), Json({"a note"}));
  EXPECT_FALSE(json.contains("comparisons"));
  const Json& written = json.at("metrics").at(0);
  EXPECT_EQ(written.at("directories").at(0).at("directory"), "a");
  EXPECT_EQ(written.at("directories").at(0).at("value"), 0.75);
  EXPECT_FALSE(written.at("directories").at(1).contains("value"));
  EXPECT_EQ(written.at("directories").at(1).at("total"), 0);
  EXPECT_EQ(written.at("copies").at(1).at("copy"), "mirrored");
  EXPECT_EQ(written.at("clusters").at("effective_images"), 2.5);
}

TEST(RunJson, HasTheDocumentedKeys) {
  const Json json = Json::parse(run_to_json(full_run()));
  EXPECT_EQ(json.at("schema"), "liteqat/run/1");
  EXPECT_EQ(json.at("seed").get<uint64_t>(), std::numeric_limits<uint64_t>::max());
  EXPECT_EQ(json.at("environment").at("libraries").at("oneDNN"), "2.6.3");
  EXPECT_EQ(json.at("data").at("test"), (Json{{"count", 10000}, {"sha256", "22"}}));
  EXPECT_EQ(json.at("images"), (Json{{"kind", "image_folder"},
                                     {"height", 96},
                                     {"width", 128},
                                     {"channels", "bgr"},
                                     {"resize", "opencv"},
                                     {"fit", "pad"},
                                     {"labels", "by place, offset 1"}}));
  EXPECT_EQ(json.at("stages").at(0), (Json{{"name", "float"}, {"seconds", 1.25}, {"images_per_second", 43200.5}}));
  EXPECT_FALSE(json.at("stages").at(1).contains("images_per_second"));
  EXPECT_EQ(json.at("findings").at(0).at("verdict"), "doubt");
  EXPECT_TRUE(json.at("findings").at(0).at("evidence").at("correct").is_number_integer());
  EXPECT_TRUE(json.at("findings").at(0).at("evidence").at("unknown").is_null());
  EXPECT_TRUE(json.at("curves").at(0).at("points").at(0).at("validation_loss").is_null());
  EXPECT_EQ(json.at("disagreements").at(0).at("pixels"), "AP8BgA==");
}

TEST(RunJson, ComesBackWhole) {
  const std::string text = run_to_json(full_run());
  const auto read = run_from_json(text, "run.json");
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(run_to_json(*read), text);

  const results::Run expected = full_run();
  EXPECT_EQ(read->class_names, expected.class_names);
  EXPECT_EQ(read->seed, expected.seed);
  EXPECT_EQ(read->data.at(0).name, "train");
  EXPECT_EQ(read->data.at(1).count, 10000);
  EXPECT_EQ(read->stages.at(0).images_per_second, 43200.5);
  EXPECT_FALSE(read->stages.at(1).images_per_second.has_value());
  EXPECT_EQ(read->metrics.at(0).agreement, 2);
  EXPECT_EQ(read->metrics.at(0).confusion, expected.metrics.at(0).confusion);
  EXPECT_EQ(read->metrics.at(0).interval.low, 0.3006418423);
  EXPECT_EQ(read->findings.at(0).verdict, Verdict::kDoubt);
  EXPECT_EQ(read->findings.at(0).evidence.at("p"), 0.1);
  EXPECT_EQ(read->findings.at(0).counts.at("right"), (Count{.correct = 7, .total = 9}));
  EXPECT_EQ(read->findings.at(0).words.at("operator"), "CONV_2D");
  EXPECT_EQ(read->findings.at(0).lists.at("channels"), (std::vector<int64_t>{3, 5}));
  EXPECT_TRUE(read->findings.at(0).lists.at("pairs").empty());
  EXPECT_TRUE(std::isnan(read->findings.at(0).evidence.at("unknown")));
  EXPECT_EQ(read->curves.at(0).points.at(0).train_loss, 0.1 + 0.2);
  EXPECT_TRUE(std::isnan(*read->curves.at(0).points.at(0).validation_loss));
  EXPECT_FALSE(read->curves.at(0).points.at(1).validation_loss.has_value());
  EXPECT_EQ(read->disagreements.at(0).pixels, expected.disagreements.at(0).pixels);
  EXPECT_EQ(read->disagreements.at(0).predictions, expected.disagreements.at(0).predictions);
}

TEST(RunJson, EveryDoubleRoundTrips) {
  results::Run run = full_run();
  for (const double value : {5e-324, 1.7976931348623157e308, -0.0, 0.1, 1.0 / 3, 9.81500000000000017e-1, 123456789.123456789}) {
    run.metrics[0].value = value;
    const auto read = run_from_json(run_to_json(run), "run.json");
    ASSERT_TRUE(read.ok());
    EXPECT_EQ(read->metrics[0].value, value);
    EXPECT_EQ(std::signbit(read->metrics[0].value), std::signbit(value));
  }
  run.metrics[0].value = std::numeric_limits<double>::infinity();
  EXPECT_TRUE(std::isnan(run_from_json(run_to_json(run), "run.json")->metrics[0].value));
}

void remove_keys(Json& json, const std::vector<std::string>& keys) {
  if (!json.is_structured()) return;
  if (json.is_object()) {
    for (const std::string& key : keys) json.erase(key);
  }
  for (Json& child : json) remove_keys(child, keys);
}

TEST(RunJson, OnlyTheDocumentedKeysHoldTimeAndPlace) {
  results::Run other = full_run();
  other.environment = {.version = "0.1.0", .cpu = "Another", .cpu_flags = "avx512f", .isa = "avx512", .threads = 1, .libraries = {}};
  for (Stage& stage : other.stages) stage.seconds *= 3;
  other.stages[0].images_per_second = 1;
  Json first = Json::parse(run_to_json(full_run())), second = Json::parse(run_to_json(other));
  EXPECT_NE(first, second);
  for (Json* json : {&first, &second}) remove_keys(*json, {"environment", "seconds", "images_per_second"});
  EXPECT_EQ(first, second);
}

TEST(RunJson, BytesThatAreNoUtf8AreReplaced) {
  results::Run run;
  run.recipe = "bad \xff name";
  const std::string text = run_to_json(run);
  EXPECT_THAT(text, HasSubstr("bad \xef\xbf\xbd name"));
  EXPECT_TRUE(run_from_json(text, "run.json").ok());
}

}  // namespace
}  // namespace liteqat::results
