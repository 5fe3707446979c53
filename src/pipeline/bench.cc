#include "pipeline/bench.h"

#include <algorithm>
#include <chrono>
#include <latch>
#include <thread>

#include "base/file.h"
#include "base/rng.h"
#include "formats/tflite/tflite.h"
#include "pipeline/bench_parts.h"
#include "pipeline/peer.h"
#include "runtime/interpreter.h"

namespace liteqat::pipeline {
namespace {

using Clock = std::chrono::steady_clock;
using runtime::Interpreter;

constexpr int kWarmUpCalls = 3;
constexpr int kPeerRounds = 3;
constexpr int kLoads = 5;

double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

/// What the workers of one burst did.
struct Samples {
  std::vector<double> milliseconds;
  double images = 0, seconds = 0;  // seconds: the sum of bursts, each as long as its slowest worker
};

void fill_inputs(Interpreter& interpreter, const graph::Graph& graph) {
  Rng rng(0);
  for (size_t i = 0; i < graph.inputs.size(); ++i) {
    const auto bytes = interpreter.input(i);
    if (interpreter.input_tensor(i).type == graph::DType::kFloat32) {
      auto* values = reinterpret_cast<float*>(bytes.data());
      for (size_t k = 0; k < bytes.size() / sizeof(float); ++k) values[k] = rng.next_float();
    } else {
      for (std::byte& byte : bytes) byte = static_cast<std::byte>(rng.next_u64() & 0xff);
    }
  }
}

/// All workers invoke again and again until the time is over.
void run_burst(std::vector<Interpreter>& workers, double seconds, Samples& samples) {
  std::latch start(static_cast<ptrdiff_t>(workers.size()));
  std::vector<std::vector<double>> times(workers.size());
  std::vector<double> lengths(workers.size());
  const auto work = [&](size_t index) {
    times[index].reserve(1 << 16);
    for (int call = 0; call < kWarmUpCalls; ++call) workers[index].invoke();
    start.arrive_and_wait();
    const auto begin = Clock::now();
    auto last = begin;
    do {
      workers[index].invoke();
      const auto now = Clock::now();
      times[index].push_back(std::chrono::duration<double, std::milli>(now - last).count());
      last = now;
    } while (std::chrono::duration<double>(last - begin).count() < seconds);
    lengths[index] = std::chrono::duration<double>(last - begin).count();
  };
  std::vector<std::thread> threads;
  for (size_t index = 1; index < workers.size(); ++index) threads.emplace_back(work, index);
  work(0);
  for (std::thread& thread : threads) thread.join();
  for (const std::vector<double>& own : times) samples.milliseconds.insert(samples.milliseconds.end(), own.begin(), own.end());
  for (size_t index = 0; index < workers.size(); ++index)
    samples.images += static_cast<double>(times[index].size()) * workers[index].batch();
  samples.seconds += *std::max_element(lengths.begin(), lengths.end());
}

struct Loaded {
  graph::Graph graph;
  double load_ms = 0, prepare_ms = 0;
};

/// Reads and prepares several times: a person waits for the first time once, but the fastest says what the work costs.
Result<Loaded> load(const BenchInputs& inputs, const runtime::Options& options) {
  Loaded loaded;
  for (int repeat = 0; repeat < kLoads; ++repeat) {
    auto start = Clock::now();
    LITEQAT_ASSIGN_OR_RETURN(const Bytes bytes, read_file(inputs.model));
    LITEQAT_ASSIGN_OR_RETURN(loaded.graph, formats::tflite::read(bytes, inputs.model));
    const double load_ms = milliseconds_since(start);
    start = Clock::now();
    const auto interpreter = Interpreter::prepare(loaded.graph, options);
    if (!interpreter.ok()) return interpreter.status().with_context(inputs.model);
    const double prepare_ms = milliseconds_since(start);
    loaded.load_ms = repeat == 0 ? load_ms : std::min(loaded.load_ms, load_ms);
    loaded.prepare_ms = repeat == 0 ? prepare_ms : std::min(loaded.prepare_ms, prepare_ms);
  }
  return loaded;
}

Status measure(const BenchInputs& inputs, std::vector<Interpreter>& workers, results::BenchRecord& record, Progress& progress) {
  Samples samples;
  const int rounds = inputs.peer ? kPeerRounds : 1;
  PeerSamples peer;
  for (int round = 0; round < rounds; ++round) {
    if (interrupt_requested()) return Status(Code::kInterrupted, "the benchmark was interrupted");
    run_burst(workers, inputs.seconds / rounds, samples);
    if (!inputs.peer) continue;
    LITEQAT_RETURN_IF_ERROR(run_peer(inputs, inputs.seconds / rounds, peer));
    progress.note(format("round {} of {}: own median so far {:.4f} ms, peer {:.4f} ms", round + 1, rounds, median(samples.milliseconds),
                         median(peer.median_ms)));
  }
  record.calls = static_cast<int64_t>(samples.milliseconds.size());
  record.seconds = samples.seconds;
  record.latency_ms = summarize(samples.milliseconds);
  record.images_per_second = samples.images / samples.seconds;
  if (inputs.peer) record.peer = compare_with_peer(record, peer);
  return {};
}

}  // namespace

Result<results::BenchRecord> bench_model(const BenchInputs& inputs, Isa isa, Progress& progress) {
  LITEQAT_ASSIGN_OR_RETURN(const runtime::Profile profile, runtime::parse_profile(inputs.arithmetic));
  const runtime::Options options = {.profile = profile, .batch = inputs.batch, .isa = isa, .threads = inputs.threads};
  LITEQAT_ASSIGN_OR_RETURN(const Loaded loaded, load(inputs, options));
  std::vector<Interpreter> workers;
  for (int worker = 0; worker < inputs.workers; ++worker) {
    auto interpreter = Interpreter::prepare(loaded.graph, options);
    if (!interpreter.ok()) return interpreter.status().with_context(inputs.model);
    workers.push_back(std::move(interpreter).value());
    fill_inputs(workers.back(), loaded.graph);
  }
  results::BenchRecord record;
  record.model = inputs.model, record.arithmetic = inputs.arithmetic, record.isa = isa_name(isa), record.cpu = cpu_model();
  record.version = inputs.version;
  record.threads = inputs.threads, record.workers = inputs.workers, record.batch = inputs.batch;
  record.load_ms = loaded.load_ms, record.prepare_ms = loaded.prepare_ms;
  record.macs = graph::count_macs(loaded.graph);
  record.arena_bytes = workers[0].arena_bytes();
  const Peak peak = measure_peak(loaded.graph, isa, inputs.threads * inputs.workers);
  record.peak_kernel = peak.kernel, record.peak_gmacs_per_second = peak.gmacs_per_second;
  LITEQAT_RETURN_IF_ERROR(measure(inputs, workers, record, progress));
  if (inputs.layers) record.layers = time_layers(workers[0], loaded.graph, inputs.seconds, peak.gmacs_per_second / inputs.workers);
  return record;
}

}  // namespace liteqat::pipeline
