#include <CLI/CLI.hpp>

#include "base/cpu.h"
#include "cli/session.h"
#include "pipeline/evaluation.h"
#include "report/evaluation.h"
#include "results/evaluation_record.h"

namespace liteqat::cli {
namespace {

void execute(const pipeline::EvaluateInputs& inputs, const std::string& json, bool by_class, Session& session) {
  const auto isa = select_isa();
  if (!session.accept(isa.status())) return;
  const auto progress = session.make_progress();
  ThreadPool pool(session.thread_count());
  const auto evaluation = pipeline::evaluate_models(inputs, *isa, pool, *progress);
  if (!session.accept(evaluation.status())) return;
  session.accept(report_result(json, results::evaluation_to_json(*evaluation), report::render_evaluation(*evaluation, by_class)));
}

}  // namespace

void add_eval_command(CLI::App& app, Session& session) {
  struct Flags {
    pipeline::EvaluateInputs inputs;
    std::string json;
    bool by_class = false;
  };
  const auto flags = std::make_shared<Flags>();
  CLI::App* command = app.add_subcommand("eval", "Accuracy of models on a data set: correct/total, value, 95 % interval");
  command->add_option("MODEL", flags->inputs.models, ".tflite, .safetensors, .h5 or .keras files")->required();
  add_data_option(*command, flags->inputs.data_folders, "Folder that holds the data set")->required();
  add_copies_option(*command, flags->inputs.copies);
  command->add_option("--split", flags->inputs.split, "test or train (default: test)");
  command->add_option("--arithmetic", flags->inputs.arithmetic,
                      "Arithmetic profile: litert-reference (default), tflite-reference or xnnpack");
  command->add_option("--predictions", flags->inputs.predictions_folder, "Write labels.npy and one .npy of scores per model to DIR");
  command
      ->add_option("--limit-images", flags->inputs.limit_images,
                   "Only the first N images (of every folder; of image files N spread over the classes)")
      ->check(CLI::PositiveNumber);
  add_json_option(*command, flags->json);
  command->add_flag("--by-class", flags->by_class, "Also right and total by class");
  add_image_options(*command, flags->inputs.images);
  add_preprocessing_options(*command, flags->inputs.preprocessing);
  add_common_options(*command, session);
  command->callback([flags, &session] { execute(flags->inputs, flags->json, flags->by_class, session); });
}

}  // namespace liteqat::cli
