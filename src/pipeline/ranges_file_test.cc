#include "pipeline/ranges_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "graph/builder.h"

namespace liteqat::pipeline {
namespace {

using graph::Graph;
using testing::HasSubstr;

/// Activations "input", "first" and "out".
Graph network() {
  graph::GraphBuilder builder("test", 1, {});
  const graph::TensorId x = builder.conv2d("first", builder.input(4, 4, 2), {.filters = 2});
  return builder.finish(x, "out").value();
}

std::string fault(const std::string& text) {
  return std::string(parse_ranges(text, "r.toml", network()).status().message());
}

TEST(RangesFile, EveryFloatReadsBackBitForBit) {
  constexpr float kLargest = std::numeric_limits<float>::max(), kLeast = std::numeric_limits<float>::denorm_min();
  const quant::Ranges ranges = {{"input", {-kLargest, kLargest}}, {"out", {-0.1f, kLeast}}};
  const std::string text = print_ranges(ranges, network(), "made by a test");
  EXPECT_THAT(text, HasSubstr("# made by a test\n"));
  const auto again = parse_ranges(text, "r.toml", network());
  ASSERT_TRUE(again.ok()) << again.status().message();
  EXPECT_EQ(*again, ranges);
}

TEST(RangesFile, WholeNumbersAreNumbers) {
  const auto ranges = parse_ranges("[ranges]\n\"input\" = [0, 255]\n", "r.toml", network());
  ASSERT_TRUE(ranges.ok()) << ranges.status().message();
  EXPECT_EQ(ranges->at("input"), (quant::Range{0, 255}));
}

TEST(RangesFile, FaultsNameTheTensor) {
  EXPECT_EQ(fault("input = [0, 1]\n"), "r.toml: has no table [ranges]");
  EXPECT_THAT(fault("[ranges]\n\"inptu\" = [0, 1]\n"), HasSubstr("r.toml: the model has no activation 'inptu'; did you mean 'input'?"));
  for (const char* ends :
       {"[1, 0]", "[0]", "[0, 1, 2]", "0", "[0, \"1\"]", "[0, true]", "[nan, 1]", "[0, inf]", "[0, 1e39]", "[-1e300, 0]"}) {
    EXPECT_EQ(fault("[ranges]\n\"input\" = " + std::string(ends) + "\n"),
              "r.toml: the range of 'input' must be [smallest, largest], two float32 numbers in this order")
        << ends;
  }
}

}  // namespace
}  // namespace liteqat::pipeline
