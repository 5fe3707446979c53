#include "audit/measure/layers.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>

#include "audit/measure/operator_graphs.h"
#include "audit/measure/twin.h"
#include "audit/measure/weights.h"
#include "eval/tensor_io.h"
#include "runtime/interpreter.h"

namespace liteqat::audit {
namespace {

constexpr double kDeadSteps = 4;  // a float channel that moves by more than this many steps should move the codes

/// Real numbers and what stands for them.
/// What the codes of a tensor can say, in real numbers.
struct CodeRange {
  double step = 1, low = 0, high = 0;
};

std::optional<CodeRange> code_range(const graph::Tensor& tensor) {
  if (tensor.quantization.scale.size() != 1) return std::nullopt;
  if (tensor.type != graph::DType::kInt8 && tensor.type != graph::DType::kUInt8) return std::nullopt;
  const double step = tensor.quantization.scale[0], lowest = tensor.type == graph::DType::kInt8 ? -128 : 0;
  const double low = step * (lowest - static_cast<double>(tensor.quantization.zero_point[0]));
  return CodeRange{step, low, low + 255 * step};
}

/// Lowest and highest value per channel.
struct Spans {
  std::vector<float> low, high;

  explicit Spans(size_t channels)
      : low(channels, std::numeric_limits<float>::max()), high(channels, std::numeric_limits<float>::lowest()) {}
  void add(size_t channel, float value) { low[channel] = std::min(low[channel], value), high[channel] = std::max(high[channel], value); }
  double width(size_t channel) const { return static_cast<double>(high[channel]) - static_cast<double>(low[channel]); }
  /// Of what codes can say: what lies beyond them cannot move them.
  double width_within(const CodeRange& range, size_t channel) const {
    return std::min<double>(high[channel], range.high) - std::max<double>(low[channel], range.low);
  }
};

/// Real numbers and what stands for them, summed over images and positions of one tensor.
struct Sums {
  double signal = 0, noise = 0, noise_outside = 0;
  int64_t outside = 0, total = 0;
  Spans spans;  // of the real numbers

  explicit Sums(size_t channels) : spans(channels) {}
  void add(const CodeRange& range, std::span<const float> real, std::span<const float> own) {
    const double low = range.low - range.step, high = range.high + range.step;
    for (size_t i = 0; i < real.size(); ++i) {
      const double value = real[i], difference = value - static_cast<double>(own[i]), squared = difference * difference;
      const bool beyond = value < low || value > high;
      signal += value * value, noise += squared;
      noise_outside += beyond ? squared : 0, outside += beyond;
      spans.add(i % spans.low.size(), real[i]);
    }
    total += static_cast<int64_t>(real.size());
  }
  double db() const { return noise > 0 && signal > 0 ? std::min(kEqualDb, 10 * std::log10(signal / noise)) : kEqualDb; }
};

/// One integer activation: what the twin has in its place, and what the twin's operator makes of the integer model's own inputs.
struct Place {
  CodeRange range;
  Sums together, alone;
  Spans own;

  Place(const CodeRange& codes, size_t channels) : range(codes), together(channels), alone(channels), own(channels) {}
  void add(std::span<const float> real, std::span<const float> values) {
    together.add(range, real, values);
    for (size_t i = 0; i < values.size(); ++i) own.add(i % own.low.size(), values[i]);
  }
};

void conclude(const Place& place, LayerNoise& noise) {
  const Sums& together = place.together;
  const bool alone_known = place.alone.total > 0;
  const Sums& nearest = alone_known ? place.alone : together;
  noise.sqnr_db = together.db();
  if (alone_known) noise.alone_db = place.alone.db();
  noise.cut_off = nearest.noise > 0 ? nearest.noise_outside / nearest.noise : 0;
  noise.saturated = static_cast<double>(together.outside) / static_cast<double>(together.total);
  const double low = *std::min_element(together.spans.low.begin(), together.spans.low.end());
  const double high = *std::max_element(together.spans.high.begin(), together.spans.high.end());
  noise.range_used =
      std::max(0.0, std::min(high, place.range.high) - std::max(low, place.range.low)) / (place.range.high - place.range.low);
  for (size_t c = 0; c < place.own.low.size(); ++c) {
    if (place.own.width(c) != 0) continue;
    // Constant because of what comes before it is not lost here.
    const double least = kDeadSteps * place.range.step;
    if (together.spans.width_within(place.range, c) > least && nearest.spans.width_within(place.range, c) > least) {
      noise.dead_channels.push_back(static_cast<int64_t>(c));
    }
    if (together.spans.width(c) == 0) noise.dead_in_float_too.push_back(static_cast<int64_t>(c));
  }
}

/// Runs both models on one image at a time and keeps every activation of the integer one in real numbers.
class Study {
 public:
  Study(const graph::Graph& model, const graph::Graph& twin, Isa isa)
      : model_(model), twin_(twin), ops_(computing_ops(model)), twin_ops_(computing_ops(twin)), isa_(isa) {}

