#include "kernels/pool/pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/test_oracles.h"
#include "numeric/padding.h"

namespace liteqat::kernels::pool {
namespace {

using namespace kernels::testing;

Window random_window(Rng& rng, int32_t most_channels = 9) {
  const auto padding = rng.next_below(2) == 0 ? numeric::Padding::kSame : numeric::Padding::kValid;
  Window window;
  window.batch = random_between(rng, 1, 3);
  window.in_h = random_between(rng, 1, 11);
  window.in_w = random_between(rng, 1, 11);
  window.in_c = window.out_c = random_between(rng, 1, most_channels);
  window.filter_h = random_between(rng, 1, padding == numeric::Padding::kSame ? 5 : window.in_h);
  window.filter_w = random_between(rng, 1, padding == numeric::Padding::kSame ? 5 : window.in_w);
  window.stride_h = random_between(rng, 1, 4);
  window.stride_w = random_between(rng, 1, 4);
  window.out_h = numeric::window_output_extent(padding, window.in_h, window.filter_h, window.stride_h, 1);
  window.out_w = numeric::window_output_extent(padding, window.in_w, window.filter_w, window.stride_w, 1);
  window.pad_top = numeric::window_pad_before(padding, window.in_h, window.filter_h, window.stride_h, 1, window.out_h);
  window.pad_left = numeric::window_pad_before(padding, window.in_w, window.filter_w, window.stride_w, 1, window.out_w);
  return window;
}

/// The values under one window, in memory order.
template <typename T>
std::vector<T> values_under(const Window& w, const std::vector<T>& input, int64_t output_offset) {
  const int64_t channel = output_offset % w.out_c, out_x = output_offset / w.out_c % w.out_w;
  const int64_t out_y = output_offset / w.out_c / w.out_w % w.out_h, image = output_offset / w.out_c / w.out_w / w.out_h;
  std::vector<T> values;
  for (int64_t y = 0; y < w.in_h; ++y) {
    for (int64_t x = 0; x < w.in_w; ++x) {
      const int64_t top = out_y * w.stride_h - w.pad_top, left = out_x * w.stride_w - w.pad_left;
      const bool inside = y >= top && y < top + w.filter_h && x >= left && x < left + w.filter_w;
      if (inside) values.push_back(input[static_cast<size_t>(((image * w.in_h + y) * w.in_w + x) * w.in_c + channel)]);
    }
  }
  return values;
}

/// In three parts, last first: rows are independent of each other.
template <typename T, typename Clamp>
std::vector<T> run_in_parts(void (*pool)(const Window&, Clamp, Range, const T*, T*), const Window& window, Clamp limits,
                            const std::vector<T>& input) {
  GuardedBuffer<T> source(input), target(static_cast<size_t>(window.out_rows() * window.out_w * window.out_c));
  for (int64_t part = 2; part >= 0; --part) pool(window, limits, part_of(window.out_rows(), part, 3), source.data(), target.data());
  return target.values();
}

template <typename T>
using IntPool = void (*)(const Window&, numeric::IntClamp, Range, const T*, T*);

template <typename T>
void expect_sorted_and_exact(IntPool<T> max, IntPool<T> mean) {
  constexpr int32_t kLow = std::numeric_limits<T>::min(), kHigh = std::numeric_limits<T>::max();
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Rng rng(seed);
    const Window window = random_window(rng);
    std::vector<T> input(static_cast<size_t>(window.batch * window.in_h * window.in_w * window.in_c));
    for (T& code : input)
      code = static_cast<T>(rng.next_below(8) == 0 ? kLow : rng.next_below(8) == 0 ? kHigh : random_between(rng, kLow, kHigh));
    const numeric::IntClamp limits = {random_between(rng, kLow, kLow / 2 + kHigh / 2), random_between(rng, kLow / 2 + kHigh / 2, kHigh)};
    const std::vector<T> largest = run_in_parts<T>(max, window, limits, input), average = run_in_parts<T>(mean, window, limits, input);
    for (size_t offset = 0; offset < largest.size(); ++offset) {
      const std::vector<T> values = values_under(window, input, static_cast<int64_t>(offset));
      ASSERT_EQ(largest[offset], clamp(*std::max_element(values.begin(), values.end()), limits.low, limits.high)) << "seed " << seed;
      double sum = 0;  // exact: few small integers; the quotient's rounding cannot reach a tie that is not exact
      for (T value : values) sum += value;
      ASSERT_EQ(average[offset], clamp(std::llround(sum / static_cast<double>(values.size())), limits.low, limits.high)) << "seed " << seed;
    }
  }
}

TEST(PoolIntegers, EqualSortingAndExactAverages) {
  expect_sorted_and_exact<int8_t>(max_pool_int8, average_pool_int8);
  expect_sorted_and_exact<uint8_t>(max_pool_uint8, average_pool_uint8);
  expect_sorted_and_exact<int16_t>(max_pool_int16, average_pool_int16);
}

TEST(PoolInt8, EveryKernelEqualsTheReference) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    Rng rng(seed);
    Window window = random_window(rng, 200);
    if (seed % 10 == 0) {  // one window over more taps than 16-bit sums hold
      window = {.in_h = random_between(rng, 16, 24), .in_w = random_between(rng, 17, 24), .in_c = random_between(rng, 1, 70)};
      window.out_c = window.in_c;
      window.filter_h = window.in_h;
      window.filter_w = window.in_w;
    }
    const auto count = static_cast<size_t>(window.batch * window.in_h * window.in_w * window.in_c);
    const std::vector<int8_t> input = seed % 20 == 0 ? std::vector<int8_t>(count, int8_t{-128}) : random_codes(rng, count);
    const numeric::IntClamp limits = {random_between(rng, -128, 0), random_between(rng, 0, 127)};
    const std::vector<int8_t> largest = run_in_parts<int8_t>(max_pool_int8, window, limits, input);
    const std::vector<int8_t> average = run_in_parts<int8_t>(average_pool_int8, window, limits, input);
    for (Isa isa : supported_isas()) {
      const Int8Kernels& kernels = find_int8_kernels(int64_t{window.filter_h} * window.filter_w, isa);
      ASSERT_EQ(run_in_parts<int8_t>(kernels.max_pool, window, limits, input), largest) << kernels.max_name << ", seed " << seed;
      ASSERT_EQ(run_in_parts<int8_t>(kernels.average_pool, window, limits, input), average) << kernels.average_name << ", seed " << seed;
    }
  }
}

