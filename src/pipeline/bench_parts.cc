#include "pipeline/bench_parts.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <latch>
#include <thread>

#include "base/check.h"
#include "kernels/peak/peak.h"

namespace liteqat::pipeline {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int64_t kBurstIterations = 20000;  // below 0.1 ms: fits between two interruptions of a busy machine
constexpr int kBursts = 400;
constexpr size_t kMostCalls = 5000;  // of a small network; more changes no median

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// The largest multiply-accumulates of the graph are on float32.
bool multiplies_floats(const graph::Graph& graph) {
  int64_t floats = 0, integers = 0;
  for (const graph::Op& op : graph.ops) {
    const int64_t macs = graph::count_macs(graph, op);
    (graph.tensor(op.outputs[0]).type == graph::DType::kFloat32 ? floats : integers) += macs;
  }
  return floats > integers;
}

/// Seconds of the fastest burst on one core.
double fastest_burst(const kernels::peak::Burst& burst) {
  double best = 1e9;
  for (int repeat = 0; repeat < kBursts; ++repeat) {
    const auto start = Clock::now();
    burst.run(kBurstIterations);
    best = std::min(best, seconds_since(start));
  }
  return best;
}

}  // namespace

double median(std::vector<double> values) {
  LITEQAT_CHECK(!values.empty());
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

results::LatencyRecord summarize(std::vector<double> milliseconds) {
  LITEQAT_CHECK(!milliseconds.empty());
  std::sort(milliseconds.begin(), milliseconds.end());
  const auto rank = static_cast<size_t>(std::ceil(0.99 * static_cast<double>(milliseconds.size())));
  return {.median = median(milliseconds), .min = milliseconds.front(), .p99 = milliseconds[std::max<size_t>(rank, 1) - 1]};
}

namespace {

Peak measure_burst(const kernels::peak::Burst& burst, int cores) {
  std::vector<double> seconds(static_cast<size_t>(cores));
  std::latch start(cores);
  std::vector<std::thread> threads;
  const auto work = [&](size_t core) {
    start.arrive_and_wait();
    seconds[core] = fastest_burst(burst);
  };
  for (size_t core = 1; core < seconds.size(); ++core) threads.emplace_back(work, core);
  work(0);
  for (std::thread& thread : threads) thread.join();
  Peak peak = {.kernel = burst.name, .gmacs_per_second = 0};
  for (double own : seconds) peak.gmacs_per_second += static_cast<double>(kBurstIterations * burst.macs_per_iteration) / own / 1e9;
  return peak;
}

}  // namespace

Peak measure_float32_peak(Isa isa, int cores) {
  return measure_burst(kernels::peak::find_float32_burst(isa), cores);
}

Peak measure_int8_peak(Isa isa, int cores) {
  return measure_burst(kernels::peak::find_int8_burst(isa), cores);
}

Peak measure_peak(const graph::Graph& graph, Isa isa, int cores) {
  return multiplies_floats(graph) ? measure_float32_peak(isa, cores) : measure_int8_peak(isa, cores);
}

std::vector<results::LayerTime> time_layers(runtime::Interpreter& interpreter, const graph::Graph& graph, double seconds,
                                            double peak_gmacs) {
  const std::vector<runtime::StepInfo> steps = interpreter.steps();
  std::vector<std::vector<double>> times(steps.size());
  const auto begin = Clock::now();
  for (size_t call = 0; call == 0 || (call < kMostCalls && seconds_since(begin) < seconds); ++call) {
    for (size_t step = 0; step < steps.size(); ++step) {
      const auto start = Clock::now();
      interpreter.invoke_step(step);
      times[step].push_back(seconds_since(start) * 1e3);
    }
  }
  std::vector<results::LayerTime> layers;
  double sum = 0;
  for (size_t step = 0; step < steps.size(); ++step) {
    const auto& op = graph.ops[static_cast<size_t>(steps[step].op_index)];
    layers.push_back(
        {.index = steps[step].op_index, .op = steps[step].op, .name = op.name, .kernel = steps[step].kernel, .macs = steps[step].macs});
    layers.back().median_ms = median(times[step]);
    sum += layers.back().median_ms;
  }
  for (results::LayerTime& layer : layers) {
    layer.share = sum > 0 ? layer.median_ms / sum : 0;
    if (layer.macs == 0 || layer.median_ms <= 0) continue;
    layer.gmacs_per_second = static_cast<double>(layer.macs) / layer.median_ms / 1e6;
    if (peak_gmacs > 0) layer.peak_share = *layer.gmacs_per_second / peak_gmacs;
  }
  return layers;
}

}  // namespace liteqat::pipeline
