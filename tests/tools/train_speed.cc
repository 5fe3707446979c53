// Training speed of a named network on random images: forward, backward and update, no data loading. The median over repeated blocks of
// steps. Usage:
// train_speed NETWORK BATCH STEPS THREADS float|tfmot_8bit|liteqat_8bit|integer [CHUNK [unfused]]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "base/rng.h"
#include "graph/architectures.h"
#include "quant/lower.h"
#include "train/integer/integer_engine.h"
#include "train/optimizer.h"

namespace liteqat {
namespace {

constexpr int kBlocks = 5;

struct Options {
  std::string network, scheme;
  int32_t batch, steps;
  int threads;
  int32_t chunk;  // 0: as fit() chooses
  bool fused;
};

Status run(const Options& options) {
  graph::ArchitectureOptions architecture{.name = options.network};
  if (options.network.rfind("mnist", 0) != 0) architecture.height = architecture.width = 32, architecture.channels = 3;
  LITEQAT_ASSIGN_OR_RETURN(graph::Graph model, graph::make_architecture(architecture));
  quant::Plan plan;
  const bool quantized = options.scheme != "float", integer = options.scheme == "integer";
  if (quantized) {
    LITEQAT_ASSIGN_OR_RETURN(const quant::Scheme scheme, quant::parse_scheme(integer ? "liteqat_8bit" : options.scheme));
    if (scheme == quant::Scheme::kLiteqat8Bit && !integer) {
      LITEQAT_ASSIGN_OR_RETURN(model, quant::fold_batch_norm(model));
    }
    LITEQAT_ASSIGN_OR_RETURN(plan, quant::make_plan(model, scheme));
  }
  Rng rng(1);
  std::vector<float> images(static_cast<size_t>(options.batch * graph::elem_count(model.tensor(model.inputs[0]).shape)));
  for (float& pixel : images) pixel = rng.next_float();
  std::vector<int32_t> labels(static_cast<size_t>(options.batch));
  for (int32_t& label : labels) label = static_cast<int32_t>(rng.next_below(10));

  ThreadPool pool(options.threads);
  std::unique_ptr<train::Trainer> trainer;
  int64_t memory_bytes = 0;
  if (integer) {
    const int32_t chunk = options.chunk > 0 ? options.chunk : train::integer_chunk_images(model, options.batch);
    LITEQAT_ASSIGN_OR_RETURN(train::IntegerEngine engine, train::IntegerEngine::make(model, plan, pool, {options.batch, chunk}));
    memory_bytes = engine.memory_bytes();
    trainer = std::make_unique<train::IntegerEngine>(std::move(engine));
  } else {
    train::EngineOptions engine_options{
        options.batch, options.chunk > 0 ? options.chunk : train::training_chunk_images(model, quantized ? &plan : nullptr, options.batch)};
    engine_options.fused = options.fused;
    LITEQAT_ASSIGN_OR_RETURN(train::Engine engine, train::Engine::make(model, quantized ? &plan : nullptr, pool, engine_options));
    memory_bytes = engine.memory_bytes();
    trainer = train::make_float_trainer(std::move(engine));
  }
  train::Optimizer optimizer({}, model, trainer->parameters());
  std::vector<std::span<const float>> gradients;
  for (size_t k = 0; k < trainer->parameters().size(); ++k) gradients.push_back(trainer->gradient(k));
  std::vector<double> rates;
  for (int block = 0; block <= kBlocks; ++block) {  // block 0 warms up
    const auto start = std::chrono::steady_clock::now();
    for (int32_t step = 0; step < options.steps; ++step) {
      LITEQAT_RETURN_IF_ERROR(trainer->step(images, labels, 0.0f).status());
      optimizer.step(model, gradients, 1.0f, pool);
    }
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (block > 0) rates.push_back(options.batch * options.steps / seconds);
  }
  std::sort(rates.begin(), rates.end());
  std::printf("%s batch %d, %d threads, %s: %.1f images/s (%.1f to %.1f), %.0f MiB\n", options.network.c_str(), options.batch,
              options.threads, options.scheme.c_str(), rates[kBlocks / 2], rates.front(), rates.back(),
              static_cast<double>(memory_bytes) / (1 << 20));
  return {};
}

}  // namespace
}  // namespace liteqat

int main(int argc, char** argv) {
  if (argc < 6 || argc > 8) {
    std::fprintf(stderr, "usage: train_speed NETWORK BATCH STEPS THREADS float|tfmot_8bit|liteqat_8bit|integer [CHUNK [unfused]]\n");
    return 2;
  }
  const liteqat::Status status = liteqat::run(
      {argv[1], argv[5], std::atoi(argv[2]), std::atoi(argv[3]), std::atoi(argv[4]), argc >= 7 ? std::atoi(argv[6]) : 0, argc < 8});
  if (!status.ok()) std::fprintf(stderr, "train_speed: %s\n", status.message().c_str());
  return status.ok() ? 0 : 3;
}
