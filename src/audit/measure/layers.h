// Layer by layer: an integer model and its float twin on the same images.
#pragma once

#include "audit/evidence.h"
#include "base/cpu.h"
#include "base/status.h"

namespace liteqat::audit {

/// Compares the outputs of all computing operators on the first `images` images. Requires: same_operators(model, twin).
/// Fails: as runtime::Interpreter::prepare does.
Result<std::vector<LayerNoise>> compare_layers(const graph::Graph& model, const graph::Graph& twin, const data::Split& split,
                                               const data::Normalization& normalization, int64_t images, Isa isa);

}  // namespace liteqat::audit
