#include "train/integer/integer_engine.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <optional>
#include <ranges>

#include "base/check.h"
#include "quant/lower.h"
#include "quant/passes.h"
#include "quant/weights.h"
#include "runtime/interpreter.h"
#include "train/integer/integer_step.h"
#include "train/loss.h"
#include "train/walk.h"

namespace liteqat::train {

using graph::Graph;
using graph::kNoTensor;
using graph::OpKind;
using graph::TensorId;

namespace {

/// The int8 tensor that the loss reads: behind the final DEQUANTIZE, and in front of a final SOFTMAX.
TensorId loss_tensor(const Graph& lowered) {
  TensorId id = lowered.outputs[0];
  for (OpKind kind : {OpKind::kDequantize, OpKind::kSoftmax}) {
    const int32_t producer = lowered.find_producer(id);
    if (producer >= 0 && lowered.ops[static_cast<size_t>(producer)].kind == kind) id = lowered.ops[static_cast<size_t>(producer)].inputs[0];
  }
  return id;
}

/// The deployed graph with every activation as an output, in operator order: its memory then stays until the backward has read it.
Graph expose_activations(const Graph& lowered) {
  Graph exposed = lowered;
  exposed.outputs.clear();
  for (const graph::Op& op : lowered.ops) exposed.outputs.push_back(op.outputs[0]);
  return exposed;
}

/// A part of a chunk of `chunk` images that fits caches, as chunk_images() says: shares of other ranks then begin where chunks do.
int32_t observer_chunk(int32_t chunk) {
  return chunk % 4 == 0 ? 4 : chunk;
}

Status check_model(const Graph& model, const quant::Plan& plan) {
  if (plan.scheme != quant::Scheme::kLiteqat8Bit) {
    return error(Code::kUnsupported, "training on integers needs scheme {}, the plan is of {}",
                 quant::scheme_name(quant::Scheme::kLiteqat8Bit), quant::scheme_name(plan.scheme));
  }
  LITEQAT_RETURN_IF_ERROR(graph::validate(model));
  if (!plan.in_float.empty()) {
    return error(Code::kUnsupported, "what stays in float ({} of the deployed operators) cannot be trained on integers",
                 plan.in_float.size());
  }
  if (model.inputs.size() == 1 && model.outputs.size() == 1) return {};
  return error(Code::kUnsupported, "training needs a network with one input and one output, this one has {} and {}", model.inputs.size(),
               model.outputs.size());
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// With the activation that it computes in the same pass.
std::vector<OpKind> operators_of(const graph::Op& op) {
  switch (graph::fused_activation(op)) {
    case graph::Activation::kRelu:
      return {op.kind, OpKind::kRelu};
    case graph::Activation::kRelu6:
      return {op.kind, OpKind::kRelu6};
    default:
      return {op.kind};
  }
}

}  // namespace

int32_t integer_chunk_images(const Graph& model, int32_t batch) {
  return std::min(std::max(8, images_beside_weights(model)), (batch + 3) / 4);
}

struct IntegerEngine::State {
  struct Worker {
    std::vector<const int8_t*> codes;  // by tensor of the deployed graph
    FloatBlock gradients, values, addend;
  };

  State(Graph& trained, quant::Plan& trained_plan, ThreadPool& threads, const IntegerOptions& engine_options)
      : model(trained),
        plan(trained_plan),
        pool(threads),
        options(engine_options),
        steps_done(engine_options.steps_done),
        max_images(most_images(options.max_batch, options.chunk, options.ranks)),
        gradients(model, std::min((max_images + options.chunk - 1) / options.chunk, kMaxGroups)),
        workers(static_cast<size_t>(pool.threads())),
        losses(max_images) {}

