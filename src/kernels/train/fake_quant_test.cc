#include "kernels/train/fake_quant.h"

#include <gtest/gtest.h>

#include <bit>
#include <limits>

#include "kernels/train/window_for_test.h"

namespace liteqat::kernels::train {
namespace {

using numeric::FakeQuantParams;
using Values = std::vector<float>;

struct Range {
  float min, max;
  bool narrow;
};
const std::vector<Range> kRanges = {
    {-6, 6, false}, {0, 1, false},          {-5.994f, 5.994f, false}, {-1.25f, 1.25f, true}, {-0.3f, 0.3f, true}, {-2.5f, 0.5f, false},
    {0, 0, false},  {-1e-6f, 3e-6f, false}, {-1e5f, 3e4f, false},     {-7, 0, false},        {0.0f, 6.0f, false}, {-4, 4, true}};

/// Random values in and around the range, its ends and their neighbours, and points halfway between two codes.
Values probes(const FakeQuantParams& p, uint64_t seed, size_t count) {
  Values x = random_values(seed, count);
  const float scale = p.scale > 0 ? p.scale : 1.0f;
  for (size_t i = 0; i < count; ++i) {
    switch (i % 6) {
      case 0:
        x[i] = p.nudged_min + scale * static_cast<float>(i % 256);
        break;
      case 1:
        x[i] = p.nudged_min + scale * (static_cast<float>(i % 256) + 0.5f);
        break;
      case 2:
        x[i] = i % 4 == 0 ? p.nudged_min : p.nudged_max;
        break;
      case 3:
        x[i] = std::nextafter(i % 4 == 1 ? p.nudged_min : p.nudged_max, i % 8 < 4 ? -1e30f : 1e30f);
        break;
      default:
        x[i] *= 128 * scale;
    }
  }
  return x;
}

void expect_same_bits(const Values& found, const Values& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) {
    ASSERT_EQ(std::bit_cast<uint32_t>(found[i]), std::bit_cast<uint32_t>(expected[i]))
        << "element " << i << ": " << found[i] << " " << expected[i];
  }
}

TEST(FakeQuant, PerTensorEqualsTheScalarDefinitionBitForBit) {
  for (const Range& range : kRanges) {
    const FakeQuantParams p = numeric::nudge_range(range.min, range.max, range.narrow);
    for (size_t count : {1u, 5u, 16u, 31u, 6000u}) {
      const Values x = probes(p, count, count), dy = random_values(count + 1, count);
      Values y(count), dx(count), expected_y, expected_dx, y_in_place = x, dx_in_place = dy;
      fake_quant_forward(p, x.data(), y.data(), int64_t(count));
      fake_quant_forward(p, y_in_place.data(), y_in_place.data(), int64_t(count));
      fake_quant_backward(p, x.data(), dy.data(), dx.data(), int64_t(count));
      fake_quant_backward(p, x.data(), dx_in_place.data(), dx_in_place.data(), int64_t(count));
      for (size_t i = 0; i < count; ++i) {
        expected_y.push_back(numeric::fake_quantize(x[i], p));
        expected_dx.push_back(numeric::fake_quantize_passes(x[i], p) ? dy[i] : 0.0f);
      }
      SCOPED_TRACE(format("range {} {}, {} elements", range.min, range.max, count));
      expect_same_bits(y, expected_y);
      expect_same_bits(y_in_place, expected_y);
      expect_same_bits(dx, expected_dx);
      expect_same_bits(dx_in_place, expected_dx);
    }
  }
}

struct PerChannel {
  std::vector<FakeQuantParams> params;
  Values x, dy;
};

/// `inner` consecutive elements share a channel: channel of element i is i / inner % channels.
PerChannel make_per_channel(size_t channels, size_t inner, size_t outer) {
  PerChannel in;
  in.dy = random_values(6, channels * inner * outer);
  in.x.resize(in.dy.size());
  for (size_t c = 0; c < channels; ++c) {
    const Range& range = kRanges[c % kRanges.size()];
    in.params.push_back(numeric::nudge_range(range.min, range.max, range.narrow));
    const Values values = probes(in.params.back(), c, inner * outer);
    for (size_t i = 0; i < inner * outer; ++i) in.x[(i / inner * channels + c) * inner + i % inner] = values[i];
  }
  return in;
}

template <typename Forward, typename Backward>
void check_per_channel(const PerChannel& in, size_t inner, Forward forward, Backward backward) {
  Values y(in.x.size()), dx(in.x.size()), expected_y, expected_dx;
  forward(in.params.data(), in.x.data(), y.data());
  backward(in.params.data(), in.x.data(), in.dy.data(), dx.data());
  for (size_t i = 0; i < in.x.size(); ++i) {
    const FakeQuantParams& p = in.params[i / inner % in.params.size()];
    expected_y.push_back(numeric::fake_quantize_per_channel(in.x[i], p));
    expected_dx.push_back(numeric::fake_quantize_passes(in.x[i], p) ? in.dy[i] : 0.0f);
  }
  expect_same_bits(y, expected_y);
  expect_same_bits(dx, expected_dx);
}

TEST(FakeQuant, PerChannelEqualsTheScalarDefinitionBitForBit) {
  for (size_t channels : {1u, 7u, 16u, 37u}) {
    for (size_t others : {1u, 9u, 50u}) {
      const auto c = int64_t(channels), n = int64_t(others);
      check_per_channel(
          make_per_channel(channels, others, 1), others,
          [&](const FakeQuantParams* p, const float* x, float* y) { fake_quant_slices_forward(p, c, n, x, y); },
          [&](const FakeQuantParams* p, const float* x, const float* dy, float* dx) { fake_quant_slices_backward(p, c, n, x, dy, dx); });
      check_per_channel(
          make_per_channel(channels, 1, others), 1,
          [&](const FakeQuantParams* p, const float* x, float* y) { fake_quant_columns_forward(p, n, c, x, y); },
          [&](const FakeQuantParams* p, const float* x, const float* dy, float* dx) { fake_quant_columns_backward(p, n, c, x, dy, dx); });
    }
  }
}

TEST(FakeQuant, NotANumberStaysOne) {
  const FakeQuantParams p = numeric::nudge_range(-6, 6, false);
  const Values x(20, std::numeric_limits<float>::quiet_NaN());
  Values y(20);
  fake_quant_forward(p, x.data(), y.data(), 20);
  for (float value : y) EXPECT_TRUE(std::isnan(value));
}

TEST(MinMax, OverAllElementsAndByColumn) {
  for (size_t rows : {1u, 2u, 5u, 33u}) {
    for (size_t channels : {1u, 3u, 16u, 41u}) {
      const Values x = random_values(rows * 100 + channels, rows * channels);
      const MinMax all = find_min_max(x.data(), int64_t(x.size()));
      EXPECT_EQ(all.min, *std::min_element(x.begin(), x.end()));
      EXPECT_EQ(all.max, *std::max_element(x.begin(), x.end()));
      Values low(channels), high(channels);
      find_min_max_by_column(int64_t(rows), int64_t(channels), x.data(), low.data(), high.data());
      for (size_t c = 0; c < channels; ++c) {
        float least = x[c], largest = x[c];
        for (size_t row = 0; row < rows; ++row) {
          least = std::min(least, x[row * channels + c]);
          largest = std::max(largest, x[row * channels + c]);
        }
        EXPECT_EQ(low[c], least);
        EXPECT_EQ(high[c], largest);
      }
    }
  }
}

}  // namespace
}  // namespace liteqat::kernels::train
