#include "train/engine.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/check.h"
#include "numeric/finite.h"
#include "quant/weights.h"
#include "train/fusion.h"
#include "train/loss.h"
#include "train/steps/fused_step.h"
#include "train/steps/make_step.h"
#include "train/steps/strip_step.h"
#include "train/walk.h"

namespace liteqat::train {

using graph::Graph;
using graph::Op;
using graph::OpKind;
using graph::TensorId;

namespace {

std::vector<TensorId> tensors_of(const DropoutOptions& dropout) {
  std::vector<TensorId> tensors;
  for (const Dropout& place : dropout.places) tensors.push_back(place.tensor);
  return tensors;
}

/// The tensor that the loss reads: the input of a final SOFTMAX, else the output (Keras' from_logits either way).
TensorId loss_tensor(const Graph& model) {
  const TensorId output = model.outputs[0];
  const int32_t producer = model.find_producer(output);
  if (producer < 0) return output;
  const Op& op = model.ops[static_cast<size_t>(producer)];
  return op.kind == OpKind::kSoftmax ? op.inputs[0] : output;
}

Status check_model(const Graph& model) {
  LITEQAT_RETURN_IF_ERROR(graph::validate(model));
  if (model.inputs.size() != 1 || model.outputs.size() != 1) {
    return error(Code::kUnsupported, "training needs a network with one input and one output, this one has {} and {}", model.inputs.size(),
                 model.outputs.size());
  }
  if (model.ops.empty()) return error(Code::kUnsupported, "the network has no operators");
  std::vector<int> readers(model.tensors.size(), 0);
  for (size_t index = 0; index < model.ops.size(); ++index) {
    for (TensorId id : model.ops[index].inputs) {
      if (id == graph::kNoTensor || model.tensor(id).role != graph::Role::kParameter) continue;
      if (++readers[static_cast<size_t>(id)] < 2) continue;
      return error(Code::kUnsupported, "{}: parameter '{}' belongs to another operator too; shared weights cannot be trained",
                   describe_op(model, static_cast<int32_t>(index)), model.tensor(id).name);
    }
  }
  return {};
}

}  // namespace

int32_t training_chunk_images(const Graph& model, const quant::Plan* plan, int32_t batch) {
  if (plan != nullptr || Fusion::find(model, loss_tensor(model)).units().empty()) return chunk_images(batch);
  const int32_t usual = std::max(chunk_images(batch), std::min(16, (batch + 7) / 8));
  return std::max(usual, std::min(images_beside_weights(model), (batch + 3) / 4));
}

int32_t images_beside_weights(const Graph& model) {
  int64_t weights = 0, activations = 1;
  for (const Op& op : model.ops) {
    if (!quant::has_weights(op.kind)) continue;
    weights += graph::elem_count(model.tensor(op.inputs[1]).shape);
    const graph::Shape& output = model.tensor(op.outputs[0]).shape;
    activations += graph::elem_count(output) / std::max(output.empty() ? 1 : output[0], 1);
  }
  return static_cast<int32_t>(std::min<int64_t>(2 * weights / activations / 4 * 4, 32));
}

int32_t chunk_images(int32_t batch) {
  return std::min(4, (batch + 3) / 4);
}

struct Engine::State {
  State(Graph& model, quant::Plan* plan, ThreadPool& workers, const EngineOptions& engine_options)
      : pool(workers),
        options(engine_options),
        loss_id(loss_tensor(model)),
        max_images(most_images(options.max_batch, options.chunk, options.ranks)),
        max_chunks((max_images + options.chunk - 1) / options.chunk),
        dropped(tensors_of(options.dropout)),
        fusion(options.fused && options.training && plan == nullptr ? Fusion::find(model, loss_id, dropped) : Fusion{}),
        place{model,
              plan,
              Layout(model, plan, fusion, {max_images, options.chunk, options.training, dropped, loss_id}),
              ParameterGradients(model, options.training ? std::min(max_chunks, kMaxGroups) : 0),
              options.chunk,
              max_chunks,
              pool.threads(),
              options.training,
              options.ranks,
              {},
              {},
              {},
              {},
              {},
              {},
              options.dropout.seed,
              options.dropout.steps_done - 1},
        losses(max_images) {
    if (plan != nullptr) observations.resize(plan->quantizers.size());
    place.range_gradients.resize(options.learned_ranges.size());
    for (size_t index = 0; index < options.learned_ranges.size(); ++index) {
      if (options.learned_ranges[index]) place.range_gradients[index].resize(plan->quantizers[index].min.size());
    }
    const int scratch_blocks = options.training && place.layout.scratch_elems() > 0 ? pool.threads() : 0;
    for (int worker = 0; worker < scratch_blocks; ++worker) place.scratch.emplace_back(place.layout.scratch_elems() * options.chunk);
    int64_t largest = 0;
    for (TensorId id : place.gradients.tensors()) largest = std::max(largest, graph::elem_count(model.tensor(id).shape));
    for (int worker = 0; options.training && worker < pool.threads(); ++worker)
      place.parameter_scratch.emplace_back(2 * align_elems(largest));
  }

