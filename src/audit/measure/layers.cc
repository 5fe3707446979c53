#include "audit/measure/layers.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "audit/measure/twin.h"
#include "eval/tensor_io.h"
#include "runtime/interpreter.h"

namespace liteqat::audit {
namespace {

constexpr double kEqualDb = 200;
constexpr double kDeadSteps = 4;  // a float channel that moves by more than this many steps should move the codes

/// The graph with the output of every computing operator as an output of its own.
graph::Graph expose_layers(const graph::Graph& graph) {
  graph::Graph exposed = graph;
  exposed.outputs.clear();
  for (const int32_t index : computing_ops(graph)) exposed.outputs.push_back(graph.ops[static_cast<size_t>(index)].outputs[0]);
  return exposed;
}

/// Sums over images and positions of one operator's output.
struct Sums {
  double signal = 0, noise = 0;
  int64_t outside = 0, total = 0;
  int32_t low = std::numeric_limits<int32_t>::max(), high = std::numeric_limits<int32_t>::min();
  std::vector<float> code_low, code_high, real_low, real_high;  // per channel

  explicit Sums(size_t channels)
      : code_low(channels, std::numeric_limits<float>::max()),
        code_high(channels, std::numeric_limits<float>::lowest()),
        real_low(code_low),
        real_high(code_high) {}
};

struct CodeRange {
  double scale = 1;
  int64_t zero_point = 0, low = 0, high = 0;
};

std::optional<CodeRange> code_range(const graph::Tensor& tensor) {
  if (tensor.quantization.scale.size() != 1) return std::nullopt;
  const CodeRange range = {.scale = tensor.quantization.scale[0], .zero_point = tensor.quantization.zero_point[0]};
  if (tensor.type == graph::DType::kInt8) return CodeRange{range.scale, range.zero_point, -128, 127};
  if (tensor.type == graph::DType::kUInt8) return CodeRange{range.scale, range.zero_point, 0, 255};
  return std::nullopt;
}

int32_t code_at(const graph::Tensor& tensor, std::span<const std::byte> bytes, size_t i) {
  return tensor.type == graph::DType::kInt8 ? static_cast<int8_t>(bytes[i]) : std::to_integer<int32_t>(bytes[i]);
}

void accumulate(const graph::Tensor& tensor, std::span<const std::byte> codes, std::span<const float> real, Sums& sums) {
  const CodeRange range = *code_range(tensor);
  const double step = range.scale;
  const double low = step * static_cast<double>(range.low - range.zero_point) - step;
  const double high = step * static_cast<double>(range.high - range.zero_point) + step;
  const size_t channels = sums.code_low.size();
  for (size_t i = 0; i < real.size(); ++i) {
    const int32_t code = code_at(tensor, codes, i);
    const double value = step * static_cast<double>(code - range.zero_point), expected = real[i];
    sums.signal += expected * expected;
    sums.noise += (expected - value) * (expected - value);
    sums.outside += expected < low || expected > high;
    sums.low = std::min(sums.low, code), sums.high = std::max(sums.high, code);
    const size_t channel = i % channels;
    const auto as_float = static_cast<float>(code);
    sums.code_low[channel] = std::min(sums.code_low[channel], as_float);
    sums.code_high[channel] = std::max(sums.code_high[channel], as_float);
    sums.real_low[channel] = std::min(sums.real_low[channel], real[i]);
    sums.real_high[channel] = std::max(sums.real_high[channel], real[i]);
  }
  sums.total += static_cast<int64_t>(real.size());
}

LayerNoise conclude(const graph::Graph& model, int32_t op_index, const Sums& sums) {
  const graph::Op& op = model.ops[static_cast<size_t>(op_index)];
  const graph::Tensor& tensor = model.tensor(op.outputs[0]);
  LayerNoise noise;
  noise.op = format("{} (operator {})", graph::op_kind_name(op.kind), op_index);
  noise.tensor = tensor.name, noise.op_index = op_index;
  noise.sqnr_db = sums.noise > 0 && sums.signal > 0 ? std::min(kEqualDb, 10 * std::log10(sums.signal / sums.noise)) : kEqualDb;
  noise.saturated = static_cast<double>(sums.outside) / static_cast<double>(sums.total);
  noise.used_codes = static_cast<double>(sums.high - sums.low) / 255;
  const double step = code_range(tensor)->scale;
  for (size_t c = 0; c < sums.code_low.size(); ++c) {
    if (sums.code_low[c] != sums.code_high[c]) continue;
    const double moved = static_cast<double>(sums.real_high[c]) - static_cast<double>(sums.real_low[c]);
    if (moved > kDeadSteps * step) noise.dead_channels.push_back(static_cast<int64_t>(c));
    if (moved == 0) noise.dead_in_float_too.push_back(static_cast<int64_t>(c));
  }
  return noise;
}

Result<runtime::Interpreter> prepare(const graph::Graph& graph, Isa isa) {
  return runtime::Interpreter::prepare(graph, {.batch = 1, .isa = isa});
}

/// Feeds one image to both.
void feed(const data::BatchFiller& filler, int32_t index, std::vector<float>& pixels, runtime::Interpreter& interpreter) {
  const int32_t indices[] = {index};
  filler.fill(indices, 0, pixels);
  eval::write_input(pixels, interpreter.input_tensor(0), interpreter.input(0));
  interpreter.invoke();
}

}  // namespace

Result<std::vector<LayerNoise>> compare_layers(const graph::Graph& model, const graph::Graph& twin, const data::Split& split,
                                               const data::Normalization& normalization, int64_t images, Isa isa) {
  const graph::Graph exposed_model = expose_layers(model), exposed_twin = expose_layers(twin);
  LITEQAT_ASSIGN_OR_RETURN(runtime::Interpreter integer, prepare(exposed_model, isa));
  LITEQAT_ASSIGN_OR_RETURN(runtime::Interpreter real, prepare(exposed_twin, isa));
  const std::vector<int32_t> ops = computing_ops(model);
  std::vector<Sums> sums;
  for (const graph::TensorId id : exposed_model.outputs) {
    const graph::Shape& shape = model.tensor(id).shape;
    sums.emplace_back(shape.empty() ? 1 : static_cast<size_t>(shape.back()));
  }
  const data::BatchFiller filler(split, normalization, {}, 0);
  std::vector<float> pixels(static_cast<size_t>(split.image_elems()));
  for (int64_t image = 0; image < std::min(images, split.count); ++image) {
    feed(filler, static_cast<int32_t>(image), pixels, integer);
    feed(filler, static_cast<int32_t>(image), pixels, real);
    for (size_t i = 0; i < ops.size(); ++i) {
      const graph::Tensor& tensor = integer.output_tensor(i);
      if (!code_range(tensor) || real.output_tensor(i).type != graph::DType::kFloat32) continue;
      const auto floats = real.output(i);
      accumulate(tensor, integer.output(i), {reinterpret_cast<const float*>(floats.data()), floats.size() / sizeof(float)}, sums[i]);
    }
  }
  std::vector<LayerNoise> layers;
  for (size_t i = 0; i < ops.size(); ++i) {
    if (sums[i].total > 0) layers.push_back(conclude(model, ops[i], sums[i]));
  }
  return layers;
}

}  // namespace liteqat::audit
