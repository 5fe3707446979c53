#include "kernels/resize/resize.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "kernels/test_oracles.h"

namespace liteqat::kernels::resize {
namespace {

using namespace kernels::testing;

Params random_params(Rng& rng) {
  Params params = {.batch = random_between(rng, 1, 3),
                   .in_h = random_between(rng, 1, 9),
                   .in_w = random_between(rng, 1, 9),
                   .out_h = random_between(rng, 1, 20),
                   .out_w = random_between(rng, 1, 20),
                   .channels = random_between(rng, 1, 4)};
  params.align_corners = rng.next_below(3) == 0;
  params.half_pixel_centers = !params.align_corners && rng.next_below(2) == 0;
  return params;
}

/// Where an output looks in the input, in real pixels.
double source_of(int32_t position, int32_t in, int32_t out, const Params& params) {
  if (params.align_corners && out > 1) return static_cast<double>(position) * (in - 1) / (out - 1);
  if (params.half_pixel_centers) return (position + 0.5) * in / out - 0.5;
  return static_cast<double>(position) * in / out;
}

/// Interpolation between the pixels around a real position, held at the borders.
template <typename T>
double interpolate(const Params& params, const std::vector<T>& input, int64_t image, double y, double x, int64_t channel) {
  const auto at = [&](double row, double column) {
    const auto r = static_cast<int64_t>(std::clamp<double>(row, 0, params.in_h - 1));
    const auto c = static_cast<int64_t>(std::clamp<double>(column, 0, params.in_w - 1));
    return static_cast<double>(input[static_cast<size_t>(((image * params.in_h + r) * params.in_w + c) * params.channels + channel)]);
  };
  const double top = std::floor(y), left = std::floor(x), down = y - top, right = x - left;
  return (at(top, left) * (1 - right) + at(top, left + 1) * right) * (1 - down) +
         (at(top + 1, left) * (1 - right) + at(top + 1, left + 1) * right) * down;
}

template <typename T, typename Run>
void expect_interpolated(double bound, const std::vector<T>& input, const Params& params, const Run& run) {
  GuardedBuffer<T> source(input), target(static_cast<size_t>(params.out_rows() * params.out_w * params.channels));
  for (int64_t part = 2; part >= 0; --part) run(params, part_of(params.out_rows(), part, 3), source.data(), target.data());
  const T* output = target.data();
  for (int64_t row = 0; row < params.out_rows(); ++row) {
    for (int32_t x = 0; x < params.out_w; ++x) {
      for (int32_t channel = 0; channel < params.channels; ++channel) {
        const double expected = interpolate(params, input, row / params.out_h,
                                            source_of(static_cast<int32_t>(row % params.out_h), params.in_h, params.out_h, params),
                                            source_of(x, params.in_w, params.out_w, params), channel);
        ASSERT_NEAR(*output++, expected, bound);
      }
    }
  }
}

TEST(ResizeBilinear, IsInterpolationBetweenTheFourNeighbours) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    Rng rng(seed);
    const Params params = random_params(rng);
    const auto elems = static_cast<size_t>(params.batch * params.in_h * params.in_w * params.channels);
    // float32: positions up to 9 and weights up to 1.5 carry a few 2^-24, values up to 5: 1e-4 is far above their product.
    std::vector<float> values = random_floats(rng, elems);
    for (float& value : values) value = std::clamp(value, -5.0f, 5.0f);
    expect_interpolated(1e-4, values, params, bilinear_float32);
    // Codes: half a step of rounding, and a position that is up to 20 * 0.5 / 1024 pixels off on each axis, of a slope of up to 255 a
    // pixel.
    const double bound = 0.5 + 2 * 255.0 * 20 * 0.5 / 1024;
    expect_interpolated(bound, random_codes(rng, elems), params, bilinear_int8);
    std::vector<uint8_t> codes(elems);
    for (uint8_t& code : codes) code = static_cast<uint8_t>(rng.next_below(256));
    expect_interpolated(0.5 + 1e-3, codes, params, bilinear_uint8);
    std::vector<int16_t> wide(elems);
    for (int16_t& code : wide) code = static_cast<int16_t>(random_between(rng, -255, 255));
    expect_interpolated(2 * bound, wide, params, bilinear_int16);
  }
}

TEST(ResizeBilinear, DoublingAPairOfCodesIsExact) {
  // Positions 0, 512, 1024, 1536 (the last held at the border): 512 of 1024 between -3 and 10 is 3.5, half away from zero 4.
  const Params params = {.in_w = 2, .out_w = 4};
  const int8_t input[] = {-3, 10};
  int8_t output[4];
  bilinear_int8(params, {0, 1}, input, output);
  EXPECT_EQ(output[0], -3);
  EXPECT_EQ(output[1], 4);
  EXPECT_EQ(output[2], 10);
  EXPECT_EQ(output[3], 10);
}

TEST(ResizeBilinear, FarLargerOutputsStayInsideTheInput) {
  // The rounded step is 2/1024 where 3 * 1024 / 2000 = 1.536 was meant, so that the last outputs would look beyond the third pixel.
  const Params params = {.in_w = 3, .out_w = 2000};
  GuardedBuffer<int8_t> input(std::vector<int8_t>{1, 2, 3}), output(2000);
  bilinear_int8(params, {0, 1}, input.data(), output.data());
  EXPECT_EQ(output.data()[1999], 3);
}

TEST(ResizeNearest, Positions) {
  const auto positions = [](int32_t in, int32_t out, bool corners, bool half) {
    std::vector<int32_t> found;
    for (int32_t position = 0; position < out; ++position) found.push_back(nearest_position(position, in, out, corners, half));
    return found;
  };
  EXPECT_EQ(positions(2, 4, false, false), (std::vector<int32_t>{0, 0, 1, 1}));
  EXPECT_EQ(positions(3, 5, true, false), (std::vector<int32_t>{0, 1, 1, 2, 2}));  // 0, 0.5 (away from zero), 1, 1.5, 2
  EXPECT_EQ(positions(4, 2, false, true), (std::vector<int32_t>{1, 3}));
  EXPECT_EQ(positions(1, 3, true, true), (std::vector<int32_t>{0, 0, 0}));
}

}  // namespace
}  // namespace liteqat::kernels::resize
