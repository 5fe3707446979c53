// How fast a .tflite runs here: latency and throughput, per layer, against the machine's peak and against another runtime in the same run.
#pragma once

#include <optional>
#include <string>

#include "base/cpu.h"
#include "base/progress.h"
#include "base/status.h"
#include "results/bench_record.h"

namespace liteqat::pipeline {

/// A script that takes --threads, --seconds, --json and (if it is not asked for 1) --batch and --processes, as litert_bench.py does.
struct PeerRequest {
  std::string script;  // empty: shared/peers/litert_bench.py beside the source folder
  std::string python;  // empty: build/oracle's beside the program, else python3
};

struct BenchInputs {
  std::string model;
  std::string arithmetic = "litert-reference";
  int threads = 1;    // of one invoke
  int workers = 1;    // interpreters that run at the same time
  int32_t batch = 1;  // images of one invoke
  double seconds = 2;
  bool layers = false;
  std::optional<PeerRequest> peer;
  std::string version;
};

/// Inputs are pseudo-random codes. With a peer, own bursts and the peer's alternate, so that both see the same machine.
/// Fails: what reading and preparing the model says; kNotFound if the peer cannot be started or measured nothing.
Result<results::BenchRecord> bench_model(const BenchInputs& inputs, Isa isa, Progress& progress);

}  // namespace liteqat::pipeline