// The quotient is taken in float32: around every tie of every number of taps that is allowed, it must be cut where the integer quotient is.
TEST(PoolInt8, AveragesAroundEveryTieAreExact) {
  const auto strongest = find_int8_kernels(1, supported_isas().back());
  for (int32_t taps = 1; taps <= 66000; taps += taps < 600 ? 1 : 577) {
    const Window window = {.in_h = taps, .out_h = 1, .filter_h = taps};
    if (taps > strongest.most_taps) {
      EXPECT_EQ(find_int8_kernels(taps, supported_isas().back()).isa, Isa::kReference);
      continue;
    }
    for (const int32_t code : {-128, -127, -1, 0, 126}) {
      std::vector<int8_t> input(static_cast<size_t>(taps), static_cast<int8_t>(code));
      const int32_t middle = taps / 2;
      for (int32_t tap = 0; tap < middle - 1; ++tap) input[static_cast<size_t>(tap)] = static_cast<int8_t>(code + 1);
      for (int32_t raised = std::max(middle - 1, 0); raised <= std::min(middle + 1, taps - 1); ++raised) {  // code + raised / taps
        int8_t average = 0;
        strongest.average_pool(window, {-128, 127}, {0, 1}, input.data(), &average);
        const int64_t sum = int64_t{code} * taps + raised, magnitude = (2 * std::abs(sum) + taps) / (2 * taps);
        ASSERT_EQ(average, sum < 0 ? -magnitude : magnitude) << taps << " taps, " << raised << " above " << code;
        input[static_cast<size_t>(raised)] = static_cast<int8_t>(code + 1);
      }
    }
  }
}

// A damaged file may ask for any filter that SAME padding fits: only the taps inside the input may cost time.
TEST(PoolIntegers, AFilterFarLargerThanTheInputEndsAtItsBorders) {
  Window window = {.in_h = 2, .in_w = 2, .out_h = 2, .out_w = 2, .filter_h = 1 << 29, .filter_w = 1 << 29};
  window.pad_top = window.pad_left = (1 << 28) - 1;
  const std::vector<int8_t> input = {-3, 7, 5, 1};
  std::vector<int8_t> largest(4), average(4);
  max_pool_int8(window, {-128, 127}, {0, window.out_rows()}, input.data(), largest.data());
  average_pool_int8(window, {-128, 127}, {0, window.out_rows()}, input.data(), average.data());
  EXPECT_EQ(largest, std::vector<int8_t>(4, 7));
  EXPECT_EQ(average, std::vector<int8_t>(4, 3));  // 10 / 4, ties away from zero
}

TEST(PoolFloat32, EqualsPlainLoops) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    Rng rng(seed);
    const Window window = random_window(rng);
    const auto input = random_floats(rng, static_cast<size_t>(window.batch * window.in_h * window.in_w * window.in_c));
    const size_t count = static_cast<size_t>(window.batch * window.out_h * window.out_w * window.out_c);
    const numeric::FloatClamp limits = numeric::float_clamp(static_cast<numeric::Activation>(rng.next_below(4)));
    std::vector<float> largest(count), average(count);
    max_pool_float32(window, limits, {0, window.out_rows()}, input.data(), largest.data());
    average_pool_float32(window, limits, {0, window.out_rows()}, input.data(), average.data());
    for (size_t offset = 0; offset < count; ++offset) {
      const std::vector<float> values = values_under(window, input, static_cast<int64_t>(offset));
      const float top = *std::max_element(values.begin(), values.end());
      float sum = 0;
      for (float value : values) sum += value;
      ASSERT_EQ(largest[offset], std::clamp(top, limits.low, limits.high)) << "seed " << seed;
      ASSERT_EQ(average[offset], std::clamp(sum / static_cast<float>(values.size()), limits.low, limits.high)) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace liteqat::kernels::pool
