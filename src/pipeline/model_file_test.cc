#include "pipeline/model_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>

#include "base/file.h"
#include "formats/safetensors/safetensors.h"
#include "formats/tflite/tflite.h"
#include "graph/builder.h"

namespace liteqat::pipeline {
namespace {

namespace safetensors = formats::safetensors;
using testing::HasSubstr;

graph::Graph small_network() {
  graph::GraphBuilder builder("small", 3, {});
  graph::TensorId x = builder.input(8, 8, 3);
  x = builder.relu6("stem_relu", builder.conv2d("stem", x, {.filters = 4, .kernel = 3, .bias = true}));
  x = builder.dense("head", builder.global_mean("pool", x), 5);
  auto graph = builder.finish(builder.softmax("probabilities", x), "scores");
  LITEQAT_CHECK(graph.ok());
  graph->info.labels = {"a", "b", "c", "d", "e"};
  graph->info.normalization = graph::InputNormalization{.mean = {1.5f, 2, 3}, .std = {4, 5, 6.25f}};
  return std::move(graph).value();
}

/// Every field with a value of its own; numbers that need all their digits.
TrainedModel full_model(quant::Scheme scheme) {
  TrainedModel model;
  model.graph = small_network();
  auto plan = quant::make_plan(model.graph, scheme);
  LITEQAT_CHECK(plan.ok());
  float value = 0.1f;
  for (quant::Quantizer& quantizer : plan->quantizers) {
    for (float& min : quantizer.min) min = -(value += 0.7f);
    for (float& max : quantizer.max) max = value += 0.3f;
  }
  model.plan = std::move(plan).value();
  model.recipe_hash = "0123abcd";
  model.state.epochs_done = 2;
  model.state.part = {.loss_sum = 1.0 / 3, .correct = 63, .total = 64};
  model.state.optimizer_steps = 3750;
  model.state.slots = {{"adam_m/stem/kernel", {1.0f / 3, -0.0f, 1e-45f}}, {"adam_v/stem/kernel", {1e38f, 2, 3}}, {"empty", {}}};
  model.state.history = {{.epoch = 1,
                          .steps = 1875,
                          .train_loss = 2.0 / 3,
                          .train_correct = 50000,
                          .train_total = 60000,
                          .validation_loss = 0.1,
                          .validation_correct = 900,
                          .validation_total = 1000,
                          .learning_rate = 1e-3},
                         {.epoch = 2,
                          .steps = 1875,
                          .train_loss = 1e-300,
                          .train_correct = 1,
                          .train_total = 60000,
                          .validation_loss = std::nullopt,
                          .learning_rate = 1.0 / 7}};
  return model;
}

class ModelFileTest : public testing::Test {
 protected:
  ModelFileTest() {
    const std::string test = testing::UnitTest::GetInstance()->current_test_info()->name();
    folder_ = std::filesystem::temp_directory_path() / format("liteqat_model_file_{}_{}", test, ::getpid());
    std::filesystem::create_directories(folder_);
  }
  ~ModelFileTest() override { std::filesystem::remove_all(folder_); }
  std::string path() const { return (folder_ / "model.safetensors").string(); }

  safetensors::File stored(const TrainedModel& model) const {
    LITEQAT_CHECK(write_trained_model(model, path()).ok());
    const auto bytes = read_file(path());
    LITEQAT_CHECK(bytes.ok());
    auto file = safetensors::read(*bytes, path());
    LITEQAT_CHECK(file.ok());
    return std::move(file).value();
  }
  /// What reading says about a file changed in this way; its checksum is right.
  Status refusal(const safetensors::File& file) const {
    LITEQAT_CHECK(write_file(path(), safetensors::write(file)).ok());
    return read_trained_model(path()).status();
  }

