#include "pipeline/compare.h"

#include <CLI/CLI.hpp>

#include "base/cpu.h"
#include "cli/session.h"

namespace liteqat::cli {
namespace {

struct CompareFlags {
  pipeline::CompareInputs inputs;
  std::string json, fail_on;
};

void execute(const CompareFlags& flags, Session& session) {
  const auto isa = select_isa();
  if (!session.accept(isa.status())) return;
  const auto progress = session.make_progress();
  ThreadPool pool(session.thread_count());
  const auto outputs = pipeline::compare_sources(flags.inputs, *isa, pool, *progress);
  if (!session.accept(outputs.status())) return;
  if (!flags.json.empty() && !session.accept(write_document(flags.json, results::comparison_to_json(outputs->record)))) return;
  if (flags.json != "-" && !session.accept(print_result(outputs->text))) return;
  if (any_at_or_above(outputs->record.findings, flags.fail_on)) session.exit_code = kExitFindings;
}

}  // namespace

void add_compare_command(CLI::App& app, Session& session) {
  const auto flags = std::make_shared<CompareFlags>();
  pipeline::CompareInputs& inputs = flags->inputs;
  CLI::App* command = app.add_subcommand("compare", "Paired comparison of two or more models or prediction files on the same images");
  command
      ->add_option("SOURCE", inputs.sources,
                   ".npy, .npz[:key] or .csv of class indices or scores; .tflite, .safetensors, .h5 or .keras with --data")
      ->required()
      ->expected(2, 64);
  command->add_option("--labels", inputs.labels, "True classes in the same order (.npy, .npz[:key], .csv)");
  add_data_option(*command, inputs.data_folders, "Folder of the data set whose test images the models are run on");
  add_copies_option(*command, inputs.copies);
  command->add_option("--arithmetic", inputs.arithmetic, "Arithmetic profile of models (default: litert-reference)");
  command->add_option("--margin", inputs.margin, "Margin of the equivalence test as a fraction (default: 0.01)")
      ->check(CLI::Range(1e-9, 0.999999));
  command->add_option("--gap", inputs.gap, "Gap, as a fraction, for which the images needed are asked (default: the one observed)")
      ->check(CLI::Range(0.0, 1.0));
  command->add_flag("--by-class", inputs.details, "Also flips by class");
  command->add_option("--json", flags->json, "Write the comparison as JSON to FILE, - for stdout");
  add_fail_on_option(*command, flags->fail_on);
  add_image_options(*command, inputs.images);
  add_preprocessing_options(*command, inputs.preprocessing);
  add_common_options(*command, session);
  command->callback([flags, &session] { execute(*flags, session); });
}

}  // namespace liteqat::cli
