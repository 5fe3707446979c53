#include "pipeline/run.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>

#include "cli/session.h"
#include "ranks/ranks.h"
#include "results/records.h"

namespace liteqat::cli {
namespace {

/// Options of run, train and qat; they outlive the parse.
struct RunFlags {
  std::string recipe, folder, data, pretrained, weights, weight_map, from, json;
  std::string layers;
  std::vector<std::string> settings, reinit, skipped;
  int64_t limit_images = 0;
  bool fresh = false;
};

int terminal_width() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 120;
  return size.ws_col;
}

void add_weight_options(CLI::App& command, RunFlags& flags) {
  command.add_option("--weights", flags.weights,
                     "Float training starts from the weights of this .safetensors, .h5, .keras or .tflite, by layer name");
  command.add_option("--weight-map", flags.weight_map, "TOML file: [layers], \"our layer\" = \"PyTorch module\", where the names differ");
  command.add_option("--reinit", flags.reinit, "A layer that starts fresh all the same, say a head of another size (repeatable)")
      ->expected(1)
      ->take_all();
}

void add_run_options(CLI::App& command, RunFlags& flags, Session& session) {
  command.add_option("-o,--out", flags.folder, "Run directory (default: runs/RECIPE)");
  command.add_option("--data", flags.data, "Folder that holds the data set");
  command.add_option("--set", flags.settings, "Override a recipe key: --set train.epochs=3")->expected(1)->take_all();
  command.add_option("--limit-images", flags.limit_images, "Use only the first N images of each split")->check(CLI::PositiveNumber);
  command.add_option("--seed", session.seed, "Seed of weights, data order and augmentation")->check(CLI::NonNegativeNumber);
  command.add_flag("--fresh", flags.fresh, "Start over: remove what a run left in the directory");
  add_common_options(command, session);
}

void add_layer_options(CLI::App& command, RunFlags& flags) {
  command.add_option("--layers", flags.layers, "QAT: TOML file of overrides, [[layer]] with name or op, type, per_channel");
  command.add_option("--skip", flags.skipped, "QAT: an operator that stays in float, by name; * stands for any letters (repeatable)")
      ->expected(1)
      ->take_all();
}

std::string toml_string(const std::string& text) {
  std::string quoted = "\"";
  for (char letter : text) quoted += (letter == '"' || letter == '\\') ? std::string("\\") + letter : std::string(1, letter);
  return quoted + "\"";
}

std::string toml_list(const std::vector<std::string>& texts) {
  std::string list;
  for (const std::string& text : texts) list += (list.empty() ? "" : ", ") + toml_string(text);
  return "[" + list + "]";
}

pipeline::RunInputs make_inputs(const RunFlags& flags, const Session& session, pipeline::Until until) {
  pipeline::RunInputs inputs;
  if (!flags.recipe.empty()) inputs.recipe = flags.recipe;
  inputs.folder = flags.folder;
  inputs.settings = flags.settings;
  if (!flags.data.empty()) inputs.settings.push_back("data.folder=" + toml_string(flags.data));
  if (flags.limit_images > 0) inputs.settings.push_back(format("data.limit_images={}", flags.limit_images));
  if (session.seed) inputs.settings.push_back(format("seed={}", *session.seed));
  if (!flags.pretrained.empty()) inputs.settings.push_back("model.pretrained=" + toml_string(flags.pretrained));
  if (!flags.weights.empty()) inputs.settings.push_back("model.weights=" + toml_string(flags.weights));
  if (!flags.weight_map.empty()) inputs.settings.push_back("model.weight_map=" + toml_string(flags.weight_map));
  if (!flags.reinit.empty()) inputs.settings.push_back("model.reinit=" + toml_list(flags.reinit));
  if (!flags.layers.empty()) inputs.settings.push_back("qat.layers=" + toml_string(flags.layers));
  if (!flags.skipped.empty()) inputs.settings.push_back("qat.skip=" + toml_list(flags.skipped));
  inputs.fresh = flags.fresh;
  inputs.threads = session.thread_count();
  inputs.until = until;
  inputs.color = session.stdout_color();
  inputs.width = terminal_width();
  inputs.version = session.version;
  return inputs;
}

/// A checkpoint inside a run directory continues that run; any other one stands in for float training.
void apply_from(RunFlags& flags) {
  const std::filesystem::path folder = std::filesystem::path(flags.from).parent_path();
  const std::filesystem::path recipe = folder / "recipe.toml";
  if (flags.recipe.empty() && flags.folder.empty() && std::filesystem::exists(recipe)) {
    flags.recipe = recipe.string();
    flags.folder = folder.string();
    return;
  }
  flags.pretrained = flags.from;
}

void execute(const RunFlags& flags, Session& session, pipeline::Until until) {
  const auto ranks = ranks::join();
  if (!ranks.ok() && ranks::launched_rank() > 0) session.silenced = true;  // rank 0 fails in the same way
  if (!session.accept(ranks.status())) return;
  if (*ranks != nullptr) session.join(**ranks);
  const auto progress = session.make_progress();
  pipeline::RunInputs inputs = make_inputs(flags, session, until);
  inputs.ranks = ranks->get();
  const auto outputs = pipeline::run_recipe(inputs, *progress);
  if (!session.accept(outputs.status()) || session.silent()) return;
  if (until != pipeline::Until::kReport) {
    session.accept(print_result(format("{}/{}.safetensors\n", outputs->folder, until == pipeline::Until::kQat ? "qat" : "float")));
    return;
  }
  session.accept(report_result(flags.json, results::run_to_json(outputs->run),
                               outputs->table + format("\nReport: {0}/report.html  Record: {0}/run.json\n", outputs->folder)));
}

}  // namespace

void add_run_commands(CLI::App& app, Session& session) {
  const auto flags = std::make_shared<RunFlags>();
  CLI::App* run = app.add_subcommand("run", "All stages of a recipe: float training, QAT, conversion, evaluation, report");
  run->add_option("RECIPE", flags->recipe, "Name or .toml file (default: mnist_guide)");
  run->add_option("--pretrained", flags->pretrained, "A .safetensors, .h5, .keras or float .tflite that stands in for float training");
  add_weight_options(*run, *flags);
  add_layer_options(*run, *flags);
  add_json_option(*run, flags->json);
  add_run_options(*run, *flags, session);
  run->callback([flags, &session] { execute(*flags, session, pipeline::Until::kReport); });

  CLI::App* train = app.add_subcommand("train", "Only the float training of a recipe");
  train->add_option("RECIPE", flags->recipe, "Name or .toml file")->required();
  add_weight_options(*train, *flags);
  add_run_options(*train, *flags, session);
  train->callback([flags, &session] { execute(*flags, session, pipeline::Until::kFloat); });

  CLI::App* qat = app.add_subcommand("qat", "Only quantization-aware training, from a float model");
  qat->add_option("RECIPE", flags->recipe, "Name or .toml file (default: the recipe of the run that --from lies in)");
  qat->add_option("--from", flags->from, "Float model (.safetensors, .h5, .keras, .tflite)")->required();
  add_layer_options(*qat, *flags);
  add_run_options(*qat, *flags, session);
  qat->callback([flags, &session] {
    apply_from(*flags);
    execute(*flags, session, pipeline::Until::kQat);
  });
}

}  // namespace liteqat::cli
