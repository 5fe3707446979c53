// Layer by layer: an integer model and its float twin on the same images, operator after operator and every operator alone.
#pragma once

#include "audit/evidence.h"
#include "base/cpu.h"
#include "base/status.h"

namespace liteqat::audit {

struct LayerImages {
  const data::Split& split;
  const data::Normalization& normalization;
  int64_t count = 0;         // the first so many
  bool own_weights = false;  // the twin was made of the model itself
};

/// Compares the activations of all operators, the weights where the twin has its own. Requires: same_operators(model, twin), one input.
/// Fails: as runtime::Interpreter::prepare does.
Result<std::vector<LayerNoise>> compare_layers(const graph::Graph& model, const graph::Graph& twin, const LayerImages& images, Isa isa);

}  // namespace liteqat::audit
