#include "results/train_bench_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace liteqat::results {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;

TEST(TrainBenchJson, HasWhatTheRecordHas) {
  TrainBenchRecord bench;
  bench.recipe = "r", bench.mode = "float", bench.threads = 2, bench.batch = 128, bench.images_per_second = 400;
  bench.peak_kernel = "p", bench.peak_gflops = 500, bench.unfused = {"sum"};
  TrainStepTime layer;
  layer.name = "conv", layer.operators = "CONV_2D BATCH_NORM", layer.fused = true, layer.forward_ms = 1.5, layer.gflops = 100;
  bench.layers = {layer, TrainStepTime{}};
  bench.kinds = {{.operators = "CONV_2D BATCH_NORM", .steps = 1, .forward_ms = 1.5, .backward_ms = 3, .share = 0.5}};
  Json json = Json::parse(train_bench_to_json(bench));
  EXPECT_EQ(json["schema"], "liteqat/bench_train/1");
  EXPECT_EQ(json["images_per_second"], 400);
  EXPECT_EQ(json["peak"], Json::parse(R"({"kernel":"p","gflops":500})"));
  EXPECT_EQ(json["layers"][0]["gflops"], 100);
  EXPECT_EQ(json["layers"][0]["fused"], true);
  EXPECT_FALSE(json["layers"][1].contains("gflops"));
  EXPECT_EQ(json["kinds"][0]["backward_ms"], 3);
  EXPECT_EQ(json["unfused"], Json::parse(R"(["sum"])"));
  EXPECT_FALSE(json.contains("peers"));
  EXPECT_FALSE(json.contains("integer_peak"));
  EXPECT_FALSE(json.contains("float_step"));
  bench.forward = "integer", bench.integer_peak_kernel = "i", bench.integer_peak_gops = 2000;
  bench.float_step = {.images_per_second = 300, .fastest_images_per_second = 310, .step_ratio = 0.75};
  json = Json::parse(train_bench_to_json(bench));
  EXPECT_EQ(json["forward"], "integer");
  EXPECT_EQ(json["integer_peak"], Json::parse(R"({"kernel":"i","gops":2000})"));
  EXPECT_EQ(json["float_step"], Json::parse(R"({"images_per_second":300,"fastest_images_per_second":310,"step_ratio":0.75})"));
  bench.peer_program = "keras.py";
  bench.peers = {{.name = "keras n float", .images_per_second = 100, .peak_memory_mib = 2000, .ratio = 4, .memory_share = 0.5}};
  json = Json::parse(train_bench_to_json(bench));
  EXPECT_EQ(json["peers"][0]["ratio"], 4);
  EXPECT_EQ(json["peers"][0]["memory_share"], 0.5);
}

TEST(TrainPeerJson, ReadsWhatThePeersWrite) {
  const auto keras = train_peers_from_json(
      R"([{"net":"keras32","mode":"qat","batch":128,"images_per_second":473.5,"seconds":20,"peak_memory_mib":1300}])", "f");
  ASSERT_TRUE(keras.ok()) << keras.status().message();
  ASSERT_EQ(keras->size(), 1u);
  EXPECT_EQ((*keras)[0].name, "keras keras32 qat");
  EXPECT_EQ((*keras)[0].images_per_second, 473.5);
  EXPECT_EQ((*keras)[0].peak_memory_mib, 1300);
  EXPECT_TRUE((*keras)[0].quantized);
  const auto torch = train_peers_from_json(R"({"cifar88M_float_cl": 60.5, "cifar88M_qat_fx_cl": 30})", "f");
  ASSERT_TRUE(torch.ok()) << torch.status().message();
  ASSERT_EQ(torch->size(), 2u);
  EXPECT_EQ((*torch)[0].name, "torch cifar88M_float_cl");
  EXPECT_FALSE((*torch)[0].peak_memory_mib.has_value());
  EXPECT_FALSE((*torch)[0].quantized);
  EXPECT_TRUE((*torch)[1].quantized);
}

TEST(TrainPeerJsonErrors, NameFileAndKey) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"[", "f: is not JSON"},
      {"[]", "measured nothing"},
      {"{}", "measured nothing"},
      {R"([{"mode":"float"}])", "net"},
      {R"([{"net":"a","mode":"float","images_per_second":0,"peak_memory_mib":1}])", "positive"},
      {R"({"a": -1})", "'torch a'"}};
  for (const auto& [text, expected] : cases) {
    const auto rows = train_peers_from_json(text, "f");
    ASSERT_FALSE(rows.ok()) << text;
    EXPECT_THAT(rows.status().message(), HasSubstr(expected)) << text;
  }
}

}  // namespace
}  // namespace liteqat::results
