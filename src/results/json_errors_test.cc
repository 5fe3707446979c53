// A damaged run.json: always kCorruptFile, naming the file and the key path; never a crash, never a half-read record.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "results/records.h"

namespace liteqat::results {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

Run sample() {
  Run run;
  run.class_names = {"zero", "one"};
  run.environment.libraries = {{"fmt", "9"}};
  run.data = {{.name = "test", .sha256 = "22", .count = 10}};
  run.stages = {{.name = "float", .seconds = 1, .images_per_second = 2}};
  Metric metric{.id = "float.test", .model = "float", .arithmetic = "float32", .split = "test", .correct = 3, .total = 4};
  metric.agreement = 4;
  metric.agreement_with = "float";
  metric.confusion = {{2, 0}, {1, 1}};
  run.metrics = {metric};
  run.findings = {{.check = "c", .subject = "s", .summary = "m", .advice = "a", .verdict = Verdict::kClear, .evidence = {{"n", 1}}}};
  run.models = {{.model = "float", .path = "p", .bytes = 1, .sha256 = "s", .type = "t", .description = "d"}};
  run.curves = {{.stage = "float", .points = {EpochPoint{.epoch = 1, .validation_loss = 1.0}}}};
  run.disagreements = {{.index = 1, .label = 1, .height = 1, .width = 1, .channels = 1, .pixels = {9}, .predictions = {{"float", 0}}}};
  return run;
}

std::string message_of(const std::string& text) {
  const auto read = run_from_json(text, "some/run.json");
  if (read.ok()) return "accepted";
  EXPECT_EQ(read.status().code(), Code::kCorruptFile);
  EXPECT_THAT(read.status().message(), StartsWith("some/run.json: "));
  return read.status().message();
}

std::string message_with(const std::string& pointer, const Json& value) {
  Json json = Json::parse(run_to_json(sample()));
  json.at(Json::json_pointer(pointer)) = value;
  return message_of(json.dump());
}

TEST(RunJsonErrors, TruncationAtEveryByte) {
  const std::string text = run_to_json(sample());
  for (size_t length = 0; length + 2 < text.size(); ++length) {
    EXPECT_THAT(message_of(text.substr(0, length)), HasSubstr("not valid JSON at byte")) << length;
  }
}

// Walks the whole document: every member in turn is removed, then replaced by a value of a wrong type.
void damage_each(const Json& whole, const Json::json_pointer& at, int& cases) {
  const std::vector<std::string> kOptional = {"images_per_second", "validation_loss", "agreement", "confusion", "recipe_text"};
  const std::vector<std::string> kFreeKeys = {"libraries", "data", "evidence", "predictions"};
  const Json& here = whole.at(at);
  if (!here.is_structured()) return;
  for (const auto& item : here.items()) {
    const Json::json_pointer child = here.is_object() ? at / item.key() : at / static_cast<size_t>(std::stoul(item.key()));
    Json wrong = whole;
    wrong.at(child) = true;  // no key holds a boolean
    EXPECT_THAT(message_of(wrong.dump()), HasSubstr("found boolean")) << child.to_string();
    const bool free_key = !at.empty() && testing::Value(kFreeKeys, testing::Contains(at.back()));
    if (here.is_object() && !free_key && !testing::Value(kOptional, testing::Contains(item.key()))) {
      Json missing = whole;
      missing.at(at).erase(item.key());
      EXPECT_THAT(message_of(missing.dump()), HasSubstr("key '" + item.key() + "' is missing")) << child.to_string();
    }
    ++cases;
    damage_each(whole, child, cases);
  }
}

TEST(RunJsonErrors, EveryKeyMissingOrOfWrongType) {
  int cases = 0;
  damage_each(Json::parse(run_to_json(sample())), Json::json_pointer(""), cases);
  EXPECT_GT(cases, 80);
}

TEST(RunJsonErrors, NameTheKeyPath) {
  EXPECT_EQ(message_with("/metrics/0/interval/low", "x"), "some/run.json: metrics[0].interval.low: expected a number, found string");
  EXPECT_EQ(message_with("/schema", "liteqat/run/2"), "some/run.json: schema: expected 'liteqat/run/1', found 'liteqat/run/2'");
  EXPECT_EQ(message_of("[]"), "some/run.json: top level: expected an object, found array");
}

TEST(RunJsonErrors, ValuesOutOfRange) {
  EXPECT_THAT(message_with("/metrics/0/correct", -1), HasSubstr("metrics[0].correct: expected an integer from 0"));
  EXPECT_THAT(message_with("/metrics/0/correct", 2.5), HasSubstr("expected an integer, found number"));
  EXPECT_THAT(message_with("/metrics/0/total", 18446744073709551615u), HasSubstr("found 18446744073709551615"));
  EXPECT_THAT(message_with("/environment/threads", 1LL << 31), HasSubstr("environment.threads: expected an integer from 0 to 2147483647"));
  EXPECT_THAT(message_with("/seed", -1), HasSubstr("seed: expected an integer of at least 0"));
  EXPECT_THAT(message_with("/findings/0/verdict", "fine"),
              HasSubstr("findings[0].verdict: expected problem, doubt, clear or skipped, found 'fine'"));
  std::string huge = run_to_json(sample());
  huge.replace(huge.find("\"seconds\": 1.0"), 14, "\"seconds\": 1e999");
  EXPECT_THAT(message_of(huge), HasSubstr("JSON could not be read"));
}

TEST(RunJsonErrors, NumbersThatContradictEachOther) {
  EXPECT_THAT(message_with("/metrics/0/correct", 5), HasSubstr("metrics[0]: 'correct' is 5, more than 'total', which is 4"));
  EXPECT_THAT(message_with("/metrics/0/ties", 5), HasSubstr("'ties' is 5"));
  EXPECT_THAT(message_with("/metrics/0/agreement", 5), HasSubstr("'agreement' is 5"));
  EXPECT_THAT(message_with("/metrics/0/confusion/1", Json::array({1})),
              HasSubstr("metrics[0].confusion[1]: a square matrix of 2 classes has a row of 1"));
  EXPECT_THAT(message_with("/curves/0/points/0/train_correct", 1), HasSubstr("'train_correct' is 1, more than 'train_total', which is 0"));
  EXPECT_THAT(message_with("/disagreements/0/width", 2), HasSubstr("disagreements[0].pixels: 1 bytes for 1x2x1 pixels"));
  EXPECT_THAT(message_with("/disagreements/0/height", 2147483647), HasSubstr("pixels: 1 bytes for"));
  EXPECT_THAT(message_with("/disagreements/0/pixels", "A"), HasSubstr("disagreements[0].pixels: not valid base64"));
}

}  // namespace
}  // namespace liteqat::results
