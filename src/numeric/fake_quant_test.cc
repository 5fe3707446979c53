#include "numeric/fake_quant.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace liteqat::numeric {
namespace {

/// tests/golden/fake_quant/README.md
struct GoldenCase {
  bool narrow = false;
  float min = 0, max = 0;
  std::vector<float> inputs, per_tensor, per_channel;
  std::vector<int> tensor_gradient, channel_gradient;
};

std::vector<float> read_floats(std::istream& file) {
  std::string line, word;
  std::getline(file, line);
  std::istringstream words(line);
  std::vector<float> values;
  while (words >> word) values.push_back(std::bit_cast<float>(static_cast<uint32_t>(std::stoul(word, nullptr, 16))));
  return values;
}

std::vector<int> read_ints(std::istream& file) {
  std::string line;
  std::getline(file, line);
  std::istringstream words(line);
  std::vector<int> values;
  for (int value; words >> value;) values.push_back(value);
  return values;
}

std::vector<GoldenCase> read_golden() {
  std::ifstream file(LITEQAT_SOURCE_DIR "/tests/golden/fake_quant/fake_quant.txt");
  std::string comment;
  std::getline(file, comment);
  std::vector<GoldenCase> cases;
  for (std::vector<float> head = read_floats(file); head.size() == 3; head = read_floats(file)) {
    GoldenCase c;
    c.narrow = std::bit_cast<uint32_t>(head[0]) == 1;
    c.min = head[1];
    c.max = head[2];
    c.inputs = read_floats(file);
    c.per_tensor = read_floats(file);
    c.per_channel = read_floats(file);
    c.tensor_gradient = read_ints(file);
    c.channel_gradient = read_ints(file);
    cases.push_back(std::move(c));
  }
  return cases;
}

TEST(FakeQuant, EqualsTensorFlowBitForBit) {
  const std::vector<GoldenCase> cases = read_golden();
  ASSERT_EQ(cases.size(), 84u);
  for (const GoldenCase& c : cases) {
    const FakeQuantParams params = nudge_range(c.min, c.max, c.narrow);
    ASSERT_EQ(c.inputs.size(), c.per_tensor.size());
    for (size_t i = 0; i < c.inputs.size(); ++i) {
      SCOPED_TRACE(testing::Message() << "range " << c.min << ".." << c.max << " narrow " << c.narrow << " input " << c.inputs[i]);
      EXPECT_EQ(fake_quantize(c.inputs[i], params), c.per_tensor[i]);
      EXPECT_EQ(fake_quantize_per_channel(c.inputs[i], params), c.per_channel[i]);
      EXPECT_EQ(fake_quantize_passes(c.inputs[i], params), c.tensor_gradient[i] == 1);
      EXPECT_EQ(fake_quantize_passes(c.inputs[i], params), c.channel_gradient[i] == 1);
    }
  }
}

TEST(FakeQuant, LiteralValues) {
  const FakeQuantParams params = nudge_range(-1.0f, 254.0f, false);  // scale 1, zero point 1
  EXPECT_EQ(params.scale, 1.0f);
  EXPECT_EQ(params.nudged_min, -1.0f);
  EXPECT_EQ(params.nudged_max, 254.0f);
  EXPECT_EQ(fake_quantize(2.5f, params), 3.0f);   // ties go up
  EXPECT_EQ(fake_quantize(-0.5f, params), 0.0f);  // also below zero
  EXPECT_EQ(fake_quantize(300.0f, params), 254.0f);
  EXPECT_FALSE(fake_quantize_passes(-1.5f, params));
  EXPECT_TRUE(fake_quantize_passes(-1.0f, params));
}

TEST(FakeQuant, ZeroIsAlwaysExact) {
  for (float low = -7.0f; low < 0.0f; low += 0.37f) {
    for (float high = 0.01f; high < 9.0f; high *= 1.7f) {
      EXPECT_EQ(fake_quantize(0.0f, nudge_range(low, high, false)), 0.0f) << low << " " << high;
      EXPECT_EQ(fake_quantize_per_channel(0.0f, nudge_range(-high, high, true)), 0.0f) << high;
    }
  }
}

TEST(ConvertedParams, LiteralValues) {
  const ConvertedParams input = converted_params(0.0, 1.0, false);
  EXPECT_EQ(input.scale, 1.0 / 255.0);
  EXPECT_EQ(input.zero_point, -128);
  const ConvertedParams weights = converted_params(-0.5, 0.5, true);
  EXPECT_EQ(weights.scale, 1.0 / 254.0);
  EXPECT_EQ(weights.zero_point, 0);
  const ConvertedParams initial = converted_params(-6.0, 6.0, false);  // 127.5 rounds away from zero: 128 - 128
  EXPECT_EQ(initial.scale, 12.0 / 255.0);
  EXPECT_EQ(initial.zero_point, 0);
  EXPECT_EQ(converted_params(0.0, 0.0, false).scale, 1e-6 / 255.0);
  EXPECT_EQ(converted_params(0.5, 6.0, false).zero_point, -128);  // one-sided: shifted, same width
  EXPECT_EQ(converted_params(-6.0, -0.5, false).zero_point, 127);
}

/// Scale and zero point against a second derivation: the zero point that minimizes the distance of (min, max) to representable ends.
TEST(ConvertedParams, ZeroPointIsNearestCode) {
  for (double low = -3.0; low <= 0.0; low += 0.0173) {
    for (double high = 0.05; high < 5.0; high += 0.219) {
      const ConvertedParams p = converted_params(low, high, false);
      const double real_zero_point = -128.0 - low / p.scale;
      EXPECT_LE(std::abs(p.zero_point - real_zero_point), 0.5 + 1e-9) << low << " " << high;
      EXPECT_GE(p.zero_point, -128);
      EXPECT_LE(p.zero_point, 127);
    }
  }
}

TEST(ConvertedParams, BadRangeGivesBadScale) {
  EXPECT_TRUE(std::isnan(converted_params(std::nan(""), 1.0, false).scale));
  EXPECT_TRUE(std::isinf(converted_params(-1.0, INFINITY, false).scale));
}

TEST(QuantizeValue, RoundsHalfAwayAndClamps) {
  const ConvertedParams p{.scale = 0.5, .zero_point = 3};
  EXPECT_EQ(quantize_value(0.25, p, -128, 127), 4);    // 3.5
  EXPECT_EQ(quantize_value(-3.75, p, -128, 127), -5);  // -4.5
  EXPECT_EQ(quantize_value(-1e9, p, -127, 127), -127);
  EXPECT_EQ(quantize_value(1e300, p, -127, 127), 127);
}

}  // namespace
}  // namespace liteqat::numeric
