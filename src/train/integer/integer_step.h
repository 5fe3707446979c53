// The reverse of one operator of the deployed int8 graph: straight-through gradients in float32 from the codes that the runtime computed.
//
// With x = scale * (code - zero_point) of the input, w and b as deployed, and the gradient dy of the real output: dz = dy where the
// output's code lies strictly inside the operator's clamp, else 0; dz then goes back as through the float operator on x and w. Rounding
// passes gradients unchanged. Operators that keep their input's codes and clamp nothing (pooling, PAD, RESHAPE) have no mask.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <utility>

#include "base/status.h"
#include "graph/graph.h"
#include "kernels/train/codes/codes.h"
#include "kernels/train/depthwise/depthwise.h"
#include "kernels/train/pointwise/pointwise.h"
#include "numeric/activation.h"
#include "train/integer/folded_parameters.h"
#include "train/integer/gradient_places.h"
#include "train/layout.h"
#include "train/parameter_gradients.h"

namespace liteqat::train {

/// Images of one chunk on their way back together, on one worker.
struct IntegerChunk {
  Chunk chunk;                           // these images; first_of_group: the first images of a group's first chunk
  int32_t first = 0;                     // of them in the chunk
  std::span<const int8_t* const> codes;  // of the whole chunk, by tensor of the deployed graph; null for constants
  float* gradients = nullptr;            // the worker's block of GradientPlaces
  float* values = nullptr;               // room for largest_elems()
  float* addend = nullptr;               // the same, for gradients that are added
};

/// What the steps of an engine share. Outlives them.
struct IntegerPlace {
  const graph::Graph& lowered;  // structure and shapes stay, constants and quantization are this training step's
  const GradientPlaces& places;
  const ParameterGradients& gradients;
  const kernels::train::CodeKernels& kernels;
  const kernels::train::PointwiseKernels& products;
  const kernels::train::DepthwiseKernels& depthwise;
  int32_t workers = 1;
  int64_t cut_elems = 32768;                           // of the larger tensor in a block or strip that is computed while it is in the cache
  std::span<const FloatBlock> parameter_scratch = {};  // by worker: a weight gradient in the first half, a bias' in the second
};

class IntegerStep {
 public:
  IntegerStep(const IntegerPlace& place, size_t op) : place_(place), op_index_(op) {}
  virtual ~IntegerStep() = default;

  /// Makes sure that chunks of `images` can be computed.
  virtual Status configure(int32_t /*images*/) { return {}; }
  /// Takes over weights, scales and clamps of this training step. Several steps at once.
  virtual void prepare();
  /// Masks the output's gradient, then writes or adds that of the inputs, and the chunk's share of the parameters'.
  virtual void backward(const IntegerChunk& chunk) const;

 protected:
  /// backward() behind the mask. A step that has a backward() of its own need have none.
  virtual void propagate(const IntegerChunk& chunk, const float* dy) const;
  virtual bool clamps() const { return true; }

  const graph::Op& op() const { return place_.lowered.ops[op_index_]; }
  const IntegerPlace& place() const { return place_; }
  const graph::Tensor& input_tensor() const { return place_.lowered.tensor(op().inputs[0]); }
  const graph::Tensor& output_tensor() const { return place_.lowered.tensor(op().outputs[0]); }
  /// The output's gradient at `elems` elements of the chunk, masked. Once for each element.
  const float* mask(const IntegerChunk& chunk, int64_t first, int64_t elems) const;
  int64_t output_elems(const IntegerChunk& chunk) const { return place_.places.image_elems(op().outputs[0]) * chunk.chunk.count; }
  float* output_gradient(const IntegerChunk& chunk) const { return gradient(chunk, op().outputs[0]); }
  /// Of the first input: the chunk's gradient, null if nobody needs it, and whether another reader's share stands there.
  float* input_gradient(const IntegerChunk& chunk) const {
    const graph::TensorId id = op().inputs[0];
    return place_.places.has_gradient(id) ? gradient(chunk, id) : nullptr;
  }
  bool adds_to_input() const { return place_.places.accumulates(op_index_, 0); }
  static void add(const float* x, float* sum, int64_t elems);
  /// The real values of an input or of the output, in chunk.values; the third, `elems` elements of the first input only.
  const float* dequantize_input(const IntegerChunk& chunk, size_t index = 0) const { return dequantize_all(chunk, op().inputs[index]); }
  const float* dequantize_output(const IntegerChunk& chunk) const { return dequantize_all(chunk, op().outputs[0]); }
  const float* dequantize_part(const IntegerChunk& chunk, int64_t first, int64_t elems) const {
    return dequantize(chunk, op().inputs[0], first, elems);
  }
  /// Calls write(dx) with where the gradient of input `index` belongs, and adds it where another reader's share stands; nothing if nobody
  /// needs it. write must fill it whole.
  template <typename Write>
  void give_gradient(const IntegerChunk& chunk, size_t index, const Write& write) const {
    const graph::TensorId id = op().inputs[index];
    if (!place_.places.has_gradient(id)) return;
    float* dx = gradient(chunk, id);
    if (!place_.places.accumulates(op_index_, index)) return write(dx);
    write(chunk.addend);
    add(chunk.addend, dx, place_.places.image_elems(id) * chunk.chunk.count);
  }

 private:
  const float* dequantize_all(const IntegerChunk& chunk, graph::TensorId id) const {
    return dequantize(chunk, id, 0, place_.places.image_elems(id) * chunk.chunk.count);
  }
  const float* dequantize(const IntegerChunk& chunk, graph::TensorId id, int64_t first, int64_t elems) const;
  float* gradient(const IntegerChunk& chunk, graph::TensorId id) const { return place_.places.at(id, chunk.gradients, chunk.first); }
  const int8_t* codes(const IntegerChunk& chunk, graph::TensorId id) const {
    return chunk.codes[static_cast<size_t>(id)] + chunk.first * place_.places.image_elems(id);
  }

  const IntegerPlace& place_;
  size_t op_index_;
  numeric::IntClamp clamp_{-128, 127};
};

using IntegerStepResult = Result<std::unique_ptr<IntegerStep>>;

/// Fails: kUnsupported naming an operator that has no reverse step.
IntegerStepResult make_integer_step(const IntegerPlace& place, size_t op, const FoldedParameters& parameters);
/// HARD_SWISH, LOGISTIC, MUL, CONCATENATION.
IntegerStepResult make_integer_gate_step(const IntegerPlace& place, size_t op);
/// CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED (weighted_step.h).
IntegerStepResult make_integer_weighted_step(const IntegerPlace& place, size_t op, const FoldedParameters& parameters);

}  // namespace liteqat::train
