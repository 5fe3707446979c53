#include "pipeline/peer.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "base/file.h"
#include "base/subprocess.h"
#include "pipeline/bench_parts.h"

namespace liteqat::pipeline {
namespace fs = std::filesystem;

Result<std::string> find_peer_script(const std::string& given, const std::string& name) {
  if (!given.empty()) {
    if (file_exists(given)) return given;
    return error(Code::kNotFound, "--peer {}: no such file", given);
  }
  const fs::path script = fs::path(program_folder()) / "../../../shared/peers" / name;
  if (file_exists(script.string())) return fs::weakly_canonical(script).string();
  return error(Code::kNotFound, "--peer: {} is not there; give the script's path: --peer {}", script.lexically_normal().string(), name);
}

std::string find_peer_python(const std::string& given) {
  if (!given.empty()) return given;
  const fs::path oracle = fs::path(program_folder()) / "../oracle/bin/python";
  return file_exists(oracle.string()) ? oracle.string() : "python3";
}

Result<ScratchFile> ScratchFile::make() {
  std::error_code code;
  std::string folder = (fs::temp_directory_path(code) / "liteqat-peer-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) return error(Code::kIo, "{}: cannot create folder: {}", folder, std::strerror(errno));
  return ScratchFile(std::move(folder));
}

ScratchFile::~ScratchFile() {
  std::error_code ignored;
  if (!folder_.empty()) fs::remove_all(folder_, ignored);
}

Status run_peer(const BenchInputs& inputs, double seconds, PeerSamples& samples) {
  LITEQAT_ASSIGN_OR_RETURN(samples.script, find_peer_script(inputs.peer->script, "litert_bench.py"));
  LITEQAT_ASSIGN_OR_RETURN(const ScratchFile json, ScratchFile::make());
  std::vector<std::string> command = {find_peer_python(inputs.peer->python),
                                      samples.script,
                                      "--threads",
                                      format("{}", inputs.threads),
                                      "--seconds",
                                      format("{}", seconds),
                                      "--json",
                                      json.path()};
  if (inputs.batch != 1) command.insert(command.end(), {"--batch", format("{}", inputs.batch)});
  if (inputs.workers != 1) command.insert(command.end(), {"--processes", format("{}", inputs.workers)});
  command.push_back(inputs.model);
  const Status ran = run_program(command);
  if (!ran.ok()) return ran.with_context(format("peer {}", samples.script));
  LITEQAT_ASSIGN_OR_RETURN(const std::string text, read_text_file(json.path()));
  LITEQAT_ASSIGN_OR_RETURN(const results::PeerFigures figures, results::peer_from_json(text, samples.script));
  samples.runtime = figures.runtime;
  samples.median_ms.push_back(figures.median_ms);
  samples.min_ms.push_back(figures.min_ms);
  samples.images_per_second.push_back(figures.images_per_second.value_or(inputs.batch * 1000.0 / figures.median_ms));
  return {};
}

results::PeerRecord compare_with_peer(const results::BenchRecord& own, const PeerSamples& peer) {
  results::PeerRecord record = {.program = peer.script, .runtime = peer.runtime};
  record.median_ms = median(peer.median_ms);
  record.min_ms = *std::min_element(peer.min_ms.begin(), peer.min_ms.end());
  record.images_per_second = median(peer.images_per_second);
  record.latency_ratio = record.median_ms / own.latency_ms.median;
  record.min_ratio = record.min_ms / own.latency_ms.min;
  record.throughput_ratio = own.images_per_second / record.images_per_second;
  return record;
}

}  // namespace liteqat::pipeline
