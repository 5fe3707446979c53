// Another runtime's benchmark script, run between our own bursts. Private to pipeline.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "pipeline/bench.h"

namespace liteqat::pipeline {

/// One entry a round.
struct PeerSamples {
  std::string script, runtime;
  std::vector<double> median_ms = {}, min_ms = {}, images_per_second = {};
};

/// The script given, else shared/peers/`name` beside the source folder, seen from build/<preset>/. Fails: kNotFound.
Result<std::string> find_peer_script(const std::string& given, const std::string& name);
/// The interpreter given, else build/oracle's beside the program, else python3.
std::string find_peer_python(const std::string& given);

/// A file that another program may write, in a folder of its own under the system's folder for temporary ones; both are removed again.
class ScratchFile {
 public:
  /// Fails: kIo.
  static Result<ScratchFile> make();
  ScratchFile(ScratchFile&& other) noexcept : folder_(std::exchange(other.folder_, {})) {}
  ScratchFile& operator=(ScratchFile&&) = delete;
  ~ScratchFile();
  std::string path() const { return folder_ + "/figures.json"; }

 private:
  explicit ScratchFile(std::string folder) : folder_(std::move(folder)) {}

  std::string folder_;
};

/// Runs the script once with our threads, workers and batch, and adds what it measured. Fails: kNotFound, kIo, kCorruptFile.
Status run_peer(const BenchInputs& inputs, double seconds, PeerSamples& samples);

/// Medians over the rounds, the smallest minimum, the ratios to our own figures. Requires: at least one round.
results::PeerRecord compare_with_peer(const results::BenchRecord& own, const PeerSamples& peer);

}  // namespace liteqat::pipeline
