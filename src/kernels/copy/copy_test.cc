#include "kernels/copy/copy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "kernels/test_oracles.h"

namespace liteqat::kernels::copy {
namespace {

using namespace kernels::testing;

constexpr int64_t kInputElems = 97;

/// Up to five axes over a contiguous output; most positions follow each other, some lie anywhere, some nowhere.
std::vector<Axis> random_axes(Rng& rng) {
  std::vector<Axis> axes(static_cast<size_t>(random_between(rng, 0, 5)));
  int64_t step = 1;
  for (size_t axis = axes.size(); axis-- > 0;) {
    axes[axis].output_step = step;
    const int32_t extent = random_between(rng, 1, 4), kind = random_between(rng, 0, 3);
    axes[axis].extent = extent;
    if (kind == 3) {
      axes[axis].input_origin = random_between(rng, 0, 2);
      axes[axis].input_step = std::min<int64_t>(step, 3);
    }
    for (int32_t position = 0; kind != 3 && position < extent; ++position) {
      const int64_t follows = position * std::min<int64_t>(step, 3);
      axes[axis].input.push_back(kind == 0 ? random_between(rng, 0, 12) : kind == 1 && rng.next_below(3) == 0 ? kNowhere : follows);
    }
    step *= extent;
  }
  return axes;
}

/// Offset in the input of one element of the output, or kNowhere: straight from the definition.
int64_t source_of(const std::vector<Axis>& axes, int64_t output_elem) {
  int64_t offset = 0;
  for (const Axis& axis : axes) {
    const int64_t position = output_elem / axis.output_step;
    const int64_t from = axis.input.empty() ? axis.input_origin + position * axis.input_step : axis.input[static_cast<size_t>(position)];
    output_elem %= axis.output_step;
    if (from == kNowhere || offset == kNowhere) {
      offset = kNowhere;
    } else {
      offset += from;
    }
  }
  return offset;
}

TEST(Copy, EveryElementComesFromWhereItsAxesSay) {
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    Rng rng(seed);
    const std::vector<Axis> axes = random_axes(rng);
    const auto elem_bytes = size_t{1} << rng.next_below(4);
    int64_t elems = 1;
    for (const Axis& axis : axes) elems *= axis.extent;
    const int64_t input_origin = random_between(rng, 0, 3), output_origin = random_between(rng, 0, 3);
    const Plan plan = make_plan(axes, static_cast<int64_t>(elem_bytes), input_origin, output_origin);
    std::vector<std::byte> memory((kInputElems + 5) * elem_bytes);
    for (std::byte& byte : memory) byte = static_cast<std::byte>(rng.next_below(256));
    const Filling filling = {std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4},
                             std::byte{5}, std::byte{6}, std::byte{7}, std::byte{8}};
    GuardedBuffer<std::byte> input(memory), output((static_cast<size_t>(output_origin + elems)) * elem_bytes);
    for (int64_t part = 2; part >= 0; --part) run(plan, filling, part_of(plan.pieces, part, 3), input.data(), output.data());
    for (int64_t elem = 0; elem < elems; ++elem) {
      const int64_t from = source_of(axes, elem);
      const std::byte* expected = from == kNowhere ? filling.data() : memory.data() + static_cast<size_t>(input_origin + from) * elem_bytes;
      ASSERT_EQ(std::memcmp(output.data() + static_cast<size_t>(output_origin + elem) * elem_bytes, expected, elem_bytes), 0)
          << "seed " << seed << " element " << elem;
    }
  }
}

TEST(Copy, ContiguousAxesBecomeOnePiece) {
  const Axis rows = {.extent = 3, .output_step = 4, .input = {0, 4, 8}}, columns = {.extent = 4, .output_step = 1, .input_step = 1};
  const Plan whole = make_plan({rows, columns}, 2, 5, 0);
  EXPECT_TRUE(whole.loops.empty());
  EXPECT_EQ(whole.pieces, 1);
  EXPECT_EQ(whole.piece_bytes, 24);
  EXPECT_EQ(whole.input_origin, 10);
  const Plan apart = make_plan({{.extent = 3, .output_step = 4, .input = {0, 7, 14}}, columns}, 2, 0, 0);
  EXPECT_EQ(apart.pieces, 3);
  EXPECT_EQ(apart.piece_bytes, 8);
}

TEST(Uint8Rescale, StaysWithinHalfAStepOfTheRealValue) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Rng rng(seed);
    const float from = 0.01f + rng.next_float(), to = 0.01f + rng.next_float();
    const int32_t from_zero = random_between(rng, 0, 255), to_zero = random_between(rng, 0, 255);
    const std::vector<uint8_t> codes = make_uint8_rescale(from, from_zero, to, to_zero);
    ASSERT_EQ(codes.size(), 256u);
    for (int32_t code = 0; code < 256; ++code) {
      const double real = static_cast<double>(from) / static_cast<double>(to) * (code - from_zero) + to_zero;
      // Five float32 roundings of at most 2^-24 relative, of terms that reach 255 * from / to in size.
      const double bound = 0.5 + 5.0 * 0x1p-24 * 255.0 * static_cast<double>(from / to);
      ASSERT_NEAR(codes[static_cast<size_t>(code)], std::clamp(real, 0.0, 255.0), bound) << "seed " << seed << " code " << code;
    }
  }
}

TEST(Copy, MapsCodesWhileItCopies) {
  Plan plan = make_plan({{.extent = 2, .output_step = 1, .input = {2, 0}}}, 1, 0, 0);
  for (int32_t code = 0; code < 256; ++code) plan.map.push_back(static_cast<uint8_t>(255 - code));
  const std::byte input[] = {std::byte{10}, std::byte{20}, std::byte{30}};
  std::byte output[2];
  run(plan, {}, {0, plan.pieces}, input, output);
  EXPECT_EQ(std::to_integer<int>(output[0]), 225);
  EXPECT_EQ(std::to_integer<int>(output[1]), 245);
}

}  // namespace
}  // namespace liteqat::kernels::copy
