// What every operator kind is: TFLite's name, how many inputs and outputs, which parameters, which inputs are index tensors (int32 values
// that shapes depend on: axes, paddings, sizes). One table; not for use outside this folder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "graph/graph.h"

namespace liteqat::graph {

struct OpRule {
  OpKind kind;
  const char* name;
  size_t required_inputs, allowed_inputs;  // inputs from required_inputs on may be omitted
  size_t params;                           // index of the alternative in OpParams
  uint32_t index_inputs = 0;               // bit per position
  size_t least_outputs = 1, most_outputs = 1;

  bool is_index_input(size_t position) const { return position < 32 && (index_inputs >> position & 1) != 0; }
};

inline constexpr size_t kManyTensors = 1 << 16;

/// Null for a value outside the enumeration.
const OpRule* find_op_rule(OpKind kind);
std::span<const OpRule> op_rules();

}  // namespace liteqat::graph
