#include "pipeline/bench_parts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "pipeline/peer.h"

namespace liteqat::pipeline {
namespace {

TEST(BenchParts, MedianIsTheMiddle) {
  EXPECT_EQ(median({3, 1, 2}), 2);
  EXPECT_EQ(median({4, 1, 3, 2}), 2.5);
  EXPECT_EQ(median({7}), 7);
}

TEST(BenchParts, P99LeavesAtMostOnePercentAbove) {
  std::vector<double> values(200);
  std::iota(values.rbegin(), values.rend(), 1);  // 200 .. 1
  const results::LatencyRecord record = summarize(values);
  EXPECT_EQ(record.min, 1);
  EXPECT_EQ(record.median, 100.5);
  EXPECT_EQ(record.p99, 198);  // 2 of 200 are above
  EXPECT_EQ(summarize({5}).p99, 5);
  EXPECT_EQ(summarize({5, 6}).p99, 6);
}

TEST(BenchParts, RatiosAboveOneMeanThatWeAreFaster) {
  results::BenchRecord own;
  own.latency_ms = {.median = 2, .min = 1, .p99 = 9};
  own.images_per_second = 100;
  const PeerSamples peer = {
      .script = "p.py", .runtime = "r", .median_ms = {5, 3, 4}, .min_ms = {3, 2.5, 4}, .images_per_second = {25, 50, 20}};
  const results::PeerRecord record = compare_with_peer(own, peer);
  EXPECT_EQ(record.program, "p.py");
  EXPECT_EQ(record.median_ms, 4);
  EXPECT_EQ(record.min_ms, 2.5);
  EXPECT_EQ(record.latency_ratio, 2);
  EXPECT_EQ(record.min_ratio, 2.5);
  EXPECT_EQ(record.throughput_ratio, 4);
}

}  // namespace
}  // namespace liteqat::pipeline