  Status prepare() {
    exposed_model_ = expose_tensors(model_), exposed_twin_ = expose_layers(twin_);
    LITEQAT_RETURN_IF_ERROR(prepare_one(exposed_model_, integer_));
    LITEQAT_RETURN_IF_ERROR(prepare_one(exposed_twin_, real_));
    cut_ = cut_operators(twin_);
    // Without the operators apart the cumulative noise is all there is.
    if (!pairs_up() || !prepare_one(cut_, apart_).ok()) apart_.reset();
    for (size_t id = 0; id < model_.tensors.size(); ++id) {
      const graph::Tensor& tensor = model_.tensors[id];
      const auto range = tensor.constant() ? std::nullopt : code_range(tensor);
      if (!range) continue;
      const size_t channels = tensor.shape.empty() ? 1 : static_cast<size_t>(tensor.shape.back());
      places_.emplace(static_cast<graph::TensorId>(id), Place(*range, channels));
    }
    return {};
  }

  void add(std::span<const float> pixels) {
    feed(*integer_, pixels);
    feed(*real_, pixels);
    take_values(pixels);
    for (size_t i = 0; i < ops_.size(); ++i) {
      const auto place = places_.find(model_op(i).outputs[0]);
      if (place == places_.end() || real_->output_tensor(i).type != graph::DType::kFloat32) continue;
      place->second.add(floats(real_->output(i)), values_[place->first]);
    }
    for (const graph::Op& op : model_.ops) {
      if (op.kind == graph::OpKind::kQuantize) add_alone(op.inputs[0], op.outputs[0]);
    }
    const auto input = places_.find(model_.inputs[0]);
    if (input != places_.end()) input->second.add(pixels, values_[input->first]);
    if (apart_) run_apart();
  }

  std::vector<LayerNoise> conclude_all(bool own_weights) const {
    std::vector<LayerNoise> layers;
    const auto conclude_tensor = [&](graph::TensorId id, const std::string& name, int32_t op_index) {
      const auto place = places_.find(id);
      if (place == places_.end() || place->second.together.total == 0) return;
      LayerNoise noise;
      noise.op = name, noise.tensor = model_.tensor(id).name, noise.op_index = op_index;
      conclude(place->second, noise);
      layers.push_back(std::move(noise));
    };
    conclude_tensor(model_.inputs[0], "the input", -1);
    for (size_t index = 0, computing = 0; index < model_.ops.size(); ++index) {
      const graph::Op& op = model_.ops[index];
      const size_t before = layers.size();
      if (!op.outputs.empty())
        conclude_tensor(op.outputs[0], format("{} (operator {})", graph::op_kind_name(op.kind), index), static_cast<int32_t>(index));
      if (computing == ops_.size() || ops_[computing] != static_cast<int32_t>(index)) continue;
      if (layers.size() > before) layers.back().weights = compare_weights(model_, op, twin_, twin_op(computing), own_weights);
      ++computing;
    }
    return layers;
  }

 private:
  const graph::Op& model_op(size_t i) const { return model_.ops[static_cast<size_t>(ops_[i])]; }
  const graph::Op& twin_op(size_t i) const { return twin_.ops[static_cast<size_t>(twin_ops_[i])]; }
  static std::span<const float> floats(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const float*>(bytes.data()), bytes.size() / sizeof(float)};
  }

  Status prepare_one(const graph::Graph& graph, std::optional<runtime::Interpreter>& into) const {
    LITEQAT_ASSIGN_OR_RETURN(runtime::Interpreter made, runtime::Interpreter::prepare(graph, {.batch = 1, .isa = isa_}));
    into.emplace(std::move(made));
    return {};
  }

