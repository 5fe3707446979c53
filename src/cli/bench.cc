#include "pipeline/bench.h"

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

}  // namespace

void add_bench_command(CLI::App& app, Session& session) {
  const auto flags = std::make_shared<BenchFlags>();
  CLI::App* command = app.add_subcommand("bench", "Latency and throughput of a .tflite, per layer, and against another runtime");
  command->add_option("MODEL", flags->inputs.model, "The .tflite to run")->required();
  command->add_option("--batch", flags->inputs.batch, "Images of one call (default: 1)")->check(CLI::Range(1, 4096));
  command->add_option("--workers", flags->inputs.workers, "Interpreters that run at the same time (default: 1)")->check(CLI::Range(1, 256));
  command->add_option("--seconds", flags->inputs.seconds, "How long to measure (default: 2)")->check(CLI::Range(0.001, 3600.0));
  command->add_option("--arithmetic", flags->inputs.arithmetic, "Arithmetic profile (default: litert-reference)");
  command->add_flag("--layers", flags->inputs.layers, "Time, GMAC/s and share of the machine's peak of every layer");
  CLI::Option* peer =
      command->add_option("--peer", flags->peer.script, "Also run LiteRT, or the benchmark script given, in the same run; prints the ratio")
          ->expected(0, 1);
  command->add_option("--python", flags->peer.python, "Python for the peer (default: the oracle environment's)")->needs(peer);
  add_json_option(*command, flags->json);
  add_common_options(*command, session);
  command->get_option("--threads")->description("Threads of one call (default: 1)");
  command->callback([flags, peer, &session] { execute(*flags, peer->count() > 0, session); });
}

}  // namespace liteqat::cli
