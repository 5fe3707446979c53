#include "train/steps/input_moments.h"

#include <algorithm>

#include "kernels/train/batch_norm.h"
#include "train/walk.h"

namespace liteqat::train {
namespace {

// Of C, 128 KiB: what goes from rank to rank at a time.
constexpr size_t kPieceElems = 16384;

}  // namespace

InputMoments::InputMoments(Workplace& place, int32_t op, const kernels::train::PointwiseKernels& kernels)
    : place_(&place), op_index_(op), kernels_(kernels) {
  const graph::Shape& weights = place.model.tensor(this->op().inputs[1]).shape;
  inputs_ = weights[3], outputs_ = weights[0];
  const int64_t square = inputs_ * inputs_, groups = std::min(place.max_chunks, kMaxGroups);
  squares_ = FloatBlock(groups * square);
  sums_.resize(static_cast<size_t>(2 * groups * inputs_));
  input_sum_.resize(static_cast<size_t>(inputs_));
  for (std::vector<double>* values : {&output_sums_, &output_squares_}) values->resize(static_cast<size_t>(outputs_));
  exact_spread_.resize(static_cast<size_t>(square));
  for (std::vector<float>* values : {&spread_, &matrix_, &packed_}) values->resize(static_cast<size_t>(square));
  for (std::vector<float>* values : {&weighted_spread_, &scaled_}) values->resize(static_cast<size_t>(inputs_ * outputs_));
  constant_.resize(static_cast<size_t>(inputs_));
}

void InputMoments::add_input(int32_t group, bool fresh, int64_t rows, const float* x) {
  if (fresh) std::fill_n(sums(group), 2 * inputs_, 0.0);
  kernels_.accumulate(rows, inputs_, inputs_, x, x, !fresh, squares_.data() + group * inputs_ * inputs_, {});
  kernels::train::batch_norm_partial_sums(rows, inputs_, x, sums(group), sums(group) + inputs_);
}

/// input_sum_ and spread_, over all ranks; in double because C loses digits where x is far from 0.
void InputMoments::add_groups(const Batch& batch, int64_t batch_rows) {
  std::fill(input_sum_.begin(), input_sum_.end(), 0.0);
  ranks::accumulate(place_->ranks, std::span(input_sum_), input_sum_.size(), [&](size_t begin, size_t end) {
    for (int32_t group = 0; group < batch.groups; ++group) {
      for (size_t i = begin; i < end; ++i) input_sum_[i] += sums(group)[i];
    }
  });
  const double inverse = 1.0 / static_cast<double>(batch_rows);
  auto square = exact_spread_.begin();
  for (double row : input_sum_) {
    for (double column : input_sum_) *square++ = -row * column * inverse;
  }
  ranks::accumulate(place_->ranks, std::span(exact_spread_), kPieceElems, [&](size_t begin, size_t end) {
    for (int32_t group = 0; group < batch.groups; ++group) {
      const float* squares = squares_.data() + group * inputs_ * inputs_;
      for (size_t at = begin; at < end; ++at) exact_spread_[at] += static_cast<double>(squares[at]);
    }
  });
  std::transform(exact_spread_.begin(), exact_spread_.end(), spread_.begin(), [](double value) { return static_cast<float>(value); });
}

void InputMoments::combine_forward(const Batch& batch, int64_t batch_rows, BatchStatistics& statistics) {
  add_groups(batch, batch_rows);
  const float* weights = place_->parameter(op().inputs[1]);
  const bool has_bias = op().inputs.size() > 2 && op().inputs[2] != graph::kNoTensor;
  const float* bias = has_bias ? place_->parameter(op().inputs[2]) : nullptr;
  kernels_.pack(inputs_, inputs_, spread_.data(), inputs_, 1, packed_.data());
  kernels_.multiply(outputs_, inputs_, inputs_, weights, packed_.data(), nullptr, weighted_spread_.data(), {});
  const auto rows = static_cast<double>(batch_rows);
  for (int64_t output = 0, at = 0; output < outputs_; ++output) {
    double sum = bias == nullptr ? 0 : static_cast<double>(bias[output]) * rows, spread = 0;
    for (int64_t i = 0; i < inputs_; ++i, ++at) {
      sum += input_sum_[static_cast<size_t>(i)] * static_cast<double>(weights[at]);
      spread += static_cast<double>(weighted_spread_[static_cast<size_t>(at)]) * static_cast<double>(weights[at]);
    }
    output_sums_[static_cast<size_t>(output)] = sum;
    output_squares_[static_cast<size_t>(output)] = std::max(spread, 0.0) + sum * sum / rows;
  }
  statistics.use_moments(batch, output_sums_.data(), output_squares_.data());
}

void InputMoments::combine_backward(int64_t batch_rows, const kernels::train::NormalizedGradient& line) {
  if (place_->ranks == nullptr || place_->ranks->rank() == 0) complete_weights(line);  // the batch's first group is rank 0's
  const float* weights = place_->parameter(op().inputs[1]);
  for (int64_t output = 0, at = 0; output < outputs_; ++output) {
    for (int64_t i = 0; i < inputs_; ++i, ++at) scaled_[static_cast<size_t>(at)] = line.b[output] * weights[at];
  }
  kernels_.accumulate(outputs_, inputs_, inputs_, weights, scaled_.data(), false, matrix_.data(), {});
  kernels_.pack(inputs_, inputs_, matrix_.data(), inputs_, 1, packed_.data());
  find_constant(batch_rows, line);
}

void InputMoments::complete_weights(const kernels::train::NormalizedGradient& line) {
  const int32_t parameter = place_->gradients.find(op().inputs[1]);
  float* gradient = place_->gradients.partial(parameter, 0);
  for (int64_t output = 0, at = 0; output < outputs_; ++output) {
    for (int64_t i = 0; i < inputs_; ++i, ++at) {
      gradient[at] += line.b[output] * weighted_spread_[static_cast<size_t>(at)] +
                      line.d[output] * static_cast<float>(input_sum_[static_cast<size_t>(i)]);
    }
  }
}

void InputMoments::find_constant(int64_t batch_rows, const kernels::train::NormalizedGradient& line) {
  const float* weights = place_->parameter(op().inputs[1]);
  std::vector<double> constant(static_cast<size_t>(inputs_));
  for (int64_t output = 0, at = 0; output < outputs_; ++output) {
    for (double& value : constant) value += static_cast<double>(line.d[output]) * static_cast<double>(weights[at++]);
  }
  for (int64_t i = 0, at = 0; i < inputs_; ++i) {
    const double mean = input_sum_[static_cast<size_t>(i)] / static_cast<double>(batch_rows);
    for (double& value : constant) value -= mean * static_cast<double>(matrix_[static_cast<size_t>(at++)]);
  }
  std::transform(constant.begin(), constant.end(), constant_.begin(), [](double value) { return static_cast<float>(value); });
}

void InputMoments::add_to_gradient(int64_t rows, const float* x, float* dx, const kernels::train::Ahead& ahead) const {
  kernels_.add_product(rows, inputs_, inputs_, x, packed_.data(), constant_.data(), dx, ahead);
}

}  // namespace liteqat::train
