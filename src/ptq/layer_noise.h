// How far an integer model's activations lie from the float model's, operator by operator, and the output scores from each other.
#pragma once

#include "ptq/observe.h"
#include "quant/quantize_graph.h"

namespace liteqat::ptq {

struct LayerNoise {
  std::string op, name, type;  // kind, name, element type in the integer graph
  double sqnr_db = 0;          // 10 log10(sum of float values squared / sum of differences squared); infinite where equal
};

/// Over the first `count` images. One entry per operator of the float graph with a float output.
Result<std::vector<LayerNoise>> measure_noise(const graph::Graph& model, const quant::QuantizedGraph& quantized, const Images& images,
                                              int64_t count, const Machine& machine);

/// The same ratio of the models' first outputs alone.
Result<double> measure_output_noise(const graph::Graph& model, const graph::Graph& other, const Images& images, int64_t count,
                                    const Machine& machine);

}  // namespace liteqat::ptq
