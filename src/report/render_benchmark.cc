#include "base/format.h"
#include "base/text.h"
#include "report/report.h"

namespace liteqat::report {
namespace {

std::string layer_lines(const results::BenchRecord& bench) {
  std::string text =
      format("\n{:>3}  {:<18} {:<42} {:>10} {:>7} {:>9} {:>7}\n", "op", "operator", "kernel", "ms", "share", "GMAC/s", "peak");
  double sum = 0;
  for (const results::LayerTime& layer : bench.layers) {
    sum += layer.median_ms;
    text += format("{:>3}  {:<18} {:<42} {:>10.4f} {:>6.1f}% {:>9} {:>7}\n", layer.index, layer.op, layer.kernel, layer.median_ms,
                   100 * layer.share, layer.gmacs_per_second ? format("{:.1f}", *layer.gmacs_per_second) : "-",
                   layer.peak_share ? format("{:.1f}%", 100 * *layer.peak_share) : "-");
  }
  return text + format("     sum of the layers' medians {:.4f} ms\n", sum);
}

std::string peer_lines(const results::PeerRecord& peer) {
  return format(
      "peer        {}: median {:.4f} ms, min {:.4f} ms, {:.1f} images/s\nratio       latency {:.3f} (of the minima {:.3f}), throughput "
      "{:.3f}; above 1: liteqat is faster\n",
      peer.runtime, peer.median_ms, peer.min_ms, peer.images_per_second, peer.latency_ratio, peer.min_ratio, peer.throughput_ratio);
}

}  // namespace

std::string render_bench(const results::BenchRecord& bench) {
  std::string text = format("{}: {}, {}, {} thread{}, {} at a time, batch {}\n", bench.model, bench.isa, bench.arithmetic, bench.threads,
                            bench.threads == 1 ? "" : "s", bench.workers, bench.batch);
  text += format("latency     median {:.4f} ms, min {:.4f} ms, p99 {:.4f} ms ({} calls)\n", bench.latency_ms.median, bench.latency_ms.min,
                 bench.latency_ms.p99, format_count(bench.calls));
  text += format("throughput  {:.1f} images/s\n", bench.images_per_second);
  if (bench.macs > 0) {
    const double gmacs = bench.images_per_second * static_cast<double>(bench.macs) / 1e9;
    text += format("arithmetic  {:.1f} GMAC/s, {:.1f} % of the measured peak of {:.0f} ({})\n", gmacs,
                   100 * gmacs / bench.peak_gmacs_per_second, bench.peak_gmacs_per_second, bench.peak_kernel);
  }
  text += format("load        {:.2f} ms, prepare {:.2f} ms; arena {}\n", bench.load_ms, bench.prepare_ms, format_bytes(bench.arena_bytes));
  if (bench.peer) text += peer_lines(*bench.peer);
  if (!bench.layers.empty()) text += layer_lines(bench);
  return text;
}

}  // namespace liteqat::report
