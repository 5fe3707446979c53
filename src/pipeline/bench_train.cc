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
#include "pipeline/training_stage.h"
#include "quant/lower.h"
#include "train/batch_source.h"
#include "train/integer/integer_engine.h"

namespace liteqat::pipeline {
namespace {

constexpr int kTrainBursts = 6;        // of our own; a peer runs after half of them
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
class Training {
 public:
  /// Of the quantization-aware stage, or of float training with the options that the benchmark is about.
  static Result<std::unique_ptr<Training>> make(const TrainBenchInputs& inputs, bool quantized, int32_t batch, ThreadPool& pool,
                                                Progress& progress);

  Status step();
  const train::Trainer& trainer() const { return *trainer_; }
  const std::string& forward() const { return forward_; }
  double load_seconds = 0, update_seconds = 0;

 private:
  Training(const TrainBenchInputs& inputs, int32_t batch, ThreadPool& pool)
      : pool_(pool),
        batch_(batch),
        images_(make_images(inputs.recipe, batch)),
        options_(make_fit_options(inputs.recipe, inputs.qat ? inputs.recipe.qat : inputs.recipe.train, images_.count)),
        source_(images_, options_.normalization, options_.augmentation, options_.seed, batch, pool) {
    if (inputs.peer) options_.optimizer = {};  // Adam, as the peer's
  }
  Status quantize(const Recipe& recipe, Progress& progress);
  Status make_float_trainer(bool fused);
  void load();