  Status add_steps();
  Result<std::unique_ptr<Step>> make_fused_step(int32_t unit);
  /// Kernels for chunks of this many images; fails: kUnsupported.
  Status configure(int32_t images);
  void add_fake_quant(TensorId tensor, const std::string& name, bool differentiable);
  void add_dropout(TensorId tensor, bool differentiable);
  /// The step that computes the tensor for its reader instead of storing it, null if it is stored.
  const UnitStep* unstored_step(TensorId id) const {
    for (size_t unit = 0; unit < fused_steps.size(); ++unit) {
      const FusedUnit& fused = fusion.units()[unit];
      const bool inside = id == fused.output || id == place.model.ops[static_cast<size_t>(fused.norm)].outputs[0];
      if (inside && !fused.stored) return fused_steps[unit];
    }
    return nullptr;
  }
  LossValue compute_loss(std::span<const int32_t> labels, float label_smoothing) const;
  /// Loss of each image of the chunk, and its gradient if with_gradient.
  void chunk_loss(const Chunk& chunk, std::span<const int32_t> labels, float label_smoothing, bool with_gradient) const;

  ThreadPool& pool;
  EngineOptions options;
  TensorId loss_id;
  int32_t max_images, max_chunks;  // of this rank's share
  std::vector<TensorId> dropped;
  Fusion fusion;
  Workplace place;
  std::vector<std::unique_ptr<Step>> steps;  // in forward order
  std::vector<int32_t> step_op;              // the first operator of each step, -1: the graph input's quantizer
  std::vector<StepKind> step_kind;
  std::vector<Step*> forward_steps, backward_steps;
  std::vector<UnitStep*> fused_steps;  // by unit
  std::vector<quant::Observation> observations;
  mutable BatchLoss losses;                                // of the last batch
  std::vector<char> configured;                            // by images of a chunk
  std::optional<StepClock> forward_clock, backward_clock;  // as forward_steps and backward_steps count
  Batch batch;
  Mode mode = Mode::kEvaluation;
  bool has_gradients = false;
};

void Engine::State::add_fake_quant(TensorId tensor, const std::string& name, bool differentiable) {
  if (place.plan == nullptr) return;
  const quant::Quantizer* quantizer = place.plan->find(tensor);
  if (quantizer == nullptr || quantizer->weight) return;
  const auto index = static_cast<size_t>(quantizer - place.plan->quantizers.data());
  steps.push_back(make_fake_quant_step(place, index, name, &observations[index]));
  step_kind.resize(steps.size() - 1, StepKind::kOperator);
  step_kind.push_back(StepKind::kFakeQuant);
  forward_steps.push_back(steps.back().get());
  if (differentiable) backward_steps.push_back(steps.back().get());
}

void Engine::State::add_dropout(TensorId tensor, bool differentiable) {
  for (const Dropout& dropout : options.dropout.places) {
    if (dropout.tensor != tensor) continue;
    steps.push_back(make_dropout_step(place, dropout));
    step_kind.resize(steps.size() - 1, StepKind::kOperator);
    step_kind.push_back(StepKind::kDropout);
    forward_steps.push_back(steps.back().get());
    if (differentiable) backward_steps.push_back(steps.back().get());
  }
}

Result<std::unique_ptr<Step>> Engine::State::make_fused_step(int32_t unit) {
  const FusedUnit& fused = fusion.units()[static_cast<size_t>(unit)];
  const int32_t producer = fusion.unstored(fused.input);
  UnitStep* producer_step = producer < 0 ? nullptr : fused_steps[static_cast<size_t>(producer)];
  const auto keep = [&](auto step) -> Result<std::unique_ptr<Step>> {
    if (!step.ok()) return step.status().with_context(describe_op(place.model, fused.linear));
    fused_steps[static_cast<size_t>(unit)] = step->get();
    return std::unique_ptr<Step>(std::move(step).value());
  };
  if (fused.in_strips) return keep(StripStep::make(place, fused, producer_step));
  return keep(FusedStep::make(place, fused, producer_step));
}

Status Engine::State::add_steps() {
  const Graph& model = place.model;
  const auto differentiable = [&](TensorId id) { return options.training && place.layout.has_gradient(id); };
  const TensorId input = model.inputs[0];
  add_fake_quant(input, model.tensor(input).name, differentiable(input));
  add_dropout(input, differentiable(input));
  step_op.resize(steps.size(), -1);
  fused_steps.resize(fusion.units().size());
  for (size_t index = 0; index < model.ops.size(); ++index) {
    const Op& op = model.ops[index];
    const bool backward = differentiable(op.outputs[0]);
    const int32_t unit = fusion.unit_of(static_cast<int32_t>(index));
    if (unit >= 0 && fusion.units()[static_cast<size_t>(unit)].linear != static_cast<int32_t>(index)) continue;  // done by its unit's step
    LITEQAT_ASSIGN_OR_RETURN(std::unique_ptr<Step> step, unit >= 0 ? make_fused_step(unit) : make_step(place, static_cast<int32_t>(index)));
    forward_steps.push_back(step.get());
    if (backward) backward_steps.push_back(step.get());
    steps.push_back(std::move(step));
    add_fake_quant(op.outputs[0], op.name, backward);
    add_dropout(op.outputs[0], backward);
    step_op.resize(steps.size(), static_cast<int32_t>(index));
  }
  if (options.training && backward_steps.empty()) return error(Code::kUnsupported, "the network has no operator that can be trained");
  step_kind.resize(steps.size(), StepKind::kOperator);
  if (options.timed) {
    forward_clock.emplace(forward_steps.size(), pool.threads());
    backward_clock.emplace(backward_steps.size(), pool.threads());
  }
  return {};
}

Status Engine::State::configure(int32_t images) {
  char& done = configured[static_cast<size_t>(images)];
  if (done) return {};
  for (const std::unique_ptr<Step>& step : steps) {
    const Status status = step->configure(images);
    if (!status.ok()) return status.with_context(step->name());
  }
  done = 1;
  return {};
}

void Engine::State::chunk_loss(const Chunk& chunk, std::span<const int32_t> labels, float label_smoothing, bool with_gradient) const {
  const LossOptions loss_options{label_smoothing, 1.0f / static_cast<float>(batch.all_images)};
  losses.add(chunk.begin, labels.subspan(static_cast<size_t>(chunk.begin), static_cast<size_t>(chunk.count)),
             place.layout.value(loss_id, chunk), static_cast<int32_t>(place.layout.image_elems(loss_id)), loss_options,
             with_gradient ? place.layout.gradient(loss_id, chunk) : nullptr);
}

LossValue Engine::State::compute_loss(std::span<const int32_t> labels, float label_smoothing) const {
  LITEQAT_CHECK_EQ(labels.size(), static_cast<size_t>(batch.all_images));
  const std::span<const int32_t> own = batch.own(labels);
  pool.run(batch.chunks, [&](int task, int worker) { chunk_loss(chunk_at(batch, task, worker), own, label_smoothing, false); });
  return losses.mean(batch, place.ranks);
}

Engine::Engine(std::unique_ptr<State> state) : state_(std::move(state)) {}
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;
Engine::~Engine() = default;

Result<Engine> Engine::make(Graph& model, quant::Plan* plan, ThreadPool& pool, const EngineOptions& options) {
  LITEQAT_CHECK_LE(1, options.max_batch);
  LITEQAT_CHECK_LE(1, options.chunk);
  LITEQAT_RETURN_IF_ERROR(check_model(model));
  LITEQAT_RETURN_IF_ERROR(check_ranks(options.max_batch, options.chunk, options.ranks));
  auto state = std::make_unique<State>(model, plan, pool, options);
  if (options.as_deployed && plan != nullptr) {
    LITEQAT_ASSIGN_OR_RETURN(state->place.requantizations, quant::find_requantizations(model, *plan));
  }
  LITEQAT_RETURN_IF_ERROR(state->add_steps());
  state->configured.resize(static_cast<size_t>(options.chunk) + 1);
  LITEQAT_RETURN_IF_ERROR(state->configure(std::min(options.chunk, state->max_images)));
  return Engine(std::move(state));
}

std::span<const float> Engine::forward(std::span<const float> images, int32_t n, Mode mode) {
  State& state = *state_;
  LITEQAT_CHECK(mode != Mode::kTraining || state.options.training);
  LITEQAT_CHECK_LE(1, n);
  LITEQAT_CHECK_LE(n, state.options.max_batch);
  const graph::Graph& model = state.place.model;
  state.mode = mode;
  if (mode == Mode::kTraining) ++state.place.step;
  state.has_gradients = false;
  state.batch = make_batch(n, state.options.chunk, state.place.ranks);
  LITEQAT_CHECK_EQ(images.size(), static_cast<size_t>(state.batch.images * state.place.layout.image_elems(model.inputs[0])));
  state.place.layout.set_input(images.data());
  for (int32_t index : {0, state.batch.chunks - 1}) {
    if (state.batch.chunks == 0) break;
    const Status configured = state.configure(chunk_at(state.batch, index, 0).count);
    LITEQAT_CHECK(configured.ok());  // a kernel that exists for a full chunk exists for a part of it
  }
  state.pool.run(static_cast<int>(state.steps.size()),
                 [&](int task, int) { state.steps[static_cast<size_t>(task)]->prepare(mode, state.batch); });
  walk_forward(state.forward_steps, mode, state.batch, state.pool, state.forward_clock ? &*state.forward_clock : nullptr);
  const TensorId output = model.outputs[0];
  const Chunk first = chunk_at(state.batch, 0, 0);
  return {state.place.layout.value(output, first), static_cast<size_t>(state.batch.images * state.place.layout.image_elems(output))};
}

Share Engine::share(int32_t n) const {
  const Batch batch = make_batch(n, state_->options.chunk, state_->place.ranks);
  return {batch.first_image, batch.images};
}

LossValue Engine::backward(std::span<const int32_t> labels, float label_smoothing) {
  State& state = *state_;
  LITEQAT_CHECK(state.mode == Mode::kTraining && state.options.training);
  LITEQAT_CHECK_EQ(labels.size(), static_cast<size_t>(state.batch.all_images));
  const std::span<const int32_t> own = state.batch.own(labels);
  for (std::vector<double>& gradient : state.place.range_gradients) std::ranges::fill(gradient, 0.0);
  walk_backward(
      state.backward_steps, state.batch, state.pool, [&](const Chunk& chunk) { state.chunk_loss(chunk, own, label_smoothing, true); },
      state.backward_clock ? &*state.backward_clock : nullptr);
  state.place.gradients.sum(state.batch.groups, state.pool, state.place.ranks);
  if (state.place.plan != nullptr) {
    state.pool.run(static_cast<int>(state.backward_steps.size()),
                   [&](int task, int) { state.backward_steps[static_cast<size_t>(task)]->finish_gradients(); });
  }
  state.has_gradients = true;
  return state.losses.mean(state.batch, state.place.ranks);
}

LossValue Engine::loss(std::span<const int32_t> labels, float label_smoothing) const {
  return state_->compute_loss(labels, label_smoothing);
}

const std::vector<TensorId>& Engine::parameters() const {
  return state_->place.gradients.tensors();
}

std::span<const float> Engine::gradient(size_t parameter_index) const {
  LITEQAT_CHECK_LT(parameter_index, parameters().size());
  return state_->place.gradients.total(static_cast<int32_t>(parameter_index));
}

std::span<const double> Engine::range_gradient(size_t quantizer) const {
  LITEQAT_CHECK_LT(quantizer, state_->place.range_gradients.size());
  return state_->place.range_gradients[quantizer];
}

const std::vector<quant::Observation>& Engine::observations() const {
  return state_->observations;
}

void Engine::reset_observations() {
  for (quant::Observation& observation : state_->observations) observation = {};
}

std::vector<float> Engine::copy_activation(TensorId id) const {
  const State& state = *state_;
  LITEQAT_CHECK(state.options.training);
  std::vector<float> values;
  for (int32_t index = 0; index < state.batch.chunks; ++index) {
    const Chunk chunk = chunk_at(state.batch, index, 0);
    const size_t elems = static_cast<size_t>(chunk.count * state.place.layout.image_elems(id)), done = values.size();
    values.resize(done + elems);
    if (const UnitStep* fused = state.unstored_step(id)) {
      fused->copy_output(chunk, values.data() + done);
    } else {
      std::copy_n(state.place.layout.value(id, chunk), elems, values.data() + done);
    }
  }
  return values;
}

std::string Engine::find_non_finite() const {
  const State& state = *state_;
  const Layout& layout = state.place.layout;
  for (const Op& op : state.place.model.ops) {
    const TensorId output = op.outputs[0];
    for (int32_t index = 0; index < state.batch.chunks; ++index) {
      const Chunk chunk = chunk_at(state.batch, index, 0);
      const auto elems = static_cast<size_t>(chunk.count * layout.image_elems(output));
      if (!numeric::all_finite({layout.raw(output, chunk), elems}) || !numeric::all_finite({layout.value(output, chunk), elems}))
        return op.name;
    }
  }
  if (!state.has_gradients) return {};
  for (size_t index = state.place.model.ops.size(); index-- > 0;) {
    const Op& op = state.place.model.ops[index];
    for (TensorId id : op.inputs) {
      const int32_t parameter = id == graph::kNoTensor ? -1 : state.place.gradients.find(id);
      if (parameter >= 0 && !numeric::all_finite(state.place.gradients.total(parameter))) return op.name;
    }
  }
  return {};
}

std::vector<StepTime> Engine::step_times() const {
  const State& state = *state_;
  LITEQAT_CHECK(state.forward_clock && state.backward_clock);
  const Graph& model = state.place.model;
  std::vector<StepTime> times;
  size_t backward = 0;
  for (size_t index = 0; index < state.steps.size(); ++index) {
    StepTime time{.name = state.steps[index]->name(), .operators = {}, .kind = state.step_kind[index]};
    const int32_t op = state.step_op[index], unit = op < 0 ? -1 : state.fusion.unit_of(op);
    if (op >= 0) time.operators.push_back(model.ops[static_cast<size_t>(op)].kind);
    for (int32_t further : {unit < 0 ? -1 : state.fusion.units()[static_cast<size_t>(unit)].norm,
                            unit < 0 ? -1 : state.fusion.units()[static_cast<size_t>(unit)].activation}) {
      if (further >= 0) time.operators.push_back(model.ops[static_cast<size_t>(further)].kind);
    }
    time.forward_seconds = state.forward_clock->seconds(index);
    if (op >= 0 && time.kind == StepKind::kOperator) time.forward_macs = graph::count_macs(model, model.ops[static_cast<size_t>(op)]);
    if (backward < state.backward_steps.size() && state.backward_steps[backward] == state.steps[index].get()) {
      time.backward_seconds = state.backward_clock->seconds(backward++);
      const bool passes_on = op >= 0 && state.place.layout.has_gradient(model.ops[static_cast<size_t>(op)].inputs[0]);
      time.backward_macs = time.forward_macs * (passes_on ? 2 : 1);
    }
    times.push_back(std::move(time));
  }
  return times;
}

int64_t Engine::memory_bytes() const {
  const State& state = *state_;
  int64_t bytes = state.place.layout.memory_bytes() + state.place.gradients.memory_bytes();
  for (const auto* blocks :
       {&state.place.scratch, &state.place.block_scratch, &state.place.taken_scratch, &state.place.parameter_scratch}) {
    for (const FloatBlock& block : *blocks) bytes += block.elems() * static_cast<int64_t>(sizeof(float));
  }
  return bytes;
}

}  // namespace liteqat::train
