#include "pipeline/bench.h"
#include "pipeline/bench_train.h"

#include <CLI/CLI.hpp>

#include "base/cpu.h"
#include "cli/session.h"
#include "report/report.h"

namespace liteqat::cli {
namespace {

struct BenchFlags {
  pipeline::BenchInputs inputs;
  pipeline::PeerRequest peer;
  std::string json;
  std::string recipe;  // of --train
  std::vector<std::string> settings;
  bool qat = false, unfused = false, has_seconds = false, has_batch = false;
};

void execute(BenchFlags& flags, bool with_peer, Session& session) {
  const auto isa = select_isa();
  if (!session.accept(isa.status())) return;
  const auto progress = session.make_progress();
  flags.inputs.threads = session.threads > 0 ? session.threads : 1;
  flags.inputs.version = session.version;
  if (with_peer) flags.inputs.peer = flags.peer;
  const auto record = pipeline::bench_model(flags.inputs, *isa, *progress);
  if (!session.accept(record.status())) return;
  session.accept(report_result(flags.json, results::bench_to_json(*record), report::render_bench(*record)));
}

/// bench --train: the recipe's training instead of a model's inference.
void execute_training(const BenchFlags& flags, bool with_peer, Session& session) {
  const auto isa = select_isa();
  if (!session.accept(isa.status())) return;
  const auto path = pipeline::find_recipe(flags.recipe);
  if (!session.accept(path.status())) return;
  auto recipe = pipeline::read_recipe(*path, {.settings = flags.settings});
  if (!session.accept(recipe.status())) return;
  pipeline::TrainBenchInputs inputs;
  inputs.recipe = *std::move(recipe);
  inputs.threads = session.thread_count();
  inputs.version = session.version;
  inputs.qat = flags.qat, inputs.fused = !flags.unfused;
  if (flags.has_batch) inputs.batch = flags.inputs.batch;
  if (flags.has_seconds) inputs.seconds = flags.inputs.seconds;
  if (with_peer) inputs.peer = flags.peer;
  const auto progress = session.make_progress();
  const auto record = pipeline::bench_training(inputs, *isa, *progress);
  if (!session.accept(record.status())) return;
  session.accept(
      report_result(flags.json, results::train_bench_to_json(*record), report::render_train_bench(*record, flags.inputs.layers)));
}

}  // namespace

void add_bench_command(CLI::App& app, Session& session) {
  const auto flags = std::make_shared<BenchFlags>();
  CLI::App* command = app.add_subcommand(
      "bench", "Latency and throughput of a .tflite, per layer, and against another runtime; with --train, of a recipe's training");
  CLI::Option* model = command->add_option("MODEL", flags->inputs.model, "The .tflite to run");
  CLI::Option* train = command->add_option("--train", flags->recipe, "Measure the training of this recipe instead of a model");
  train->excludes(model);
  CLI::Option* batch = command->add_option("--batch", flags->inputs.batch, "Images of one call (default: 1; of a step: the recipe's)");
  batch->check(CLI::Range(1, 4096));
  command->add_option("--workers", flags->inputs.workers, "Interpreters that run at the same time (default: 1)")->check(CLI::Range(1, 256));
  CLI::Option* seconds = command->add_option("--seconds", flags->inputs.seconds, "How long to measure (default: 2; training: 20)");
  seconds->check(CLI::Range(0.001, 3600.0));
  command->add_option("--arithmetic", flags->inputs.arithmetic, "Arithmetic profile (default: litert-reference)");
  command->add_flag("--layers", flags->inputs.layers, "Time, GMAC/s and share of the machine's peak of every layer");
  command->add_flag("--qat", flags->qat, "Training: the quantization-aware stage")->needs(train);
  command->add_flag("--unfused", flags->unfused, "Training: a step per operator")->needs(train);
  command->add_option("--set", flags->settings, "Training: KEY=VALUE of the recipe")->needs(train);
  CLI::Option* peer =
      command
          ->add_option("--peer", flags->peer.script,
                       "Also run LiteRT (training: Keras), or the benchmark script given, in the same run; prints the ratio")
          ->expected(0, 1);
  command->add_option("--python", flags->peer.python, "Python for the peer (default: the oracle environment's)")->needs(peer);
  add_json_option(*command, flags->json);
  add_common_options(*command, session, "Threads of one call (default: 1; of training: all cores)");
  command->callback([flags, model, train, batch, seconds, peer, &session] {
    if (train->count() == 0 && model->count() == 0) throw CLI::RequiredError("MODEL or --train");
    flags->has_batch = batch->count() > 0, flags->has_seconds = seconds->count() > 0;
    if (train->count() > 0) return execute_training(*flags, peer->count() > 0, session);
    execute(*flags, peer->count() > 0, session);
  });
}

}  // namespace liteqat::cli
