// Fuzz target: any bytes as a .tflite file, loaded, prepared and run, made float and trainable. A crash, a sanitizer report or a hang is a
// bug.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>

#include "formats/tflite/tflite.h"
#include "quant/dequantize.h"
#include "quant/raise.h"
#include "runtime/interpreter.h"

namespace {

constexpr int64_t kMostMacs = 20'000'000;  // more would only be slow

constexpr int64_t kMostMemory = 16 << 20;  // larger tensors only take longer to copy

int64_t count_macs(const liteqat::runtime::Interpreter& interpreter) {
  int64_t macs = 0;
  for (const auto& step : interpreter.steps()) macs += step.macs;
  return macs;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  liteqat::formats::tflite::Extras extras;
  const auto graph = liteqat::formats::tflite::read(std::as_bytes(std::span(data, size)), "fuzz.tflite", &extras);
  if (!graph.ok()) return 0;
  for (const auto profile : {liteqat::runtime::Profile::kLitertReference, liteqat::runtime::Profile::kXnnpack}) {
    liteqat::runtime::Options options;
    options.profile = profile;
    options.max_memory = kMostMemory;
    options.isa = size % 2 == 0 ? liteqat::supported_isas().back() : liteqat::Isa::kReference;
    auto interpreter = liteqat::runtime::Interpreter::prepare(*graph, options);
    if (!interpreter.ok() || count_macs(*interpreter) > kMostMacs) continue;
    for (size_t input = 0; input < graph->inputs.size(); ++input) {
      const auto target = interpreter->input(input);
      std::memset(target.data(), 0x5A, target.size());
    }
    interpreter->invoke();
  }
  // What was read can be written, and reads again as the same graph would.
  const auto written = liteqat::formats::tflite::write(*graph, extras);
  if (written.ok() && !liteqat::formats::tflite::read(*written, "again.tflite").ok()) std::abort();
  const auto real = liteqat::quant::dequantize_graph(*graph);
  (void)liteqat::quant::raise_for_training(real.ok() ? *real : *graph);
  return 0;
}