  ThreadPool& pool_;
  int32_t batch_;
  data::Split images_;
  train::FitOptions options_;
  std::vector<int32_t> order_;
  train::BatchSource source_;
  graph::Graph graph_;
  std::optional<quant::Plan> plan_;
  std::string forward_ = "float";
  std::unique_ptr<train::Trainer> trainer_;
  std::optional<train::Optimizer> optimizer_;
  std::vector<std::span<const float>> gradients_;
  int64_t steps_ = 0;
};

Result<std::unique_ptr<Training>> Training::make(const TrainBenchInputs& inputs, bool quantized, int32_t batch, ThreadPool& pool,
                                                 Progress& progress) {
  std::unique_ptr<Training> training(new Training(inputs, batch, pool));
  LITEQAT_ASSIGN_OR_RETURN(training->graph_, graph::make_architecture(make_architecture_options(inputs.recipe, training->images_, 10)));
  if (quantized) LITEQAT_RETURN_IF_ERROR(training->quantize(inputs.recipe, progress));
  if (!training->trainer_) LITEQAT_RETURN_IF_ERROR(training->make_float_trainer(inputs.fused));
  const train::Trainer& trainer = *training->trainer_;
  training->optimizer_.emplace(training->options_.optimizer, training->graph_, trainer.parameters());
  for (size_t k = 0; k < trainer.parameters().size(); ++k) training->gradients_.push_back(trainer.gradient(k));
  return training;
}

/// The graph and the ranges that a run's stage starts from; its trainer too where that is on integers.
Status Training::quantize(const Recipe& recipe, Progress& progress) {
  forward_ = "fake_quant";
  LITEQAT_ASSIGN_OR_RETURN(const quant::Scheme scheme, quant::parse_scheme(recipe.scheme));
  if (scheme != quant::Scheme::kLiteqat8Bit) {
    LITEQAT_ASSIGN_OR_RETURN(plan_, make_recipe_plan(graph_, recipe));
    return {};
  }
  LITEQAT_ASSIGN_OR_RETURN(const Isa isa, select_isa());
  LITEQAT_ASSIGN_OR_RETURN(QuantizedModel start,
                           make_calibrated_start(graph_, recipe, data::take_first(images_, batch_), {isa, pool_, progress}));
  if (recipe.forward == "integer") {
    plan_ = quant::renumber_plan(start.plan, start.graph, graph_);
    const train::IntegerOptions options{.max_batch = batch_, .chunk = train::integer_chunk_images(graph_, batch_), .timed = true};
    auto engine = train::IntegerEngine::make(graph_, *plan_, pool_, options);
    if (engine.ok()) {
      forward_ = "integer";
      trainer_ = std::make_unique<train::IntegerEngine>(*std::move(engine));
      return {};
    }
    progress.note(format("trains with fake quantization, not on integers: {}", engine.status().message()));
  }
  graph_ = std::move(start.graph), plan_ = std::move(start.plan);
  return {};
}

Status Training::make_float_trainer(bool fused) {
  quant::Plan* plan = plan_ ? &*plan_ : nullptr;
  train::EngineOptions options{.max_batch = batch_, .chunk = train::chunk_images(batch_), .fused = fused, .timed = true};
  if (fused) options.chunk = train::training_chunk_images(graph_, plan, batch_);
  LITEQAT_ASSIGN_OR_RETURN(train::Engine engine, train::Engine::make(graph_, plan, pool_, options));
  trainer_ = train::make_float_trainer(std::move(engine));
  return {};
}

void Training::load() {
  const auto epoch = static_cast<int32_t>(steps_ / kSplitBatches);
  if (steps_ % kSplitBatches == 0) order_ = data::epoch_order(options_.seed, epoch, images_.count, options_.shuffle);
  const int64_t begin = steps_ % kSplitBatches * batch_;
  source_.prefetch(order_, begin + source_.load(order_, begin, epoch), epoch);
  ++steps_;
}

Status Training::step() {
  const Stopwatch loading;
  load();
  load_seconds += loading.seconds();
  LITEQAT_RETURN_IF_ERROR(trainer_->step(source_.images(), source_.labels(), options_.label_smoothing).status());
  const Stopwatch updating;
  optimizer_->step(graph_, gradients_, 1.0f, pool_);
  update_seconds += updating.seconds();
  return {};
}

/// What the figures are differences of: everything is counted from before the warm-up.
struct Counters {
  std::vector<train::StepTime> times;
  double load = 0, update = 0;
};

Counters counters_of(const Training& training) {
  return {training.trainer().step_times(), training.load_seconds, training.update_seconds};
}

std::string operators_text(const train::StepTime& time) {
  switch (time.kind) {
    case train::StepKind::kDropout:
      return "DROPOUT";
    case train::StepKind::kFakeQuant:
      return "FAKE_QUANT";
    case train::StepKind::kObservation:
      return "ranges, in float";
    case train::StepKind::kPacking:
      return "folding, quantizing, packing";
    case train::StepKind::kOperator:
      break;
  }
  std::vector<std::string> names;
  for (graph::OpKind kind : time.operators) names.push_back(graph::op_kind_name(kind));
  return join(names, " ");
}

/// Milliseconds that the multiplications would take at the measured peaks.
double ms_at_peak(const results::TrainBenchRecord& record, int64_t forward_macs, int64_t backward_macs) {
  const double forward_peak = record.integer_peak_kernel.empty() ? record.peak_gflops : record.integer_peak_gops;
  return 2e-6 * (static_cast<double>(forward_macs) / forward_peak + static_cast<double>(backward_macs) / record.peak_gflops);
}

void add_layers(const Training& training, const Counters& before, results::TrainBenchRecord& record) {
  const Counters after = counters_of(training);
  const double to_ms = 1e3 / static_cast<double>(record.steps) / record.threads;
  double at_peak_ms = 0;
  for (size_t i = 0; i < after.times.size(); ++i) {
    const train::StepTime& time = after.times[i];
    results::TrainStepTime layer;
    layer.name = time.name, layer.operators = operators_text(time), layer.fused = time.operators.size() > 1;
    layer.forward_macs = time.forward_macs * record.batch, layer.backward_macs = time.backward_macs * record.batch;
    layer.forward_ms = (time.forward_seconds - before.times[i].forward_seconds) * to_ms;
    layer.backward_ms = (time.backward_seconds - before.times[i].backward_seconds) * to_ms;
    const double ms = layer.forward_ms + layer.backward_ms;
    if (time.forward_macs > 0 && ms > 0) {
      layer.gflops = 2 * static_cast<double>(layer.forward_macs + layer.backward_macs) / ms / 1e6;
      layer.peak_share = ms_at_peak(record, layer.forward_macs, layer.backward_macs) / ms;
      at_peak_ms += *layer.peak_share * ms;
    }
    record.macs += time.forward_macs, record.training_macs += time.forward_macs + time.backward_macs;
    // On integers there is nothing to fuse but activations: what covers an operator is the runtime's own kernel.
    if (!layer.fused && time.kind == train::StepKind::kOperator && record.forward != "integer") record.unfused.push_back(layer.name);
    record.layers.push_back(layer);
  }
  record.peak_share = at_peak_ms * record.images_per_second / record.batch / 1e3;
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
  LITEQAT_ASSIGN_OR_RETURN(const ScratchFile json, ScratchFile::make());
  if (program.find("torch") == std::string::npos) {
    std::vector<std::string> command = {python,      program,
                                        "--net",     cifar ? "cifar88m" : "keras32",
                                        "--batch",   format("{}", batch),
                                        "--seconds", format("{}", inputs.seconds),
                                        "--json",    json.path()};
    if (!inputs.qat) command.insert(command.end(), {"--mode", "float"});  // else both: our float step has its peer too
    const Status ran = run_program(command);
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

/// What bursts of steps came to.
struct Bursts {
  int64_t steps = 0;
  double seconds = 0;
  std::vector<double> rates = {};  // images/s of each

  double fastest() const { return *std::max_element(rates.begin(), rates.end()); }
};

/// Steps for at least `seconds`.
Status run_steps(Training& training, double seconds, int32_t batch, Bursts& bursts) {
  if (interrupt_requested()) return Status(Code::kInterrupted, "the benchmark was interrupted");
  const Stopwatch watch;
  int64_t steps = 0;
  do {
    LITEQAT_RETURN_IF_ERROR(training.step());
    ++steps;
  } while (watch.seconds() < seconds);
  const double took = watch.seconds();
  bursts.steps += steps, bursts.seconds += took;
  bursts.rates.push_back(static_cast<double>(steps * batch) / took);
  return {};
}

Status warm_up(Training& training) {
  for (int step = 0; step < kWarmUpSteps; ++step) LITEQAT_RETURN_IF_ERROR(training.step());
  return {};
}

double peak_memory_mib() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

/// Float training beside quantization-aware training: made after the first burst, when the memory of the latter has been seen.
struct FloatTwin {
  std::unique_ptr<Training> training = nullptr;
  Bursts bursts = {};
};

/// Bursts, the float twin's between them; after half of them the peer's turn. Fills what is measured of the whole.
Status measure(const TrainBenchInputs& inputs, Training& training, ThreadPool& pool, results::TrainBenchRecord& record,
               Progress& progress) {
  Bursts own;
  FloatTwin twin;
  const double seconds = inputs.seconds / kTrainBursts;
  for (int burst = 0; burst < kTrainBursts; ++burst) {
    if (inputs.peer && burst == kTrainBursts / 2) {
      progress.note("the peer's turn");
      LITEQAT_ASSIGN_OR_RETURN(record.peers, run_training_peer(inputs, record.batch, record.peer_program));
    }
    LITEQAT_RETURN_IF_ERROR(run_steps(training, seconds, record.batch, own));
    progress.note(format("burst {} of {}: {:.1f} images/s", burst + 1, kTrainBursts, own.rates.back()));
    if (burst == 0) record.peak_memory_mib = peak_memory_mib();
    if (!inputs.qat) continue;
    if (twin.training == nullptr) {
      LITEQAT_ASSIGN_OR_RETURN(twin.training, Training::make(inputs, /*quantized=*/false, record.batch, pool, progress));
      LITEQAT_RETURN_IF_ERROR(warm_up(*twin.training));
    }
    LITEQAT_RETURN_IF_ERROR(run_steps(*twin.training, seconds, record.batch, twin.bursts));
  }
  if (!inputs.qat) record.peak_memory_mib = peak_memory_mib();
  record.steps = own.steps, record.seconds = own.seconds;
  record.images_per_second = median(own.rates), record.fastest_images_per_second = own.fastest();
  if (inputs.qat) {
    record.float_step = {.images_per_second = median(twin.bursts.rates), .fastest_images_per_second = twin.bursts.fastest()};
    record.float_step->step_ratio = record.float_step->images_per_second / record.images_per_second;
  }
  return {};
}

/// Float training against float training, quantization-aware against quantization-aware; memory of what the record is about only.
void compare_with_peers(bool qat, results::TrainBenchRecord& record) {
  if (!qat) std::erase_if(record.peers, [](const auto& row) { return row.quantized; });
  for (results::TrainPeerRow& row : record.peers) {
    const bool own = row.quantized == qat;
    row.ratio = (own ? record.images_per_second : record.float_step->images_per_second) / row.images_per_second;
    if (own && row.peak_memory_mib) row.memory_share = record.peak_memory_mib / *row.peak_memory_mib;
  }
}

void add_peaks(Isa isa, results::TrainBenchRecord& record) {
  const Peak peak = measure_float32_peak(isa, record.threads);
  record.peak_kernel = peak.kernel, record.peak_gflops = 2 * peak.gmacs_per_second;
  if (record.forward != "integer") return;
  const Peak integer = measure_int8_peak(isa, record.threads);
  record.integer_peak_kernel = integer.kernel, record.integer_peak_gops = 2 * integer.gmacs_per_second;
}

}  // namespace

Result<results::TrainBenchRecord> bench_training(const TrainBenchInputs& inputs, Isa isa, Progress& progress) {
  const TrainingRecipe& stage = inputs.qat ? inputs.recipe.qat : inputs.recipe.train;
  const auto batch = inputs.batch > 0 ? inputs.batch : static_cast<int32_t>(stage.batch_size);
  ThreadPool pool(inputs.threads);
  LITEQAT_ASSIGN_OR_RETURN(const std::unique_ptr<Training> training, Training::make(inputs, inputs.qat, batch, pool, progress));
  results::TrainBenchRecord record;
  record.recipe = inputs.recipe.name, record.architecture = inputs.recipe.architecture;
  record.mode = inputs.qat ? inputs.recipe.scheme : "float", record.forward = training->forward();
  record.optimizer = inputs.peer ? "adam" : stage.optimizer;
  record.isa = isa_name(isa), record.cpu = cpu_model(), record.version = inputs.version;
  record.threads = inputs.threads, record.batch = batch;
  add_peaks(isa, record);
  LITEQAT_RETURN_IF_ERROR(warm_up(*training));
  const Counters before = counters_of(*training);
  LITEQAT_RETURN_IF_ERROR(measure(inputs, *training, pool, record, progress));
  add_layers(*training, before, record);
  add_kinds(record);
  compare_with_peers(inputs.qat, record);
  record.engine_bytes = training->trainer().memory_bytes();
  return record;
}

}  // namespace liteqat::pipeline
