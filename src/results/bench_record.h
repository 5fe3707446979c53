// How fast a model runs: the record behind `liteqat bench`. Nothing is computed here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"

namespace liteqat::results {

struct LatencyRecord {
  double median = 0, min = 0, p99 = 0;  // milliseconds of one invoke (of a whole batch)
};

struct LayerTime {
  int32_t index = 0;
  std::string op, name, kernel;
  int64_t macs = 0;  // of the whole batch
  double median_ms = 0;
  double share = 0;                             // of the sum of all layers
  std::optional<double> gmacs_per_second = {};  // of operators that multiply
  std::optional<double> peak_share = {};        // of the machine's measured peak
};

/// Another runtime, measured between our own bursts in the same run.
struct PeerRecord {
  std::string program, runtime;  // path of the script; "LiteRT xnnpack"
  double median_ms = 0, min_ms = 0, images_per_second = 0;
  double latency_ratio = 0, min_ratio = 0, throughput_ratio = 0;  // above 1: we are faster
};

struct BenchRecord {
  std::string model, arithmetic, isa, cpu, version;
  int32_t threads = 1, workers = 1, batch = 1;
  double seconds = 0;  // that invokes were timed for
  int64_t calls = 0, macs = 0, arena_bytes = 0;
  double load_ms = 0, prepare_ms = 0;  // the fastest of several
  LatencyRecord latency_ms;
  double images_per_second = 0;  // of all workers together
  std::string peak_kernel;
  double peak_gmacs_per_second = 0;  // measured, threads * workers cores
  std::vector<LayerTime> layers = {};
  std::optional<PeerRecord> peer = {};
};

/// {"schema": "liteqat/bench/1", ...}
std::string bench_to_json(const BenchRecord& bench);

/// A line of what a peer script writes as JSON: a list with an object per model.
struct PeerFigures {
  std::string runtime;  // "LiteRT xnnpack", or what the script calls itself
  double median_ms = 0, min_ms = 0;
  std::optional<double> images_per_second = {};
};
/// The first line. Fails: kCorruptFile, naming the file and the key; kNotFound if the list is empty.
Result<PeerFigures> peer_from_json(const std::string& text, const std::string& path_for_messages);

}  // namespace liteqat::results
