#include "kernels/train/pointwise/pointwise.h"

#include <gtest/gtest.h>

#include "kernels/train/window_for_test.h"

namespace liteqat::kernels::train {
namespace {

constexpr float kGuard = 12345.0f;  // beside every output: nothing is written there

std::vector<float> with_guard(size_t elems) {
  return std::vector<float>(elems + 16, kGuard);
}

/// Takes the guard off and says whether it is whole.
bool take_guard(std::vector<float>& values) {
  const bool whole = std::all_of(values.end() - 16, values.end(), [](float value) { return value == kGuard; });
  values.resize(values.size() - 16);
  return whole;
}

struct Shape {
  int64_t rows, k, n;
};

/// Rows around the tiles' 1, 2, 4, 6, 8, 12, and around a block of 128; columns around 1, 4, 8, 16, 24, 32 and their sums.
std::vector<Shape> shapes() {
  std::vector<Shape> all;
  for (int64_t n : {1, 3, 4, 7, 8, 15, 16, 23, 24, 25, 31, 32, 33, 56, 63, 144}) {
    for (int64_t rows : {1, 5, 12, 27}) all.push_back({rows, 17, n});
  }
  all.push_back({128, 9, 40});
  all.push_back({300, 33, 21});
  all.push_back({2, 200, 5});
  return all;
}

TEST(Pointwise, MultipliesAsPlainLoopsDo) {
  for (Isa isa : supported_isas()) {
    const PointwiseKernels& kernels = find_pointwise_kernels(isa);
    for (const auto& [rows, k, n] : shapes()) {
      SCOPED_TRACE(format("{}: {} x {} x {}", kernels.name, rows, k, n));
      const auto a = random_values(1, size_t(rows * k)), b = random_values(2, size_t(k * n)), bias = random_values(3, size_t(n));
      for (const bool transposed : {false, true}) {
        const int64_t k_stride = transposed ? 1 : n, n_stride = transposed ? k : 1;
        std::vector<float> packed = with_guard(size_t(k * n)), c = with_guard(size_t(rows * n)), plain = c;
        const Ahead ahead{{a.data(), b.data()}, 40};
        kernels.pack(k, n, b.data(), k_stride, n_stride, packed.data());
        kernels.multiply(rows, k, n, a.data(), packed.data(), bias.data(), c.data(), ahead);
        kernels.multiply(rows, k, n, a.data(), packed.data(), nullptr, plain.data(), {});
        const auto before = random_values(4, size_t(rows * n));
        std::vector<float> added = with_guard(before.size());
        std::copy(before.begin(), before.end(), added.begin());
        kernels.add_product(rows, k, n, a.data(), packed.data(), bias.data(), added.data(), {{nullptr, a.data()}, 5, {c.data()}, rows * n});
        EXPECT_TRUE(take_guard(packed) && take_guard(c) && take_guard(plain) && take_guard(added));
        ExactSums with_bias(c.size()), without(c.size()), sum(c.size());
        for (int64_t row = 0; row < rows; ++row) {
          for (int64_t j = 0; j < n; ++j) {
            with_bias.add(size_t(row * n + j), bias[size_t(j)], 1);
            sum.add(size_t(row * n + j), bias[size_t(j)], 1);
            sum.add(size_t(row * n + j), before[size_t(row * n + j)], 1);
            for (int64_t i = 0; i < k; ++i) {
              const float factor = b[size_t(i * k_stride + j * n_stride)];
              with_bias.add(size_t(row * n + j), a[size_t(row * k + i)], factor);
              without.add(size_t(row * n + j), a[size_t(row * k + i)], factor);
              sum.add(size_t(row * n + j), a[size_t(row * k + i)], factor);
            }
          }
        }
        EXPECT_EQ(with_bias.difference(c), "");
        EXPECT_EQ(without.difference(plain), "");
        EXPECT_EQ(sum.difference(added), "");
      }
    }
  }
}

TEST(Pointwise, AccumulatesAsPlainLoopsDo) {
  for (Isa isa : supported_isas()) {
    const PointwiseKernels& kernels = find_pointwise_kernels(isa);
    for (const auto& [rows, m, n] : shapes()) {
      SCOPED_TRACE(format("{}: {} x {} x {}", kernels.name, rows, m, n));
      const auto a = random_values(1, size_t(rows * m)), b = random_values(2, size_t(rows * n)), before = random_values(3, size_t(m * n));
      std::vector<float> fresh = with_guard(before.size()), added = fresh;
      std::copy(before.begin(), before.end(), added.begin());
      kernels.accumulate(rows, m, n, a.data(), b.data(), false, fresh.data(), {{a.data(), nullptr}, rows * m});
      kernels.accumulate(rows, m, n, a.data(), b.data(), true, added.data(), {});
      EXPECT_TRUE(take_guard(fresh) && take_guard(added));
      ExactSums product(before.size()), sum(before.size());
      for (size_t i = 0; i < before.size(); ++i) sum.add(i, before[i], 1);
      for (int64_t row = 0; row < rows; ++row) {
        for (int64_t i = 0; i < m * n; ++i) {
          const float left = a[size_t(row * m + i / n)], right = b[size_t(row * n + i % n)];
          product.add(size_t(i), left, right);
          sum.add(size_t(i), left, right);
        }
      }
      EXPECT_EQ(product.difference(fresh), "");
      EXPECT_EQ(sum.difference(added), "");
    }
  }
}

TEST(Pointwise, KernelsAreNamedAfterTheirSet) {
  EXPECT_NE(std::string(find_pointwise_kernels(Isa::kReference).name).find("reference"), std::string::npos);
  for (Isa isa : supported_isas()) {
    if (isa == Isa::kAvx512Vnni || isa == Isa::kNeonDot) continue;  // have none of their own: AVX-512's, the reference
    EXPECT_NE(std::string(find_pointwise_kernels(isa).name).find(isa_name(isa)), std::string::npos);
  }
}

}  // namespace
}  // namespace liteqat::kernels::train
