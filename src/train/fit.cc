#include "train/fit.h"

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cmath>
#include <memory>

#include "numeric/finite.h"
#include "quant/lower.h"
#include "quant/passes.h"
#include "train/batch_source.h"
#include "train/classifier_dropout.h"
#include "train/integer/integer_engine.h"
#include "train/learned_ranges.h"
#include "train/trainer.h"

namespace liteqat::train {
namespace {

// Images per batch of predict() and calibrate(): results are per image, so this is for speed alone.
constexpr int32_t kPredictBatch = 64;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

Status check_split(const graph::Graph& model, const data::Split& split) {
  if (split.count == 0) return error(Code::kInvalidArgument, "split '{}' holds no images", split.name);
  const graph::Tensor& input = model.tensor(model.inputs[0]);
  const int64_t expected = graph::elem_count(input.shape) / std::max(1, input.shape[0]);
  if (split.image_elems() != expected) {
    return error(Code::kMismatch, "split '{}' has images of {}x{}x{} = {} values, the network's input '{}' {} has {}", split.name,
                 split.height, split.width, split.channels, split.image_elems(), input.name, graph::shape_text(input.shape), expected);
  }
  const graph::Tensor& output = model.tensor(model.outputs[0]);
  const int64_t classes = graph::elem_count(output.shape) / std::max(1, output.shape[0]);
  for (size_t i = 0; i < split.labels.size(); ++i) {
    if (split.labels[i] >= 0 && split.labels[i] < classes) continue;
    return error(Code::kOutOfRange, "image {} of split '{}' has label {}, the network has {} classes", i, split.name, split.labels[i],
                 classes);
  }
  return {};
}

/// For a BatchSource whose batches the trainer gets.
BatchSource::ShareOf share_of(const Trainer& trainer) {
  return [&trainer](int32_t n) { return trainer.share(n); };
}

void add(Tally& tally, const LossValue& value, int32_t images) {
  tally.loss_sum += value.loss * images;
  tally.correct += value.correct;
  tally.total += images;
}

double loss_of(const Tally& tally) {
  return tally.total == 0 ? 0.0 : tally.loss_sum / static_cast<double>(tally.total);
}

double accuracy_of(const Tally& tally) {
  return tally.total == 0 ? 0.0 : static_cast<double>(tally.correct) / static_cast<double>(tally.total);
}

/// The first trained tensor or range that is not finite, empty if none.
std::string find_non_finite_state(const graph::Graph& model, const quant::Plan* plan) {
  for (const graph::Tensor& tensor : model.tensors) {
    const bool trained = tensor.role == graph::Role::kParameter || tensor.role == graph::Role::kStatistic;
    if (trained && !numeric::all_finite(tensor.as<float>())) return tensor.name;
  }
  if (plan == nullptr) return {};
  for (const quant::Quantizer& quantizer : plan->quantizers) {
    if (!numeric::all_finite(quantizer.min) || !numeric::all_finite(quantizer.max))
      return "the range of " + model.tensor(quantizer.tensor).name;
  }
  return {};
}

std::string summary_of(const EpochRecord& record) {
  std::string text = format("loss {:.4f}, accuracy {:.4f}", record.train_loss,
                            static_cast<double>(record.train_correct) / static_cast<double>(record.train_total));
  if (record.validation_loss) {
    text += format(", validation loss {:.4f}, accuracy {:.4f}", *record.validation_loss,
                   static_cast<double>(record.validation_correct) / static_cast<double>(record.validation_total));
  }
  return text;
}

/// One run of fit(): what its functions share.
class Run {
 public:
  /// learned: of LearnedRanges::claim(), empty if ranges are not learned.
  Run(graph::Graph& model, quant::Plan* plan, const data::Split& train, const FitOptions& options, std::unique_ptr<Trainer> trainer,
      const std::vector<char>& learned, ThreadPool& pool, Progress& progress)
      : model_(model),
        plan_(plan),
        train_(train),
        options_(options),
        trainer_(std::move(trainer)),
        optimizer_(options.optimizer, model, trainer_->parameters()),
        source_(train, options.normalization, options.augmentation, options.seed, options.batch_size, pool, share_of(*trainer_)),
        pool_(pool),
        progress_(progress) {
    for (size_t i = 0; i < trainer_->parameters().size(); ++i) gradients_.push_back(trainer_->gradient(i));
    if (!learned.empty()) ranges_.emplace(model, *plan, learned, options.optimizer);
  }

