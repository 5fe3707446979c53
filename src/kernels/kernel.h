// What one implementation of a weighted operator (conv2d, depthwise_conv2d, fully_connected) consists of. Kernels allocate nothing,
// report nothing and keep no state: the caller provides packed weights (filled once by pack) and scratch memory (free between runs).
//
// Chosen once, before the first run, by the family's find_ function; the name then tells which code ran.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/cpu.h"

namespace liteqat::kernels {

/// Alignment of packed weights and scratch that callers must provide.
inline constexpr int64_t kAlignment = 64;

/// Params is the family's const struct; packed_bytes, scratch_bytes and accepts may read its shape and weights, not packed or scratch.
template <typename Params, typename Elem>
struct Kernel {
  const char* name;  // op_inputtypes_acctype_tile_isa
  Isa isa;
  bool (*accepts)(const Params& params);
  int64_t (*packed_bytes)(const Params& params);
  void (*pack)(const Params& params, std::byte* packed);  // packed: kAlignment-aligned and zeroed
  int64_t (*scratch_bytes)(const Params& params);
  void (*run)(const Params& params, const Elem* input, Elem* output);
};

/// A kernel that takes every shape, reads the weights as they are and needs no memory.
template <typename Params, typename Elem>
constexpr Kernel<Params, Elem> make_reference_kernel(const char* name, void (*run)(const Params&, const Elem*, Elem*)) {
  return {.name = name,
          .isa = Isa::kReference,
          .accepts = [](const Params&) { return true; },
          .packed_bytes = [](const Params&) { return int64_t{0}; },
          .pack = [](const Params&, std::byte*) {},
          .scratch_bytes = [](const Params&) { return int64_t{0}; },
          .run = run};
}

/// The first kernel (lists stand strongest first) that needs no more than `isa` and accepts the shape. Lists end in a reference kernel
/// that accepts everything.
template <typename Params, typename Elem, size_t kCount>
const Kernel<Params, Elem>& first_match(const Kernel<Params, Elem>* const (&list)[kCount], const Params& params, Isa isa) {
  for (const auto* kernel : list) {
    if (kernel->isa <= isa && kernel->accepts(params)) return *kernel;
  }
  return *list[kCount - 1];
}

}  // namespace liteqat::kernels
