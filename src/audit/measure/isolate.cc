#include "audit/measure/isolate.h"

#include <algorithm>
#include <memory>

#include "audit/measure/twin.h"
#include "eval/tensor_io.h"
#include "runtime/interpreter.h"

namespace liteqat::audit {
namespace {

/// The activations an operator reads, each once.
std::vector<graph::TensorId> activations_of(const graph::Graph& graph, const graph::Op& op) {
  std::vector<graph::TensorId> ids;
  for (const graph::TensorId id : op.inputs) {
    if (id == graph::kNoTensor || graph.tensor(id).constant()) continue;
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
  }
  return ids;
}

graph::Graph cut_out(const graph::Graph& model, const graph::Op& op) {
  graph::Graph alone;
  alone.info.name = model.info.name + " " + graph::op_kind_name(op.kind);
  std::vector<graph::TensorId> moved(model.tensors.size(), graph::kNoTensor);
  const auto move = [&](graph::TensorId id) {
    if (id == graph::kNoTensor) return id;
    graph::TensorId& place = moved[static_cast<size_t>(id)];
    if (place == graph::kNoTensor) place = alone.add_tensor(model.tensor(id));
    return place;
  };
  graph::Op copy = op;
  for (graph::TensorId& id : copy.inputs) id = move(id);
  for (graph::TensorId& id : copy.outputs) id = move(id);
  for (const graph::TensorId id : activations_of(model, op)) alone.inputs.push_back(move(id));
  alone.outputs = copy.outputs;
  alone.ops.push_back(std::move(copy));
  return alone;
}

void append(std::span<const std::byte> bytes, Captured& captured) {
  captured.bytes.insert(captured.bytes.end(), bytes.begin(), bytes.end());
}

/// A model with one image in it, and some of its tensors as outputs.
class Probe {
 public:
  static Result<Probe> make(const graph::Graph& graph, const std::vector<graph::TensorId>& wanted, Isa isa) {
    Probe probe;
    probe.exposed_ = std::make_unique<graph::Graph>(graph);
    probe.exposed_->outputs.clear();
    for (const graph::TensorId id : wanted) {
      const bool is_input = std::find(graph.inputs.begin(), graph.inputs.end(), id) != graph.inputs.end();
      probe.slots_.push_back(is_input ? kIsInput : static_cast<int64_t>(probe.exposed_->outputs.size()));
      if (!is_input) probe.exposed_->outputs.push_back(id);
    }
    auto interpreter = runtime::Interpreter::prepare(*probe.exposed_, {.batch = 1, .isa = isa});
    if (!interpreter.ok()) return interpreter.status();
    probe.interpreter_ = std::make_unique<runtime::Interpreter>(*std::move(interpreter));
    return probe;
  }

  /// Appends what the wanted tensors hold.
  void run(std::span<const float> pixels, const std::vector<Captured*>& wanted) {
    eval::write_input(pixels, interpreter_->input_tensor(0), interpreter_->input(0));
    for (size_t i = 0; i < wanted.size(); ++i) {
      if (slots_[i] == kIsInput) append(interpreter_->input(0), *wanted[i]);
    }
    interpreter_->invoke();
    for (size_t i = 0; i < wanted.size(); ++i) {
      if (slots_[i] != kIsInput) append(interpreter_->output(static_cast<size_t>(slots_[i])), *wanted[i]);
    }
  }

 private:
  static constexpr int64_t kIsInput = -1;
  std::unique_ptr<graph::Graph> exposed_;
  std::unique_ptr<runtime::Interpreter> interpreter_;
  std::vector<int64_t> slots_;
};

}  // namespace

Result<IsolatedOp> isolate_operator(const graph::Graph& model, const graph::Graph& twin, int32_t op_index, const data::Split& split,
                                    const data::Normalization& normalization, int64_t images, Isa isa) {
  const std::vector<int32_t> ops = computing_ops(model), twin_ops = computing_ops(twin);
  const auto ordinal = static_cast<size_t>(std::find(ops.begin(), ops.end(), op_index) - ops.begin());
  const graph::Op& op = model.ops[static_cast<size_t>(op_index)];
  const graph::TensorId twin_output = twin.ops[static_cast<size_t>(twin_ops[ordinal])].outputs[0];
  std::vector<graph::TensorId> wanted = activations_of(model, op);
  IsolatedOp isolated;
  isolated.graph = cut_out(model, op), isolated.images = std::min(images, split.count);
  for (const graph::TensorId id : wanted) isolated.inputs.push_back({model.tensor(id), {}});
  isolated.quantized.tensor = model.tensor(op.outputs[0]);
  isolated.real.tensor = twin.tensor(twin_output);
  wanted.push_back(op.outputs[0]);
  std::vector<Captured*> places;
  for (Captured& input : isolated.inputs) places.push_back(&input);
  places.push_back(&isolated.quantized);

  LITEQAT_RETURN_IF_ERROR(graph::validate(isolated.graph));
  LITEQAT_ASSIGN_OR_RETURN(Probe integer, Probe::make(model, wanted, isa));
  LITEQAT_ASSIGN_OR_RETURN(Probe real, Probe::make(twin, {twin_output}, isa));
  const data::BatchFiller filler(split, normalization, {}, 0);
  std::vector<float> pixels(static_cast<size_t>(split.image_elems()));
  for (int64_t image = 0; image < isolated.images; ++image) {
    const int32_t indices[] = {static_cast<int32_t>(image)};
    filler.fill(indices, 0, pixels);
    integer.run(pixels, places);
    real.run(pixels, {&isolated.real});
  }
  return isolated;
}

}  // namespace liteqat::audit