  /// Optimizer and learned ranges as a checkpoint holds them.
  void store(FitState& state) const;
  Status restore(const FitState& state);
  /// Exchanges weights and ranges with their averages, if they are kept.
  void swap_averages();
  /// The rest of the epoch after the batches that the tally counts.
  Result<EpochRecord> run_epoch(int32_t epoch, Tally& tally);
  Status validate_on(const data::Split& split, EpochRecord& record);
  /// Whether what failed last was interrupted between two batches, where training can go on.
  bool between_batches() const { return between_batches_; }

 private:
  Result<LossValue> run_step(int32_t epoch, int64_t step);
  Status validate(const data::Split& split, EpochRecord& record);
  Status exchange_status() const { return options_.ranks == nullptr ? Status{} : options_.ranks->status(); }
  std::string find_non_finite() const;
  Status interrupted(const std::string& where);

  graph::Graph& model_;
  quant::Plan* plan_;
  const data::Split& train_;
  const FitOptions& options_;
  std::unique_ptr<Trainer> trainer_;
  Optimizer optimizer_;
  std::optional<LearnedRanges> ranges_;
  std::vector<int32_t> order_;  // of the epoch; outlives what the source makes ahead
  BatchSource source_;
  ThreadPool& pool_;
  Progress& progress_;
  std::vector<std::span<const float>> gradients_;
  bool between_batches_ = false;
};

void Run::store(FitState& state) const {
  state.optimizer_steps = optimizer_.steps_done();
  state.slots = optimizer_.slots();
  if (!ranges_) return;
  for (Optimizer::Slot& slot : ranges_->slots()) state.slots.push_back(std::move(slot));
}

Status Run::restore(const FitState& state) {
  std::vector<Optimizer::Slot> slots = state.slots;
  if (ranges_) LITEQAT_RETURN_IF_ERROR(ranges_->restore(slots, state.optimizer_steps));
  return optimizer_.restore(std::move(slots), state.optimizer_steps);
}

void Run::swap_averages() {
  optimizer_.swap_averages(model_);
  if (ranges_) ranges_->swap_averages();
}

/// The first operator whose values are not finite on the first rank that has one; all ranks tell the same.
std::string Run::find_non_finite() const {
  std::array<char, 256> name = {};
  ranks::accumulate(options_.ranks, std::span<char>(name), name.size(), [&](size_t, size_t) {
    if (name[0] == '\0') trainer_->find_non_finite().copy(name.data(), name.size() - 1);
  });
  return name.data();
}

Result<LossValue> Run::run_step(int32_t epoch, int64_t step) {
  LITEQAT_ASSIGN_OR_RETURN(const LossValue value, trainer_->step(source_.images(), source_.labels(), options_.label_smoothing));
  LITEQAT_RETURN_IF_ERROR(exchange_status());
  if (!std::isfinite(value.loss)) {
    const std::string culprit = find_non_finite();
    return error(Code::kOutOfRange,
                 "the loss is {} in epoch {}, step {}; the first operator with a value that is not finite is '{}'; a smaller learning rate "
                 "than {} may help",
                 value.loss, epoch + 1, step + 1, culprit.empty() ? "the loss itself" : culprit, options_.optimizer.learning_rate);
  }
  const float factor = schedule_factor(options_.schedule, optimizer_.steps_done());
  optimizer_.step(model_, gradients_, factor, pool_);
  if (ranges_) ranges_->step(*trainer_, factor, pool_);
  // A clamp can hide what is not finite from the loss.
  if (const std::string culprit = find_non_finite_state(model_, plan_); !culprit.empty()) {
    return error(Code::kOutOfRange,
                 "after epoch {}, step {}, {} holds a value that is not finite; a smaller learning rate than {} may help", epoch + 1,
                 step + 1, culprit, options_.optimizer.learning_rate);
  }
  return value;
}

Status Run::interrupted(const std::string& where) {
  between_batches_ = true;
  return error(Code::kInterrupted, "interrupted {}", where);
}

Result<EpochRecord> Run::run_epoch(int32_t epoch, Tally& tally) {
  const auto start = std::chrono::steady_clock::now();
  order_ = data::epoch_order(options_.seed, epoch, train_.count, options_.shuffle);
  EpochRecord record;
  record.epoch = epoch + 1;
  record.steps = (tally.total + options_.batch_size - 1) / options_.batch_size;
  for (; tally.total < train_.count; ++record.steps) {
    if (interrupt_requested()) return interrupted(format("in epoch {}, step {}", epoch + 1, record.steps + 1));
    const int32_t images = source_.load(order_, tally.total, epoch);
    source_.prefetch(order_, tally.total + images, epoch);
    LITEQAT_ASSIGN_OR_RETURN(const LossValue value, run_step(epoch, record.steps));
    add(tally, value, images);
    progress_.update(tally.total, format("loss {:.4f}  accuracy {:.4f}", loss_of(tally), accuracy_of(tally)));
  }
  record.learning_rate = static_cast<double>(options_.optimizer.learning_rate) *
                         static_cast<double>(schedule_factor(options_.schedule, optimizer_.steps_done() - 1));
  record.train_loss = loss_of(tally);
  record.train_correct = tally.correct;
  record.train_total = tally.total;
  record.seconds = seconds_since(start);
  return record;
}

Status Run::validate_on(const data::Split& split, EpochRecord& record) {
  // Averaged weights have ranges of their own; training goes on from what it had.
  std::optional<quant::Plan> kept;
  if (plan_ != nullptr && optimizer_.has_averages()) kept = *plan_;
  swap_averages();
  if (kept) quant::set_weight_ranges(*plan_, model_);
  const Status status = validate(split, record);
  swap_averages();
  if (kept) *plan_ = *std::move(kept);
  return status;
}

Status Run::validate(const data::Split& split, EpochRecord& record) {
  BatchSource source(split, options_.normalization, data::Augmentation{}, options_.seed, options_.batch_size, pool_, share_of(*trainer_));
  const std::vector<int32_t> order = data::epoch_order(0, 0, split.count, false);
  Tally tally;
  for (int64_t begin = 0; begin < split.count;) {
    if (interrupt_requested()) return interrupted(format("in the validation after epoch {}", record.epoch));
    const int32_t images = source.load(order, begin, 0);
    LITEQAT_ASSIGN_OR_RETURN(const LossValue value, trainer_->evaluate(source.images(), source.labels()));
    LITEQAT_RETURN_IF_ERROR(exchange_status());
    add(tally, value, images);
    begin += images;
  }
  record.validation_loss = loss_of(tally);
  record.validation_correct = tally.correct;
  record.validation_total = tally.total;
  return {};
}

/// Feeds the whole split through an engine without gradients; take(output, n) sees each batch's output.
template <typename Take>
Status feed(graph::Graph& model, quant::Plan* plan, const data::Split& split, const data::Normalization& normalization, Mode mode,
            const std::string& title, ThreadPool& pool, Progress& progress, const Take& take) {
  LITEQAT_RETURN_IF_ERROR(check_split(model, split));
  const int32_t batch = static_cast<int32_t>(std::min<int64_t>(kPredictBatch, split.count));
  LITEQAT_ASSIGN_OR_RETURN(Engine engine, Engine::make(model, plan, pool, {batch, chunk_images(batch), false, mode == Mode::kEvaluation}));
  BatchSource source(split, normalization, data::Augmentation{}, 0, batch, pool);
  const std::vector<int32_t> order = data::epoch_order(0, 0, split.count, false);
  progress.begin(title, split.count, "images");
  for (int64_t begin = 0; begin < split.count;) {
    if (interrupt_requested()) return error(Code::kInterrupted, "interrupted after {} of {} images", begin, split.count);
    const int32_t images = source.load(order, begin, 0);
    take(engine, engine.forward(source.images(), images, mode));
    begin += images;
    progress.update(begin, "");
  }
  progress.end("");
  return {};
}

Result<std::unique_ptr<Trainer>> make_trainer(graph::Graph& model, quant::Plan* plan, const FitOptions& options, int64_t steps_done,
                                              const std::vector<char>& learned, ThreadPool& pool) {
  const int32_t batch = options.batch_size;
  if (plan != nullptr && options.forward == Forward::kInteger) {
    const int32_t chunk = integer_chunk_images(model, batch);
    LITEQAT_ASSIGN_OR_RETURN(IntegerEngine engine, IntegerEngine::make(model, *plan, pool, {batch, chunk, steps_done, options.ranks}));
    return std::unique_ptr<Trainer>(std::make_unique<IntegerEngine>(std::move(engine)));
  }
  LITEQAT_ASSIGN_OR_RETURN(const DropoutOptions dropout, make_classifier_dropout(model, options.dropout, options.seed, steps_done));
  const EngineOptions engine_options{.max_batch = batch,
                                     .chunk = options.fused ? training_chunk_images(model, plan, batch) : chunk_images(batch),
                                     .fused = options.fused,
                                     .dropout = dropout,
                                     .learned_ranges = learned,
                                     .ranks = options.ranks};
  LITEQAT_ASSIGN_OR_RETURN(Engine engine, Engine::make(model, plan, pool, engine_options));
  return make_float_trainer(std::move(engine));
}

Status check_options(const FitOptions& options, const quant::Plan* plan) {
  if (options.batch_size < 1) return error(Code::kInvalidArgument, "batch size {} is below 1", options.batch_size);
  if (options.epochs < 0) return error(Code::kInvalidArgument, "{} epochs are below 0", options.epochs);
  const bool integer = plan != nullptr && options.forward == Forward::kInteger;
  if (integer && options.ranges == Ranges::kLearned) {
    return error(Code::kUnsupported,
                 "ranges cannot be learned on integers: their gradient needs values from before rounding, use fake_quant");
  }
  if (integer && options.dropout > 0) {
    return error(Code::kUnsupported, "dropout {} cannot be trained on integers: the deployed network has none, use fake_quant",
                 options.dropout);
  }
  return {};
}

/// A part of an epoch is whole batches of these images.
Status check_part(const Tally& part, const data::Split& train, int32_t batch_size) {
  const bool whole = part.total % batch_size == 0 || part.total == train.count;
  if (0 <= part.correct && part.correct <= part.total && part.total <= train.count && whole && std::isfinite(part.loss_sum)) return {};
  return error(Code::kMismatch, "the state has {} of {} images right in an epoch of {} in batches of {}", part.correct, part.total,
               train.count, batch_size);
}

}  // namespace

Result<FitState> fit(graph::Graph& model, quant::Plan* plan, const data::Split& train, const data::Split* validation,
                     const FitOptions& options, FitState state, ThreadPool& pool, Progress& progress, const EpochCallback& on_epoch) {
  LITEQAT_RETURN_IF_ERROR(check_options(options, plan));
  LITEQAT_RETURN_IF_ERROR(check_split(model, train));
  if (validation != nullptr) LITEQAT_RETURN_IF_ERROR(check_split(model, *validation));
  std::vector<char> learned;
  if (plan != nullptr && options.ranges == Ranges::kLearned) learned = LearnedRanges::claim(*plan);
  LITEQAT_ASSIGN_OR_RETURN(std::unique_ptr<Trainer> trainer, make_trainer(model, plan, options, state.optimizer_steps, learned, pool));
  LITEQAT_RETURN_IF_ERROR(check_part(state.part, train, options.batch_size));
  Run run(model, plan, train, options, std::move(trainer), learned, pool, progress);
  if (state.epochs_done > 0 || state.part.total > 0) LITEQAT_RETURN_IF_ERROR(run.restore(state));
  while (state.epochs_done < options.epochs) {
    progress.begin(format("{}epoch {}/{}", options.title.empty() ? "" : options.title + " ", state.epochs_done + 1, options.epochs),
                   train.count, "images");
    Result<EpochRecord> record = run.run_epoch(state.epochs_done, state.part);
    Status status = record.status();
    if (status.ok() && validation != nullptr) status = run.validate_on(*validation, *record);
    if (!status.ok()) {
      // mpirun leaves the ranks of a job that ends a second, which is for saying why.
      if (!run.between_batches() || !on_epoch || options.ranks != nullptr || state.part.total == 0) return status;
      run.store(state);
      const Status kept = on_epoch(state);
      return kept.ok() ? status : error(status.code(), "{}; what was done of it could not be saved: {}", status.message(), kept.message());
    }
    progress.end(summary_of(*record));
    ++state.epochs_done;
    state.part = {};
    run.store(state);
    state.history.push_back(*record);
    if (on_epoch) LITEQAT_RETURN_IF_ERROR(on_epoch(state));
  }
  run.swap_averages();
  if (plan != nullptr && options.optimizer.ema_decay > 0) quant::set_weight_ranges(*plan, model);
  return state;
}

Result<std::vector<float>> predict(graph::Graph& model, quant::Plan* plan, const data::Split& split,
                                   const data::Normalization& normalization, ThreadPool& pool, Progress& progress) {
  if (plan != nullptr && plan->scheme == quant::Scheme::kLiteqat8Bit && quant::has_batch_norm(model)) {
    LITEQAT_ASSIGN_OR_RETURN(graph::Graph folded, quant::fold_keeping_ids(model));
    return predict(folded, plan, split, normalization, pool, progress);
  }
  std::vector<float> scores;
  LITEQAT_RETURN_IF_ERROR(
      feed(model, plan, split, normalization, Mode::kEvaluation, "predict", pool, progress,
           [&](const Engine&, std::span<const float> output) { scores.insert(scores.end(), output.begin(), output.end()); }));
  return scores;
}

Result<std::vector<quant::Observation>> calibrate(graph::Graph& model, quant::Plan& plan, const data::Split& split,
                                                  const data::Normalization& normalization, ThreadPool& pool, Progress& progress) {
  std::vector<quant::Observation> observations;
  LITEQAT_RETURN_IF_ERROR(feed(model, &plan, split, normalization, Mode::kCalibration, "calibrate", pool, progress,
                               [&](const Engine& engine, std::span<const float>) { observations = engine.observations(); }));
  return observations;
}

}  // namespace liteqat::train
