#include "kernels/add/add.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <limits>

#include "kernels/add/codes.h"
#include "kernels/add/floats.h"
#include "kernels/add/line.h"
#include "kernels/test_oracles.h"

namespace liteqat::kernels::add {
namespace {

using namespace kernels::testing;

Broadcast elementwise(int32_t count) {
  Broadcast broadcast;
  broadcast.extents.fill(1);
  broadcast.extents.back() = count;
  broadcast.a.back() = broadcast.b.back() = 1;
  return broadcast;
}

Int8Params make_params(const Broadcast& broadcast, float a, float b, float output, std::array<int32_t, 3> zero_points) {
  return {.broadcast = broadcast,
          .rescale = numeric::add_rescale(a, b, output),
          .a_zero_point = zero_points[0],
          .b_zero_point = zero_points[1],
          .output_zero_point = zero_points[2],
          .clamp = {-128, 127}};
}

TEST(AddInt8, PublishedValues) {
  const Int8Params params = make_params(elementwise(5), 0.0235f, 0.0471f, 0.0556f, {-3, 5, -12});
  const std::vector<int8_t> a = {10, -128, 127, 0, -50}, b = {20, 127, 127, 0, 33};
  std::vector<int8_t> output(5);
  add_int8(params, a.data(), b.data(), output.data());
  EXPECT_EQ(output, (std::vector<int8_t>{6, 39, 127, -15, -8}));
}

TEST(AddInt8, EveryPairOfCodesEqualsExactArithmetic) {
  Rng rng(1);
  for (int sample = 0; sample < 8; ++sample) {
    const float a_scale = std::ldexp(1.0f + rng.next_float(), random_between(rng, -9, -3));
    const float b_scale = std::ldexp(1.0f + rng.next_float(), random_between(rng, -9, -3));
    const float y_scale = std::ldexp(1.0f + rng.next_float(), random_between(rng, -8, -2));
    const std::array<int32_t, 3> zero = {random_between(rng, -128, 127), random_between(rng, -128, 127), random_between(rng, -128, 127)};
    std::vector<int8_t> a, b, output(65536);
    for (int32_t pair = 0; pair < 65536; ++pair) {
      a.push_back(static_cast<int8_t>(pair / 256 - 128));
      b.push_back(static_cast<int8_t>(pair % 256 - 128));
    }
    add_int8(make_params(elementwise(65536), a_scale, b_scale, y_scale, zero), a.data(), b.data(), output.data());
    const double twice = 2.0 * std::max(a_scale, b_scale);
    for (size_t pair = 0; pair < output.size(); ++pair) {
      const int64_t sum = exact_rescale((a[pair] - zero[0]) * (int64_t{1} << 20), static_cast<double>(a_scale) / twice) +
                          exact_rescale((b[pair] - zero[1]) * (int64_t{1} << 20), static_cast<double>(b_scale) / twice);
      const int64_t code = exact_rescale(sum, twice / (1048576.0 * static_cast<double>(y_scale))) + zero[2];
      ASSERT_EQ(output[pair], clamp(code, -128, 127)) << int{a[pair]} << " + " << int{b[pair]};
    }
  }
}

/// a + b of every pair by the exact rescale of test_oracles.h.
std::vector<int8_t> exact_sums(const CodesParams& params, const float (&scales)[3], const std::vector<int8_t>& a,
                               const std::vector<int8_t>& b) {
  const double twice = 2.0 * std::max(scales[0], scales[1]);
  std::vector<int8_t> output(a.size());
  for (size_t at = 0; at < output.size(); ++at) {
    const int64_t sum = exact_rescale((a[at] - params.a_zero_point) * (int64_t{1} << 20), static_cast<double>(scales[0]) / twice) +
                        exact_rescale((b[at] - params.b_zero_point) * (int64_t{1} << 20), static_cast<double>(scales[1]) / twice);
    const int64_t code = exact_rescale(sum, twice / (1048576.0 * static_cast<double>(scales[2]))) + params.output_zero_point;
    output[at] = static_cast<int8_t>(clamp(code, params.clamp.low, params.clamp.high));
  }
  return output;
}

TEST(AddCodes, EveryKernelEqualsExactArithmetic) {
  for (uint64_t seed = 0; seed < 400; ++seed) {
    Rng rng(seed);
    // Scales far apart and equal, outputs from much finer to much coarser: every shift from 0 on, and results far outside the codes.
    const auto scale = [&](int low, int high) { return std::ldexp(1.0f + rng.next_float(), random_between(rng, low, high)); };
    const float a_scale = scale(-12, 4), b_scale = rng.next_below(4) == 0 ? a_scale : scale(-30, 4), larger = std::max(a_scale, b_scale);
    const float scales[] = {a_scale, b_scale, larger * scale(-18, 6)};
    const auto zero_point = [&] { return rng.next_below(3) == 0 ? (rng.next_below(2) == 0 ? -128 : 127) : random_between(rng, -128, 127); };
    CodesParams params = {.rescale = numeric::add_rescale(scales[0], scales[1], scales[2]),
                          .a_zero_point = zero_point(),
                          .b_zero_point = zero_point(),
                          .output_zero_point = zero_point(),
                          .clamp = {-128, 127}};
    if (rng.next_below(2) == 0) params.clamp = {params.output_zero_point, random_between(rng, params.output_zero_point, 127)};
    const size_t count = seed < 70 ? seed + 1 : rng.next_below(300) + 1;
    const std::vector<int8_t> a = random_codes(rng, count), b = random_codes(rng, count), expected = exact_sums(params, scales, a, b);
    for (Isa isa : supported_isas()) {
      GuardedBuffer<int8_t> guarded_a(a), guarded_b(b), output(count);
      const CodesKernel& kernel = find_codes_kernel(isa);
      kernel.run(params, static_cast<int64_t>(count), guarded_a.data(), guarded_b.data(), output.data());
      ASSERT_EQ(output.values(), expected) << kernel.name << ", seed " << seed;
      kernel.run(params, static_cast<int64_t>(count), guarded_a.data(), guarded_b.data(), guarded_b.data());
      ASSERT_EQ(guarded_b.values(), expected) << kernel.name << " in place, seed " << seed;
    }
  }
}

TEST(AddCodes, TheStrongestSupportedKernelIsChosen) {
  EXPECT_STREQ(find_codes_kernel(Isa::kReference).name, "add_i8_i32_reference");
  struct Name {
    Isa isa;
    const char* name;
  };
  const Name kNames[] = {{Isa::kAvx2, "add_i8_i32_avx2"},
                         {Isa::kAvx512, "add_i8_i32_avx512"},
                         {Isa::kAvx512Vnni, "add_i8_i32_avx512"},
                         {Isa::kNeonDot, "add_i8_i32_neondot"}};
  for (const Name& expected : kNames) {
    if (!isa_supported(expected.isa)) continue;
    EXPECT_STREQ(find_codes_kernel(expected.isa).name, expected.name);
  }
}

/// Scales as they occur: neither input more than 16 times the other's, the output no finer than half the larger.
CodesParams usual_params(Rng& rng, float (&scales)[3]) {
  scales[0] = std::ldexp(1.0f + rng.next_float(), -6);
  scales[1] = scales[0] * std::ldexp(1.0f + rng.next_float(), random_between(rng, -4, 3));
  scales[2] = std::max(scales[0], scales[1]) * std::ldexp(1.0f + rng.next_float(), random_between(rng, -1, 1));
  CodesParams params = {.rescale = numeric::add_rescale(scales[0], scales[1], scales[2]),
                        .a_zero_point = random_between(rng, -128, 127),
                        .b_zero_point = random_between(rng, -128, 127),
                        .output_zero_point = random_between(rng, -128, 127),
                        .clamp = {-128, 127}};
  if (rng.next_below(3) == 0) params.clamp.low = params.output_zero_point;
  return params;
}

TEST(AddLine, EveryPairOfCodesEqualsExactArithmetic) {
  std::vector<int8_t> a, b;
  for (int32_t pair = 0; pair < 65536; ++pair) {
    a.push_back(static_cast<int8_t>(pair / 256 - 128));
    b.push_back(static_cast<int8_t>(pair % 256 - 128));
  }
  for (Isa isa : supported_isas()) {
    Line line;
    int found = 0;
    for (uint64_t seed = 0; seed < 40; ++seed) {
      Rng rng(seed);
      float scales[3];
      const CodesParams params = usual_params(rng, scales);
      const LineKernel* kernel = find_line_kernel(params, isa, &line);
      if (kernel == nullptr) continue;
      ++found;
      std::vector<int8_t> output(a.size());
      kernel->run(line, 65536, a.data(), b.data(), output.data());
      ASSERT_EQ(output, exact_sums(params, scales, a, b)) << kernel->name << ", seed " << seed;
      // Counts around the width of a vector, guarded, and in place.
      const size_t count = seed * 5 + 1, at = rng.next_below(60000);
      const auto part = [&](const std::vector<int8_t>& of) {
        return std::vector<int8_t>(of.begin() + static_cast<std::ptrdiff_t>(at), of.begin() + static_cast<std::ptrdiff_t>(at + count));
      };
      GuardedBuffer<int8_t> guarded_a(part(a)), guarded_b(part(b));
      kernel->run(line, static_cast<int64_t>(count), guarded_a.data(), guarded_b.data(), guarded_a.data());
      ASSERT_EQ(guarded_a.values(), part(output)) << kernel->name << ", seed " << seed;
    }
#if defined(__x86_64__)
    // Nearly all have a line, or it is of no use.
    EXPECT_GE(found, isa == Isa::kReference ? 0 : 34) << isa_name(isa);
#endif
  }
}

TEST(AddLine, NoneWhereNoConstantFitsOrSlopesDoNot) {
  Line line;
  // Equal scales and an output twice as coarse: every other sum is a tie, which goes away from zero on both sides.
  CodesParams params = {.rescale = numeric::add_rescale(0.5f, 0.5f, 1.0f), .clamp = {-128, 127}};
  EXPECT_EQ(find_line_kernel(params, supported_isas().back(), &line), nullptr);
  params.rescale = numeric::add_rescale(1.0f, 1.0f, 0.001f);  // a thousand codes a step
  EXPECT_EQ(find_line_kernel(params, supported_isas().back(), &line), nullptr);
  EXPECT_EQ(find_line_kernel(params, Isa::kReference, &line), nullptr);
}

TEST(AddInt8, ClampsToTheFusedActivation) {
  Int8Params params = make_params(elementwise(3), 1.0f, 1.0f, 1.0f, {0, 0, 0});
  params.clamp = {0, 6};
  const std::vector<int8_t> a = {-5, 2, 100}, b = {1, 2, 100};
  std::vector<int8_t> output(3);
  add_int8(params, a.data(), b.data(), output.data());
  EXPECT_EQ(output, (std::vector<int8_t>{0, 4, 6}));
}

TEST(AddFloat32, BroadcastsBothOperands) {
  // a [2,1,3] + b [4,1] -> [2,4,3]
  Broadcast broadcast;
  broadcast.extents = {1, 1, 1, 2, 4, 3};
  broadcast.a = {0, 0, 0, 3, 0, 1};
  broadcast.b = {0, 0, 0, 0, 1, 0};
  Rng rng(2);
  const std::vector<float> a = random_floats(rng, 6), b = random_floats(rng, 4);
  std::vector<float> output(24), expected;
  add_float32(broadcast, numeric::float_clamp(numeric::Activation::kRelu6), {0, 24}, a.data(), b.data(), output.data());
  for (size_t i = 0; i < 2; ++i) {
    for (size_t j = 0; j < 4; ++j) {
      for (size_t k = 0; k < 3; ++k) expected.push_back(std::min(std::max(a[i * 3 + k] + b[j], 0.0f), 6.0f));
    }
  }
  EXPECT_EQ(output, expected);
}

TEST(AddFloat32, LeadingAxesAreWalkedInOrder) {
  Broadcast broadcast;
  broadcast.extents = {2, 1, 3, 1, 2, 1};
  broadcast.a = {6, 0, 2, 0, 1, 0};
  broadcast.b = {1, 0, 0, 0, 0, 0};
  const std::vector<float> a = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, b = {100, 200};
  std::vector<float> output(12);
  add_float32(broadcast, numeric::float_clamp(numeric::Activation::kNone), {0, 12}, a.data(), b.data(), output.data());
  EXPECT_EQ(output, (std::vector<float>{101, 102, 103, 104, 105, 106, 207, 208, 209, 210, 211, 212}));
}

TEST(AddFloat32, ARangeIsThoseElementsAlone) {
  Broadcast broadcast;
  broadcast.extents = {1, 1, 1, 1, 2, 3};
  broadcast.a = {0, 0, 0, 0, 3, 1};
  broadcast.b = {0, 0, 0, 0, 1, 0};
  const std::vector<float> a = {1, 2, 3, 4, 5, 6}, b = {10, 20};
  std::vector<float> output(6, -1.0f);
  add_float32(broadcast, numeric::float_clamp(numeric::Activation::kNone), {2, 5}, a.data(), b.data(), output.data());
  EXPECT_EQ(output, (std::vector<float>{-1, -1, 13, 24, 25, -1}));
}

// Bits, so that signed zeros and NaN count: max(-0, 0) and whatever the clamp does with NaN are std::max's and std::min's.
TEST(AddFloats, EveryKernelGivesTheBitsOfPlainCode) {
  const auto bits = [](const std::vector<float>& values) {
    std::vector<uint32_t> all;
    for (float value : values) all.push_back(std::bit_cast<uint32_t>(value));
    return all;
  };
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN(), kInf = std::numeric_limits<float>::infinity();
  for (size_t count = 1; count <= 70; ++count) {
    for (const auto activation : {numeric::Activation::kNone, numeric::Activation::kRelu, numeric::Activation::kRelu6}) {
      Rng rng(count);
      std::vector<float> a = random_floats(rng, count), b = random_floats(rng, count), expected;
      const float special[] = {kNan, kInf, -kInf, -0.0f, 0.0f, std::numeric_limits<float>::max()};
      for (float value : special) {
        a[rng.next_below(static_cast<uint32_t>(count))] = value;
        if (value == value) b[rng.next_below(static_cast<uint32_t>(count))] = value;  // of two NaN either may come through
      }
      const numeric::FloatClamp clamp = numeric::float_clamp(activation);
      for (size_t at = 0; at < count; ++at) expected.push_back(std::min(std::max(a[at] + b[at], clamp.low), clamp.high));
      for (Isa isa : supported_isas()) {
        GuardedBuffer<float> guarded_a(a), guarded_b(b), output(count);
        const FloatsKernel& kernel = find_floats_kernel(isa);
        EXPECT_EQ(kernel.isa == Isa::kReference, isa == Isa::kReference);
        kernel.run(clamp, static_cast<int64_t>(count), guarded_a.data(), guarded_b.data(), output.data());
        ASSERT_EQ(bits(output.values()), bits(expected)) << kernel.name << ", " << count;
        kernel.run(clamp, static_cast<int64_t>(count), guarded_a.data(), guarded_b.data(), guarded_a.data());
        ASSERT_EQ(bits(guarded_a.values()), bits(expected)) << kernel.name << " in place, " << count;
      }
    }
  }
}

}  // namespace
}  // namespace liteqat::kernels::add
