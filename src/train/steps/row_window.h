// Rows of one image that pass through a small buffer in order: what a strip of a depthwise convolution reads beside what the strip before
// it read. The rows that both need are moved to the front, the buffer stays in a core's cache.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/check.h"
#include "kernels/train/depthwise/depthwise.h"

namespace liteqat::train {

class RowWindow {
 public:
  /// Over memory for `capacity` rows, empty at row 0.
  RowWindow(float* data, int64_t row_elems, int32_t capacity) : data_(data), row_elems_(row_elems), capacity_(capacity) {}

  /// Drops rows before `keep` and makes room up to row `end`. Returns the rows that are new: the caller fills them. Requires: neither
  /// goes back, and [keep, end) fits.
  kernels::train::Rows advance(int32_t keep, int32_t end) {
    const int32_t held = std::max(0, end_ - keep);
    if (held > 0 && keep > first_) std::copy_n(row(keep), held * row_elems_, data_);
    first_ = std::max(first_, keep);
    const kernels::train::Rows fresh{std::max(end_, first_), std::max({end_, first_, end})};
    end_ = fresh.end;
    LITEQAT_CHECK_LE(end_ - first_, capacity_);
    return fresh;
  }

  int32_t first() const { return first_; }
  int32_t end() const { return end_; }
  const float* data() const { return data_; }
  float* row(int32_t index) const { return data_ + (index - first_) * row_elems_; }

 private:
  float* data_;
  int64_t row_elems_;
  int32_t capacity_;
  int32_t first_ = 0, end_ = 0;  // rows that the buffer holds
};

}  // namespace liteqat::train
