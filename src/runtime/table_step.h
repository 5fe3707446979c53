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
  const kernels::lookup::LookupKernel& kernel = kernels::lookup::find_lookup_kernel(context.options.isa);
  return make_elementwise_step(
      context,
      format("{}_{}_{}_table_{}", name, short_type_name(context.input(0).type), short_type_name(context.output().type), kernel.isa_name),
      [map = kernels::lookup::make_map(table), run = kernel.run](const StepBuffers& buffers, kernels::Range elems) {
        run(map, elems.end - elems.begin, buffers.input<uint8_t>() + elems.begin, buffers.output<uint8_t>() + elems.begin);
      });
}

}  // namespace liteqat::runtime
