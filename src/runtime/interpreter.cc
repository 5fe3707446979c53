#include "runtime/interpreter.h"

#include <algorithm>
#include <numeric>

#include "base/check.h"
#include "base/phase_pool.h"
#include "base/thread_pool.h"
#include "runtime/arena_plan.h"
#include "runtime/step.h"

namespace liteqat::runtime {
namespace {

using graph::DType;
using graph::Graph;
using graph::OpKind;
using graph::Tensor;
using graph::TensorId;

/// Sum of all activations, alive at once or not: far above any limit of memory, far below what overflows in planning the arena.
constexpr int64_t kMaxActivationBytes = int64_t{1} << 40;

bool holds_indices(const Tensor& tensor) {
  return tensor.type == DType::kInt32 || tensor.type == DType::kInt64;
}

/// The graph without large payloads: shapes at another batch need only the index tensors (axes, paddings, new shapes).
Graph copy_structure(const Graph& graph) {
  Graph copy = {.info = graph.info, .tensors = {}, .ops = graph.ops, .inputs = graph.inputs, .outputs = graph.outputs};
  for (const Tensor& tensor : graph.tensors) {
    copy.tensors.push_back({.name = tensor.name,
                            .type = tensor.type,
                            .shape = tensor.shape,
                            .role = tensor.role,
                            .data = holds_indices(tensor) ? tensor.data : std::vector<std::byte>(),
                            .quantization = tensor.quantization});
  }
  return copy;
}

int64_t tensor_bytes(const Tensor& tensor) {
  return graph::elem_count(tensor.shape) * graph::dtype_bytes(tensor.type);
}

Status check_options(const Options& options) {
  if (options.batch < 1) return error(Code::kInvalidArgument, "the batch must be at least 1, found {}", options.batch);
  if (options.max_memory < 1)
    return error(Code::kInvalidArgument, "the memory limit must be at least 1 byte, found {}", options.max_memory);
  if (options.threads < 1) return error(Code::kInvalidArgument, "the thread count must be at least 1, found {}", options.threads);
  if (isa_supported(options.isa)) return {};
  return error(Code::kInvalidArgument, "this CPU does not execute instruction set '{}'", isa_name(options.isa));
}

/// A step is divided where it takes longer than this alone: reaching the other workers and waiting for them costs up to a microsecond.
constexpr double kLeastDividedNanoseconds = 2500;
/// Above this a step has more parts than workers, so that one that is held up leaves some to the others.
constexpr double kFinelyDividedNanoseconds = 20000;
constexpr int64_t kFineParts = 4;

/// About how long a step takes on one core with the strongest kernels: it decides nothing but into how many parts the step is divided.
double estimate_nanoseconds(const Graph& graph, const graph::Op& op) {
  constexpr double kDenseMacs = 300, kDepthwiseMacs = 60, kFloatSlowdown = 4, kBytes = 8;  // a nanosecond
  double bytes = 0;
  for (TensorId id : op.outputs) bytes += static_cast<double>(tensor_bytes(graph.tensor(id)));
  double macs = static_cast<double>(graph::count_macs(graph, op)) / (op.kind == OpKind::kDepthwiseConv2D ? kDepthwiseMacs : kDenseMacs);
  if (graph.tensor(op.outputs[0]).type == DType::kFloat32) macs *= kFloatSlowdown;
  return macs + bytes / kBytes;
}

}  // namespace

struct Interpreter::State {
  struct BoundStep {
    size_t op_index;
    const Step* step;
    int parts = 1;   // into which its units are divided
    int phase = -1;  // of the pool; -1: nothing runs
    std::vector<const std::byte*> inputs{};
    std::vector<std::byte*> outputs{};
  };
  struct Phase {
    size_t first, last;  // steps: several whose units are not divided, or one
  };

