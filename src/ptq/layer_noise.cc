#include "ptq/layer_noise.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace liteqat::ptq {

using graph::DType;
using graph::Graph;
using graph::TensorId;

namespace {

constexpr int64_t kBlock = 16;  // images whose activations are held at a time

struct Energy {
  double signal = 0, noise = 0;
};

double ratio_db(const Energy& energy) {
  if (energy.noise == 0) return std::numeric_limits<double>::infinity();
  return 10 * std::log10(energy.signal / energy.noise);
}

/// Energies of pairs of tensors, one of either graph, summed in the order of the images.
Result<std::vector<Energy>> measure_pairs(const Graph& model, const std::vector<TensorId>& wanted, const Graph& other,
                                          const std::vector<TensorId>& found, const Images& images, int64_t count, const Machine& machine) {
  LITEQAT_ASSIGN_OR_RETURN(Observer reals, Observer::make(model, wanted, images, machine));
  LITEQAT_ASSIGN_OR_RETURN(Observer codes, Observer::make(other, found, images, machine));
  const int64_t used = std::min(count, images.split.count);
  std::vector<Energy> total(wanted.size());
  std::vector<std::vector<std::vector<float>>> held(static_cast<size_t>(kBlock), std::vector<std::vector<float>>(wanted.size()));
  for (int64_t begin = 0; begin < used; begin += kBlock) {
    const int64_t end = std::min(used, begin + kBlock);
    std::vector<std::vector<Energy>> energies(static_cast<size_t>(end - begin), std::vector<Energy>(wanted.size()));
    LITEQAT_RETURN_IF_ERROR(reals.run(begin, end, [&](int64_t image, size_t index, std::span<const float> values, int) {
      held[static_cast<size_t>(image - begin)][index].assign(values.begin(), values.end());
    }));
    LITEQAT_RETURN_IF_ERROR(codes.run(begin, end, [&](int64_t image, size_t index, std::span<const float> values, int) {
      Energy& energy = energies[static_cast<size_t>(image - begin)][index];
      const std::vector<float>& real = held[static_cast<size_t>(image - begin)][index];
      for (size_t i = 0; i < values.size(); ++i) {
        const double difference = static_cast<double>(values[i]) - real[i];
        energy.signal += static_cast<double>(real[i]) * real[i];
        energy.noise += difference * difference;
      }
    }));
    for (const auto& image : energies) {
      for (size_t index = 0; index < total.size(); ++index) {
        total[index].signal += image[index].signal;
        total[index].noise += image[index].noise;
      }
    }
  }
  return total;
}

}  // namespace

Result<std::vector<LayerNoise>> measure_noise(const Graph& model, const quant::QuantizedGraph& quantized, const Images& images,
                                              int64_t count, const Machine& machine) {
  std::vector<LayerNoise> layers;
  std::vector<TensorId> wanted, found;
  for (size_t op = 0; op < model.ops.size(); ++op) {
    const TensorId output = model.ops[op].outputs[0];
    if (model.tensor(output).type != DType::kFloat32) continue;
    const TensorId twin = quantized.graph.ops[static_cast<size_t>(quantized.op_of[op])].outputs[0];
    wanted.push_back(output);
    found.push_back(twin);
    layers.push_back({op_kind_name(model.ops[op].kind), model.ops[op].name, graph::dtype_name(quantized.graph.tensor(twin).type), 0});
  }
  LITEQAT_ASSIGN_OR_RETURN(const auto energies, measure_pairs(model, wanted, quantized.graph, found, images, count, machine));
  for (size_t index = 0; index < layers.size(); ++index) layers[index].sqnr_db = ratio_db(energies[index]);
  return layers;
}

Result<double> measure_output_noise(const Graph& model, const Graph& other, const Images& images, int64_t count, const Machine& machine) {
  LITEQAT_ASSIGN_OR_RETURN(const auto energies,
                           measure_pairs(model, {model.outputs[0]}, other, {other.outputs[0]}, images, count, machine));
  return ratio_db(energies[0]);
}

}  // namespace liteqat::ptq
