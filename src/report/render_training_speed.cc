#include "base/format.h"
#include "base/text.h"
#include "report/report.h"

namespace liteqat::report {
namespace {

std::string layer_lines(const results::TrainBenchRecord& bench) {
  std::string text = format("\n{:<34} {:<34} {:>10} {:>10} {:>9} {:>7}\n", "step", "operators", "forward ms", "back ms", "GFLOP/s", "peak");
  for (const results::TrainStepTime& layer : bench.layers) {
    text +=
        format("{:<34} {:<34} {:>10.3f} {:>10.3f} {:>9} {:>7}\n", layer.name, layer.operators, layer.forward_ms, layer.backward_ms,
               layer.gflops ? format("{:.1f}", *layer.gflops) : "-", layer.peak_share ? format("{:.1f}%", 100 * *layer.peak_share) : "-");
  }
  return text;
}

}  // namespace

std::string render_train_bench(const results::TrainBenchRecord& bench, bool with_layers) {
  const std::string mode = bench.forward == bench.mode ? bench.mode : bench.mode + " " + bench.forward;
  std::string text = format("{}: {} ({}), {}, {} thread{}, batch {}, {}\n", bench.recipe, bench.architecture, mode, bench.isa,
                            bench.threads, bench.threads == 1 ? "" : "s", bench.batch, bench.optimizer);
  text += format("throughput  {:.1f} images/s, fastest burst {:.1f} ({} steps in {:.1f} s)\n", bench.images_per_second,
                 bench.fastest_images_per_second, format_count(bench.steps), bench.seconds);
  if (bench.float_step) {
    text += format("float       {:.1f} images/s, fastest burst {:.1f}; a quantization-aware step takes {:.3f} of a float step's time\n",
                   bench.float_step->images_per_second, bench.float_step->fastest_images_per_second, bench.float_step->step_ratio);
  }
  text += format("arithmetic  {:.1f} GFLOP/s, {:.1f} % of the measured peak of {:.0f} ({}){}\n",
                 2e-9 * bench.images_per_second * static_cast<double>(bench.training_macs), 100 * bench.peak_share, bench.peak_gflops,
                 bench.peak_kernel,
                 bench.integer_peak_kernel.empty()
                     ? ""
                     : format(" backward and {:.0f} ({}) forward", bench.integer_peak_gops, bench.integer_peak_kernel));
  text += format("memory      {:.0f} MiB at most, {} of it activations and gradients\n", bench.peak_memory_mib,
                 format_bytes(bench.engine_bytes));
  text += format("\n{:<38} {:>5} {:>10} {:>10} {:>7}\n", "ms of a step, all threads busy", "steps", "forward", "backward", "share");
  for (const results::TrainKindTime& kind : bench.kinds) {
    text += format("{:<38} {:>5} {:>10.2f} {:>10.2f} {:>6.1f}%\n", kind.operators, kind.steps, kind.forward_ms, kind.backward_ms,
                   100 * kind.share);
  }
  text += format("{:<38} {:>5} {:>10.2f}\n{:<38} {:>5} {:>21.2f}\n{:<38} {:>5} {:>10.2f}\n", "data loading", "", bench.load_ms,
                 "weight update", "", bench.update_ms, "waiting, packing, adding gradients", "", bench.other_ms);
  text += format("unfused     {}\n", bench.unfused.empty() ? "nothing" : join(bench.unfused, ", "));
  for (const results::TrainPeerRow& peer : bench.peers) {
    text += format("peer        {}: {:.1f} images/s{}, we are {:.2f} times as fast{}\n", peer.name, peer.images_per_second,
                   peer.peak_memory_mib ? format(", {:.0f} MiB", *peer.peak_memory_mib) : "", peer.ratio,
                   peer.memory_share ? format(" with {:.2f} of the memory", *peer.memory_share) : "");
  }
  return with_layers ? text + layer_lines(bench) : text;
}

}  // namespace liteqat::report
