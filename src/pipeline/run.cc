#include "pipeline/run.h"

#include <algorithm>

#include "base/file.h"
#include "hash/sha256.h"
#include "pipeline/audit.h"
#include "pipeline/calibration_images.h"
#include "pipeline/convert.h"
#include "pipeline/evaluation.h"
#include "pipeline/layers_file.h"
#include "pipeline/parallel.h"
#include "pipeline/training_stage.h"
#include "report/report.h"
#include "train/libraries.h"

namespace liteqat::pipeline {
namespace {

constexpr int64_t kDisagreementsShown = 24;

bool wants(const Recipe& recipe, const std::string& type) {
  return std::find(recipe.types.begin(), recipe.types.end(), type) != recipe.types.end();
}

results::Curve make_curve(const std::string& stage, const TrainedModel& model) {
  results::Curve curve{stage, {}};
  for (const train::EpochRecord& r : model.state.history) {
    curve.points.push_back({.epoch = r.epoch,
                            .train_loss = r.train_loss,
                            .learning_rate = r.learning_rate,
                            .train_correct = r.train_correct,
                            .train_total = r.train_total,
                            .validation_loss = r.validation_loss,
                            .validation_correct = r.validation_correct,
                            .validation_total = r.validation_total});
  }
  return curve;
}

std::string describe_origin(const std::string& model, const Recipe& recipe) {
  if (model == "float") return recipe.pretrained.empty() ? "float training" : "pretrained weights";
  if (model == "float_control") return "float model, trained as many further steps as QAT without fake quantization";
  if (model == "qat") return "quantization-aware training (" + recipe.scheme + "), evaluated in float, rounding as deployed";
  if (model == "float32" || model == "float16") return "float model converted to .tflite";
  if (model == "dynamic") return "float model with int8 weights, converted to .tflite";
  if (model.starts_with("ptq_")) return "float model quantized after training on calibration images";
  return "quantization-aware model converted to int8 .tflite";
}

/// What a quantization-aware model leaves in float.
Result<std::vector<results::FloatLayerRecord>> list_float_layers(const TrainedModel& model) {
  LITEQAT_ASSIGN_OR_RETURN(const graph::Graph deployed, quant::deployed_operators(model.graph));
  std::vector<results::FloatLayerRecord> records;
  for (const quant::FloatLayer& layer : quant::list_float_layers(deployed, *model.plan)) {
    records.push_back({layer.op, layer.name, layer.reason});
  }
  return records;
}

/// The images that ranges start from, or that quantizing after training takes them from.
Result<results::CalibrationRecord> describe_calibration(const Context& context) {
  const data::Split& train = context.dataset.train;
  data::Split chosen = take_calibration_images(context.recipe, context.dataset);
  LITEQAT_RETURN_IF_ERROR(data::load_pixels(chosen, context.pool));
  LITEQAT_ASSIGN_OR_RETURN(const int64_t overlap, count_common_images(chosen, context.dataset.test));
  return results::CalibrationRecord{.images = chosen.count,
                                    .rule = rule_text({.order = "first"}, chosen, train),
                                    .sha256 = hash_pixels(chosen),
                                    .overlap = overlap,
                                    .calibrator = ""};
}

bool calibrates(const Recipe& recipe) {
  return wants(recipe, "ptq_int8") || wants(recipe, "ptq_int16x8") || (wants(recipe, "qat_int8") && recipe.scheme == "liteqat_8bit");
}

/// What a file's numbers are, by the name that recipe.types gives it.
std::string stored_type(const std::string& model) {
  for (const char* type : {"int8", "int16x8"}) {
    if (model == std::string("ptq_") + type || model == std::string("qat_") + type) return type;
  }
  return model == "float16" || model == "dynamic" ? model : "float32";
}

Result<results::ModelFile> describe_file(const Context& context, const std::string& model, const std::string& path) {
  LITEQAT_ASSIGN_OR_RETURN(const Bytes bytes, read_file(context.file(path)));
  return results::ModelFile{.model = model,
                            .path = path,
                            .bytes = static_cast<int64_t>(bytes.size()),
                            .sha256 = sha256(bytes),
                            .type = stored_type(model),
                            .description = describe_origin(model, context.recipe)};
}

/// The recipe as it was effective, but for where the data lay.
std::string recipe_text(Recipe recipe) {
  recipe.data_folder.clear();
  return print_recipe(recipe);
}

results::Environment describe_environment(const Context& context, const RunInputs& inputs) {
  return {.version = inputs.version,
          .cpu = cpu_model(),
          .cpu_flags = cpu_flags(),
          .isa = isa_name(context.isa),
          .threads = context.pool.threads(),
          .ranks = context.ranks == nullptr ? 1 : context.ranks->count(),
          .libraries = train::library_versions()};
}

void add_stages(const Context& context, const std::vector<std::string>& names, results::Run& run) {
  for (const std::string& name : names) {
    const auto record = context.directory.find_finished(name);
    if (record) run.stages.push_back({name, record->seconds, record->images_per_second});
  }
}

std::vector<std::string> stage_names(const Recipe& recipe, const RunModels& models) {
  std::vector<std::string> names = {"float"};
  if (models.control) names.push_back("float_control");
  if (models.qat) names.push_back("qat");
  for (const std::string& type : recipe.types) names.push_back("convert " + type);
  names.push_back("eval float");
  if (models.control) names.push_back("eval float_control");
  if (models.qat) names.push_back("eval qat");
  for (const std::string& type : recipe.types) names.push_back("eval " + type);
  return names;
}

Result<results::Run> make_record(Context& context, const RunInputs& inputs, RunModels& models) {
  LITEQAT_ASSIGN_OR_RETURN(const PredictionsByModel predictions, run_evaluation_stage(context, models));
  const Recipe& recipe = context.recipe;
  results::Run run;
  run.recipe = recipe.name;
  run.recipe_hash = context.directory.recipe_hash();
  run.recipe_text = recipe_text(recipe);
  run.dataset = context.dataset.name;
  run.class_names = context.dataset.class_names;
  run.seed = static_cast<uint64_t>(recipe.seed);
  run.environment = describe_environment(context, inputs);
  for (const data::Split* split : {&context.dataset.train, &context.dataset.test}) {
    run.data.push_back({.name = split->name, .sha256 = split->sha256, .count = split->count});
  }
  run.images = context.images;
  if (calibrates(recipe)) {
    LITEQAT_ASSIGN_OR_RETURN(run.calibration, describe_calibration(context));
  }
  add_stages(context, stage_names(recipe, models), run);
  run.metrics = make_run_metrics(predictions, context.dataset.test);
  run.curves.push_back(make_curve("float", models.float_model));
  if (models.control) run.curves.push_back(make_curve("float_control", *models.control));
  if (models.qat) run.curves.push_back(make_curve("qat", *models.qat));
  for (const auto& [name, unused] : predictions) {
    const bool deployed = wants(recipe, name);
    LITEQAT_ASSIGN_OR_RETURN(results::ModelFile file, describe_file(context, name, name + (deployed ? ".tflite" : ".safetensors")));
    if (name == "qat_int8" && models.qat) {
      LITEQAT_ASSIGN_OR_RETURN(file.float_layers, list_float_layers(*models.qat));
    }
    run.models.push_back(std::move(file));
  }
  std::vector<std::pair<std::string, const eval::Predictions*>> views;
  for (const auto& [name, answers] : predictions) views.emplace_back(name, &answers);
  run.disagreements = eval::find_disagreements(views, context.dataset.test, kDisagreementsShown);
  return run;
}

/// What the run is computed from beside its recipe: the data's bytes and those of a file of weights.
Result<std::string> input_checksum(const Recipe& recipe, const data::Dataset& dataset) {
  const std::string& path = recipe.pretrained.empty() ? recipe.weights : recipe.pretrained;
  if (path.empty()) return data_checksum(dataset);
  LITEQAT_ASSIGN_OR_RETURN(const Bytes weights, read_file(path));
  return sha256(data_checksum(dataset) + sha256(weights));
}

Result<Recipe> read_inputs_recipe(const RunInputs& inputs) {
  LITEQAT_ASSIGN_OR_RETURN(const std::string path, find_recipe(inputs.recipe));
  LITEQAT_ASSIGN_OR_RETURN(Recipe recipe, read_recipe(path, {.settings = inputs.settings}));
  if (recipe.layers.empty()) return recipe;
  LITEQAT_ASSIGN_OR_RETURN(const std::string layers, read_layers_file(recipe.layers, recipe.layers_sha256));
  LITEQAT_RETURN_IF_ERROR(parse_layers_file(layers, recipe.layers).status());  // before anything is trained
  recipe.layers_sha256 = sha256(layers);
  return recipe;
}

/// All ranks compute the same bytes: the same program, instruction set, recipe and data.
Status compare_ranks(const RunInputs& inputs, const Recipe& recipe, Isa isa, const data::Dataset& dataset) {
  LITEQAT_RETURN_IF_ERROR(compare_with_rank_0(inputs.ranks, "the version", inputs.version));
  LITEQAT_RETURN_IF_ERROR(compare_with_rank_0(inputs.ranks, "the instruction set (LITEQAT_ISA)", isa_name(isa)));
  LITEQAT_RETURN_IF_ERROR(compare_with_rank_0(inputs.ranks, "the recipe's hash", hash_recipe(recipe)));
  return compare_with_rank_0(inputs.ranks, "the data's checksum", data_checksum(dataset));
}

Result<Context> open_context(const RunInputs& inputs, ThreadPool& pool, Progress& progress) {
  LITEQAT_ASSIGN_OR_RETURN(Recipe recipe, read_inputs_recipe(inputs));
  LITEQAT_ASSIGN_OR_RETURN(const Isa isa, select_isa());
  const Stopwatch watch;
  LITEQAT_ASSIGN_OR_RETURN(DataReading reading, read_recipe_data(recipe, pool));
  data::Dataset& dataset = reading.dataset;
  for (const std::string& note : reading.notes) progress.note(note);
  LITEQAT_ASSIGN_OR_RETURN(const std::string checksum, input_checksum(recipe, dataset));
  LITEQAT_RETURN_IF_ERROR(compare_ranks(inputs, recipe, isa, dataset));
  const std::string folder = inputs.folder.empty() ? "runs/" + recipe.name : inputs.folder;
  LITEQAT_ASSIGN_OR_RETURN(RunDirectory directory, RunDirectory::open(folder, recipe, inputs.fresh));
  LITEQAT_RETURN_IF_ERROR(directory.claim_data(checksum));
  progress.note(format("{}: {} training and {} test images, read in {:.2f} s", recipe.dataset, dataset.train.count, dataset.test.count,
                       watch.seconds()));
  return Context{.recipe = std::move(recipe),
                 .directory = std::move(directory),
                 .dataset = std::move(dataset),
                 .images = std::move(reading.images),
                 .pool = pool,
                 .progress = progress,
                 .isa = isa,
                 .ranks = inputs.ranks};
}

/// The checks that need no further pass over the data: the run's own answers, layers on a few images.
Status add_audit(Context& context, results::Run& run) {
  const Stopwatch watch;
  AuditInputs inputs;
  inputs.sources = {context.directory.path()};
  inputs.quick = true;
  LITEQAT_ASSIGN_OR_RETURN(results::Audit audit, audit_sources(inputs, context.isa, context.pool, context.progress));
  run.findings = std::move(audit.findings);
  run.attribution = std::move(audit.attribution);
  run.stages.push_back({"audit", watch.seconds(), {}});
  return {};
}

/// The stages that train, and with other ranks the only ones in which those take part.
Result<RunModels> run_training_stages(Context& context, Until until) {
  RunModels models;
  LITEQAT_ASSIGN_OR_RETURN(models.float_model, run_float_stage(context));
  if (until != Until::kFloat && (wants(context.recipe, "qat_int8") || until == Until::kQat)) {
    LITEQAT_ASSIGN_OR_RETURN(models.qat, run_qat_stage(context, models.float_model));
    if (until != Until::kQat && context.recipe.control) {
      LITEQAT_ASSIGN_OR_RETURN(models.control, run_control_stage(context, models.float_model));
    }
  }
  LITEQAT_RETURN_IF_ERROR(end_training(context.ranks));
  return models;
}

Result<RunOutputs> run_stages(const RunInputs& inputs, Progress& progress) {
  ThreadPool pool(inputs.threads);
  LITEQAT_ASSIGN_OR_RETURN(Context context, open_context(inputs, pool, progress));
  RunOutputs outputs;
  outputs.folder = context.directory.path();
  LITEQAT_ASSIGN_OR_RETURN(RunModels models, run_training_stages(context, inputs.until));
  if (inputs.until != Until::kReport) return outputs;
  LITEQAT_RETURN_IF_ERROR(run_convert_stage(context, models.float_model, models.qat ? &*models.qat : nullptr));
  LITEQAT_ASSIGN_OR_RETURN(outputs.run, make_record(context, inputs, models));
  LITEQAT_RETURN_IF_ERROR(write_text_file(context.file("run.json"), results::run_to_json(outputs.run)));
  LITEQAT_RETURN_IF_ERROR(add_audit(context, outputs.run));
  LITEQAT_RETURN_IF_ERROR(write_text_file(context.file("run.json"), results::run_to_json(outputs.run)));
  LITEQAT_RETURN_IF_ERROR(write_text_file(context.file("report.html"), report::render_html(outputs.run)));
  outputs.table = report::render_table(outputs.run, {.color = inputs.color, .width = inputs.width});
  return outputs;
}

/// What ranks other than 0 do of a run.
Status follow_run(const RunInputs& inputs) {
  LITEQAT_ASSIGN_OR_RETURN(const Recipe recipe, read_inputs_recipe(inputs));
  LITEQAT_ASSIGN_OR_RETURN(const Isa isa, select_isa());
  ThreadPool pool(inputs.threads);
  LITEQAT_ASSIGN_OR_RETURN(const DataReading reading, read_recipe_data(recipe, pool));
  LITEQAT_RETURN_IF_ERROR(compare_ranks(inputs, recipe, isa, reading.dataset));
  return follow_training(*inputs.ranks, recipe, reading.dataset, pool);
}

}  // namespace

Result<RunOutputs> run_recipe(const RunInputs& inputs, Progress& progress) {
  if (inputs.ranks == nullptr) return run_stages(inputs, progress);
  Result<RunOutputs> outputs = RunOutputs{};
  if (inputs.ranks->rank() == 0) {
    outputs = run_stages(inputs, progress);
  } else if (Status followed = follow_run(inputs); !followed.ok()) {
    outputs = std::move(followed);
  }
  if (!outputs.ok()) return inputs.ranks->fail(outputs.status());
  return outputs;
}

}  // namespace liteqat::pipeline