  Status build();
  Status add_steps();
  /// Kernels for chunks of this many images; fails: kUnsupported.
  Status configure(int32_t images);
  /// observed: images whose ranges count, of this rank's share; null: none of the whole batch do.
  Status refresh(const std::span<const float>* observed);
  void refold();
  void observe(std::span<const float> images);
  Status prepare_interpreters();
  Status prepare_forward();
  /// Forward of all chunks, and backward with them if asked for.
  LossValue walk(std::span<const float> images, std::span<const int32_t> all_labels, const LossOptions& loss_options, bool backward);
  void invoke(runtime::Interpreter& interpreter, int worker);
  void forward(const Chunk& chunk, std::span<const float> images);
  void backward(const Chunk& chunk);
  /// Indices into `steps`.
  std::ranges::iota_view<size_t, size_t> steps_of(const GradientPlaces::Segment& segment) const;
  int64_t image_elems(TensorId id) const { return places->image_elems(id); }

  Graph& model;
  quant::Plan& plan;
  ThreadPool& pool;
  IntegerOptions options;
  int64_t steps_done;
  bool stale = true;   // the prepared graph is not that of the weights an optimizer has left
  int32_t max_images;  // of this rank's share
  Graph folded, lowered;
  std::vector<quant::FoldedTensor> folded_tensors;
  std::vector<std::ptrdiff_t> folded_range;        // of each of them: index of the quantizer whose range its values give; -1: none
  std::vector<runtime::Interpreter> interpreters;  // by worker; the first one's steps are everybody's
  TensorId loss_id = kNoTensor;
  ParameterGradients gradients;
  std::vector<FloatBlock> parameter_scratch;
  std::vector<FoldedParameters> parameters;  // by operator of the deployed graph
  std::optional<GradientPlaces> places;
  std::optional<IntegerPlace> place;
  std::optional<Engine> observer;
  std::vector<std::unique_ptr<IntegerStep>> steps;  // in forward order, those that the reverse walk needs
  std::vector<size_t> step_op;                      // the deployed operator of each
  std::vector<size_t> invoked_op;                   // and of each step of an interpreter
  std::vector<char> configured;                     // by images of a chunk
  std::vector<Worker> workers;
  BatchLoss losses;
  Inspector inspector;
  std::optional<StepClock> forward_clock, backward_clock;  // by operator of the deployed graph
  double observing_seconds = 0, packing_seconds = 0;       // wall time
};

Status IntegerEngine::State::build() {
  LITEQAT_ASSIGN_OR_RETURN(folded, quant::fold_keeping_ids(model));
  quant::set_weight_ranges(plan, folded);
  LITEQAT_ASSIGN_OR_RETURN(lowered, quant::lower_to_int8(folded, plan, quant::IoType::kFloat32, pool));
  loss_id = loss_tensor(lowered);
  for (const graph::Op& op : lowered.ops) {
    parameters.emplace_back();
    if (!quant::has_weights(op.kind)) continue;
    LITEQAT_ASSIGN_OR_RETURN(parameters.back(), FoldedParameters::find(model, gradients, lowered.tensor(op.inputs[1]).name));
    if (parameters.back().weights < 0) {
      return quant::op_error(Code::kUnsupported, lowered, op, "training on integers needs weights that are trained");
    }
    gradients.use_partials(parameters.back().weights);
    if (parameters.back().bias_gradient() >= 0) gradients.use_partials(parameters.back().bias_gradient());
  }
  folded_tensors = quant::find_folded_tensors(model, folded);
  for (const quant::FoldedTensor& tensor : folded_tensors) {
    const quant::Quantizer* range = plan.find(tensor.id);
    folded_range.push_back(range != nullptr && quant::follows_weights(*range) ? range - plan.quantizers.data() : -1);
  }
  LITEQAT_RETURN_IF_ERROR(add_steps());
  LITEQAT_RETURN_IF_ERROR(prepare_interpreters());
  LITEQAT_ASSIGN_OR_RETURN(Engine float_engine,
                           Engine::make(folded, &plan, pool, {max_images, observer_chunk(options.chunk), /*training=*/false}));
  observer.emplace(std::move(float_engine));
  return {};
}

Status IntegerEngine::State::add_steps() {
  places.emplace(lowered, loss_id, options.chunk, options.cache_elems, [&](size_t op) { return parameters[op].weights >= 0; });
  if (!places->has_gradient(loss_id)) return error(Code::kUnsupported, "the network has no operator that can be trained");
  int64_t largest_parameter = 0;
  for (TensorId id : gradients.tensors()) largest_parameter = std::max(largest_parameter, graph::elem_count(model.tensor(id).shape));
  const int64_t largest_value = std::max(places->largest_elems(), image_elems(loss_id) * options.chunk);
  for (Worker& worker : workers) {
    worker.codes.resize(lowered.tensors.size());
    worker.gradients = FloatBlock(places->block_elems());
    worker.values = FloatBlock(largest_value);
    worker.addend = FloatBlock(largest_value);
    parameter_scratch.emplace_back(2 * align_elems(largest_parameter));
  }
  LITEQAT_ASSIGN_OR_RETURN(const Isa isa, select_isa());
  place.emplace(IntegerPlace{lowered, *places, gradients, kernels::train::find_code_kernels(isa),
                             kernels::train::find_pointwise_kernels(isa), kernels::train::find_depthwise_kernels(isa), pool.threads(),
                             options.cache_elems / 4, parameter_scratch});
  for (size_t op = 0; op < lowered.ops.size(); ++op) {
    if (!places->has_gradient(lowered.ops[op].outputs[0])) continue;
    LITEQAT_ASSIGN_OR_RETURN(std::unique_ptr<IntegerStep> made, make_integer_step(*place, op, parameters[op]));
    steps.push_back(std::move(made));
    step_op.push_back(op);
  }
  configured.resize(static_cast<size_t>(options.chunk) + 1);
  if (options.timed) {
    forward_clock.emplace(lowered.ops.size(), pool.threads());
    backward_clock.emplace(lowered.ops.size(), pool.threads());
  }
  return configure(options.chunk);
}

Status IntegerEngine::State::configure(int32_t images) {
  char& done = configured[static_cast<size_t>(images)];
  if (done) return {};
  for (const GradientPlaces::Segment& segment : places->segments()) {
    const int32_t together = std::min(segment.images, images), rest = images % together;
    for (size_t index : steps_of(segment)) {
      LITEQAT_RETURN_IF_ERROR(steps[index]->configure(together));
      if (rest > 0) LITEQAT_RETURN_IF_ERROR(steps[index]->configure(rest));
    }
  }
  done = 1;
  return {};
}

/// The folded weights of this step, in the tensors that the observer reads, and their ranges.
void IntegerEngine::State::refold() {
  pool.run(static_cast<int>(folded_tensors.size()), [&](int task, int) {
    const auto index = static_cast<size_t>(task);
    quant::fold_again(model, folded_tensors[index], folded);
    if (folded_range[index] < 0) return;
    quant::set_weight_range(plan.quantizers[static_cast<size_t>(folded_range[index])], folded.tensor(folded_tensors[index].id));
  });
}

void IntegerEngine::State::observe(std::span<const float> images) {
  observer->reset_observations();
  const auto n = static_cast<int32_t>(static_cast<int64_t>(images.size()) / image_elems(lowered.inputs[0]));
  if (n > 0) observer->forward(images, n, Mode::kCalibration);
  std::vector<quant::Observation> all = observer->observations();
  ranks::accumulate(options.ranks, std::span(all), all.size(), [&](size_t, size_t) {
    for (size_t k = 0; n > 0 && k < all.size(); ++k) {
      const quant::Observation& own = observer->observations()[k];
      if (own.seen) all[k] = {std::min(all[k].min, own.min), std::max(all[k].max, own.max), true};
    }
  });
  for (size_t k = 0; k < plan.quantizers.size(); ++k) {
    const quant::Observation& seen = all[k];
    if (!seen.seen || plan.quantizers[k].weight) continue;
    quant::update_range(plan.quantizers[k], seen.min, seen.max, kObservationInterval);
  }
}

Status IntegerEngine::State::prepare_interpreters() {
  const Graph exposed = expose_activations(lowered);
  LITEQAT_ASSIGN_OR_RETURN(const Isa isa, select_isa());
  LITEQAT_ASSIGN_OR_RETURN(runtime::Interpreter first, runtime::Interpreter::prepare(exposed, {.batch = options.chunk, .isa = isa}));
  interpreters.push_back(std::move(first));
  for (size_t worker = 1; worker < workers.size(); ++worker) {
    LITEQAT_ASSIGN_OR_RETURN(runtime::Interpreter twin, interpreters[0].twin());
    interpreters.push_back(std::move(twin));
  }
  for (const runtime::StepInfo& step : interpreters[0].steps()) invoked_op.push_back(static_cast<size_t>(step.op_index));
  return {};
}

/// Packs the deployed graph of this step.
Status IntegerEngine::State::prepare_forward() {
  LITEQAT_ASSIGN_OR_RETURN(lowered, quant::lower_to_int8(folded, plan, quant::IoType::kFloat32, pool));
  LITEQAT_RETURN_IF_ERROR(interpreters[0].update(lowered, pool, std::span(interpreters).subspan(1)));
  pool.run(static_cast<int>(steps.size()), [&](int step, int) { steps[static_cast<size_t>(step)]->prepare(); });
  for (size_t worker = 0; worker < workers.size(); ++worker) {
    for (size_t op = 0; op < lowered.ops.size(); ++op) {
      workers[worker].codes[static_cast<size_t>(lowered.ops[op].outputs[0])] =
          reinterpret_cast<const int8_t*>(interpreters[worker].output(op).data());
    }
  }
  return {};
}

Status IntegerEngine::State::refresh(const std::span<const float>* observed) {
  const auto start = std::chrono::steady_clock::now();
  refold();
  const auto observing = std::chrono::steady_clock::now();
  if (observed != nullptr) observe(*observed);
  const double observed_for = seconds_since(observing);
  LITEQAT_RETURN_IF_ERROR(prepare_forward());
  observing_seconds += observed_for;
  packing_seconds += seconds_since(start) - observed_for;
  return {};
}

/// The whole graph; step by step where steps are timed.
void IntegerEngine::State::invoke(runtime::Interpreter& interpreter, int worker) {
  if (!forward_clock) return interpreter.invoke();
  for (size_t step = 0; step < invoked_op.size(); ++step) {
    run_timed(&*forward_clock, invoked_op[step], worker, [&] { interpreter.invoke_step(step); });
  }
}

void IntegerEngine::State::forward(const Chunk& chunk, std::span<const float> images) {
  const Worker& worker = workers[static_cast<size_t>(chunk.worker)];
  runtime::Interpreter& interpreter = interpreters[static_cast<size_t>(chunk.worker)];
  const int64_t elems = image_elems(lowered.inputs[0]);
  const std::span<std::byte> input = interpreter.input(0);
  // A last chunk of fewer images leaves those of an earlier one behind its own: their codes are not read.
  std::memcpy(input.data(), images.data() + chunk.begin * elems, static_cast<size_t>(chunk.count * elems) * sizeof(float));
  invoke(interpreter, chunk.worker);
  if (!inspector) return;
  for (const graph::Op& op : lowered.ops) {
    const TensorId id = op.outputs[0];
    if (lowered.tensor(id).type != graph::DType::kInt8) continue;
    inspector(lowered.tensor(id).name, chunk.begin,
              {worker.codes[static_cast<size_t>(id)], static_cast<size_t>(image_elems(id) * chunk.count)});
  }
}

void IntegerEngine::State::backward(const Chunk& chunk) {
  Worker& worker = workers[static_cast<size_t>(chunk.worker)];
  IntegerChunk own = {.chunk = chunk,
                      .codes = worker.codes,
                      .gradients = worker.gradients.data(),
                      .values = worker.values.data(),
                      .addend = worker.addend.data()};
  for (const GradientPlaces::Segment& segment : std::views::reverse(places->segments())) {
    for (own.first = 0; own.first < chunk.count; own.first += segment.images) {
      own.chunk.begin = chunk.begin + own.first;
      own.chunk.count = std::min(segment.images, chunk.count - own.first);
      own.chunk.first_of_group = chunk.first_of_group && own.first == 0;
      for (size_t index : std::views::reverse(steps_of(segment))) {
        run_timed(backward_clock ? &*backward_clock : nullptr, step_op[index], chunk.worker, [&] { steps[index]->backward(own); });
      }
    }
  }
}

std::ranges::iota_view<size_t, size_t> IntegerEngine::State::steps_of(const GradientPlaces::Segment& segment) const {
  const auto position = [&](int32_t op) {
    return static_cast<size_t>(std::ranges::lower_bound(step_op, static_cast<size_t>(op)) - step_op.begin());
  };
  return std::views::iota(position(segment.begin), position(segment.end));
}

LossValue IntegerEngine::State::walk(std::span<const float> images, std::span<const int32_t> all_labels, const LossOptions& loss_options,
                                     bool with_backward) {
  const Batch batch = make_batch(static_cast<int32_t>(all_labels.size()), options.chunk, options.ranks);
  const std::span<const int32_t> labels = batch.own(all_labels);
  const auto classes = static_cast<int32_t>(image_elems(loss_id));
  const graph::Quantization& grid = lowered.tensor(loss_id).quantization;
  for_each_chunk(batch, pool, [&](const Chunk& chunk) {
    forward(chunk, images);
    Worker& worker = workers[static_cast<size_t>(chunk.worker)];
    place->kernels.dequantize(worker.codes[static_cast<size_t>(loss_id)], grid.scale[0], static_cast<int32_t>(grid.zero_point[0]),
                              worker.values.data(), int64_t{classes} * chunk.count);
    losses.add(chunk.begin, labels.subspan(static_cast<size_t>(chunk.begin), static_cast<size_t>(chunk.count)), worker.values.data(),
               classes, loss_options, with_backward ? places->at(loss_id, worker.gradients.data(), 0) : nullptr);
    if (with_backward) backward(chunk);
  });
  if (with_backward) {
    gradients.sum(batch.groups, pool, options.ranks);
    pool.run(static_cast<int>(parameters.size()), [&](int op, int) { parameters[static_cast<size_t>(op)].finish(model, gradients); });
  }
  return losses.mean(batch, options.ranks);
}

IntegerEngine::IntegerEngine(std::unique_ptr<State> state) : state_(std::move(state)) {}
IntegerEngine::IntegerEngine(IntegerEngine&&) noexcept = default;
IntegerEngine& IntegerEngine::operator=(IntegerEngine&&) noexcept = default;
IntegerEngine::~IntegerEngine() = default;

Result<IntegerEngine> IntegerEngine::make(Graph& model, quant::Plan& plan, ThreadPool& pool, const IntegerOptions& options) {
  LITEQAT_CHECK_LE(1, options.max_batch);
  LITEQAT_CHECK_LE(1, options.chunk);
  LITEQAT_CHECK_LE(4, options.cache_elems);
  LITEQAT_RETURN_IF_ERROR(check_model(model, plan));
  LITEQAT_RETURN_IF_ERROR(check_ranks(options.max_batch, options.chunk, options.ranks));
  auto state = std::make_unique<State>(model, plan, pool, options);
  LITEQAT_RETURN_IF_ERROR(state->build());
  return IntegerEngine(std::move(state));
}

Result<LossValue> IntegerEngine::step(std::span<const float> images, std::span<const int32_t> labels, float label_smoothing) {
  const Share own = share(static_cast<int32_t>(labels.size()));
  LITEQAT_CHECK_EQ(static_cast<int64_t>(images.size()), own.count * state_->image_elems(state_->lowered.inputs[0]));
  if (own.count > 0) LITEQAT_RETURN_IF_ERROR(state_->configure((own.count - 1) % state_->options.chunk + 1));
  const bool observes =
      state_->steps_done % kObservationInterval == 0 && std::ranges::any_of(state_->plan.quantizers, quant::follows_batches);
  LITEQAT_RETURN_IF_ERROR(state_->refresh(observes ? &images : nullptr));
  ++state_->steps_done;
  state_->stale = true;
  return state_->walk(images, labels, {label_smoothing, 1.0f / static_cast<float>(labels.size())}, true);
}

Share IntegerEngine::share(int32_t n) const {
  const Batch batch = make_batch(n, state_->options.chunk, state_->options.ranks);
  return {batch.first_image, batch.images};
}

Result<LossValue> IntegerEngine::evaluate(std::span<const float> images, std::span<const int32_t> labels) {
  if (state_->stale) LITEQAT_RETURN_IF_ERROR(state_->refresh(nullptr));
  state_->stale = false;
  return state_->walk(images, labels, {}, false);
}

const std::vector<TensorId>& IntegerEngine::parameters() const {
  return state_->gradients.tensors();
}

std::span<const float> IntegerEngine::gradient(size_t parameter_index) const {
  LITEQAT_CHECK_LT(parameter_index, parameters().size());
  return state_->gradients.total(static_cast<int32_t>(parameter_index));
}

std::string IntegerEngine::find_non_finite() const {
  const State& state = *state_;
  for (size_t op = state.parameters.size(); op-- > 0;) {
    const FoldedParameters& behind = state.parameters[op];
    for (int32_t index : {behind.weights, behind.bias, behind.gamma, behind.beta}) {
      if (index < 0) continue;
      const std::span<const float> total = state.gradients.total(index);
      if (!std::all_of(total.begin(), total.end(), [](float value) { return std::isfinite(value); })) return state.lowered.ops[op].name;
    }
  }
  return {};
}

int64_t IntegerEngine::memory_bytes() const {
  const State& state = *state_;
  int64_t bytes = state.gradients.memory_bytes() + state.observer->memory_bytes();
  const auto add = [&](const FloatBlock& block) { bytes += block.elems() * static_cast<int64_t>(sizeof(float)); };
  for (const FloatBlock& block : state.parameter_scratch) add(block);
  for (const State::Worker& worker : state.workers) {
    for (const FloatBlock* block : {&worker.gradients, &worker.values, &worker.addend}) add(*block);
  }
  for (const runtime::Interpreter& interpreter : state.interpreters) bytes += interpreter.arena_bytes() + interpreter.scratch_bytes();
  return bytes;
}

std::vector<StepTime> IntegerEngine::step_times() const {
  const State& state = *state_;
  LITEQAT_CHECK(state.forward_clock && state.backward_clock);
  std::vector<StepTime> times;
  for (size_t index = 0; index < state.lowered.ops.size(); ++index) {
    const graph::Op& op = state.lowered.ops[index];
    StepTime time{.name = op.name, .operators = operators_of(op)};
    time.forward_seconds = state.forward_clock->seconds(index), time.backward_seconds = state.backward_clock->seconds(index);
    time.forward_macs = graph::count_macs(state.lowered, op);
    if (state.parameters[index].weights >= 0) time.backward_macs = time.forward_macs * (state.places->has_gradient(op.inputs[0]) ? 2 : 1);
    times.push_back(std::move(time));
  }
  // What is done once a step is waited for by all workers.
  const int workers = state.pool.threads();
  times.push_back(
      {.name = "ranges", .operators = {}, .kind = StepKind::kObservation, .forward_seconds = state.observing_seconds * workers});
  times.push_back({.name = "weights", .operators = {}, .kind = StepKind::kPacking, .forward_seconds = state.packing_seconds * workers});
  return times;
}

void IntegerEngine::set_inspector(Inspector inspector) {
  state_->inspector = std::move(inspector);
}

}  // namespace liteqat::train