  Graph graph;  // at this batch, without payloads
  Options options;
  std::vector<std::span<const std::byte>> constants;  // by tensor id, empty for computed tensors
  std::vector<bool> known;                            // by tensor id: constant, or computed in prepare
  std::vector<AlignedBytes> folded;                   // constants computed in prepare
  std::vector<TensorId> storage;                      // by tensor id: the tensor in whose memory it lies (some steps work in place)
  std::vector<int64_t> offsets;                       // by tensor id, in the arena; -1: not there
  std::vector<Lifetime> lifetimes;                    // by tensor id, of what has an offset; in steps
  std::vector<std::unique_ptr<Step>> made;            // empty in a twin, whose steps are another interpreter's
  std::vector<BoundStep> steps;
  AlignedBytes arena, scratch;
  int64_t arena_bytes = 0, live_peak_bytes = 0;
  int64_t worker_scratch_bytes = 0;  // a multiple of the alignment
  int64_t folded_bytes = 0;
  std::vector<Phase> phases;
  std::unique_ptr<PhasePool> pool;  // null for one thread

  Status build(const Graph& source);
  Status update(const Graph& source, ThreadPool& workers);
  /// What `source`, whose steps this state runs, knows since its update().
  Status follow(const State& source);
  Status make_twin(const State& source);

 private:
  OpContext context(size_t op_index) const { return {graph, graph.ops[op_index], op_index, constants, options}; }
  bool is_constant(TensorId id) const { return known[index(id)]; }
  bool all_inputs_constant(const graph::Op& op) const {
    return std::ranges::all_of(op.inputs, [&](TensorId id) { return id == graph::kNoTensor || is_constant(id); });
  }
  static size_t index(TensorId id) { return static_cast<size_t>(id); }

  void take_scales(const Graph& source);
  void take_constants(const Graph& source);
  Status make_steps();
  Status remake_steps(ThreadPool& workers);
  Status add_step(size_t op_index);
  /// Places that steps work in, and the scratch memory that they need, from the steps.
  void collect_demands();
  Status fold(size_t op_index);
  int parts_of(size_t op_index, const Step& step) const;
  Status plan_memory();
  Status check_memory(size_t op_index, int64_t bytes, const char* what) const;
  size_t fullest_op(const std::vector<Lifetime>& buffers) const;
  Status collect_lifetimes(std::vector<TensorId>& owners, std::vector<Lifetime>& buffers) const;
  void bind_buffers();

