#include "kernels/train/codes/codes.h"

#include <gtest/gtest.h>

#include <vector>

#include "kernels/train/codes/implementations.h"

namespace liteqat::kernels::train {
namespace {

std::vector<const CodeKernels*> runnable() {
  std::vector<const CodeKernels*> kernels;
  for (Isa isa : {Isa::kReference, Isa::kAvx2, Isa::kAvx512}) {
    if (isa_supported(isa)) kernels.push_back(&find_code_kernels(isa));
  }
  return kernels;
}

/// Every code, in counts around the vector widths.
std::vector<int8_t> all_codes(int64_t count) {
  std::vector<int8_t> codes;
  for (int64_t i = 0; i < count; ++i) codes.push_back(static_cast<int8_t>(i % 256 - 128));
  return codes;
}

TEST(TrainCodes, DequantizeIsOneProduct) {
  for (const CodeKernels* kernels : runnable()) {
    for (int64_t count : {0, 1, 15, 16, 17, 63, 65, 256, 300}) {
      for (int32_t zero_point : {-128, -3, 0, 127}) {
        const float scale = 0.023528f;
        const std::vector<int8_t> codes = all_codes(count);
        std::vector<float> y(static_cast<size_t>(count) + 1, -7.0f);
        kernels->dequantize(codes.data(), scale, zero_point, y.data(), count);
        for (size_t i = 0; i < codes.size(); ++i) {
          // 9 bits times 24 bits is exact in double; the one rounding is to float32.
          const auto expected = static_cast<float>(static_cast<double>(codes[i] - zero_point) * static_cast<double>(scale));
          ASSERT_EQ(y[i], expected) << kernels->name << " element " << i;
        }
        EXPECT_EQ(y.back(), -7.0f) << kernels->name << ": wrote past " << count;
      }
    }
  }
}

TEST(TrainCodes, GradientsPassStrictlyInsideTheClamp) {
  for (const CodeKernels* kernels : runnable()) {
    for (int64_t count : {0, 1, 15, 16, 17, 63, 65, 256, 300}) {
      for (const auto& [low, high] : {std::pair{-128, 127}, std::pair{-128, 127 - 17}, std::pair{5, 90}, std::pair{3, 3}}) {
        const std::vector<int8_t> codes = all_codes(count);
        std::vector<float> dy(static_cast<size_t>(count) + 1);
        for (size_t i = 0; i < dy.size(); ++i) dy[i] = static_cast<float>(i) - 20.5f;
        kernels->pass_inside(codes.data(), low, high, dy.data(), count);
        for (size_t i = 0; i < codes.size(); ++i) {
          const bool inside = low < codes[i] && codes[i] < high;
          ASSERT_EQ(dy[i], inside ? static_cast<float>(i) - 20.5f : 0.0f) << kernels->name << " element " << i;
        }
        EXPECT_EQ(dy.back(), static_cast<float>(count) - 20.5f) << kernels->name << ": wrote past " << count;
      }
    }
  }
}

}  // namespace
}  // namespace liteqat::kernels::train
