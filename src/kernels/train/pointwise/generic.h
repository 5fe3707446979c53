// The one skeleton of the pointwise training kernels. `Set` says how many lanes a vector has, how many rows of a tile fit the registers,
// and how to multiply and add. Internal linkage; include from reference.cc and x86_*.cc only.
#pragma once

#include "kernels/train/pointwise/pointwise.h"
#include "kernels/train/vectors.h"

namespace liteqat::kernels::train {
namespace {

/// kVectors vectors of kLanes columns side by side; of the last one only the lower half if kHalf is set.
template <int kWidthLanes, int kWidthVectors, bool kHalfWidth = false>
struct Width {
  static constexpr int kLanes = kWidthLanes, kVectors = kWidthVectors;
  static constexpr bool kHalf = kHalfWidth;
  static constexpr int64_t kColumns = int64_t{kLanes} * kVectors - (kHalf ? kLanes / 2 : 0);
};

template <typename Set, typename W>
[[gnu::always_inline]] inline Float<W::kLanes> load_columns(const float* from, int v) {
  if constexpr (W::kHalf) {
    if (v == W::kVectors - 1) return Set::load_half(from + v * W::kLanes);
  }
  return load<W::kLanes>(from + v * W::kLanes);
}

template <typename Set, typename W>
[[gnu::always_inline]] inline void store_columns(float* to, int v, Float<W::kLanes> value) {
  if constexpr (W::kHalf) {
    if (v == W::kVectors - 1) return Set::store_half(to + v * W::kLanes, value);
  }
  store<W::kLanes>(to + v * W::kLanes, value);
}

/// Calls visit.template operator()<Width>(first column) for tiles of columns: two vectors as long as they fit, then ever narrower ones. 24
/// columns (MobileNetV2 has them) are one tile: two tiles would load every row twice.
template <typename Set, typename Visit>
[[gnu::always_inline]] inline void for_each_columns(int64_t columns, const Visit& visit) {
  int64_t c = 0;
  for (; c + 2 * Set::kLanes <= columns; c += 2 * Set::kLanes) visit.template operator()<Width<Set::kLanes, 2>>(c);
  if constexpr (Set::kLanes == 16) {
    for (; c + 24 <= columns; c += 24) visit.template operator()<Width<16, 2, true>>(c);
  }
  for (; c + Set::kLanes <= columns; c += Set::kLanes) visit.template operator()<Width<Set::kLanes, 1>>(c);
  if constexpr (Set::kLanes > 8) {
    for (; c + 8 <= columns; c += 8) visit.template operator()<Width<8, 1>>(c);
  }
  if constexpr (Set::kLanes > 4) {
    for (; c + 4 <= columns; c += 4) visit.template operator()<Width<4, 1>>(c);
  }
  for (; c < columns; ++c) visit.template operator()<Width<1, 1>>(c);
}

/// Calls visit.template operator()<count>(first row) for tiles of rows.
template <typename Set, typename Visit>
[[gnu::always_inline]] inline void for_each_rows(int64_t rows, const Visit& visit) {
  int64_t r = 0;
  for (; r + Set::kRows <= rows; r += Set::kRows) visit.template operator()<Set::kRows>(r);
  if constexpr (Set::kRows > 8) {
    for (; r + 8 <= rows; r += 8) visit.template operator()<8>(r);
  }
  for (; r + 4 <= rows; r += 4) visit.template operator()<4>(r);
  for (; r + 2 <= rows; r += 2) visit.template operator()<2>(r);
  for (; r < rows; ++r) visit.template operator()<1>(r);
}

/// acc[r][v] += sum over `terms` of a(row r) * b(vector v). A term's a are a_row apart and the next term's a_term further; its b are side
/// by side and the next term's b_term further.
template <typename Set, int kRows, typename W>
[[gnu::always_inline]] inline void add_terms(int64_t terms, const float* a, int64_t a_row, int64_t a_term, const float* b, int64_t b_term,
                                             Float<W::kLanes> (&acc)[kRows][W::kVectors]) {
  using Vector = Float<W::kLanes>;
  for (int64_t term = 0; term < terms; ++term, a += a_term, b += b_term) {
    Vector column[W::kVectors];
#pragma GCC unroll 2
    for (int v = 0; v < W::kVectors; ++v) column[v] = load_columns<Set, W>(b, v);
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      const Vector row = broadcast<W::kLanes>(a[r * a_row]);
#pragma GCC unroll 2
      for (int v = 0; v < W::kVectors; ++v) acc[r][v] = Set::multiply_add(row, column[v], acc[r][v]);
    }
  }
}

/// Hands out what is asked for ahead, a share a tile.
class Touch {
 public:
  Touch(const Ahead& ahead, int64_t tiles)
      : ahead_(ahead), share_(share_of(ahead.elems, tiles)), to_share_(share_of(ahead.to_elems, tiles)) {}
  [[gnu::always_inline]] void next() {
    if (done_ < ahead_.elems) ask<0>(ahead_.from, ahead_.elems, share_, done_);
    if (to_done_ < ahead_.to_elems) ask<1>(ahead_.to, ahead_.to_elems, to_share_, to_done_);
  }