  /// Whether every operator has as many activation inputs in both, all real numbers or codes for them.
  bool pairs_up() const {
    for (size_t i = 0; i < ops_.size(); ++i) {
      const auto own = activation_inputs(model_, model_op(i)), real = activation_inputs(twin_, twin_op(i));
      if (own.size() != real.size()) return false;
      for (size_t k = 0; k < own.size(); ++k) {
        const graph::Tensor& tensor = model_.tensor(own[k]);
        if (twin_.tensor(real[k]).type != graph::DType::kFloat32) return false;
        if (!code_range(tensor) && tensor.type != graph::DType::kFloat32) return false;
        if (graph::elem_count(tensor.shape) != graph::elem_count(twin_.tensor(real[k]).shape)) return false;
      }
    }
    return true;
  }

  static void feed(runtime::Interpreter& interpreter, std::span<const float> pixels) {
    eval::write_input(pixels, interpreter.input_tensor(0), interpreter.input(0));
    interpreter.invoke();
  }

  /// Every activation of the integer model in real numbers.
  void take_values(std::span<const float> pixels) {
    const graph::Tensor& input = integer_->input_tensor(0);
    std::vector<std::byte> codes(pixels.size() * static_cast<size_t>(graph::dtype_bytes(input.type)));
    eval::write_input(pixels, input, codes);
    std::vector<float>& fed = values_[model_.inputs[0]];
    fed.resize(pixels.size());
    eval::read_output(input, codes, fed);
    for (size_t i = 0; i < exposed_model_.outputs.size(); ++i) {
      const graph::Tensor& tensor = integer_->output_tensor(i);
      if (!code_range(tensor) && tensor.type != graph::DType::kFloat32) continue;
      std::vector<float>& values = values_[exposed_model_.outputs[i]];
      values.resize(static_cast<size_t>(graph::elem_count(tensor.shape)));
      eval::read_output(tensor, integer_->output(i), values);
    }
  }

  void add_alone(graph::TensorId from, graph::TensorId to) {
    const auto place = places_.find(to);
    const auto given = values_.find(from), got = values_.find(to);
    if (place == places_.end() || given == values_.end() || got == values_.end()) return;
    place->second.add(given->second, got->second);
  }

  void run_apart() {
    size_t next = 0;
    for (size_t i = 0; i < ops_.size(); ++i) {
      for (const graph::TensorId id : activation_inputs(model_, model_op(i))) {
        const std::vector<float>& values = values_[id];
        const auto target = apart_->input(next++);
        LITEQAT_CHECK_EQ(target.size(), values.size() * sizeof(float));
        std::memcpy(target.data(), values.data(), target.size());
      }
    }
    apart_->invoke();
    for (size_t i = 0; i < ops_.size(); ++i) {
      const auto place = places_.find(model_op(i).outputs[0]);
      if (place == places_.end() || apart_->output_tensor(i).type != graph::DType::kFloat32) continue;
      place->second.alone.add(place->second.range, floats(apart_->output(i)), values_[place->first]);
    }
  }

  const graph::Graph &model_, &twin_;
  std::vector<int32_t> ops_, twin_ops_;
  Isa isa_;
  graph::Graph exposed_model_, exposed_twin_, cut_;
  std::optional<runtime::Interpreter> integer_, real_, apart_;
  std::map<graph::TensorId, Place> places_;               // integer activations of the model
  std::map<graph::TensorId, std::vector<float>> values_;  // of the image at hand
};

}  // namespace

Result<std::vector<LayerNoise>> compare_layers(const graph::Graph& model, const graph::Graph& twin, const LayerImages& images, Isa isa) {
  Study study(model, twin, isa);
  LITEQAT_RETURN_IF_ERROR(study.prepare());
  const data::BatchFiller filler(images.split, images.normalization, {}, 0);
  std::vector<float> pixels(static_cast<size_t>(images.split.image_elems()));
  for (int64_t image = 0; image < std::min(images.count, images.split.count); ++image) {
    const int32_t indices[] = {static_cast<int32_t>(image)};
    filler.fill(indices, 0, pixels);
    study.add(pixels);
  }
  return study.conclude_all(images.own_weights);
}

}  // namespace liteqat::audit
