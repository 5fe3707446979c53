#include "results/bench_record.h"
#include "results/json_reader.h"
#include "results/json_writer.h"

namespace liteqat::results {
namespace {

Json layer_json(const LayerTime& layer) {
  Json json = Json::object();
  json["index"] = layer.index;
  json["operator"] = layer.op;
  json["name"] = layer.name;
  json["kernel"] = layer.kernel;
  json["macs"] = layer.macs;
  json["median_ms"] = layer.median_ms;
  json["share"] = layer.share;
  if (layer.gmacs_per_second) json["gmacs_per_second"] = *layer.gmacs_per_second;
  if (layer.peak_share) json["peak_share"] = *layer.peak_share;
  return json;
}

Json peer_json(const PeerRecord& peer) {
  Json json = Json::object();
  json["program"] = peer.program;
  json["runtime"] = peer.runtime;
  json["latency_ms"] = {{"median", peer.median_ms}, {"min", peer.min_ms}};
  json["images_per_second"] = peer.images_per_second;
  json["latency_ratio"] = peer.latency_ratio;
  json["min_ratio"] = peer.min_ratio;
  json["throughput_ratio"] = peer.throughput_ratio;
  return json;
}

}  // namespace

std::string bench_to_json(const BenchRecord& bench) {
  Json json = Json::object();
  json["schema"] = "liteqat/bench/1";
  json["model"] = bench.model;
  json["version"] = bench.version;
  json["cpu"] = bench.cpu;
  json["isa"] = bench.isa;
  json["arithmetic"] = bench.arithmetic;
  json["threads"] = bench.threads;
  json["workers"] = bench.workers;
  json["batch"] = bench.batch;
  json["seconds"] = bench.seconds;
  json["calls"] = bench.calls;
  json["latency_ms"] = {{"median", bench.latency_ms.median}, {"min", bench.latency_ms.min}, {"p99", bench.latency_ms.p99}};
  json["images_per_second"] = bench.images_per_second;
  json["macs"] = bench.macs;
  json["load_ms"] = bench.load_ms;
  json["prepare_ms"] = bench.prepare_ms;
  json["arena_bytes"] = bench.arena_bytes;
  json["peak"] = {{"kernel", bench.peak_kernel}, {"gmacs_per_second", bench.peak_gmacs_per_second}};
  json["layers"] = list(bench.layers, layer_json);
  if (bench.peer) json["peer"] = peer_json(*bench.peer);
  return print_document(json);
}

Result<PeerFigures> peer_from_json(const std::string& text, const std::string& path_for_messages) {
  const Json document = Json::parse(text, nullptr, false);
  if (document.is_discarded()) return error(Code::kCorruptFile, "{}: is not JSON", path_for_messages);
  JsonReader in(path_for_messages);
  const auto rows = in.elements(in.root(document));
  LITEQAT_RETURN_IF_ERROR(in.status());
  if (rows.empty())
    return error(Code::kNotFound, "{}: the peer measured nothing (it may not run this model at this batch)", path_for_messages);
  PeerFigures figures;
  const auto named = in.optional_member(rows[0], "runtime"), resolver = in.optional_member(rows[0], "resolver");
  if (named) figures.runtime = in.text(named);
  if (resolver) figures.runtime = "LiteRT " + in.text(resolver);
  figures.median_ms = in.number(in.member(rows[0], "median_ms"));
  figures.min_ms = in.number(in.member(rows[0], "min_ms"));
  const auto throughput = in.optional_member(rows[0], "images_per_second");
  if (throughput) figures.images_per_second = in.number(throughput);
  LITEQAT_RETURN_IF_ERROR(in.status());
  if (figures.median_ms > 0 && figures.min_ms > 0) return figures;
  return error(Code::kCorruptFile, "{}: median_ms and min_ms must be positive, found {} and {}", path_for_messages, figures.median_ms,
               figures.min_ms);
}

}  // namespace liteqat::results
