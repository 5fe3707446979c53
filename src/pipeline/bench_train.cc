#include "pipeline/bench_train.h"

#include <sys/resource.h>

#include <algorithm>
#include <map>

#include "base/file.h"
#include "base/rng.h"
#include "base/subprocess.h"
#include "base/text.h"
#include "pipeline/bench_parts.h"
#include "pipeline/context.h"
#include "pipeline/peer.h"
#include "quant/lower.h"
#include "train/batch_source.h"

namespace liteqat::pipeline {
namespace {

constexpr int kBursts = 6;             // of our own; a peer runs after half of them
constexpr int32_t kSplitBatches = 16;  // images of the split, in batches, as the peer script has
constexpr int kWarmUpSteps = 2;

/// Pseudo-random pixels of the data set's shape.
data::Split make_images(const Recipe& recipe, int32_t batch) {
  const bool mnist = recipe.dataset == "mnist";
  data::Split split;
  split.name = "train";
  split.count = int64_t{batch} * kSplitBatches;
  split.height = split.width = mnist ? 28 : 32;
  split.channels = mnist ? 1 : 3;
  Rng rng(0);
  split.pixels.resize(static_cast<size_t>(split.count * split.image_elems()));
  for (uint8_t& pixel : split.pixels) pixel = static_cast<uint8_t>(rng.next_below(256));
  for (int64_t i = 0; i < split.count; ++i) split.labels.push_back(static_cast<int32_t>(rng.next_below(10)));
  return split;
}

/// Network, images and optimizer of the benchmark, and the time that the parts outside of the walk take.
class Trainer {
 public:
  static Result<std::unique_ptr<Trainer>> make(const TrainBenchInputs& inputs, int32_t batch, ThreadPool& pool);

  void step();
  const graph::Graph& graph() const { return graph_; }
  const train::Engine& engine() const { return *engine_; }
  double load_seconds = 0, update_seconds = 0;

 private:
  Trainer(const TrainBenchInputs& inputs, int32_t batch, ThreadPool& pool)
      : pool_(pool),
        batch_(batch),
        images_(make_images(inputs.recipe, batch)),
        options_(make_fit_options(inputs.recipe, inputs.qat ? inputs.recipe.qat : inputs.recipe.train, images_.count)),
        source_(images_, options_.normalization, options_.augmentation, options_.seed, batch, pool) {
    if (inputs.peer) options_.optimizer = {};  // Adam, as the peer's
  }
  void load();

