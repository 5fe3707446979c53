#include "pipeline/training_stage.h"

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <tuple>

#include "base/file.h"
#include "base/text.h"
#include "formats/tensorboard/event_writer.h"
#include "graph/architectures.h"
#include "pipeline/initial_weights.h"
#include "pipeline/layers_file.h"
#include "pipeline/parallel.h"
#include "ptq/calibrate.h"
#include "quant/lower.h"
#include "train/integer/integer_engine.h"
#include "train/walk.h"

namespace liteqat::pipeline {
namespace {

std::string checkpoint_name(const std::string& stage, int32_t epoch) {
  return format("checkpoints/{}-epoch-{:04}.safetensors", stage, epoch);
}

/// Of an epoch that was interrupted; kept until the next checkpoint is written.
std::string part_name(const std::string& stage) {
  return format("checkpoints/{}-part.safetensors", stage);
}

Status log_epoch(formats::tensorboard::EventWriter& writer, const train::EpochRecord& record) {
  const auto now = static_cast<double>(std::time(nullptr));
  const auto add = [&](const std::string& tag, double value) {
    return writer.add_scalar(tag, record.epoch, static_cast<float>(value), now);
  };
  const auto ratio = [](int64_t correct, int64_t total) { return static_cast<double>(correct) / static_cast<double>(total); };
  LITEQAT_RETURN_IF_ERROR(add("loss/train", record.train_loss));
  LITEQAT_RETURN_IF_ERROR(add("accuracy/train", ratio(record.train_correct, record.train_total)));
  LITEQAT_RETURN_IF_ERROR(add("learning_rate", record.learning_rate));
  if (!record.validation_loss) return {};
  LITEQAT_RETURN_IF_ERROR(add("loss/validation", *record.validation_loss));
  return add("accuracy/validation", ratio(record.validation_correct, record.validation_total));
}

/// A checkpoint that can be read and belongs to this recipe.
std::optional<TrainedModel> find_checkpoint(const Context& context, const std::string& stage, const std::string& name) {
  const std::string path = context.file(name);
  if (!file_exists(path)) return std::nullopt;
  auto checkpoint = read_trained_model(path);
  if (checkpoint.ok() && checkpoint->recipe_hash == context.directory.recipe_hash()) return *std::move(checkpoint);
  context.progress.note(format("{}: checkpoint {} is not usable, trying an older one", stage, path));
  return std::nullopt;
}

/// The newest of the stage's checkpoints; the start model if there is none.
TrainedModel find_newest_checkpoint(const Context& context, const std::string& stage, const TrainingRecipe& training, TrainedModel start) {
  std::optional<TrainedModel> part = find_checkpoint(context, stage, part_name(stage));
  for (auto epoch = static_cast<int32_t>(training.epochs); epoch >= 0; --epoch) {
    if (part && part->state.epochs_done == epoch && part->state.part.total > 0) {
      context.progress.note(format("{}: going on in epoch {} of {}, after {} images", stage, epoch + 1, training.epochs,
                                   format_count(part->state.part.total)));
      return *std::move(part);
    }
    if (epoch == 0) break;
    if (auto checkpoint = find_checkpoint(context, stage, checkpoint_name(stage, epoch))) {
      context.progress.note(format("{}: going on after epoch {} of {}", stage, epoch, training.epochs));
      return *std::move(checkpoint);
    }
  }
  return start;
}

void remove_old_checkpoint(const Context& context, const std::string& name) {
  std::error_code ignored;  // an old file that stays does no harm
  std::filesystem::remove(context.file(name), ignored);
}

/// What is deployed of a trained plan of ours: batch norm folded, and the ranges of the final weights. The scheme's ranges belong to the
/// weights before the last update; TFMOT deploys them so.
Status finish_plan(TrainedModel& model) {
  if (!model.plan || model.plan->scheme != quant::Scheme::kLiteqat8Bit) return {};
  LITEQAT_ASSIGN_OR_RETURN(graph::Graph folded, quant::fold_batch_norm(model.graph));
  model.plan = quant::renumber_plan(*model.plan, model.graph, folded);
  model.graph = std::move(folded);
  quant::set_weight_ranges(*model.plan, model.graph);
  return {};
}

/// A training stage: its name, how it goes, and the file it leaves.
struct Stage {
  std::string name;
  const TrainingRecipe& training;
  std::string output;
  train::Forward forward = train::Forward::kFakeQuant;
};

/// Trains `start` by the stage's recipe, with checkpoints, and writes the output.
Result<TrainedModel> train_stage(Context& context, const Stage& own, TrainedModel start) {
  const auto& [stage, training, output, forward] = own;
  const Stopwatch watch;
  TrainedModel model = find_newest_checkpoint(context, stage, training, std::move(start));
  const TrainingData data = split_training(training, context.dataset.train);
  if (data.train.count == 0)
    return error(Code::kOutOfRange, "{}: no training images are left, {} given", stage, context.dataset.train.count);
  LITEQAT_ASSIGN_OR_RETURN(auto events, formats::tensorboard::EventWriter::open(context.file("tensorboard/" + stage), std::time(nullptr)));
  const auto store = [&](const train::FitState& state) -> Status {
    model.state = state;
    if (state.part.total > 0) return write_trained_model(model, context.file(part_name(stage)));
    LITEQAT_RETURN_IF_ERROR(log_epoch(events, state.history.back()));
    LITEQAT_RETURN_IF_ERROR(write_trained_model(model, context.file(checkpoint_name(stage, state.epochs_done))));
    remove_old_checkpoint(context, checkpoint_name(stage, state.epochs_done - 2));
    remove_old_checkpoint(context, part_name(stage));
    return {};
  };
  const int64_t resumed_images = model.state.epochs_done * data.train.count + model.state.part.total;
  train::FitOptions options = make_fit_options(context.recipe, training, data.train.count);
  options.title = stage;
  options.forward = forward;
  options.ranks = context.ranks;
  LITEQAT_RETURN_IF_ERROR(send_training(context.ranks, {stage, forward, model}));
  auto fitted =
      train::fit(model.graph, model.plan ? &*model.plan : nullptr, data.train, data.validation.count > 0 ? &data.validation : nullptr,
                 options, model.state, context.pool, context.progress, store);
  if (!fitted.ok()) return fitted.status().with_context(stage);
  model.state = *std::move(fitted);
  model.state.slots.clear();
  LITEQAT_RETURN_IF_ERROR(finish_plan(model));
  LITEQAT_RETURN_IF_ERROR(write_trained_model(model, context.file(output)));
  const auto images = static_cast<double>(model.state.epochs_done * data.train.count - resumed_images);
  const double seconds = watch.seconds();
  std::optional<double> rate;
  if (images > 0) rate = images / seconds;
  LITEQAT_RETURN_IF_ERROR(context.directory.finish_stage(stage, seconds, rate, {output}));
  return model;
}

/// float.safetensors and friends if the stage has finished already.
std::optional<TrainedModel> find_finished_model(const Context& context, const std::string& stage, const std::string& output) {
  if (!context.directory.find_finished(stage)) return std::nullopt;
  auto model = read_trained_model(context.file(output));
  if (!model.ok()) return std::nullopt;
  context.progress.note(format("{}: finished before, reused", stage));
  return *std::move(model);
}

/// The network of a file, if it takes the recipe's images and tells as many classes.
Result<graph::Graph> read_network(const Context& context, const std::string& path) {
  LITEQAT_ASSIGN_OR_RETURN(AnyModel any, read_any_model(path));
  note_inactive_layers(any, path, context.progress);
  LITEQAT_ASSIGN_OR_RETURN(graph::Graph model, take_training_graph(std::move(any), path));
  const data::Split& images = context.dataset.train;
  const graph::Shape input = {1, images.height, images.width, images.channels}, output = {1, context.dataset.classes()};
  if (model.inputs.size() != 1 || model.outputs.size() != 1) {
    return error(Code::kMismatch, "{}: {} inputs and {} outputs, one of each can be trained", path, model.inputs.size(),
                 model.outputs.size());
  }
  for (const auto& [id, expected, what] : {std::tuple{model.inputs[0], input, "input"}, {model.outputs[0], output, "output"}}) {
    if (model.tensor(id).shape == expected) continue;
    return error(Code::kMismatch, "{}: its {} is {}, the data set needs {}", path, what, graph::shape_text(model.tensor(id).shape),
                 graph::shape_text(expected));
  }
  const data::Normalization own = make_normalization(context.recipe);
  const graph::InputNormalization fed = {own.mean, own.std};
  if (model.info.normalization && !(*model.info.normalization == fed)) {
    context.progress.note(format("{}: was made for another preprocessing than the recipe's data.mean and data.std", path));
  }
  return model;
}

/// Keras and .tflite files bring their network; in a .safetensors of ours it is the recipe's, unless that says "file".
Result<bool> brings_network(const std::string& path) {
  if (path.empty()) return false;
  LITEQAT_ASSIGN_OR_RETURN(const AnyModel any, read_any_model(path));
  return any.deployed || any.imported;
}

Result<graph::Graph> make_recipe_graph(const Context& context) {
  const Recipe& recipe = context.recipe;
  const data::Split& images = context.dataset.train;
  LITEQAT_ASSIGN_OR_RETURN(const bool pretrained_network, brings_network(recipe.pretrained));
  Result<graph::Graph> made = Status(Code::kInternal, "");
  if (recipe.architecture == "file" || pretrained_network) {
    made = read_network(context, recipe.pretrained.empty() ? recipe.weights : recipe.pretrained);
  } else {
    made = graph::make_architecture(make_architecture_options(recipe, images, context.dataset.classes()));
  }
  LITEQAT_ASSIGN_OR_RETURN(graph::Graph model, std::move(made));
  const data::Normalization normalization = make_normalization(recipe);
  model.info.name = recipe.name;
  model.info.description = recipe.description;
  model.info.labels = context.dataset.class_names;
  model.info.normalization = graph::InputNormalization{normalization.mean, normalization.std};
  return model;
}

/// Puts the pretrained file's weights into the recipe's network. Fails: kMismatch naming the first tensor that does not fit.
Status take_pretrained_weights(const std::string& path, graph::Graph& model) {
  LITEQAT_ASSIGN_OR_RETURN(AnyModel any, read_any_model(path));
  LITEQAT_ASSIGN_OR_RETURN(const graph::Graph pretrained, take_training_graph(std::move(any), path));
  for (graph::Tensor& tensor : model.tensors) {
    if (tensor.role != graph::Role::kParameter && tensor.role != graph::Role::kStatistic) continue;
    const graph::TensorId id = pretrained.find_tensor(tensor.name);
    if (id == graph::kNoTensor)
      return error(Code::kMismatch, "{}: does not fit the recipe's network, tensor '{}' is missing", path, tensor.name);
    const graph::Tensor& source = pretrained.tensor(id);
    if (source.shape != tensor.shape || source.type != tensor.type || source.data.size() != tensor.data.size()) {
      return error(Code::kMismatch, "{}: does not fit the recipe's network, tensor '{}' is {}, expected {}", path, tensor.name,
                   graph::shape_text(source.shape), graph::shape_text(tensor.shape));
    }
    tensor.data = source.data;
  }
  return {};
}

/// Where the recipe asks for the integer forward and the network allows it: the calibrated start becomes the float model with its batch
/// norm, whose gamma and beta then train on. Else the start stays as it is, and why is said.
train::Forward start_on_integers(const Context& context, const graph::Graph& float_graph, TrainedModel& start) {
  if (context.recipe.forward != "integer") return train::Forward::kFakeQuant;
  TrainedModel candidate = start;
  candidate.graph = float_graph;
  candidate.plan = quant::renumber_plan(*start.plan, start.graph, candidate.graph);
  ThreadPool one(1);
  const auto engine = train::IntegerEngine::make(candidate.graph, *candidate.plan, one, {.max_batch = 1, .chunk = 1});
  if (!engine.ok()) {
    context.progress.note(format("qat: trains with fake quantization, not on integers: {}", engine.status().message()));
    return train::Forward::kFakeQuant;
  }
  start = std::move(candidate);
  return train::Forward::kInteger;
}

/// What activation ranges begin with under liteqat_8bit: the smallest and largest values of the calibration images where training moves
/// them on by itself, else what quantizing after training would take.
Result<std::vector<quant::Observation>> observe_start(graph::Graph& folded, quant::Plan& plan, const Recipe& recipe,
                                                      const data::Split& images, const ptq::Machine& machine) {
  const data::Normalization normalization = make_normalization(recipe);
  if (recipe.ranges == "ema") return train::calibrate(folded, plan, images, normalization, machine.pool, machine.progress);
  LITEQAT_ASSIGN_OR_RETURN(const quant::Ranges ranges,
                           ptq::calibrate(folded, {images, normalization}, {quant::Calibrator::kPercentile}, machine));
  std::vector<quant::Observation> observations(plan.quantizers.size());
  for (const auto& [name, range] : ranges) {  // what only moves values on shares its source's range, which must hold both
    const quant::Quantizer* grid = quant::find_grid(folded, plan, folded.find_tensor(name));
    if (grid == nullptr) continue;
    quant::Observation& seen = observations[static_cast<size_t>(grid - plan.quantizers.data())];
    const quant::Range whole = seen.seen ? quant::hull({seen.min, seen.max}, range) : range;
    seen = {whole.min, whole.max, true};
  }
  return observations;
}

/// The graph both QAT and its control start from.
Result<graph::Graph> make_fine_tuning_graph(const Context& context, const graph::Graph& float_graph) {
  if (context.recipe.scheme == quant::scheme_name(quant::Scheme::kLiteqat8Bit)) return quant::fold_batch_norm(float_graph);
  return float_graph;
}

/// Asked before the first stage: one whose batches fall into fewer parts than there are ranks would end the job when others are trained.
Status check_qat_ranks(const Context& context, const graph::Graph& model) {
  const Recipe& recipe = context.recipe;
  if (std::ranges::find(recipe.types, "qat_int8") == recipe.types.end()) return {};
  const auto batch = static_cast<int32_t>(recipe.qat.batch_size);
  const bool on_integers = recipe.forward == "integer" && recipe.scheme == quant::scheme_name(quant::Scheme::kLiteqat8Bit);
  const int32_t chunk = on_integers ? train::integer_chunk_images(model, batch) : train::chunk_images(batch);
  return train::check_ranks(batch, chunk, context.ranks).with_context("qat");
}

}  // namespace

Result<TrainedModel> run_float_stage(Context& context) {
  constexpr const char* kOutput = "float.safetensors";
  if (auto finished = find_finished_model(context, "float", kOutput)) return *std::move(finished);
  TrainedModel start;
  start.recipe_hash = context.directory.recipe_hash();
  LITEQAT_ASSIGN_OR_RETURN(start.graph, make_recipe_graph(context));
  LITEQAT_RETURN_IF_ERROR(check_qat_ranks(context, start.graph));
  if (!context.recipe.weights.empty()) {
    LITEQAT_ASSIGN_OR_RETURN(const WeightLoading loading,
                             load_initial_weights(context.recipe.weights, context.recipe.reinit, start.graph, context.recipe.weight_map));
    for (const std::string& line : print_weight_loading(loading, context.recipe.weights)) context.progress.note(line);
  }
  if (context.recipe.pretrained.empty()) return train_stage(context, {"float", context.recipe.train, kOutput}, std::move(start));
  const Stopwatch watch;
  LITEQAT_RETURN_IF_ERROR(take_pretrained_weights(context.recipe.pretrained, start.graph));
  LITEQAT_RETURN_IF_ERROR(write_trained_model(start, context.file(kOutput)));
  LITEQAT_RETURN_IF_ERROR(context.directory.finish_stage("float", watch.seconds(), std::nullopt, {kOutput}));
  return start;
}

Result<TrainedModel> run_control_stage(Context& context, const TrainedModel& float_model) {
  constexpr const char* kOutput = "float_control.safetensors";
  if (auto finished = find_finished_model(context, "float_control", kOutput)) return *std::move(finished);
  TrainedModel start;
  start.recipe_hash = context.directory.recipe_hash();
  LITEQAT_ASSIGN_OR_RETURN(start.graph, make_fine_tuning_graph(context, float_model.graph));
  return train_stage(context, {"float_control", context.recipe.qat, kOutput}, std::move(start));
}

Result<TrainedModel> run_qat_stage(Context& context, const TrainedModel& float_model) {
  constexpr const char* kOutput = "qat.safetensors";
  if (auto finished = find_finished_model(context, "qat", kOutput)) return *std::move(finished);
  LITEQAT_ASSIGN_OR_RETURN(const quant::Scheme scheme, quant::parse_scheme(context.recipe.scheme));
  TrainedModel start;
  if (scheme == quant::Scheme::kLiteqat8Bit) {
    LITEQAT_ASSIGN_OR_RETURN(QuantizedModel calibrated, make_calibrated_start(float_model.graph, context.recipe,
                                                                              take_calibration_images(context.recipe, context.dataset),
                                                                              {context.isa, context.pool, context.progress}));
    start.graph = std::move(calibrated.graph), start.plan = std::move(calibrated.plan);
  } else {
    start.graph = float_model.graph;
    LITEQAT_ASSIGN_OR_RETURN(start.plan, make_recipe_plan(start.graph, context.recipe));
  }
  LITEQAT_ASSIGN_OR_RETURN(const graph::Graph deployed, quant::deployed_operators(start.graph));
  for (const quant::FloatLayer& layer : quant::list_float_layers(deployed, *start.plan)) {
    context.progress.note(format("qat: {} \"{}\" stays in float: {}", layer.op, layer.name, layer.reason));
  }
  start.recipe_hash = context.directory.recipe_hash();
  const train::Forward forward = start_on_integers(context, float_model.graph, start);
  return train_stage(context, {"qat", context.recipe.qat, kOutput, forward}, std::move(start));
}

Result<quant::Plan> make_recipe_plan(const graph::Graph& graph, const Recipe& recipe) {
  LITEQAT_ASSIGN_OR_RETURN(const quant::Scheme scheme, quant::parse_scheme(recipe.scheme));
  if (recipe.layers.empty() && recipe.skip.empty()) return quant::make_plan(graph, scheme);
  LITEQAT_ASSIGN_OR_RETURN(const graph::Graph deployed, quant::deployed_operators(graph));
  LITEQAT_ASSIGN_OR_RETURN(const std::string text, read_layers_file(recipe.layers, recipe.layers_sha256));
  LITEQAT_ASSIGN_OR_RETURN(const auto overrides, collect_overrides(text, recipe.layers, recipe.skip));
  std::vector<quant::LayerChoice> layers(deployed.ops.size());
  LITEQAT_RETURN_IF_ERROR(apply_overrides(deployed, overrides, layers));
  return quant::make_plan(graph, scheme, layers);
}

Result<QuantizedModel> make_calibrated_start(const graph::Graph& float_graph, const Recipe& recipe, const data::Split& images,
                                             const ptq::Machine& machine) {
  QuantizedModel start;
  LITEQAT_ASSIGN_OR_RETURN(start.graph, quant::fold_batch_norm(float_graph));
  LITEQAT_ASSIGN_OR_RETURN(start.plan, make_recipe_plan(start.graph, recipe));
  LITEQAT_ASSIGN_OR_RETURN(const auto observations, observe_start(start.graph, start.plan, recipe, images, machine));
  quant::apply_observations(start.plan, observations);
  quant::set_weight_ranges(start.plan, start.graph);
  if (recipe.ranges == "calibrated") quant::fix_activation_ranges(start.plan);
  return start;
}

}  // namespace liteqat::pipeline
