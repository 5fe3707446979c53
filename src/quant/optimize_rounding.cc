#include "quant/optimize_rounding.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/check.h"

namespace liteqat::quant {
namespace {

constexpr double kHighestCode = 127;

int8_t nearest_code(double value, double scale) {
  return static_cast<int8_t>(std::clamp(std::round(value / scale), -kHighestCode, kHighestCode));
}

/// Lower Cholesky factor in place; false if the matrix is not positive definite.
bool factor(std::vector<double>& matrix, size_t width) {
  for (size_t row = 0; row < width; ++row) {
    for (size_t column = 0; column <= row; ++column) {
      const double* a = &matrix[row * width];
      const double* b = &matrix[column * width];
      double sum = a[column];
      for (size_t k = 0; k < column; ++k) sum -= a[k] * b[k];
      if (row != column) {
        matrix[row * width + column] = sum / b[column];
      } else {
        if (!(sum > 0) || !std::isfinite(sum)) return false;
        matrix[row * width + row] = std::sqrt(sum);
      }
    }
  }
  return true;
}

/// Inverse of L, lower triangular, in place.
void invert_lower(std::vector<double>& lower, size_t width) {
  for (size_t column = 0; column < width; ++column) {
    lower[column * width + column] = 1 / lower[column * width + column];
    for (size_t row = column + 1; row < width; ++row) {
      double sum = 0;
      for (size_t k = column; k < row; ++k) sum -= lower[row * width + k] * lower[k * width + column];
      lower[row * width + column] = sum / lower[row * width + row];
    }
  }
}

}  // namespace

void RowMoments::add(std::span<const float> rows) {
  const size_t width = mean_.size();
  LITEQAT_CHECK(width > 0 && rows.size() % width == 0);
  if (origin_.empty() && !rows.empty()) origin_.assign(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(width));
  std::vector<float> centred(width);
  for (size_t begin = 0; begin < rows.size(); begin += width) {
    for (size_t i = 0; i < width; ++i) {
      centred[i] = rows[begin + i] - origin_[i];
      mean_[i] += centred[i];
    }
    for (size_t i = 0; i < width; ++i) {
      const float value = centred[i];
      if (value == 0.0f) continue;
      float* products = &products_[i * width];
      for (size_t j = i; j < width; ++j) products[j] += value * centred[j];
    }
    ++rows_;
  }
}

std::vector<double> RowMoments::mean() const {
  std::vector<double> mean(mean_.size());
  for (size_t i = 0; i < mean.size(); ++i) mean[i] = rows_ == 0 ? 0 : mean_[i] / static_cast<double>(rows_) + origin_[i];
  return mean;
}

std::vector<double> RowMoments::covariance() const {
  const size_t width = mean_.size();
  std::vector<double> covariance(width * width);
  if (rows_ == 0) return covariance;
  const auto count = static_cast<double>(rows_);
  for (size_t i = 0; i < width; ++i) {
    for (size_t j = i; j < width; ++j) {
      const double value = products_[i * width + j] / count - mean_[i] / count * (mean_[j] / count);
      covariance[i * width + j] = covariance[j * width + i] = value;
    }
  }
  return covariance;
}

RoundingOrder::RoundingOrder(std::span<const double> covariance, size_t width, double damping) : order_(width) {
  LITEQAT_CHECK_EQ(covariance.size(), width * width);
  std::iota(order_.begin(), order_.end(), size_t{0});
  std::ranges::stable_sort(order_, [&](size_t a, size_t b) { return covariance[a * width + a] > covariance[b * width + b]; });
  double trace = 0;
  for (size_t i = 0; i < width; ++i) trace += covariance[i * width + i];
  const double added = damping * trace / static_cast<double>(width);
  if (!(added > 0) || !std::isfinite(added)) return;
  // The factor wanted is U with U^T U = H^-1. With the columns reversed, H' = L L^T, and U is L^-1 with rows and columns reversed back.
  std::vector<double> reversed(width * width);
  for (size_t i = 0; i < width; ++i) {
    for (size_t j = 0; j < width; ++j) {
      reversed[i * width + j] = covariance[order_[width - 1 - i] * width + order_[width - 1 - j]];
    }
    reversed[i * width + i] += added;
  }
  if (!factor(reversed, width)) return;
  invert_lower(reversed, width);
  upper_.resize(width * width);
  for (size_t i = 0; i < width; ++i) {
    for (size_t j = i; j < width; ++j) upper_[i * width + j] = reversed[(width - 1 - i) * width + (width - 1 - j)];
  }
}

std::vector<int8_t> RoundingOrder::round(std::span<const float> weights, float scale) const {
  const size_t width = order_.size();
  LITEQAT_CHECK_EQ(weights.size(), width);
  std::vector<int8_t> codes(width);
  if (upper_.empty()) {
    std::ranges::transform(weights, codes.begin(), [&](float weight) { return nearest_code(weight, scale); });
    return codes;
  }
  std::vector<double> rest(width);
  for (size_t i = 0; i < width; ++i) rest[i] = weights[order_[i]];
  for (size_t i = 0; i < width; ++i) {
    const double* row = &upper_[i * width];
    const int8_t code = nearest_code(rest[i], scale);
    codes[order_[i]] = code;
    const double error = (rest[i] - static_cast<double>(code) * scale) / row[i];
    for (size_t j = i + 1; j < width; ++j) rest[j] -= error * row[j];
  }
  return codes;
}

}  // namespace liteqat::quant
