// The one typed graph: what a recipe's architecture, a trained model and a .tflite file all become. Training, quantization, conversion
// and the runtime read it; quantization parameters sit on tensors, as in TFLite.
//
// Shapes are NHWC, weights OHWI, depthwise weights 1HWC, dense weights [out, in], as in TFLite. Operators stand in execution order,
// and axes, paddings and new shapes are constant int32 input tensors, as in TFLite. Values: copying a graph copies its weights.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/status.h"
#include "numeric/activation.h"
#include "numeric/padding.h"

namespace liteqat::graph {

using numeric::Activation;
using numeric::Padding;

enum class DType { kFloat32, kFloat16, kInt8, kUInt8, kInt16, kInt32, kInt64, kBool };
const char* dtype_name(DType type);
int64_t dtype_bytes(DType type);

using Shape = std::vector<int32_t>;
/// Product of the extents, 1 for a scalar. Requires: validated extents.
int64_t elem_count(const Shape& shape);
std::string shape_text(const Shape& shape);  // "[1,28,28,1]"

using TensorId = int32_t;
inline constexpr TensorId kNoTensor = -1;  // an omitted optional input

/// real = scale * (q - zero_point). One entry per tensor, or one per slice along axis.
struct Quantization {
  std::vector<float> scale;
  std::vector<int64_t> zero_point;
  int32_t axis = 0;

  bool empty() const { return scale.empty(); }
  bool per_channel() const { return scale.size() > 1; }
  bool operator==(const Quantization&) const = default;
};

enum class Role {
  kActivation,  // computed
  kConstant,    // fixed data
  kParameter,   // trained by the optimizer
  kStatistic,   // updated by training, not by the optimizer (batch-norm moving statistics)
};

struct Tensor {
  std::string name;
  DType type = DType::kFloat32;
  Shape shape;  // extent 0 is the batch, 1 in a stored graph
  Role role = Role::kActivation;
  std::vector<std::byte> data{};  // little-endian payload; empty for activations
  Quantization quantization{};

  bool constant() const { return role != Role::kActivation; }
  template <typename T>
  std::span<const T> as() const {
    return {reinterpret_cast<const T*>(data.data()), data.size() / sizeof(T)};
  }
  template <typename T>
  std::span<T> as() {
    return {reinterpret_cast<T*>(data.data()), data.size() / sizeof(T)};
  }
};

enum class OpKind {
  kConv2D,           // x [N,H,W,C], w [O,KH,KW,C], bias [O] or none
  kDepthwiseConv2D,  // x, w [1,KH,KW,C*M], bias or none
  kFullyConnected,   // x [N,I], w [O,I], bias or none
  kTransposeConv,    // output_shape int32 [4], w [O,KH,KW,C], x, bias or none
  kBatchNorm,        // x, gamma, beta, moving_mean, moving_variance (training graphs only)
  kAdd,
  kSub,
  kMul,
  kMaximum,
  kMinimum,
  kRelu,
  kRelu6,
  kReluN1To1,
  kLeakyRelu,
  kPrelu,  // x, alpha
  kElu,
  kHardSwish,
  kLogistic,
  kTanh,
  kSoftmax,
  kLogSoftmax,
  kL2Normalization,
  kMaxPool2D,
  kAveragePool2D,
  kMean,       // x, axes int32
  kSum,        // x, axes int32
  kReduceMax,  // x, axes int32
  kArgMax,     // x, axis int32
  kPad,        // x, paddings int32 [rank,2]
  kPadV2,      // x, paddings, value (a scalar of x's type)
  kMirrorPad,  // x, paddings
  kReshape,    // x, new_shape int32; extent -1 is inferred
  kSqueeze,
  kExpandDims,  // x, axis int32
  kTranspose,   // x, permutation int32
  kConcatenation,
  kPack,
  kSplit,         // axis int32, x; several outputs
  kSlice,         // x, begin, size int32
  kStridedSlice,  // x, begin, end, strides int32
  kShape,
  kDepthToSpace,
  kSpaceToBatchNd,         // x, block shape, paddings
  kBatchToSpaceNd,         // x, block shape, crops
  kResizeBilinear,         // x, size int32 [2]
  kResizeNearestNeighbor,  // x, size int32 [2]
  kCast,
  kQuantize,
  kDequantize,
};
const char* op_kind_name(OpKind kind);  // TFLite's spelling: "CONV_2D"
std::optional<OpKind> find_op_kind(const std::string& name);

struct Conv2DParams {
  Padding padding = Padding::kSame;
  int32_t stride_h = 1, stride_w = 1;
  int32_t dilation_h = 1, dilation_w = 1;
  Activation activation = Activation::kNone;
};
struct DepthwiseConv2DParams {
  Padding padding = Padding::kSame;
  int32_t stride_h = 1, stride_w = 1;
  int32_t dilation_h = 1, dilation_w = 1;
  int32_t depth_multiplier = 1;
  Activation activation = Activation::kNone;
};
struct FullyConnectedParams {
  Activation activation = Activation::kNone;
  bool keep_num_dims = false;
  bool asymmetric_inputs = false;  // of hybrid operators: inputs are quantized with a zero point
};
struct TransposeConvParams {
  Padding padding = Padding::kSame;
  int32_t stride_h = 1, stride_w = 1;
  Activation activation = Activation::kNone;
};
struct BatchNormParams {
  float epsilon = 1e-3f;
  float momentum = 0.99f;  // moving = momentum * moving + (1 - momentum) * batch, as in Keras
};
struct Pool2DParams {
  Padding padding = Padding::kValid;
  int32_t stride_h = 1, stride_w = 1;
  int32_t filter_h = 1, filter_w = 1;
  Activation activation = Activation::kNone;
};
struct ArithmeticParams {  // ADD, SUB, MUL, L2_NORMALIZATION
  Activation activation = Activation::kNone;
  bool power_of_two_int16 = true;  // ADD and SUB of int16: the older kernel, whose scales are powers of two
};
struct LeakyReluParams {
  float alpha = 0.0f;
};
struct SoftmaxParams {
  float beta = 1.0f;
};
struct ReductionParams {  // MEAN, SUM, REDUCE_MAX
  bool keep_dims = false;
};
struct MirrorPadParams {
  bool symmetric = false;  // the edge is repeated; false: REFLECT
};
struct SqueezeParams {
  std::vector<int32_t> axes;  // empty: every extent of 1
};
struct AxisParams {  // CONCATENATION (with activation), PACK
  int32_t axis = 0;
  Activation activation = Activation::kNone;
};
struct SplitParams {
  int32_t parts = 1;
};
struct StridedSliceParams {  // bit masks over the axes of begin, end and strides
  int32_t begin_mask = 0, end_mask = 0, ellipsis_mask = 0, new_axis_mask = 0, shrink_axis_mask = 0;
  bool end_is_offset = false;
};
struct BlockParams {  // DEPTH_TO_SPACE
  int32_t block = 1;
};
struct ResizeParams {
  bool align_corners = false, half_pixel_centers = false;
};
using OpParams = std::variant<std::monostate, Conv2DParams, DepthwiseConv2DParams, FullyConnectedParams, BatchNormParams, Pool2DParams,
                              ArithmeticParams, SoftmaxParams, ReductionParams, TransposeConvParams, LeakyReluParams, MirrorPadParams,
                              SqueezeParams, AxisParams, SplitParams, StridedSliceParams, BlockParams, ResizeParams>;

struct Op {
  OpKind kind;
  std::string name;  // the layer's name, e.g. "block_1_expand"
  std::vector<TensorId> inputs;
  std::vector<TensorId> outputs;
  OpParams params;
  int32_t version = 0;  // TFLite operator version as read; 0: chosen when written

