#include "results/model_record.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "results/dataset_record.h"

namespace liteqat::results {
namespace {

using Json = nlohmann::json;

ModelRecord deployed_model() {
  ModelRecord model;
  model.file = "m.tflite";
  model.format = "tflite";
  model.file_bytes = 700;
  model.inputs = {0};
  model.outputs = {2};
  model.mean = {0.5f};
  model.std = {255};
  model.labels = {"cat", "dog"};
  model.operators = {{"FULLY_CONNECTED", 1}};
  model.constant_bytes = 64;
  model.macs = 32;
  model.memory = MemoryRecord{.arena_bytes = 128, .live_peak_bytes = 120, .scratch_bytes = 16};
  model.isa = "avx2";
  model.layers = {{.index = 0,
                   .op = "FULLY_CONNECTED",
                   .name = "head",
                   .kernel = "k",
                   .macs = 32,
                   .scratch_bytes = 8,
                   .inputs = {0, 1, -1},
                   .outputs = {2}}};
  model.tensors = {{.id = 0,
                    .name = "x",
                    .type = "int8",
                    .shape = {1, 4},
                    .scale = {0.1f},
                    .zero_point = {-3},
                    .low = -12.5,
                    .high = 13,
                    .bytes = 4,
                    .place = TensorPlace::kArena,
                    .offset = 64,
                    .first_op = 0,
                    .last_op = 0},
                   {.id = 1,
                    .name = "w",
                    .type = "int8",
                    .shape = {2, 4},
                    .scale = {0.1f, 0.2f},
                    .zero_point = {0, 0},
                    .bytes = 8,
                    .place = TensorPlace::kConstant},
                   {.id = 2, .name = "y", .type = "int8", .shape = {1, 2}, .bytes = 2, .place = TensorPlace::kArena, .in_place_of = 0}};
  return model;
}

TEST(ModelJson, LayersThatDoNothingAreListedWhereThereAreSome) {
  ModelRecord model = deployed_model();
  EXPECT_FALSE(Json::parse(model_to_json(model, false)).contains("inactive_layers"));
  model.inactive_layers = {"flip (RandomFlip)"};
  EXPECT_EQ(Json::parse(model_to_json(model, false))["inactive_layers"], Json({"flip (RandomFlip)"}));
}

TEST(ModelJson, DeployedModelHasMemoryLayersAndTensors) {
  const Json json = Json::parse(model_to_json(deployed_model(), true));
  EXPECT_EQ(json["schema"], "liteqat/inspect/1");
  EXPECT_EQ(json["file_bytes"], 700);
  EXPECT_EQ(json["inputs"][0]["name"], "x");
  EXPECT_EQ(json["preprocessing"]["mean"], Json({0.5}));
  EXPECT_EQ(json["memory"], Json::parse(R"({"arena_bytes":128,"live_peak_bytes":120,"scratch_bytes":16})"));
  EXPECT_EQ(json["operators"]["FULLY_CONNECTED"], 1);
  EXPECT_EQ(json["layers"][0],
            Json::parse(R"({"index":0,"operator":"FULLY_CONNECTED","name":"head","kernel":"k","scratch_bytes":8,"macs":32,
                                               "inputs":[0,1,-1],"outputs":[2]})"));
  const Json& x = json["tensors"][0];
  EXPECT_EQ(x["scale"][0].get<float>(), 0.1f);  // every digit of the float32
  EXPECT_EQ(x["range"], Json({-12.5, 13.0}));
  EXPECT_EQ(x["offset"], 64);
  EXPECT_FALSE(x.contains("axis"));
  EXPECT_EQ(json["tensors"][1]["axis"], 0);
  EXPECT_EQ(json["tensors"][1]["place"], "constant");
  EXPECT_FALSE(json["tensors"][1].contains("offset"));
  EXPECT_EQ(json["tensors"][2]["in_place_of"], 0);
  EXPECT_FALSE(json["tensors"][2].contains("scale"));
  EXPECT_FALSE(json.contains("epochs"));
}

TEST(ModelJson, LayersOnlyWhereAskedForAndTrainingOnlyWhereKnown) {
  ModelRecord model = deployed_model();
  model.memory.reset();
  model.trainable_parameters = 10, model.parameters = 12, model.epochs = 3;
  model.scheme = "tfmot_8bit", model.quantizers = 5;
  const Json json = Json::parse(model_to_json(model, false));
  EXPECT_FALSE(json.contains("layers") || json.contains("tensors") || json.contains("memory") || json.contains("isa"));
  EXPECT_EQ(json["trainable_parameters"], 10);
  EXPECT_EQ(json["parameters"], 12);
  EXPECT_EQ(json["epochs"], 3);
  EXPECT_EQ(json["scheme"], "tfmot_8bit");
  EXPECT_EQ(json["quantizers"], 5);
}

TEST(ConversionJson, EveryField) {
  const ConversionRecord record = {
      .source = "a.safetensors", .file = "a.tflite", .type = "int8", .io = "uint8", .ranges = "training", .bytes = 9, .sha256 = "ab"};
  EXPECT_EQ(Json::parse(conversion_to_json(record)),
            Json::parse(R"({"schema":"liteqat/convert/1","source":"a.safetensors","file":"a.tflite",
    "type":"int8","io":"uint8","ranges":"training","bytes":9,"sha256":"ab"})"));
}

TEST(DatasetJson, IssuesOnlyWhereLookedFor) {
  DatasetRecord record = {.name = "mnist", .folder = "d", .class_names = {"0", "1"}};
  record.splits = {{.name = "train",
                    .sha256 = "ab",
                    .count = 3,
                    .height = 2,
                    .width = 4,
                    .channels = 1,
                    .per_class = {1, 2},
                    .mean = {0.25},
                    .std = {0.5}},
                   {.name = "test", .sha256 = "cd", .count = 0, .height = 2, .width = 4, .channels = 1, .per_class = {0, 0}}};
  Json json = Json::parse(dataset_to_json(record));
  EXPECT_EQ(json["schema"], "liteqat/data/1");
  EXPECT_EQ(json["classes"], Json({"0", "1"}));
  EXPECT_EQ(json["splits"][0],
            Json::parse(R"({"name":"train","count":3,"height":2,"width":4,"channels":1,"sha256":"ab","per_class":[1,2],"mean":[0.25],
    "std":[0.5]})"));
  EXPECT_FALSE(json["splits"][1].contains("mean") || json.contains("issues"));
  record.checked = true;
  EXPECT_EQ(Json::parse(dataset_to_json(record))["issues"], Json::array());
  record.issues = {{.kind = "leak", .text = "t", .count = 2}};
  EXPECT_EQ(Json::parse(dataset_to_json(record))["issues"], Json::parse(R"([{"kind":"leak","count":2,"text":"t"}])"));
}

}  // namespace
}  // namespace liteqat::results