 public:
  std::byte* address(TensorId id);
  const std::byte* read_address(TensorId id);
  void make_pool();
  void run_part(const BoundStep& bound, int part, int worker);
  /// Bytes other than 0 and 1 are no values of C++'s bool; what the caller filled in may hold any.
  void make_bools_valid();
};

Status Interpreter::State::build(const Graph& source) {
  LITEQAT_RETURN_IF_ERROR(check_options(options));
  LITEQAT_RETURN_IF_ERROR(graph::validate(source));
  graph = copy_structure(source);
  const graph::Shape& first_input = graph.tensor(graph.inputs[0]).shape;
  if (options.stored_shapes) options.batch = first_input.empty() ? 1 : first_input[0];
  LITEQAT_RETURN_IF_ERROR(graph::infer_shapes(graph, options.stored_shapes ? 0 : options.batch));
  take_constants(source);
  LITEQAT_RETURN_IF_ERROR(make_steps());
  collect_demands();
  LITEQAT_RETURN_IF_ERROR(plan_memory());
  bind_buffers();
  return {};
}

void Interpreter::State::take_scales(const Graph& source) {
  for (size_t id = 0; id < source.tensors.size(); ++id) graph.tensors[id].quantization = source.tensors[id].quantization;
}

void Interpreter::State::take_constants(const Graph& source) {
  constants.clear();
  known.clear();
  for (const Tensor& tensor : source.tensors) {
    constants.push_back(tensor.constant() ? std::span<const std::byte>(tensor.data) : std::span<const std::byte>());
    known.push_back(tensor.constant());
  }
}

Status Interpreter::State::update(const Graph& source, ThreadPool& workers) {
  LITEQAT_CHECK_EQ(source.tensors.size(), graph.tensors.size());
  LITEQAT_CHECK_EQ(source.ops.size(), graph.ops.size());
  take_scales(source);
  take_constants(source);
  LITEQAT_RETURN_IF_ERROR(remake_steps(workers));
  const std::vector<TensorId> old_storage = storage;
  const int64_t old_scratch_bytes = worker_scratch_bytes;
  collect_demands();
  if (storage != old_storage || worker_scratch_bytes > old_scratch_bytes) {
    LITEQAT_RETURN_IF_ERROR(plan_memory());
  } else {
    worker_scratch_bytes = old_scratch_bytes;
  }
  bind_buffers();
  return {};
}

Status Interpreter::State::follow(const State& source) {
  take_scales(source.graph);
  constants = source.constants;
  known = source.known;
  const bool moved = storage != source.storage || worker_scratch_bytes != source.worker_scratch_bytes;
  storage = source.storage;
  worker_scratch_bytes = source.worker_scratch_bytes;
  if (moved) LITEQAT_RETURN_IF_ERROR(plan_memory());
  bind_buffers();
  return {};
}

Status Interpreter::State::make_twin(const State& source) {
  graph = copy_structure(source.graph);
  options = source.options;
  for (const BoundStep& bound : source.steps) steps.push_back({.op_index = bound.op_index, .step = bound.step, .parts = bound.parts});
  return follow(source);
}

/// Operators whose values are computed here first: the others read them. Those are independent of one another.
Status Interpreter::State::remake_steps(ThreadPool& workers) {
  folded.clear();
  folded_bytes = 0;
  for (size_t op_index = 0, next = 0; op_index < graph.ops.size(); ++op_index) {
    if (next < steps.size() && steps[next].op_index == op_index) {
      ++next;
    } else {
      LITEQAT_RETURN_IF_ERROR(fold(op_index));
    }
  }
  std::vector<Status> results(steps.size());
  workers.run(static_cast<int>(steps.size()), [&](int task, int) {
    const auto step = static_cast<size_t>(task);
    auto fresh = make_step(context(steps[step].op_index));
    results[step] = fresh.status();
    if (fresh.ok()) *made[step] = *std::move(fresh);
  });
  for (const Status& result : results) LITEQAT_RETURN_IF_ERROR(result);
  return {};
}

void Interpreter::State::collect_demands() {
  storage.resize(graph.tensors.size());
  std::iota(storage.begin(), storage.end(), 0);
  worker_scratch_bytes = 0;
  for (const BoundStep& bound : steps) {
    const graph::Op& op = graph.ops[bound.op_index];
    if (bound.step->in_place) storage[index(op.outputs[0])] = storage[index(op.inputs[0])];
    const int64_t aligned = (bound.step->scratch_bytes + kernels::kAlignment - 1) / kernels::kAlignment * kernels::kAlignment;
    worker_scratch_bytes = std::max(worker_scratch_bytes, aligned);
  }
}

Status Interpreter::State::make_steps() {
  for (size_t op_index = 0; op_index < graph.ops.size(); ++op_index) {
    const graph::Op& op = graph.ops[op_index];
    const bool foldable = all_inputs_constant(op) || op.kind == OpKind::kShape;  // the batch is fixed by now
    LITEQAT_RETURN_IF_ERROR(foldable ? fold(op_index) : add_step(op_index));
  }
  return {};
}

Status Interpreter::State::add_step(size_t op_index) {
  LITEQAT_ASSIGN_OR_RETURN(Step step, make_step(context(op_index)));
  made.push_back(std::make_unique<Step>(std::move(step)));
  steps.push_back({.op_index = op_index, .step = made.back().get(), .parts = parts_of(op_index, *made.back())});
  return {};
}

int Interpreter::State::parts_of(size_t op_index, const Step& step) const {
  const double nanoseconds = estimate_nanoseconds(graph, graph.ops[op_index]);
  if (options.threads == 1 || nanoseconds < kLeastDividedNanoseconds) return 1;
  const int64_t parts = options.threads * (nanoseconds < kFinelyDividedNanoseconds ? 1 : kFineParts);
  return static_cast<int>(std::min(parts, std::max<int64_t>(step.units, 1)));
}

/// What depends on constants only (float16 weights that DEQUANTIZE widens, shapes) is computed once, here, and is constant from then on.
Status Interpreter::State::fold(size_t op_index) {
  const graph::Op& op = graph.ops[op_index];
  LITEQAT_ASSIGN_OR_RETURN(const Step step, make_step(context(op_index)));
  for (TensorId id : op.outputs) known[index(id)] = true;
  if (step.in_place) {
    constants[index(op.outputs[0])] = constants[index(op.inputs[0])];
    return {};
  }
  for (TensorId id : op.outputs) folded_bytes += std::min(tensor_bytes(graph.tensor(id)), kMaxActivationBytes);
  LITEQAT_RETURN_IF_ERROR(check_memory(op_index, folded_bytes + step.scratch_bytes, "values computed once"));
  BoundStep bound = {.op_index = op_index, .step = &step};
  for (TensorId id : op.inputs) bound.inputs.push_back(id == graph::kNoTensor ? nullptr : constants[index(id)].data());
  AlignedBytes step_scratch(step.scratch_bytes);
  for (TensorId id : op.outputs) {
    const int64_t bytes = tensor_bytes(graph.tensor(id));
    AlignedBytes values(bytes);
    if (values.data() == nullptr) {
      return context(op_index).fail(Code::kOutOfRange, "its values need {} bytes, more than this machine gives", bytes);
    }
    bound.outputs.push_back(values.data());
    constants[index(id)] = {values.data(), static_cast<size_t>(bytes)};
    folded.push_back(std::move(values));
  }
  step.run({bound.inputs, bound.outputs, step_scratch.data()}, {0, step.units});
  return {};
}

Status Interpreter::State::check_memory(size_t op_index, int64_t bytes, const char* what) const {
  if (bytes <= options.max_memory) return {};
  return context(op_index).fail(Code::kOutOfRange, "{} at batch {} take {} bytes, at most {} are allowed (--max-memory)", what,
                                options.batch, bytes, options.max_memory);
}

/// The operator during which most bytes are alive.
size_t Interpreter::State::fullest_op(const std::vector<Lifetime>& buffers) const {
  std::vector<int64_t> change(steps.size() + 2), alive;
  for (const Lifetime& buffer : buffers) {
    change[static_cast<size_t>(buffer.first)] += buffer.bytes;
    change[static_cast<size_t>(buffer.last) + 1] -= buffer.bytes;
  }
  std::partial_sum(change.begin(), change.end(), std::back_inserter(alive));
  const auto step = static_cast<size_t>(std::ranges::max_element(alive) - alive.begin());
  return steps.empty() ? 0 : steps[std::min(step, steps.size() - 1)].op_index;
}

/// One lifetime per block of memory: inputs live from the start, outputs to the end, everything else from its step to its last reader.
Status Interpreter::State::collect_lifetimes(std::vector<TensorId>& owners, std::vector<Lifetime>& buffers) const {
  const auto last_step = static_cast<int32_t>(steps.size());
  std::vector<size_t> slot(graph.tensors.size(), SIZE_MAX);
  int64_t total_bytes = 0;
  const auto touch = [&](TensorId id, int32_t step) {
    if (id == graph::kNoTensor || is_constant(id)) return;
    const TensorId owner = storage[index(id)];
    if (slot[index(owner)] == SIZE_MAX) {
      const Tensor& tensor = graph.tensor(owner);
      slot[index(owner)] = owners.size();
      owners.push_back(owner);
      buffers.push_back({tensor_bytes(tensor), step, step});
      total_bytes += std::min(buffers.back().bytes, kMaxActivationBytes);
    }
    buffers[slot[index(owner)]].last = std::max(buffers[slot[index(owner)]].last, step);
  };
  for (TensorId id : graph.inputs) touch(id, 0);
  for (size_t step = 0; step < steps.size(); ++step) {
    const graph::Op& op = graph.ops[steps[step].op_index];
    for (TensorId id : op.inputs) touch(id, static_cast<int32_t>(step));
    for (TensorId id : op.outputs) touch(id, static_cast<int32_t>(step));
    if (total_bytes >= kMaxActivationBytes) {
      return context(steps[step].op_index)
          .fail(Code::kOutOfRange, "activations at batch {} reach {} bytes, at most {} are supported", options.batch, total_bytes,
                kMaxActivationBytes);
    }
  }
  for (TensorId id : graph.outputs) touch(id, last_step);
  return {};
}

Status Interpreter::State::plan_memory() {
  std::vector<TensorId> owners;
  std::vector<Lifetime> buffers;
  LITEQAT_RETURN_IF_ERROR(collect_lifetimes(owners, buffers));
  const ArenaPlan plan = plan_arena(buffers, kernels::kAlignment);
  offsets.assign(graph.tensors.size(), -1);
  lifetimes.resize(graph.tensors.size());
  for (size_t buffer = 0; buffer < owners.size(); ++buffer) {
    offsets[index(owners[buffer])] = plan.offsets[buffer];
    lifetimes[index(owners[buffer])] = buffers[buffer];
  }
  arena_bytes = plan.arena_bytes;
  live_peak_bytes = plan.live_peak_bytes;
  const int64_t scratch_bytes = worker_scratch_bytes * options.threads;
  if (!graph.ops.empty()) {
    LITEQAT_RETURN_IF_ERROR(
        check_memory(fullest_op(buffers), folded_bytes + arena_bytes + scratch_bytes, "activations and working memory"));
  } else if (arena_bytes > options.max_memory) {
    return error(Code::kOutOfRange,
                 "the model has no operator, but its inputs at batch {} take {} bytes, at most {} are allowed (--max-memory)",
                 options.batch, arena_bytes, options.max_memory);
  }
  arena = AlignedBytes(arena_bytes);
  scratch = AlignedBytes(scratch_bytes);
  if ((arena_bytes > 0 && arena.data() == nullptr) || (scratch_bytes > 0 && scratch.data() == nullptr)) {
    return error(Code::kOutOfRange, "running at batch {} needs {} bytes for activations and {} for kernels, more than this machine gives",
                 options.batch, arena_bytes, scratch_bytes);
  }
  return {};
}

std::byte* Interpreter::State::address(TensorId id) {
  return arena.data() + offsets[index(storage[index(id)])];
}

const std::byte* Interpreter::State::read_address(TensorId id) {
  return is_constant(id) ? constants[index(id)].data() : address(id);
}

void Interpreter::State::bind_buffers() {
  for (BoundStep& bound : steps) {
    const graph::Op& op = graph.ops[bound.op_index];
    bound.inputs.clear();
    bound.outputs.clear();
    for (TensorId id : op.inputs) bound.inputs.push_back(id == graph::kNoTensor ? nullptr : read_address(id));
    for (TensorId id : op.outputs) bound.outputs.push_back(address(id));
  }
}

/// Neighbouring steps that one worker runs whole need no waiting between them.
void Interpreter::State::make_pool() {
  std::vector<int> tasks;
  for (size_t index = 0; index < steps.size(); ++index) {
    if (steps[index].step->in_place) continue;
    const bool joins = steps[index].parts == 1 && !tasks.empty() && tasks.back() == 1;
    if (!joins) {
      phases.push_back({index, index});
      tasks.push_back(steps[index].parts);
    }
    phases.back().last = index + 1;
    steps[index].phase = static_cast<int>(phases.size()) - 1;
  }
  pool = std::make_unique<PhasePool>(options.threads, std::move(tasks), [this](int phase, int task, int worker) {
    const Phase& range = phases[static_cast<size_t>(phase)];
    for (size_t index = range.first; index < range.last; ++index) run_part(steps[index], task, worker);
  });
}

void Interpreter::State::run_part(const BoundStep& bound, int part, int worker) {
  if (bound.step->in_place) return;
  const StepBuffers buffers = {bound.inputs, bound.outputs, scratch.data() + worker * worker_scratch_bytes};
  bound.step->run(buffers, kernels::part_of(bound.step->units, part, bound.parts));
}

Result<Interpreter> Interpreter::prepare(const graph::Graph& graph, const Options& options) {
  auto state = std::make_unique<State>();
  state->options = options;
  LITEQAT_RETURN_IF_ERROR(state->build(graph));
  if (options.threads > 1) state->make_pool();
  return Interpreter(std::move(state));
}

Result<Interpreter> Interpreter::twin() const {
  auto state = std::make_unique<State>();
  LITEQAT_RETURN_IF_ERROR(state->make_twin(*state_));
  if (state->options.threads > 1) state->make_pool();
  return Interpreter(std::move(state));
}

Status Interpreter::update(const graph::Graph& graph, ThreadPool& workers, std::span<Interpreter> twins) {
  LITEQAT_RETURN_IF_ERROR(state_->update(graph, workers));
  for (Interpreter& twin : twins) LITEQAT_RETURN_IF_ERROR(twin.state_->follow(*state_));
  return {};
}

Interpreter::Interpreter(std::unique_ptr<State> state) : state_(std::move(state)) {}
Interpreter::Interpreter(Interpreter&&) noexcept = default;
Interpreter& Interpreter::operator=(Interpreter&&) noexcept = default;
Interpreter::~Interpreter() = default;

int32_t Interpreter::batch() const {
  return state_->options.batch;
}

const graph::Tensor& Interpreter::input_tensor(size_t index) const {
  return state_->graph.tensor(state_->graph.inputs[index]);
}
const graph::Tensor& Interpreter::output_tensor(size_t index) const {
  return state_->graph.tensor(state_->graph.outputs[index]);
}

std::span<std::byte> Interpreter::input(size_t index) {
  return {state_->address(state_->graph.inputs[index]), static_cast<size_t>(tensor_bytes(input_tensor(index)))};
}

std::span<const std::byte> Interpreter::output(size_t index) const {
  return {state_->read_address(state_->graph.outputs[index]), static_cast<size_t>(tensor_bytes(output_tensor(index)))};
}

void Interpreter::State::make_bools_valid() {
  for (TensorId id : graph.inputs) {
    const Tensor& tensor = graph.tensor(id);
    if (tensor.type != DType::kBool || is_constant(id)) continue;
    for (std::byte& value : std::span(address(id), static_cast<size_t>(tensor_bytes(tensor)))) value = std::byte{value != std::byte{0}};
  }
}

void Interpreter::invoke() {
  state_->make_bools_valid();
  if (state_->pool != nullptr) return state_->pool->run(0, static_cast<int>(state_->phases.size()));
  for (const State::BoundStep& bound : state_->steps) state_->run_part(bound, 0, 0);
}

void Interpreter::invoke_step(size_t step) {
  const State::BoundStep& bound = state_->steps[step];
  bound.parts == 1 ? state_->run_part(bound, 0, 0) : state_->pool->run(bound.phase, bound.phase + 1);
}

int64_t Interpreter::arena_bytes() const {
  return state_->arena_bytes;
}
int64_t Interpreter::live_peak_bytes() const {
  return state_->live_peak_bytes;
}
int64_t Interpreter::scratch_bytes() const {
  return state_->worker_scratch_bytes * state_->options.threads;
}

std::vector<StepInfo> Interpreter::steps() const {
  std::vector<StepInfo> infos;
  for (const State::BoundStep& bound : state_->steps) {
    const graph::Op& op = state_->graph.ops[bound.op_index];
    infos.push_back({.op_index = static_cast<int32_t>(bound.op_index),
                     .op = graph::op_kind_name(op.kind),
                     .kernel = bound.step->kernel,
                     .macs = graph::count_macs(state_->graph, op),
                     .scratch_bytes = bound.step->scratch_bytes});
  }
  return infos;
}

std::vector<TensorPlace> Interpreter::tensor_places() const {
  const State& state = *state_;
  const auto op_of_step = [&](int32_t step) {
    const size_t last = state.steps.size() - 1;
    return static_cast<int32_t>(state.steps[std::min(static_cast<size_t>(step), last)].op_index);
  };
  std::vector<TensorPlace> places(state.graph.tensors.size());
  for (size_t id = 0; id < places.size(); ++id) {
    const TensorId owner = state.storage[id];
    const auto block = static_cast<size_t>(owner);
    if (state.known[id]) {
      places[id].kind = TensorPlace::Kind::kConstant;
    } else if (state.offsets[block] >= 0 && !state.steps.empty()) {
      places[id] = {.kind = TensorPlace::Kind::kArena,
                    .offset = state.offsets[block],
                    .owner = owner,
                    .first_op = op_of_step(state.lifetimes[block].first),
                    .last_op = op_of_step(state.lifetimes[block].last)};
    }
  }
  return places;
}

}  // namespace liteqat::runtime
