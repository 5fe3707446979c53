// The weights and bias of a weighted operator as its forward uses them: fake-quantized where the plan says so, the bias on the grid of
// deployment in evaluation. Holds the copies; the values themselves stay in the graph.
#pragma once

#include <vector>

#include "numeric/fake_quant.h"
#include "train/steps/linear_operator.h"
#include "train/steps/step.h"

namespace liteqat::train {

class OperatorWeights {
 public:
  /// For inputs 1 (weights) and 2 (bias, optional) of the operator. bias_cancels: a batch normalization follows, which takes the bias out
  /// again; its gradient is 0 and is not computed. Fails: kUnsupported for a weight quantizer on an inner axis.
  static Result<OperatorWeights> make(Workplace& place, int32_t op, bool bias_cancels = false);

  /// kTraining: the range follows the weights first (kLastValue). kCalibration: nothing is quantized.
  void prepare(Mode mode);
  const float* weights() const { return weights_; }
  const float* bias() const { return bias_; }  // null if there is none

  struct Gradients {
    float* weights = nullptr;
    float* bias = nullptr;
  };
  /// The group's partial gradients; null where the tensor is not trained.
  Gradients partials(int32_t group) const;
  /// Where a part's gradients are to be written whole: the partials themselves, or the worker's scratch.
  Gradients gradients_of(const Part& part) const;
  /// Once they are written: adds them to the group's partial gradient, unless they stand there already.
  void add_gradients(const Part& part) const;
  /// Straight-through: no gradient where a weight lies outside of its range.
  void mask_gradient();

 private:
  OperatorWeights(Workplace& place, int32_t op) : place_(&place), op_index_(op) {}
  const graph::Op& op() const { return place_->model.ops[static_cast<size_t>(op_index_)]; }
  quant::Quantizer* quantizer() const { return place_->plan == nullptr ? nullptr : place_->plan->find(op().inputs[1]); }
  int64_t input_elems(size_t input) const { return graph::elem_count(place_->model.tensor(op().inputs[input]).shape); }
  void quantize_weights(const quant::Quantizer& quantizer);
  /// The loss' derivatives by the steps of a learned range, from the total gradient of the rounded weights.
  void add_step_gradients(const quant::Quantizer& quantizer, const float* gradient);

  Workplace* place_;
  int32_t op_index_;
  int32_t weight_parameter_ = -1, bias_parameter_ = -1;  // -1: not trained
  const float* weights_ = nullptr;
  const float* bias_ = nullptr;
  std::vector<float> quantized_weights_, quantized_bias_;
  std::vector<numeric::FakeQuantParams> params_;  // by channel, of the last prepare(); empty if not quantized
};

}  // namespace liteqat::train
