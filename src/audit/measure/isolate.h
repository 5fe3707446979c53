// Cuts one operator out of an integer model: a graph of that operator alone, what went into it and what came out, and what the float twin
// gives at the same place. Running the graph on the inputs gives the quantized outputs again, byte for byte: a bug report in three files.
#pragma once

#include <vector>

#include "base/cpu.h"
#include "base/status.h"
#include "data/batches.h"
#include "data/dataset.h"
#include "graph/graph.h"

namespace liteqat::audit {

/// A tensor's bytes on several images, one after the other.
struct Captured {
  graph::Tensor tensor;  // name, type, quantization; shape of one image
  std::vector<std::byte> bytes;
};

struct IsolatedOp {
  graph::Graph graph;  // batch 1; its inputs are the operator's activations in the operator's order
  int64_t images = 0;
  std::vector<Captured> inputs;
  Captured quantized, real;  // of the operator's first output
};

/// Runs `model` and `twin` under LiteRT's reference arithmetic on the first `images` images.
/// Requires: same_operators(model, twin), op_index is one of computing_ops(model). Fails as runtime::Interpreter::prepare does.
Result<IsolatedOp> isolate_operator(const graph::Graph& model, const graph::Graph& twin, int32_t op_index, const data::Split& split,
                                    const data::Normalization& normalization, int64_t images, Isa isa);

}  // namespace liteqat::audit
