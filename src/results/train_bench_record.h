// How fast a recipe trains: the record behind `liteqat bench --train`. Nothing is computed here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"

namespace liteqat::results {

/// One step of the training walk: an operator, or several that run fused. Times are of one training step (a whole batch), worker time
/// divided by the threads.
struct TrainStepTime {
  std::string name, operators;  // "block_1_expand", "CONV_2D BATCH_NORM RELU6"
  bool fused = false;
  int64_t forward_macs = 0, backward_macs = 0;  // of the batch
  double forward_ms = 0, backward_ms = 0;
  std::optional<double> gflops = {};  // two operations a multiply-accumulate; of operators that multiply
  std::optional<double> peak_share = {};
};

/// All steps of the same operators together.
struct TrainKindTime {
  std::string operators;
  int64_t steps = 0;
  double forward_ms = 0, backward_ms = 0, share = 0;  // of the step's wall time
};

/// Float training of the same network with the batch and optimizer of the quantization-aware stage, in bursts between its own.
struct FloatStepRecord {
  double images_per_second = 0, fastest_images_per_second = 0;  // the median burst and the fastest
  double step_ratio = 0;                                        // time of a quantization-aware step over that of a float step
};

/// Another framework, measured between our own bursts in the same run.
struct TrainPeerRow {
  std::string name;  // "keras cifar88m float"
  double images_per_second = 0;
  std::optional<double> peak_memory_mib = {};
  bool quantized = false;                   // it trained quantization-aware
  double ratio = 0;                         // our images per second over the peer's: float over float, quantized over quantized
  std::optional<double> memory_share = {};  // our peak memory over the peer's, of what this record measures
};

struct TrainBenchRecord {
  std::string recipe, architecture, mode, optimizer, isa, cpu, version;  // mode: "float" or the quantization scheme
  std::string forward;                                                   // "float", "fake_quant" or "integer"
  int32_t threads = 1, batch = 1;
  int64_t steps = 0;
  double seconds = 0, images_per_second = 0, fastest_images_per_second = 0;  // the median burst and the fastest
  int64_t macs = 0, training_macs = 0;                                       // of an image: forward; forward and backward
  std::string peak_kernel;
  double peak_gflops = 0;
  std::string integer_peak_kernel = {};  // of a forward on integers; else empty
  double integer_peak_gops = 0;
  double peak_share = 0;  // time that all multiplications take at these peaks over the time of a step
  int64_t engine_bytes = 0;
  double peak_memory_mib = 0;  // of the process
  double load_ms = 0, update_ms = 0, other_ms = 0;
  std::vector<TrainStepTime> layers = {};
  std::vector<TrainKindTime> kinds = {};
  std::vector<std::string> unfused = {};           // names of steps of one operator
  std::optional<FloatStepRecord> float_step = {};  // of quantization-aware training
  std::string peer_program;
  std::vector<TrainPeerRow> peers = {};
};

/// {"schema": "liteqat/bench_train/1", ...}
std::string train_bench_to_json(const TrainBenchRecord& bench);

/// What keras_train_bench.py writes (a list of objects with net, mode, images_per_second, peak_memory_mib) or torch_train_bench.py (an
/// object from names to images per second). Fails: kCorruptFile, naming the file and the key; kNotFound if nothing was measured.
Result<std::vector<TrainPeerRow>> train_peers_from_json(const std::string& text, const std::string& path_for_messages);

}  // namespace liteqat::results