  template <typename T>
  const T& params_as() const {
    return std::get<T>(params);
  }
};

/// What the operator applies to its result before it is stored; kNone where its parameters know no activation.
Activation fused_activation(const Op& op);
/// Requires: parameters with an activation.
void set_fused_activation(Op& op, Activation activation);

/// real = (pixel - mean) / std, per channel or one value for all: the preprocessing contract that travels with the model.
struct InputNormalization {
  std::vector<float> mean, std;
  bool operator==(const InputNormalization&) const = default;
};

struct ModelInfo {
  std::string name, description;
  std::optional<InputNormalization> normalization;
  std::vector<std::string> labels;  // class names in output order; may be empty
};

struct Graph {
  ModelInfo info;
  std::vector<Tensor> tensors;
  std::vector<Op> ops;
  std::vector<TensorId> inputs, outputs;

  Tensor& tensor(TensorId id) { return tensors[static_cast<size_t>(id)]; }
  const Tensor& tensor(TensorId id) const { return tensors[static_cast<size_t>(id)]; }
  TensorId add_tensor(Tensor tensor);
  TensorId find_tensor(const std::string& name) const;  // kNoTensor if absent
  /// Index of the operator that computes the tensor, -1 if none does.
  int32_t find_producer(TensorId id) const;
  std::vector<int32_t> find_consumers(TensorId id) const;
};

/// Fills in the shapes and types of all activations from the inputs' shapes; with batch > 0 that becomes extent 0 of the inputs with two
/// axes or more whose stored extent 0 is that of the first of them; vectors and scalars have no batch axis and stay. Fails:
/// kInvalidArgument for a batch above 1 that no input could take; kUnsupported/kMismatch, the message starting with operator kind, name and
/// index.
Status infer_shapes(Graph& graph, int32_t batch = 0);

/// Everything a walk over the graph relies on: indices, arity, parameter types, single assignment, order, shapes recomputed and equal,
/// constant payload sizes, quantization parameters finite, positive and of the right count.
Status validate(const Graph& graph);

/// Multiply-accumulates of one operator / of the graph at its stored batch.
int64_t count_macs(const Graph& graph, const Op& op);
int64_t count_macs(const Graph& graph);
/// Elements of all kParameter tensors (trainable) and of kParameter plus kStatistic tensors (all).
int64_t count_parameters(const Graph& graph, bool with_statistics);

/// A line per operator: index, kind, name, output shape and type, parameters, MACs; totals last.
std::string print(const Graph& graph);

}  // namespace liteqat::graph
