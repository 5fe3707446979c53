#include "results/json_reader.h"
#include "results/json_writer.h"
#include "results/train_bench_record.h"

namespace liteqat::results {
namespace {

Json layer_json(const TrainStepTime& layer) {
  Json json = Json::object();
  json["name"] = layer.name;
  json["operators"] = layer.operators;
  json["fused"] = layer.fused;
  json["forward_macs"] = layer.forward_macs;
  json["backward_macs"] = layer.backward_macs;
  json["forward_ms"] = layer.forward_ms;
  json["backward_ms"] = layer.backward_ms;
  if (layer.gflops) json["gflops"] = *layer.gflops;
  if (layer.peak_share) json["peak_share"] = *layer.peak_share;
  return json;
}

Json kind_json(const TrainKindTime& kind) {
  Json json = Json::object();
  json["operators"] = kind.operators;
  json["steps"] = kind.steps;
  json["forward_ms"] = kind.forward_ms;
  json["backward_ms"] = kind.backward_ms;
  json["share"] = kind.share;
  return json;
}

Json peer_json(const TrainPeerRow& peer) {
  Json json = Json::object();
  json["name"] = peer.name;
  json["images_per_second"] = peer.images_per_second;
  json["ratio"] = peer.ratio;
  if (peer.peak_memory_mib) json["peak_memory_mib"] = *peer.peak_memory_mib;
  if (peer.memory_share) json["memory_share"] = *peer.memory_share;
  return json;
}

}  // namespace

std::string train_bench_to_json(const TrainBenchRecord& bench) {
  Json json = Json::object();
  json["schema"] = "liteqat/bench_train/1";
  json["recipe"] = bench.recipe;
  json["architecture"] = bench.architecture;
  json["mode"] = bench.mode;
  json["forward"] = bench.forward;
  json["optimizer"] = bench.optimizer;
  json["version"] = bench.version;
  json["cpu"] = bench.cpu;
  json["isa"] = bench.isa;
  json["threads"] = bench.threads;
  json["batch"] = bench.batch;
  json["steps"] = bench.steps;
  json["seconds"] = bench.seconds;
  json["images_per_second"] = bench.images_per_second;
  json["fastest_images_per_second"] = bench.fastest_images_per_second;
  json["macs"] = bench.macs;
  json["training_macs"] = bench.training_macs;
  json["peak"] = {{"kernel", bench.peak_kernel}, {"gflops", bench.peak_gflops}};
  if (!bench.integer_peak_kernel.empty()) {
    json["integer_peak"] = {{"kernel", bench.integer_peak_kernel}, {"gops", bench.integer_peak_gops}};
  }
  json["peak_share"] = bench.peak_share;
  json["engine_bytes"] = bench.engine_bytes;
  json["peak_memory_mib"] = bench.peak_memory_mib;
  json["load_ms"] = bench.load_ms;
  json["update_ms"] = bench.update_ms;
  json["other_ms"] = bench.other_ms;
  json["kinds"] = list(bench.kinds, kind_json);
  json["layers"] = list(bench.layers, layer_json);
  json["unfused"] = bench.unfused;
  if (bench.float_step) {
    json["float_step"] = {{"images_per_second", bench.float_step->images_per_second},
                          {"fastest_images_per_second", bench.float_step->fastest_images_per_second},
                          {"step_ratio", bench.float_step->step_ratio}};
  }
  if (bench.peer_program.empty()) return print_document(json);
  json["peer_program"] = bench.peer_program;
  json["peers"] = list(bench.peers, peer_json);
  return print_document(json);
}

Result<std::vector<TrainPeerRow>> train_peers_from_json(const std::string& text, const std::string& path_for_messages) {
  const Json document = Json::parse(text, nullptr, false);
  if (document.is_discarded()) return error(Code::kCorruptFile, "{}: is not JSON", path_for_messages);
  std::vector<TrainPeerRow> rows;
  if (document.is_object()) {
    for (const auto& [name, rate] : document.items()) {
      if (!rate.is_number()) continue;
      rows.push_back({.name = "torch " + name, .images_per_second = rate.get<double>()});
      rows.back().quantized = name.find("qat") != std::string::npos;
    }
  } else {
    JsonReader in(path_for_messages);
    for (const auto& element : in.elements(in.root(document))) {
      TrainPeerRow row;
      const std::string mode = in.text(in.member(element, "mode"));
      row.name = "keras " + in.text(in.member(element, "net")) + " " + mode;
      row.quantized = mode == "qat";
      row.images_per_second = in.number(in.member(element, "images_per_second"));
      row.peak_memory_mib = in.number(in.member(element, "peak_memory_mib"));
      rows.push_back(row);
    }
    LITEQAT_RETURN_IF_ERROR(in.status());
  }
  if (rows.empty()) return error(Code::kNotFound, "{}: the peer measured nothing", path_for_messages);
  for (const TrainPeerRow& row : rows) {
    if (!(row.images_per_second > 0) || (row.peak_memory_mib && !(*row.peak_memory_mib > 0))) {
      return error(Code::kCorruptFile, "{}: '{}' must have a positive images_per_second and peak_memory_mib", path_for_messages, row.name);
    }
  }
  return rows;
}

}  // namespace liteqat::results
