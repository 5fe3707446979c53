// One operator made ready to run: its kernel chosen, its parameters derived from shapes and scales, its weights packed. Not for use
// outside this folder. A step computes nothing itself; it holds a kernel's parameters and calls it.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "kernels/kernel.h"
#include "runtime/aligned_bytes.h"
#include "runtime/interpreter.h"

namespace liteqat::runtime {

/// Where the operator's data lies; constant between runs but for scratch, of which every worker has its own.
struct StepBuffers {
  std::span<const std::byte* const> inputs;  // by position, constants included; null for omitted ones
  std::span<std::byte* const> outputs;
  std::byte* scratch = nullptr;

  template <typename T>
  const T* input(size_t position = 0) const {
    return reinterpret_cast<const T*>(inputs[position]);
  }
  template <typename T>
  T* output(size_t position = 0) const {
    return reinterpret_cast<T*>(outputs[position]);
  }
};

struct Step {
  std::string kernel{};
  int64_t scratch_bytes = 0;  // for each worker
  int64_t units = 1;          // independent pieces of work; disjoint ranges of them may run at the same time
  bool in_place = false;      // output 0 lies where input 0 lies, and nothing runs
  AlignedBytes packed{};
  std::function<void(const StepBuffers&, kernels::Range units)> run{};  // does not allocate
};

/// The operator to make a step of. `graph` has shapes at the interpreter's batch; payloads come from `constants`, by tensor id, empty for
/// what is computed.
struct OpContext {
  const graph::Graph& graph;
  const graph::Op& op;
  size_t op_index;
  const std::vector<std::span<const std::byte>>& constants;
  const Options& options;

  bool has_input(size_t position) const { return position < op.inputs.size() && op.inputs[position] != graph::kNoTensor; }
  const graph::Tensor& input(size_t position) const { return graph.tensor(op.inputs[position]); }
  const graph::Tensor& output() const { return graph.tensor(op.outputs[0]); }
  int64_t output_elems() const { return graph::elem_count(output().shape); }

  /// Payload of a constant input; null for an omitted or computed one.
  template <typename T>
  const T* constant(size_t position) const {
    if (!has_input(position)) return nullptr;
    return reinterpret_cast<const T*>(constants[static_cast<size_t>(op.inputs[position])].data());
  }

  /// Values of an index input, int32 or int64, which is constant by now. Empty for one that is not.
  std::vector<int32_t> indices(size_t position) const;

  /// A status whose message starts with the operator: "CONV_2D 'name' (operator 3): ".
  template <typename... Args>
  Status fail(Code code, format_string<Args...> text, Args&&... args) const {
    return error(code, text, std::forward<Args>(args)...)
        .with_context(format("{} '{}' (operator {})", graph::op_kind_name(op.kind), op.name, op_index));
  }
};

/// Scale and zero point of a per-tensor quantized tensor (validated).
inline float tensor_scale(const graph::Tensor& tensor) {
  return tensor.quantization.scale[0];
}
inline int32_t tensor_zero_point(const graph::Tensor& tensor) {
  return static_cast<int32_t>(tensor.quantization.zero_point[0]);
}

/// Fails: kUnsupported, kMismatch, kOutOfRange as Interpreter::prepare.
Result<Step> make_step(const OpContext& context);

/// One line per family; the file is named after it: weighted_steps.cc, pooling_steps.cc and so on.
Result<Step> make_conv2d_step(const OpContext& context);
Result<Step> make_depthwise_conv2d_step(const OpContext& context);
Result<Step> make_fully_connected_step(const OpContext& context);
Result<Step> make_transpose_conv_step(const OpContext& context);
Result<Step> make_pool_step(const OpContext& context);
Result<Step> make_mean_step(const OpContext& context);
Result<Step> make_sum_step(const OpContext& context);
Result<Step> make_reduce_max_step(const OpContext& context);
Result<Step> make_arg_max_step(const OpContext& context);
Result<Step> make_pad_step(const OpContext& context);
/// The operators that move elements, but for those that leave them where they are.
Result<Step> make_move_step(const OpContext& context);
Result<Step> make_shape_step(const OpContext& context);
Result<Step> make_resize_bilinear_step(const OpContext& context);
// arithmetic_steps.cc
Result<Step> make_add_step(const OpContext& context);  // ADD, SUB
Result<Step> make_mul_step(const OpContext& context);
Result<Step> make_extremum_step(const OpContext& context);  // MAXIMUM, MINIMUM
Result<Step> make_prelu_step(const OpContext& context);
// activation_steps.cc
Result<Step> make_clamp_step(const OpContext& context);  // RELU, RELU6, RELU_N1_TO_1
Result<Step> make_leaky_relu_step(const OpContext& context);
Result<Step> make_elu_step(const OpContext& context);
Result<Step> make_hard_swish_step(const OpContext& context);
Result<Step> make_logistic_step(const OpContext& context);
Result<Step> make_tanh_step(const OpContext& context);
// row_steps.cc
Result<Step> make_softmax_step(const OpContext& context);
Result<Step> make_log_softmax_step(const OpContext& context);
Result<Step> make_l2_normalization_step(const OpContext& context);
// conversion_steps.cc
Result<Step> make_quantize_step(const OpContext& context);
Result<Step> make_dequantize_step(const OpContext& context);
Result<Step> make_cast_step(const OpContext& context);

}  // namespace liteqat::runtime
