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

/// Units of work [begin, end) of one run. Units are independent of each other: any partition, in any order, gives the same bytes.
struct Range {
  int64_t begin = 0, end = 0;
};

/// Part `part` of `parts` of [0, count): contiguous, sizes as equal as they can be. The partition depends on nothing else.
constexpr Range part_of(int64_t count, int64_t part, int64_t parts) {
  const int64_t size = count / parts, longer = count % parts;
  const int64_t begin = part * size + (part < longer ? part : longer);
  return {begin, begin + size + (part < longer ? 1 : 0)};
}

/// Params is the family's const struct; packed_bytes, scratch_bytes and accepts may read its shape and weights, not packed or scratch.
/// scratch_bytes is for one worker: runs of disjoint ranges at the same time need a scratch each.
template <typename Params, typename Elem>
struct Kernel {
  const char* name;  // op_inputtypes_acctype_tile_isa
  Isa isa;
  bool (*accepts)(const Params& params);
  int64_t (*packed_bytes)(const Params& params);
  void (*pack)(const Params& params, std::byte* packed);  // packed: kAlignment-aligned and zeroed
  int64_t (*scratch_bytes)(const Params& params);
  int64_t (*units)(const Params& params);  // at least 1
  void (*run)(const Params& params, Range units, const Elem* input, Elem* output);
};

/// A kernel that takes every shape, reads the weights as they are and needs no memory.
template <typename Params, typename Elem>
constexpr Kernel<Params, Elem> make_reference_kernel(const char* name, int64_t (*units)(const Params&),
                                                     void (*run)(const Params&, Range, const Elem*, Elem*)) {
  return {.name = name,
          .isa = Isa::kReference,
          .accepts = [](const Params&) { return true; },
          .packed_bytes = [](const Params&) { return int64_t{0}; },
          .pack = [](const Params&, std::byte*) {},
          .scratch_bytes = [](const Params&) { return int64_t{0}; },
          .units = units,
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
