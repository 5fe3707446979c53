// A step that looks up a function of an 8-bit code. Not for use outside this folder.
#pragma once

#include "kernels/lookup/lookup.h"
#include "runtime/elementwise_steps.h"

namespace liteqat::runtime {

/// function: code of the input's type -> code of the output's, evaluated here for all 256.
template <typename Function>
Step make_table_step(const OpContext& context, const char* name, const Function& function) {
  const bool is_signed = context.input(0).type == graph::DType::kInt8;
  kernels::lookup::Table table;
  for (int32_t bits = 0; bits < 256; ++bits) {
    const int32_t code = is_signed && bits >= 128 ? bits - 256 : bits;
    table[static_cast<size_t>(bits)] = static_cast<uint8_t>(function(code));
  }
  return make_elementwise_step(
      context, format("{}_{}_{}_table_reference", name, short_type_name(context.input(0).type), short_type_name(context.output().type)),
      [table](const StepBuffers& buffers, kernels::Range elems) {
        kernels::lookup::look_up(elems, table, buffers.input<uint8_t>(), buffers.output<uint8_t>());
      });
}

}  // namespace liteqat::runtime