 private:
  static constexpr int64_t kLine = 16;
  /// Whole lines, so that none is asked for twice.
  static int64_t share_of(int64_t elems, int64_t tiles) { return tiles > 0 ? (elems / tiles + kLine) / kLine * kLine : elems; }
  template <int kWrite>
  [[gnu::always_inline]] static void ask(const float* const (&at)[2], int64_t elems, int64_t share, int64_t& done) {
    const int64_t end = done + share < elems ? done + share : elems;
    for (const float* base : at) {
      for (int64_t i = done; base != nullptr && i < end; i += kLine) __builtin_prefetch(base + i, kWrite, 2);
    }
    done = end;
  }
  Ahead ahead_;
  int64_t share_, to_share_;
  int64_t done_ = 0, to_done_ = 0;
};

/// kAdds: to what c holds.
template <typename Set, int kRows, typename W, bool kAdds>
inline void multiply_tile(int64_t k, int64_t n, const float* a, const float* panel, const float* bias, float* c) {
  using Vector = Float<W::kLanes>;
  Vector acc[kRows][W::kVectors];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
    for (int v = 0; v < W::kVectors; ++v) acc[r][v] = bias == nullptr ? Vector{} : load_columns<Set, W>(bias, v);
  }
  add_terms<Set, kRows, W>(k, a, k, 1, panel, W::kColumns, acc);
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
    for (int v = 0; v < W::kVectors; ++v) {
      if constexpr (kAdds) acc[r][v] += load_columns<Set, W>(c + r * n, v);
      store_columns<Set, W>(c + r * n, v, acc[r][v]);
    }
  }
}

template <typename Set, int kRows, typename W>
inline void accumulate_tile(int64_t rows, int64_t m, int64_t n, const float* a, const float* b, bool adds, float* c) {
  using Vector = Float<W::kLanes>;
  Vector acc[kRows][W::kVectors];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
    for (int v = 0; v < W::kVectors; ++v) acc[r][v] = adds ? load_columns<Set, W>(c + r * n, v) : Vector{};
  }
  add_terms<Set, kRows, W>(rows, a, 1, m, b, n, acc);
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
    for (int v = 0; v < W::kVectors; ++v) store_columns<Set, W>(c + r * n, v, acc[r][v]);
  }
}

template <typename Set>
void pack(int64_t k, int64_t n, const float* b, int64_t k_stride, int64_t n_stride, float* packed) {
  for_each_columns<Set>(n, [&]<typename W>(int64_t c) {
    float* to = packed + c * k;
    if (n_stride == 1) {
      for (int64_t i = 0; i < k; ++i) {
        for (int64_t j = 0; j < W::kColumns; ++j) to[i * W::kColumns + j] = b[i * k_stride + c + j];
      }
      return;
    }
    // A column at a time would visit all of a long panel for every column: rows in blocks that a first-level cache holds.
    constexpr int64_t kBlock = 64;
    for (int64_t begin = 0; begin < k; begin += kBlock) {
      const int64_t end = begin + kBlock < k ? begin + kBlock : k;
      for (int64_t j = 0; j < W::kColumns; ++j) {
        for (int64_t i = begin; i < end; ++i) to[i * W::kColumns + j] = b[i * k_stride + (c + j) * n_stride];
      }
    }
  });
}

template <typename Set, bool kAdds>
void multiply(int64_t rows, int64_t k, int64_t n, const float* a, const float* packed, const float* bias, float* c, const Ahead& ahead) {
  Touch touch(ahead, (rows / Set::kRows) * (n / (2 * Set::kLanes)));
  for_each_columns<Set>(n, [&]<typename W>(int64_t column) {
    const float* own_bias = bias == nullptr ? nullptr : bias + column;
    for_each_rows<Set>(rows, [&]<int kRows>(int64_t row) {
      touch.next();
      multiply_tile<Set, kRows, W, kAdds>(k, n, a + row * k, packed + column * k, own_bias, c + row * n + column);
    });
  });
}

template <typename Set>
void accumulate(int64_t rows, int64_t m, int64_t n, const float* a, const float* b, bool adds, float* c, const Ahead& ahead) {
  // So many rows of both matrices at a time that they stay in a first-level cache or close to it while the tiles pass.
  constexpr int64_t kBlockRows = 128;
  Touch touch(ahead, (rows + kBlockRows - 1) / kBlockRows * (m / Set::kRows) * (n / (2 * Set::kLanes)));
  for (int64_t row = 0; row < rows; row += kBlockRows) {
    const int64_t count = rows - row < kBlockRows ? rows - row : kBlockRows;
    for_each_columns<Set>(n, [&]<typename W>(int64_t column) {
      for_each_rows<Set>(m, [&]<int kRows>(int64_t first) {
        touch.next();
        accumulate_tile<Set, kRows, W>(count, m, n, a + row * m + first, b + row * n + column, adds || row > 0, c + first * n + column);
      });
    });
  }
}

template <typename Set>
constexpr PointwiseKernels make_pointwise_kernels(const char* name) {
  return {
      .name = name, .pack = pack<Set>, .multiply = multiply<Set, false>, .add_product = multiply<Set, true>, .accumulate = accumulate<Set>};
}

}  // namespace
}  // namespace liteqat::kernels::train
