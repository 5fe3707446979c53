#include "ptq/observe.h"

#include <algorithm>
#include <cstring>
#include <optional>

namespace liteqat::ptq {

using graph::DType;
using graph::Graph;
using graph::Tensor;
using graph::TensorId;

namespace {

/// Integer codes of any width as real numbers.
template <typename T>
void dequantize(std::span<const std::byte> bytes, const graph::Quantization& params, std::vector<float>& out) {
  const double scale = params.scale[0];
  const int64_t zero_point = params.zero_point[0];
  out.resize(bytes.size() / sizeof(T));
  for (size_t i = 0; i < out.size(); ++i) {
    T code;
    std::memcpy(&code, bytes.data() + i * sizeof(T), sizeof(T));
    out[i] = static_cast<float>(scale * static_cast<double>(code - zero_point));
  }
}

void to_reals(const Tensor& tensor, std::span<const std::byte> bytes, std::vector<float>& out) {
  if (tensor.type == DType::kInt8) return dequantize<int8_t>(bytes, tensor.quantization, out);
  if (tensor.type == DType::kInt16) return dequantize<int16_t>(bytes, tensor.quantization, out);
  out.resize(bytes.size() / sizeof(float));
  if (!out.empty()) std::memcpy(out.data(), bytes.data(), bytes.size());
}

struct Worker {
  runtime::Interpreter interpreter;
  std::vector<float> pixels, values;
};

}  // namespace

struct Observer::State {
  Graph graph;                  // the model, with everything that is looked at as an output
  std::vector<int32_t> output;  // of each tensor asked for; -1: the input
  Images images;
  Machine machine;
  data::BatchFiller filler;
  std::vector<Worker> workers;

  State(const Graph& model, const Images& shown, const Machine& on)
      : graph(model), images(shown), machine(on), filler(shown.split, shown.normalization, {}, 0) {}

  void run_image(int64_t image, int worker_index, const Visitor& visit) {
    Worker& worker = workers[static_cast<size_t>(worker_index)];
    const int32_t index = static_cast<int32_t>(image);
    filler.fill({&index, 1}, 0, worker.pixels);
    std::memcpy(worker.interpreter.input(0).data(), worker.pixels.data(), worker.pixels.size() * sizeof(float));
    worker.interpreter.invoke();
    for (size_t k = 0; k < output.size(); ++k) {
      if (output[k] < 0) {
        visit(image, k, worker.pixels, worker_index);
        continue;
      }
      const auto position = static_cast<size_t>(output[k]);
      to_reals(worker.interpreter.output_tensor(position), worker.interpreter.output(position), worker.values);
      visit(image, k, worker.values, worker_index);
    }
  }
};

Observer::Observer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Observer::Observer(Observer&&) noexcept = default;
Observer::~Observer() = default;

Result<Observer> Observer::make(const Graph& graph, const std::vector<TensorId>& tensors, const Images& images, const Machine& machine) {
  if (graph.inputs.size() != 1 || graph.tensor(graph.inputs[0]).type != DType::kFloat32) {
    return error(Code::kUnsupported, "calibration runs models with one float32 image input; this one has {} inputs", graph.inputs.size());
  }
  LITEQAT_RETURN_IF_ERROR(data::validate_normalization(images.normalization, images.split.channels));
  const Tensor& input = graph.tensor(graph.inputs[0]);
  if (graph::elem_count(input.shape) != images.split.image_elems()) {
    return error(Code::kMismatch, "the model takes {}, the images are {}x{}x{}", graph::shape_text(input.shape), images.split.height,
                 images.split.width, images.split.channels);
  }
  auto state = std::make_unique<State>(graph, images, machine);
  state->graph.outputs.clear();
  for (TensorId id : tensors) {
    const bool is_input = id == graph.inputs[0];
    state->output.push_back(is_input ? -1 : static_cast<int32_t>(state->graph.outputs.size()));
    if (!is_input) state->graph.outputs.push_back(id);
  }
  if (state->graph.outputs.empty()) state->graph.outputs = graph.outputs;
  for (int worker = 0; worker < machine.pool.threads(); ++worker) {
    LITEQAT_ASSIGN_OR_RETURN(auto interpreter, runtime::Interpreter::prepare(state->graph, {.batch = 1, .isa = machine.isa}));
    state->workers.push_back({std::move(interpreter), std::vector<float>(static_cast<size_t>(images.split.image_elems())), {}});
  }
  return Observer(std::move(state));
}

Status Observer::run(int64_t begin, int64_t end, const Visitor& visit) {
  const int64_t round = int64_t{8} * state_->machine.pool.threads();
  for (int64_t first = begin; first < end; first += round) {
    if (interrupt_requested()) return Status(Code::kInterrupted, "calibration was interrupted");
    const auto count = static_cast<int>(std::min(round, end - first));
    state_->machine.pool.run(count, [&](int task, int worker) { state_->run_image(first + task, worker, visit); });
  }
  return {};
}

std::vector<TensorId> float_activations(const Graph& graph) {
  std::vector<bool> touched(graph.tensors.size(), false);
  for (TensorId id : graph.inputs) touched[static_cast<size_t>(id)] = true;
  for (const graph::Op& op : graph.ops) {
    for (TensorId id : op.outputs) touched[static_cast<size_t>(id)] = true;
  }
  std::vector<TensorId> tensors;
  for (size_t id = 0; id < graph.tensors.size(); ++id) {
    const Tensor& tensor = graph.tensors[id];
    if (touched[id] && !tensor.constant() && tensor.type == DType::kFloat32) tensors.push_back(static_cast<TensorId>(id));
  }
  return tensors;
}

}  // namespace liteqat::ptq
