#include "results/bench_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace liteqat::results {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;

BenchRecord small_record() {
  BenchRecord bench;
  bench.model = "m.tflite", bench.isa = "avx2", bench.arithmetic = "litert-reference", bench.cpu = "A CPU", bench.version = "0.1.0";
  bench.threads = 2, bench.batch = 4, bench.calls = 100;
  bench.latency_ms = {.median = 0.5, .min = 0.25, .p99 = 2};
  bench.images_per_second = 7000;
  bench.peak_kernel = "peak", bench.peak_gmacs_per_second = 1000;
  return bench;
}

TEST(BenchJson, HasTheContractsKeys) {
  BenchRecord bench = small_record();
  Json json = Json::parse(bench_to_json(bench));
  EXPECT_EQ(json["schema"], "liteqat/bench/1");
  EXPECT_EQ(json["model"], "m.tflite");
  EXPECT_EQ(json["threads"], 2);
  EXPECT_EQ(json["isa"], "avx2");
  EXPECT_EQ(json["latency_ms"], Json::parse(R"({"median":0.5,"min":0.25,"p99":2.0})"));
  EXPECT_EQ(json["images_per_second"], 7000);
  EXPECT_EQ(json["layers"], Json::array());
  EXPECT_FALSE(json.contains("peer"));
  bench.layers = {{.index = 3,
                   .op = "CONV_2D",
                   .name = "c",
                   .kernel = "k",
                   .macs = 10,
                   .median_ms = 0.1,
                   .share = 1,
                   .gmacs_per_second = 0.1,
                   .peak_share = 0.0001},
                  {.index = 4, .op = "ADD", .name = "a", .kernel = "r", .median_ms = 0}};
  bench.peer = PeerRecord{.program = "p.py",
                          .runtime = "LiteRT xnnpack",
                          .median_ms = 1,
                          .min_ms = 0.5,
                          .images_per_second = 3500,
                          .latency_ratio = 2,
                          .min_ratio = 2,
                          .throughput_ratio = 2};
  json = Json::parse(bench_to_json(bench));
  EXPECT_EQ(json["layers"][0]["gmacs_per_second"], 0.1);
  EXPECT_EQ(json["layers"][0]["peak_share"], 0.0001);
  EXPECT_FALSE(json["layers"][1].contains("gmacs_per_second"));
  EXPECT_EQ(json["peer"]["latency_ratio"], 2);
}

TEST(PeerJson, ReadsWhatThePeersWrite) {
  const auto litert = peer_from_json(
      R"([{"model":"m","resolver":"xnnpack","threads":1,"processes":1,"batch":1,"median_ms":0.5,"min_ms":0.25,"calls":7,"images_per_second":2000.5}])",
      "f");
  ASSERT_TRUE(litert.ok()) << litert.status().message();
  EXPECT_EQ(litert->runtime, "LiteRT xnnpack");
  EXPECT_EQ(litert->median_ms, 0.5);
  EXPECT_EQ(litert->min_ms, 0.25);
  EXPECT_EQ(litert->images_per_second, 2000.5);
  const auto openvino = peer_from_json(R"([{"model":"m","runtime":"openvino 2026","threads":1,"median_ms":0.5,"min_ms":0.4}])", "f");
  ASSERT_TRUE(openvino.ok()) << openvino.status().message();
  EXPECT_EQ(openvino->runtime, "openvino 2026");
  EXPECT_FALSE(openvino->images_per_second.has_value());
}

TEST(PeerJsonErrors, NameFileAndKey) {
  for (const auto& [text, expected] :
       std::vector<std::pair<const char*, const char*>>{{"[", "f: is not JSON"},
                                                        {"[]", "measured nothing"},
                                                        {"{}", "f"},
                                                        {R"([{"min_ms":1}])", "median_ms"},
                                                        {R"([{"median_ms":"x","min_ms":1}])", "median_ms"},
                                                        {R"([{"median_ms":0,"min_ms":0}])", "must be positive"}}) {
    const auto figures = peer_from_json(text, "f");
    ASSERT_FALSE(figures.ok()) << text;
    EXPECT_THAT(figures.status().message(), HasSubstr(expected)) << text;
  }
}

}  // namespace
}  // namespace liteqat::results
