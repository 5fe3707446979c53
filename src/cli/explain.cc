#include "pipeline/explain.h"

#include <CLI/CLI.hpp>

#include "cli/session.h"
#include "results/explain_record.h"

namespace liteqat::cli {
namespace {

struct Flags {
  pipeline::ExplainInputs inputs;
  std::string json, markdown, fail_on;
  bool all = false;
};

void execute(const Flags& flags, Session& session) {
  const auto explanation = pipeline::explain_file(flags.inputs);
  if (!session.accept(explanation.status())) return;
  if (!flags.json.empty() && !session.accept(write_document(flags.json, results::explanation_to_json(*explanation)))) return;
  if (!flags.markdown.empty() && !session.accept(write_document(flags.markdown, pipeline::explanation_markdown(*explanation)))) return;
  if (flags.json != "-" && flags.markdown != "-" &&
      !session.accept(print_result(pipeline::explanation_text(*explanation, session.stdout_color(), flags.all))))
    return;
  if (any_at_or_above(explanation->findings, flags.fail_on)) session.exit_code = kExitFindings;
}

}  // namespace

void add_explain_command(CLI::App& app, Session& session) {
  const auto flags = std::make_shared<Flags>();
  pipeline::ExplainInputs& inputs = flags->inputs;
  CLI::App* command = app.add_subcommand("explain", "What printed accuracies can mean: impossible figures, known mistakes, noise");
  command->add_option("FILE", inputs.file, "A log, table, JSON or CSV with the figures; - for stdin")->required();
  command->add_option("--dataset", inputs.facts.dataset, "Public data set whose sizes hold: mnist, cifar10, imagenet, ...");
  command->add_option("--test-size", inputs.facts.test, "Test images")->check(CLI::PositiveNumber);
  command->add_option("--train-size", inputs.facts.train, "Training images")->check(CLI::PositiveNumber);
  command->add_option("--validation-size", inputs.facts.validation, "Validation images")->check(CLI::PositiveNumber);
  command->add_option("--classes", inputs.facts.classes, "Classes")->check(CLI::PositiveNumber);
  command->add_flag("-v,--all", flags->all, "Every figure, reading, pair and finding instead of one screen");
  command->add_option("--json", flags->json, "Write the explanation as JSON to FILE, - for stdout");
  command->add_option("--markdown", flags->markdown, "Write it as Markdown to FILE, - for stdout");
  add_fail_on_option(*command, flags->fail_on);
  add_common_options(*command, session);
  command->callback([flags, &session] { execute(*flags, session); });
}

}  // namespace liteqat::cli
