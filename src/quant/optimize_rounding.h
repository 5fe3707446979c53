// Rounding of weights with second-order information: every weight is rounded in turn and what that does to the layer's output is made up
// for by the weights that are still free. Source: Frantar, Ashkboos, Hoefler, Alistarh, "GPTQ: accurate post-training quantization for
// generative pre-trained transformers", ICLR 2023, algorithm 1, with columns by falling diagonal. Chosen over AdaRound because it is a
// closed form: no learning rate, no iterations, the same bytes everywhere (decision 64).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace liteqat::quant {

/// Second moments of a layer's input rows, about their mean: what a change of the weights does to the variance of its outputs.
class RowMoments {
 public:
  explicit RowMoments(size_t width = 0) : mean_(width), products_(width * width) {}
  size_t width() const { return mean_.size(); }
  int64_t rows() const { return rows_; }
  /// Rows of width() values, one after the other. The same rows in the same order give the same bits.
  void add(std::span<const float> rows);
  std::vector<double> mean() const;
  /// [width, width], symmetric.
  std::vector<double> covariance() const;

 private:
  std::vector<double> mean_;     // sums
  std::vector<float> products_;  // sums of products, upper triangle, of values less the first row
  std::vector<float> origin_;    // the first row: products about it lose fewer digits
  int64_t rows_ = 0;
};

/// What rounding works with: made once per layer (or once per channel of a depthwise one).
class RoundingOrder {
 public:
  /// covariance [width, width]; `damping` of its mean diagonal is added to the diagonal.
  RoundingOrder(std::span<const double> covariance, size_t width, double damping = 0.01);
  /// Codes of one output channel's weights on the given scale, in [-127, 127]. Falls back to round to nearest if the covariance is
  /// singular in spite of the damping.
  std::vector<int8_t> round(std::span<const float> weights, float scale) const;

 private:
  std::vector<size_t> order_;  // columns, by falling diagonal
  std::vector<double> upper_;  // Cholesky factor of the inverse, in that order; empty: singular
};

}  // namespace liteqat::quant
