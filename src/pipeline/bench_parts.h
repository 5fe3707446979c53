// The parts of a benchmark that stand on their own: order statistics, the machine's peak, the time of each layer. Private to pipeline.
#pragma once

#include <string>
#include <vector>

#include "base/cpu.h"
#include "graph/graph.h"
#include "results/bench_record.h"
#include "runtime/interpreter.h"

namespace liteqat::pipeline {

/// The middle value, of an even count the mean of the two. Requires: not empty.
double median(std::vector<double> values);
/// p99: the smallest value that at least 99 % are not above. Requires: not empty.
results::LatencyRecord summarize(std::vector<double> milliseconds);

struct Peak {
  std::string kernel;
  double gmacs_per_second = 0;
};
/// The best of several short bursts on that many cores at once.
Peak measure_float32_peak(Isa isa, int cores);
Peak measure_int8_peak(Isa isa, int cores);
/// int8, or float32 for a graph that multiplies no integers.
Peak measure_peak(const graph::Graph& graph, Isa isa, int cores);

/// Median time of every step. peak_gmacs: of the cores that one invoke uses; 0 leaves the share out.
std::vector<results::LayerTime> time_layers(runtime::Interpreter& interpreter, const graph::Graph& graph, double seconds,
                                            double peak_gmacs);

}  // namespace liteqat::pipeline
