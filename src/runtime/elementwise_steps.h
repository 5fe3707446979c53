// What the steps of elementwise operators share: units of elements, names of types, broadcasting, multipliers. Not for use outside this
// folder.
#pragma once

#include <string>
#include <utility>

#include "kernels/broadcast.h"
#include "numeric/activation.h"
#include "numeric/fixed_point.h"
#include "numeric/tables.h"
#include "runtime/step.h"

namespace liteqat::runtime {

/// "f32", "i8" and so on, as kernel names say it.
const char* short_type_name(graph::DType type);

/// A step over output elements: body(buffers, range of elements).
template <typename Body>
Step make_elementwise_step(const OpContext& context, std::string kernel, Body body) {
  const int64_t count = context.output_elems();
  return Step{.kernel = std::move(kernel),
              .units = kernels::element_units(count),
              .run = [count, body = std::move(body)](const StepBuffers& buffers, kernels::Range units) {
                body(buffers, kernels::elements_of(units, count));
              }};
}

/// The walk over both inputs and the output, neighbouring axes merged where both inputs step through them alike.
/// Fails: kUnsupported if more than kernels::kMaxRank axes remain.
Result<kernels::Broadcast> make_broadcast(const OpContext& context);

inline numeric::Affine affine_of(const graph::Tensor& tensor) {
  return {.scale = tensor_scale(tensor), .zero_point = tensor_zero_point(tensor)};
}

/// All codes of a quantized type.
numeric::IntClamp code_range(graph::DType type);
/// The fused activation in codes of the output.
numeric::IntClamp output_clamp(const OpContext& context, graph::Activation activation);

/// The multiplier of a factor between scales, written `what` in the message.
/// Fails: kOutOfRange if the factor shifts by more than an accumulator holds.
Result<numeric::Multiplier> make_multiplier(const OpContext& context, double factor, const char* what);

}  // namespace liteqat::runtime