  ThreadPool& pool_;
  int32_t batch_;
  data::Split images_;
  train::FitOptions options_;
  std::vector<int32_t> order_;
  train::BatchSource source_;
  graph::Graph graph_;
  std::optional<quant::Plan> plan_;
  std::optional<train::Engine> engine_;
  std::optional<train::Optimizer> optimizer_;
  std::vector<std::span<const float>> gradients_;
  int64_t steps_ = 0;
};

Result<std::unique_ptr<Trainer>> Trainer::make(const TrainBenchInputs& inputs, int32_t batch, ThreadPool& pool) {
  std::unique_ptr<Trainer> trainer(new Trainer(inputs, batch, pool));
  LITEQAT_ASSIGN_OR_RETURN(trainer->graph_, graph::make_architecture(make_architecture_options(inputs.recipe, trainer->images_, 10)));
  if (inputs.qat) {
    LITEQAT_ASSIGN_OR_RETURN(const quant::Scheme scheme, quant::parse_scheme(inputs.recipe.scheme));
    if (scheme == quant::Scheme::kLiteqat8Bit) {
      LITEQAT_ASSIGN_OR_RETURN(trainer->graph_, quant::fold_batch_norm(trainer->graph_));
    }
    LITEQAT_ASSIGN_OR_RETURN(trainer->plan_, quant::make_plan(trainer->graph_, scheme));
  }
  quant::Plan* plan = trainer->plan_ ? &*trainer->plan_ : nullptr;
  train::EngineOptions options{.max_batch = batch, .chunk = train::chunk_images(batch), .fused = inputs.fused, .timed = true};
  if (inputs.fused) options.chunk = train::training_chunk_images(trainer->graph_, plan, batch);
  LITEQAT_ASSIGN_OR_RETURN(train::Engine engine, train::Engine::make(trainer->graph_, plan, pool, options));
  trainer->engine_.emplace(std::move(engine));
  trainer->optimizer_.emplace(trainer->options_.optimizer, trainer->graph_, trainer->engine_->parameters());
  for (size_t k = 0; k < trainer->engine_->parameters().size(); ++k) trainer->gradients_.push_back(trainer->engine_->gradient(k));
  return trainer;
}

void Trainer::load() {
  const auto epoch = static_cast<int32_t>(steps_ / kSplitBatches);
  if (steps_ % kSplitBatches == 0) order_ = data::epoch_order(options_.seed, epoch, images_.count, options_.shuffle);
  const int64_t begin = steps_ % kSplitBatches * batch_;
  source_.prefetch(order_, begin + source_.load(order_, begin, epoch), epoch);
  ++steps_;
}

void Trainer::step() {
  const Stopwatch loading;
  load();
  load_seconds += loading.seconds();
  engine_->forward(source_.images(), batch_, train::Mode::kTraining);
  engine_->backward(source_.labels(), options_.label_smoothing);
  const Stopwatch updating;
  optimizer_->step(graph_, gradients_, 1.0f, pool_);
  update_seconds += updating.seconds();
}

/// What the figures are differences of: everything is counted from before the warm-up.
struct Counters {
  std::vector<train::StepTime> times;
  double load = 0, update = 0;
};

Counters counters_of(const Trainer& trainer) {
  return {trainer.engine().step_times(), trainer.load_seconds, trainer.update_seconds};
}

std::string operators_text(const graph::Graph& model, const train::StepTime& time) {
  if (time.kind != train::StepKind::kOperator) return time.kind == train::StepKind::kDropout ? "DROPOUT" : "FAKE_QUANT";
  std::vector<std::string> names;
  for (int32_t op : time.ops) names.push_back(graph::op_kind_name(model.ops[static_cast<size_t>(op)].kind));
  return join(names, " ");
}

void add_layers(const Trainer& trainer, const Counters& before, results::TrainBenchRecord& record) {
  const Counters after = counters_of(trainer);
  const double to_ms = 1e3 / static_cast<double>(record.steps) / record.threads;
  for (size_t i = 0; i < after.times.size(); ++i) {
    const train::StepTime& time = after.times[i];
    results::TrainStepTime layer;
    layer.name = time.name, layer.operators = operators_text(trainer.graph(), time), layer.fused = time.ops.size() > 1;
    layer.forward_macs = time.forward_macs * record.batch, layer.backward_macs = time.backward_macs * record.batch;
    layer.forward_ms = (time.forward_seconds - before.times[i].forward_seconds) * to_ms;
    layer.backward_ms = (time.backward_seconds - before.times[i].backward_seconds) * to_ms;
    const double ms = layer.forward_ms + layer.backward_ms;
    if (time.forward_macs > 0 && ms > 0) {
      layer.gflops = 2 * static_cast<double>(layer.forward_macs + layer.backward_macs) / ms / 1e6;
      layer.peak_share = *layer.gflops / record.peak_gflops;
    }
    record.macs += time.forward_macs, record.training_macs += time.forward_macs + time.backward_macs;
    if (!layer.fused && time.kind == train::StepKind::kOperator) record.unfused.push_back(layer.name);
    record.layers.push_back(layer);
  }
  record.load_ms = (after.load - before.load) * 1e3 / static_cast<double>(record.steps);
  record.update_ms = (after.update - before.update) * 1e3 / static_cast<double>(record.steps);
}

/// By operators, the largest first; what is left of the step's time is `other_ms`.
void add_kinds(results::TrainBenchRecord& record) {
  const double step_ms = record.seconds * 1e3 / static_cast<double>(record.steps);
  std::map<std::string, results::TrainKindTime> kinds;
  double sum = record.load_ms + record.update_ms;
  for (const results::TrainStepTime& layer : record.layers) {
    results::TrainKindTime& kind = kinds[layer.operators];
    kind.operators = layer.operators;
    ++kind.steps;
    kind.forward_ms += layer.forward_ms, kind.backward_ms += layer.backward_ms;
    kind.share += (layer.forward_ms + layer.backward_ms) / step_ms;
    sum += layer.forward_ms + layer.backward_ms;
  }
  for (const auto& [name, kind] : kinds) record.kinds.push_back(kind);
  std::stable_sort(record.kinds.begin(), record.kinds.end(), [](const auto& a, const auto& b) { return a.share > b.share; });
  record.other_ms = step_ms - sum;
}

/// Each script has its own command line (shared/peers): Keras' takes a network and measures float and QAT, PyTorch's takes nothing.
Result<std::vector<results::TrainPeerRow>> run_training_peer(const TrainBenchInputs& inputs, int32_t batch, std::string& program) {
  LITEQAT_ASSIGN_OR_RETURN(program, find_peer_script(inputs.peer->script, "keras_train_bench.py"));
  const bool cifar = inputs.recipe.architecture == "mobilenet_v2_cifar";
  if (!cifar && inputs.recipe.architecture != "mobilenet_v2_keras") {
    return error(Code::kUnsupported, "--peer: {} measures mobilenet_v2_cifar and mobilenet_v2_keras, not '{}'", program,
                 inputs.recipe.architecture);
  }
  const std::string python = find_peer_python(inputs.peer->python);
  const ScratchFile json;
  if (program.find("torch") == std::string::npos) {
    const Status ran = run_program({python, program, "--net", cifar ? "cifar88m" : "keras32", "--batch", format("{}", batch), "--seconds",
                                    format("{}", inputs.seconds), "--json", json.path()});
    if (!ran.ok()) return ran.with_context(format("peer {}", program));
    LITEQAT_ASSIGN_OR_RETURN(const std::string text, read_text_file(json.path()));
    return results::train_peers_from_json(text, program);
  }
  // It writes torch_train_bench.json where it runs, with both networks in it.
  const std::string folder = json.path() + ".d";
  LITEQAT_RETURN_IF_ERROR(make_folder(folder));
  const char* const there = "import os, runpy, sys; os.chdir(sys.argv[1]); runpy.run_path(sys.argv[2], run_name='__main__')";
  const Status ran = run_program({python, "-c", there, folder, program});
  if (!ran.ok()) return ran.with_context(format("peer {}", program));
  LITEQAT_ASSIGN_OR_RETURN(const std::string text, read_text_file(folder + "/torch_train_bench.json"));
  LITEQAT_ASSIGN_OR_RETURN(std::vector<results::TrainPeerRow> rows, results::train_peers_from_json(text, program));
  std::erase_if(rows, [&](const auto& row) { return row.name.find(cifar ? "cifar88M" : "keras32") == std::string::npos; });
  return rows;
}

/// Bursts of steps, each at least its share of the time; after half of them the peer's turn. Fills what is measured of the whole.
Status measure(const TrainBenchInputs& inputs, Trainer& trainer, results::TrainBenchRecord& record, Progress& progress) {
  std::vector<double> rates;
  for (int burst = 0; burst < kBursts; ++burst) {
    if (interrupt_requested()) return Status(Code::kInterrupted, "the benchmark was interrupted");
    if (inputs.peer && burst == kBursts / 2) {
      progress.note("the peer's turn");
      LITEQAT_ASSIGN_OR_RETURN(record.peers, run_training_peer(inputs, record.batch, record.peer_program));
    }
    const Stopwatch watch;
    int64_t steps = 0;
    do {
      trainer.step();
      ++steps;
    } while (watch.seconds() < inputs.seconds / kBursts);
    const double seconds = watch.seconds();
    record.steps += steps, record.seconds += seconds;
    rates.push_back(static_cast<double>(steps * record.batch) / seconds);
    progress.note(format("burst {} of {}: {:.1f} images/s", burst + 1, kBursts, rates.back()));
  }
  record.images_per_second = median(rates);
  record.fastest_images_per_second = *std::max_element(rates.begin(), rates.end());
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  record.peak_memory_mib = static_cast<double>(usage.ru_maxrss) / 1024;
  for (results::TrainPeerRow& row : record.peers) {
    row.ratio = record.images_per_second / row.images_per_second;
    if (row.peak_memory_mib) row.memory_share = record.peak_memory_mib / *row.peak_memory_mib;
  }
  return {};
}

}  // namespace

Result<results::TrainBenchRecord> bench_training(const TrainBenchInputs& inputs, Isa isa, Progress& progress) {
  const TrainingRecipe& stage = inputs.qat ? inputs.recipe.qat : inputs.recipe.train;
  const auto batch = inputs.batch > 0 ? inputs.batch : static_cast<int32_t>(stage.batch_size);
  ThreadPool pool(inputs.threads);
  LITEQAT_ASSIGN_OR_RETURN(const std::unique_ptr<Trainer> trainer, Trainer::make(inputs, batch, pool));
  results::TrainBenchRecord record;
  record.recipe = inputs.recipe.name, record.architecture = inputs.recipe.architecture;
  record.mode = inputs.qat ? inputs.recipe.scheme : "float", record.optimizer = inputs.peer ? "adam" : stage.optimizer;
  record.isa = isa_name(isa), record.cpu = cpu_model(), record.version = inputs.version;
  record.threads = inputs.threads, record.batch = batch;
  const Peak peak = measure_peak(trainer->graph(), isa, inputs.threads);
  record.peak_kernel = peak.kernel, record.peak_gflops = 2 * peak.gmacs_per_second;
  for (int warm_up = 0; warm_up < kWarmUpSteps; ++warm_up) trainer->step();
  const Counters before = counters_of(*trainer);
  LITEQAT_RETURN_IF_ERROR(measure(inputs, *trainer, record, progress));
  add_layers(*trainer, before, record);
  add_kinds(record);
  record.engine_bytes = trainer->engine().memory_bytes();
  record.peak_share = 2e-9 * record.images_per_second * static_cast<double>(record.training_macs) / record.peak_gflops;
  return record;
}

}  // namespace liteqat::pipeline