  std::filesystem::path folder_;
};

void expect_same_graph(const graph::Graph& found, const graph::Graph& expected) {
  EXPECT_EQ(graph::print(found), graph::print(expected));
  EXPECT_EQ(found.info.labels, expected.info.labels);
  EXPECT_EQ(found.info.normalization, expected.info.normalization);
  ASSERT_EQ(found.tensors.size(), expected.tensors.size());
  for (size_t i = 0; i < found.tensors.size(); ++i) {
    EXPECT_EQ(found.tensors[i].name, expected.tensors[i].name);
    EXPECT_EQ(found.tensors[i].role, expected.tensors[i].role);
    EXPECT_EQ(found.tensors[i].data, expected.tensors[i].data) << found.tensors[i].name;
  }
}

void expect_same_plan(const quant::Plan& found, const quant::Plan& expected) {
  EXPECT_EQ(found.scheme, expected.scheme);
  EXPECT_EQ(found.quantize_bias, expected.quantize_bias);
  ASSERT_EQ(found.quantizers.size(), expected.quantizers.size());
  for (size_t i = 0; i < found.quantizers.size(); ++i) {
    EXPECT_EQ(found.quantizers[i].tensor, expected.quantizers[i].tensor);
    EXPECT_EQ(found.quantizers[i].update, expected.quantizers[i].update);
    EXPECT_EQ(found.quantizers[i].axis, expected.quantizers[i].axis);
    EXPECT_EQ(found.quantizers[i].min, expected.quantizers[i].min);
    EXPECT_EQ(found.quantizers[i].max, expected.quantizers[i].max);
  }
}

void expect_same_state(const train::FitState& found, const train::FitState& expected) {
  EXPECT_EQ(found.epochs_done, expected.epochs_done);
  EXPECT_EQ(found.part.total, expected.part.total);
  EXPECT_EQ(found.part.correct, expected.part.correct);
  EXPECT_EQ(found.part.loss_sum, expected.part.loss_sum);
  EXPECT_EQ(found.optimizer_steps, expected.optimizer_steps);
  ASSERT_EQ(found.slots.size(), expected.slots.size());
  for (size_t i = 0; i < found.slots.size(); ++i) {
    EXPECT_EQ(found.slots[i].name, expected.slots[i].name);
    ASSERT_EQ(found.slots[i].values.size(), expected.slots[i].values.size());
    for (size_t k = 0; k < found.slots[i].values.size(); ++k) {
      EXPECT_EQ(std::bit_cast<uint32_t>(found.slots[i].values[k]), std::bit_cast<uint32_t>(expected.slots[i].values[k]));
    }
  }
  ASSERT_EQ(found.history.size(), expected.history.size());
  for (size_t i = 0; i < found.history.size(); ++i) {
    const train::EpochRecord &a = found.history[i], &b = expected.history[i];
    EXPECT_EQ(a.epoch, b.epoch);
    EXPECT_EQ(a.steps, b.steps);
    EXPECT_EQ(a.train_loss, b.train_loss);
    EXPECT_EQ(a.train_correct, b.train_correct);
    EXPECT_EQ(a.train_total, b.train_total);
    EXPECT_EQ(a.validation_loss, b.validation_loss);
    EXPECT_EQ(a.validation_correct, b.validation_correct);
    EXPECT_EQ(a.validation_total, b.validation_total);
    EXPECT_EQ(a.learning_rate, b.learning_rate);
  }
}

TEST_F(ModelFileTest, RoundTripOfEverything) {
  for (quant::Scheme scheme : {quant::Scheme::kTfmot8Bit, quant::Scheme::kLiteqat8Bit}) {
    const TrainedModel written = full_model(scheme);
    ASSERT_TRUE(write_trained_model(written, path()).ok());
    const auto read = read_trained_model(path());
    ASSERT_TRUE(read.ok()) << read.status().message();
    expect_same_graph(read->graph, written.graph);
    ASSERT_TRUE(read->plan);
    expect_same_plan(*read->plan, *written.plan);
    EXPECT_EQ(read->recipe_hash, "0123abcd");
    expect_same_state(read->state, written.state);
  }
}

TEST_F(ModelFileTest, RoundTripOfAPlainFloatModel) {
  TrainedModel written;
  written.graph = small_network();
  ASSERT_TRUE(write_trained_model(written, path()).ok());
  const auto read = read_trained_model(path());
  ASSERT_TRUE(read.ok()) << read.status().message();
  expect_same_graph(read->graph, written.graph);
  EXPECT_FALSE(read->plan);
  expect_same_state(read->state, {});
}

TEST_F(ModelFileTest, WritingTwiceGivesTheSameBytes) {
  const TrainedModel model = full_model(quant::Scheme::kLiteqat8Bit);
  ASSERT_TRUE(write_trained_model(model, path()).ok());
  const Bytes first = *read_file(path());
  ASSERT_TRUE(write_trained_model(*read_trained_model(path()), path()).ok());
  EXPECT_EQ(*read_file(path()), first);
}

TEST_F(ModelFileTest, AnyModelIsToldApartByContent) {
  const TrainedModel model = full_model(quant::Scheme::kLiteqat8Bit);
  const std::string disguised = (folder_ / "weights.tflite").string();
  ASSERT_TRUE(write_trained_model(model, disguised).ok());
  const auto trained = read_any_model(disguised);
  ASSERT_TRUE(trained.ok()) << trained.status().message();
  EXPECT_FALSE(trained->deployed);
  EXPECT_TRUE(trained->model.plan);
  EXPECT_EQ(trained->file_bytes, static_cast<int64_t>(std::filesystem::file_size(disguised)));

  const auto flat = formats::tflite::write(model.graph);
  ASSERT_TRUE(flat.ok()) << flat.status().message();
  ASSERT_TRUE(write_file(path(), *flat).ok());
  const auto deployed = read_any_model(path());
  ASSERT_TRUE(deployed.ok()) << deployed.status().message();
  EXPECT_TRUE(deployed->deployed);
  EXPECT_EQ(deployed->model.graph.ops.size(), model.graph.ops.size());
  EXPECT_EQ(deployed->file_bytes, static_cast<int64_t>(flat->size()));
}

TEST_F(ModelFileTest, MissingFileAndFileOfAnotherKind) {
  EXPECT_EQ(read_trained_model(path()).status().code(), Code::kNotFound);
  EXPECT_EQ(read_any_model(path()).status().code(), Code::kNotFound);
  for (const char* content : {"", "PK\3\4", "GIF89a, which is no model at all", "{\"a\": 1}\n"}) {
    ASSERT_TRUE(write_text_file(path(), content).ok());
    for (const Status& status : {read_trained_model(path()).status(), read_any_model(path()).status()}) {
      EXPECT_EQ(status.code(), Code::kCorruptFile) << content;
      EXPECT_THAT(status.message(), HasSubstr(path()));
    }
  }
}

TEST_F(ModelFileTest, EveryTruncationIsRefused) {
  ASSERT_TRUE(write_trained_model(full_model(quant::Scheme::kTfmot8Bit), path()).ok());
  const Bytes whole = *read_file(path());
  for (size_t size = 0; size < whole.size(); size += size < 64 ? 1 : 211) {
    ASSERT_TRUE(write_file(path(), std::span(whole).first(size)).ok());
    EXPECT_EQ(read_trained_model(path()).status().code(), Code::kCorruptFile) << size;
    EXPECT_EQ(read_any_model(path()).status().code(), Code::kCorruptFile) << size;
  }
}

TEST_F(ModelFileTest, ChangedWeightIsFoundByTheChecksum) {
  ASSERT_TRUE(write_trained_model(full_model(quant::Scheme::kTfmot8Bit), path()).ok());
  Bytes bytes = *read_file(path());
  bytes[bytes.size() - 7] ^= std::byte{1};
  ASSERT_TRUE(write_file(path(), bytes).ok());
  const Status status = read_trained_model(path()).status();
  EXPECT_EQ(status.code(), Code::kCorruptFile);
  EXPECT_THAT(status.message(), HasSubstr("SHA-256"));
}

TEST_F(ModelFileTest, SafetensorsOfSomeoneElse) {
  safetensors::File file;
  file.arrays["layer.weight"] = {graph::DType::kFloat32, {2}, Bytes(8)};
  file.metadata["format"] = "pt";
  const Status status = refusal(file);
  EXPECT_EQ(status.code(), Code::kCorruptFile);
  EXPECT_THAT(status.message(), HasSubstr("not a model of ours"));
  EXPECT_EQ(read_any_model(path()).status().code(), Code::kCorruptFile);
}

TEST_F(ModelFileTest, RangesThatAreMissingOrDoNotFit) {
  const safetensors::File sound = stored(full_model(quant::Scheme::kLiteqat8Bit));
  int ranges = 0;
  for (const auto& [name, array] : sound.arrays) {
    if (!name.starts_with("range/")) continue;
    ++ranges;
    safetensors::File file = sound;
    file.arrays.erase(name);
    Status status = refusal(file);
    EXPECT_EQ(status.code(), Code::kCorruptFile);
    EXPECT_THAT(status.message(), HasSubstr(format("range '{}' is missing", name)));

    file = sound;
    file.arrays[name].shape[0] += 1;
    file.arrays[name].data.resize(file.arrays[name].data.size() + 4);
    status = refusal(file);
    EXPECT_EQ(status.code(), Code::kCorruptFile);
    EXPECT_THAT(status.message(), HasSubstr(name));

    file = sound;
    file.arrays[name].type = graph::DType::kInt32;
    EXPECT_THAT(refusal(file).message(), HasSubstr("must be float32"));

    if (array.data.empty()) continue;
    for (float bad : {std::nanf(""), std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity()}) {
      file = sound;
      std::memcpy(file.arrays[name].data.data(), &bad, sizeof bad);
      status = refusal(file);
      EXPECT_EQ(status.code(), Code::kCorruptFile) << name << " " << bad;
      EXPECT_THAT(status.message(), HasSubstr(name));
    }
  }
  EXPECT_GE(ranges, 8);
}

TEST_F(ModelFileTest, RangeWhoseMinimumIsAboveItsMaximum) {
  safetensors::File file = stored(full_model(quant::Scheme::kTfmot8Bit));
  const float high = 1e6f;
  std::memcpy(file.arrays.at("range/input/min").data.data(), &high, sizeof high);
  const Status status = refusal(file);
  EXPECT_EQ(status.code(), Code::kCorruptFile);
  EXPECT_THAT(status.message(), HasSubstr("range/input"));
}

TEST_F(ModelFileTest, MetadataThatCannotBeUnderstood) {
  const safetensors::File sound = stored(full_model(quant::Scheme::kTfmot8Bit));
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"liteqat.scheme", "tfmot_4bit"},
      {"liteqat.epochs_done", "-1"},
      {"liteqat.epochs_done", "99999999999"},
      {"liteqat.epochs_done", "2x"},
      {"liteqat.epoch_part", ""},
      {"liteqat.epoch_part", "64 63"},
      {"liteqat.epoch_part", "64 x 0.5"},
      {"liteqat.epoch_part", "64 63 0.5 1"},
      {"liteqat.optimizer_steps", ""},
      {"liteqat.optimizer_steps", "1.5"},
      {"liteqat.history", "1 2 3"},
      {"liteqat.history", "1 1875 x 5 6 none 0 0 0.1\n"},
      {"liteqat.history", "1 1875 0.5 5 6 none 0 0 0.1 surplus\n"},
      {"liteqat.history", "1 1875 0.5 5 6 none 0 0 0.1\n\n1 1875 0.5 5 6 none 0 0 0.1\n"},
      {"liteqat.graph", "{"}};
  for (const auto& [key, value] : cases) {
    safetensors::File file = sound;
    file.metadata[key] = value;
    const Status status = refusal(file);
    EXPECT_EQ(status.code(), Code::kCorruptFile) << key << " = " << value;
    EXPECT_THAT(status.message(), HasSubstr(path()));
  }
}

TEST_F(ModelFileTest, MissingWeightArray) {
  safetensors::File file = stored(full_model(quant::Scheme::kTfmot8Bit));
  ASSERT_EQ(file.arrays.erase("stem/kernel"), 1u);
  const Status status = refusal(file);
  EXPECT_EQ(status.code(), Code::kCorruptFile);
  EXPECT_THAT(status.message(), HasSubstr("stem/kernel"));
}

TEST_F(ModelFileTest, WritingIntoAMissingFolder) {
  const Status status = write_trained_model(full_model(quant::Scheme::kTfmot8Bit), (folder_ / "no/model.safetensors").string());
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(status.message(), HasSubstr("no/model.safetensors"));
}

}  // namespace
}  // namespace liteqat::pipeline
