// A 1x1 convolution z = x W^T + bias and its batch normalization by way of x's moments, without the passes over z that batch norm costs.
// Backward, with g the gradient behind the activation, the gradient of z is per channel
//
//   dz = a g + b (z - mean(z)) + d,     a known after the forward, b and d after g's sums over the batch (kernels/train/normalized.h),
//
// and z - mean(z) = (x - mean(x)) W^T. So what b and d bring is linear in x, and the sums over the batch's R rows follow from x alone:
//
//   dx = (a g) W + (x - mean(x)) M + d W,            M = W^T diag(b) W
//   dW = (a g)^T x + diag(b) W C + d sum(x)^T,       C = x^T x - sum(x) sum(x)^T / R
//
// (a g) W and (a g)^T x are computed while g is in the cache, as soon as whoever makes g has a piece of it: g is never stored. What is left
// for later touches x only, which has fewer channels than z. This class keeps x^T x and sum(x) of the batch and computes M and the rest.
//
// Forward, the same two say what z's mean and variance will be, mean(x) W^T + bias and diag(W C W^T) / R: whoever reads z need not wait for
// it and can compute it piece by piece, when it is needed and stays in the cache.
//
// This class keeps x^T x and sum(x) of the batch and computes what follows from them. Thread rule: add_input() and add_to_gradient() at the
// same time for different groups and chunks; combine_*() alone.
#pragma once

#include <vector>

#include "kernels/train/normalized.h"
#include "kernels/train/pointwise/pointwise.h"
#include "train/steps/batch_statistics.h"

namespace liteqat::train {

class InputMoments {
 public:
  /// Requires: `op` is a 1x1 convolution, the place is for training.
  InputMoments(Workplace& place, int32_t op, const kernels::train::PointwiseKernels& kernels);

  /// The next rows of x, [rows, inputs]; `fresh`: they are the group's first.
  void add_input(int32_t group, bool fresh, int64_t rows, const float* x);
  /// After all rows of the batch, which has R = batch_rows: z's moments go to the statistics.
  void combine_forward(const Batch& batch, int64_t batch_rows, BatchStatistics& statistics);
  /// Adds what is missing to the weights' gradient of the batch's first group and gets ready for add_to_gradient().
  void combine_backward(int64_t batch_rows, const kernels::train::NormalizedGradient& line);
  /// dx [rows, inputs] += what is missing of x's gradient.
  void add_to_gradient(int64_t rows, const float* x, float* dx, const kernels::train::Ahead& ahead) const;

 private:
  const graph::Op& op() const { return place_->model.ops[static_cast<size_t>(op_index_)]; }
  double* sums(int32_t group) { return sums_.data() + 2 * group * inputs_; }
  void add_groups(const Batch& batch, int64_t batch_rows);
  void complete_weights(const kernels::train::NormalizedGradient& line);
  void find_constant(int64_t batch_rows, const kernels::train::NormalizedGradient& line);

  Workplace* place_;
  int32_t op_index_;
  const kernels::train::PointwiseKernels& kernels_;
  int64_t inputs_, outputs_;
  FloatBlock squares_;             // by group: x^T x
  std::vector<double> sums_;       // by group: sums of x, and of squares that nobody needs
  std::vector<double> input_sum_;  // of the batch
  std::vector<double> output_sums_, output_squares_;
  std::vector<double> exact_spread_;    // C before it is rounded
  std::vector<float> spread_;           // C
  std::vector<float> weighted_spread_;  // W C
  std::vector<float> scaled_;           // diag(b) W
  std::vector<float> matrix_, packed_;  // M, and as multiply() reads it
  std::vector<float> constant_;         // d W - mean(x) M
};

}  // namespace liteqat::train
