#include "train/steps/one_pass_reverse.h"

#include <algorithm>

#include "kernels/train/batch_norm.h"
#include "train/walk.h"

namespace liteqat::train {

OnePassReverse::OnePassReverse(Workplace& place, int32_t op, const kernels::train::PointwiseKernels& kernels)
    : place_(&place), op_index_(op), kernels_(kernels) {
  const graph::Shape& weights = place.model.tensor(place.model.ops[static_cast<size_t>(op)].inputs[1]).shape;
  inputs_ = weights[3], outputs_ = weights[0];
  const int64_t square = inputs_ * inputs_, groups = std::min(place.max_chunks, kMaxGroups);
  squares_ = FloatBlock(groups * square);
  sums_.resize(static_cast<size_t>(2 * groups * inputs_));
  input_sum_.resize(static_cast<size_t>(inputs_));
  for (std::vector<float>* values : {&spread_, &matrix_, &packed_}) values->resize(static_cast<size_t>(square));
  scaled_.resize(static_cast<size_t>(inputs_ * outputs_));
  constant_.resize(static_cast<size_t>(inputs_));
}

void OnePassReverse::add_input(int32_t group, bool fresh, int64_t rows, const float* x) {
  if (fresh) std::fill_n(sums(group), 2 * inputs_, 0.0);
  kernels_.accumulate(rows, inputs_, inputs_, x, x, !fresh, squares_.data() + group * inputs_ * inputs_, {});
  kernels::train::batch_norm_partial_sums(rows, inputs_, x, sums(group), sums(group) + inputs_);
}

/// input_sum_ and spread_, in double because both lose digits where x is far from 0.
void OnePassReverse::add_groups(const Batch& batch, int64_t batch_rows) {
  std::fill(input_sum_.begin(), input_sum_.end(), 0.0);
  for (int32_t group = 0; group < batch.groups; ++group) {
    for (int64_t i = 0; i < inputs_; ++i) input_sum_[static_cast<size_t>(i)] += sums(group)[i];
  }
  const double inverse = 1.0 / static_cast<double>(batch_rows);
  for (size_t i = 0; i < spread_.size(); ++i) {
    const size_t row = i / input_sum_.size(), column = i % input_sum_.size();
    double square = -input_sum_[row] * input_sum_[column] * inverse;
    for (int32_t group = 0; group < batch.groups; ++group) square += static_cast<double>(squares_.data()[group * inputs_ * inputs_ + static_cast<int64_t>(i)]);
    spread_[i] = static_cast<float>(square);
  }
}

void OnePassReverse::combine(const Batch& batch, int64_t batch_rows, const kernels::train::NormalizedGradient& line) {
  add_groups(batch, batch_rows);
  const float* weights = place_->parameter(place_->model.ops[static_cast<size_t>(op_index_)].inputs[1]);
  for (int64_t i = 0; i < inputs_ * outputs_; ++i) scaled_[static_cast<size_t>(i)] = line.b[i / inputs_] * weights[i];
  complete_weights(line.d);
  kernels_.accumulate(outputs_, inputs_, inputs_, weights, scaled_.data(), false, matrix_.data(), {});
  kernels_.pack(inputs_, inputs_, matrix_.data(), inputs_, 1, packed_.data());
  for (int64_t j = 0; j < inputs_; ++j) {
    double constant = 0;
    for (int64_t o = 0; o < outputs_; ++o) constant += static_cast<double>(line.d[o]) * static_cast<double>(weights[o * inputs_ + j]);
    for (int64_t i = 0; i < inputs_; ++i) {
      const double mean = input_sum_[static_cast<size_t>(i)] / static_cast<double>(batch_rows);
      constant -= mean * static_cast<double>(matrix_[static_cast<size_t>(i * inputs_ + j)]);
    }
    constant_[static_cast<size_t>(j)] = static_cast<float>(constant);
  }
}

void OnePassReverse::complete_weights(const float* shift) {
  const int32_t parameter = place_->gradients.find(place_->model.ops[static_cast<size_t>(op_index_)].inputs[1]);
  if (parameter < 0) return;
  float* gradient = place_->gradients.partial(parameter, 0);
  kernels_.pack(inputs_, inputs_, spread_.data(), inputs_, 1, packed_.data());
  kernels_.add_product(outputs_, inputs_, inputs_, scaled_.data(), packed_.data(), nullptr, gradient, {});
  for (int64_t i = 0; i < inputs_ * outputs_; ++i) {
    gradient[i] += shift[i / inputs_] * static_cast<float>(input_sum_[static_cast<size_t>(i % inputs_)]);
  }
}

void OnePassReverse::add_to_gradient(int64_t rows, const float* x, float* dx, const kernels::train::Ahead& ahead) const {
  kernels_.add_product(rows, inputs_, inputs_, x, packed_.data(), constant_.data(), dx, ahead);
}

}  // namespace liteqat::train
