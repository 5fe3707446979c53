// Time of one invoke, in bursts that another program (bench/compare_litert.py) can interleave with bursts of its own.
//
//   invoke_speed MODEL THREADS BATCH [ARITHMETIC [ISA]]
//
// For every line of standard input, "MILLISECONDS" or "layers MILLISECONDS [REPEATS]", invokes for that long and answers one line: minimum
// and median in microseconds; or, for layers, one line per step with its minimum, then an empty line (REPEATS: each step so often in a
// row).
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "base/rng.h"
#include "formats/tflite/tflite.h"
#include "runtime/interpreter.h"

namespace liteqat {
namespace {

using Clock = std::chrono::steady_clock;

double microseconds(Clock::time_point since) {
  return std::chrono::duration<double, std::micro>(Clock::now() - since).count();
}

/// Random codes, or floats in [0, 1).
void fill_inputs(runtime::Interpreter& interpreter) {
  Rng rng(1);
  const auto bytes = interpreter.input(0);
  if (interpreter.input_tensor(0).type == graph::DType::kFloat32) {
    auto* values = reinterpret_cast<float*>(bytes.data());
    for (size_t elem = 0; elem < bytes.size() / sizeof(float); ++elem) values[elem] = rng.next_float();
    return;
  }
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(rng.next_below(256));
}

void burst(runtime::Interpreter& interpreter, double milliseconds) {
  std::vector<double> times;
  const auto start = Clock::now();
  do {
    const auto begin = Clock::now();
    interpreter.invoke();
    times.push_back(microseconds(begin));
  } while (microseconds(start) < 1000 * milliseconds);
  std::sort(times.begin(), times.end());
  std::printf("%.3f %.3f\n", times.front(), times[times.size() / 2]);
}

void layers(runtime::Interpreter& interpreter, double milliseconds, size_t repeats) {
  const auto steps = interpreter.steps();
  std::vector<double> least(steps.size(), 1e30);
  const auto start = Clock::now();
  do {
    for (size_t step = 0; step < steps.size(); ++step) {
      for (size_t repeat = 0; repeat < repeats; ++repeat) {
        const auto begin = Clock::now();
        interpreter.invoke_step(step);
        least[step] = std::min(least[step], microseconds(begin));
      }
    }
  } while (microseconds(start) < 1000 * milliseconds);
  for (size_t step = 0; step < steps.size(); ++step) {
    const auto& info = steps[step];
    std::printf("%3d %-18s %-36s %9.3f us %11lld MACs %7.1f GMAC/s\n", info.op_index, info.op.c_str(), info.kernel.c_str(), least[step],
                static_cast<long long>(info.macs), static_cast<double>(info.macs) / least[step] / 1000);
  }
  std::printf("\n");
}

Result<Isa> parse_isa(int count, char** values) {
  if (count < 6) return select_isa();
  for (const Isa isa : supported_isas()) {
    if (std::string(values[5]) == isa_name(isa)) return isa;
  }
  return error(Code::kInvalidArgument, "instruction set '{}' is not supported here", values[5]);
}

Status run(int count, char** values) {
  LITEQAT_ASSIGN_OR_RETURN(const Isa isa, parse_isa(count, values));
  LITEQAT_ASSIGN_OR_RETURN(const runtime::Profile profile, runtime::parse_profile(count < 5 ? "litert-reference" : values[4]));
  LITEQAT_ASSIGN_OR_RETURN(const Bytes bytes, read_file(values[1]));
  LITEQAT_ASSIGN_OR_RETURN(const auto model, formats::tflite::read(bytes, values[1]));
  const runtime::Options options = {.profile = profile, .batch = std::atoi(values[3]), .isa = isa, .threads = std::atoi(values[2])};
  const auto start = Clock::now();
  LITEQAT_ASSIGN_OR_RETURN(auto interpreter, runtime::Interpreter::prepare(model, options));
  std::fprintf(stderr, "prepared in %.2f ms\n", microseconds(start) / 1000);
  fill_inputs(interpreter);
  for (std::string line; std::getline(std::cin, line); std::fflush(stdout)) {
    std::istringstream words(line);
    std::string word;
    words >> word;
    const bool by_layer = word == "layers";
    if (by_layer) words >> word;
    size_t repeats = 1;
    words >> repeats;
    by_layer ? layers(interpreter, std::atof(word.c_str()), repeats == 0 ? 1 : repeats) : burst(interpreter, std::atof(word.c_str()));
  }
  return {};
}

}  // namespace
}  // namespace liteqat

int main(int count, char** values) {
  if (count < 4 || count > 6) {
    std::fprintf(stderr, "usage: invoke_speed MODEL THREADS BATCH [ARITHMETIC [ISA]]\n");
    return 2;
  }
  const liteqat::Status status = liteqat::run(count, values);
  if (!status.ok()) std::fprintf(stderr, "invoke_speed: %s\n", status.message().c_str());
  return status.ok() ? 0 : 3;
}
