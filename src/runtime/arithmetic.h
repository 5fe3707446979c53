// The one place that says which numeric variant each operator uses under each profile; numeric/ and the kernels define the variants.
#pragma once

#include "graph/graph.h"
#include "kernels/weighted/float32.h"
#include "numeric/float_sum.h"
#include "numeric/requantize.h"
#include "runtime/interpreter.h"

namespace liteqat::runtime {

/// How input scale * weight scale / output scale is formed.
enum class ScaleProduct {
  kDouble,        // all in double
  kFloatProduct,  // input * weight in float32, the quotient in double
  kFloat,         // all in float32
};

/// From an operator's accumulators to its codes.
struct WeightedArithmetic {
  numeric::Requantization requantization;
  ScaleProduct per_tensor, per_channel;
};

/// What a weighted operator is, as far as its arithmetic depends on it.
struct WeightedKind {
  bool dense = false;             // FULLY_CONNECTED
  graph::DType activations{};     // kInt8, kUInt8 or kInt16
  bool wide_accumulator = false;  // 64 bits: int16 with an int64 bias
};

/// How hybrid operators quantize their inputs.
kernels::weighted::InputQuantization input_quantization(Profile profile);

WeightedArithmetic weighted_arithmetic(Profile profile, const WeightedKind& kind);

/// How CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED sum float32 products.
numeric::FloatSum float_sum(Profile profile);

/// ADD, MEAN, AVERAGE_POOL_2D, RELU, QUANTIZE and SOFTMAX on 8 bits run as in LiteRT's default (XNNPACK and its optimized kernels).
bool uses_xnnpack(Profile profile);

/// The factor between an accumulator and its code.
double rescale_factor(ScaleProduct product, float input_scale, float weight_scale, float output_scale);

}  // namespace liteqat::runtime
