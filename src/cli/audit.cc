#include "pipeline/audit.h"

#include <CLI/CLI.hpp>

#include "cli/session.h"
#include "report/audit.h"

namespace liteqat::cli {
namespace {

struct AuditFlags {
  pipeline::AuditInputs inputs;
  std::string json, markdown, html, junit, sarif, fail_on;
  bool all = false;
};

/// Writes what was asked for; true if stdout is taken by a document.
bool write_forms(const AuditFlags& flags, const results::Audit& audit, Session& session, bool& taken) {
  const std::pair<const std::string*, std::string (*)(const AuditFlags&, const results::Audit&, const Session&)> forms[] = {
      {&flags.json, [](const AuditFlags&, const results::Audit& record, const Session&) { return results::audit_to_json(record); }},
      {&flags.markdown, [](const AuditFlags&, const results::Audit& record, const Session&) { return pipeline::audit_markdown(record); }},
      {&flags.html,
       [](const AuditFlags&, const results::Audit& record, const Session& s) { return report::audit_to_html(record, s.version); }},
      {&flags.junit, [](const AuditFlags&, const results::Audit& record, const Session&) { return results::audit_to_junit(record); }},
      {&flags.sarif,
       [](const AuditFlags&, const results::Audit& record, const Session& s) { return results::audit_to_sarif(record, s.version); }},
  };
  for (const auto& [file, make] : forms) {
    if (file->empty()) continue;
    taken = taken || *file == "-";
    if (!session.accept(write_document(*file, make(flags, audit, session)))) return false;
  }
  return true;
}

void execute(const AuditFlags& flags, Session& session) {
  const auto isa = select_isa();
  if (!session.accept(isa.status())) return;
  const auto progress = session.make_progress();
  ThreadPool pool(session.thread_count());
  const auto audit = pipeline::audit_sources(flags.inputs, *isa, pool, *progress);
  if (!session.accept(audit.status())) return;
  bool taken = false;
  if (!write_forms(flags, *audit, session, taken)) return;
  if (!taken && !session.accept(print_result(pipeline::audit_text(*audit, session.stdout_color(), flags.all)))) return;
  if (any_at_or_above(audit->findings, flags.fail_on)) session.exit_code = kExitFindings;
}

}  // namespace

void add_audit_command(CLI::App& app, Session& session) {
  const auto flags = std::make_shared<AuditFlags>();
  pipeline::AuditInputs& inputs = flags->inputs;
  CLI::App* command = app.add_subcommand("audit", "Every check that the material allows: a run, models with data, or predictions");
  command->add_option("SOURCE", inputs.sources, "A run directory, or .tflite files");
  add_data_option(*command, inputs.data_folders, "Folder of the data set (a run directory: default its own)");
  command->add_option("--predictions", inputs.predictions, "Prediction files (.npy, .npz[:key], .csv); a model's by the model's stem")
      ->take_all();
  command->add_option("--labels", inputs.labels, "True classes in the order of the predictions");
  command->add_option("--claimed", inputs.claimed, "The text with the claimed figures itself");
  command->add_option("--isolate", inputs.isolate,
                      "Write the first operator that breaks alone to this folder, with its inputs and outputs");
  command->add_flag("--quick", inputs.quick, "Of a run directory: take the answers it kept, measure only layers");
  command->add_flag("-v,--all", flags->all, "Every check instead of one screen");
  command->add_option("--json", flags->json, "Write the audit as JSON to FILE, - for stdout");
  command->add_option("--markdown", flags->markdown, "Write it as Markdown to FILE, - for stdout");
  command->add_option("--html", flags->html, "Write it as a self-contained page of HTML to FILE, - for stdout");
  command->add_option("--junit", flags->junit, "Write it as JUnit XML to FILE, - for stdout");
  command->add_option("--sarif", flags->sarif, "Write it as SARIF 2.1.0 to FILE, - for stdout");
  add_fail_on_option(*command, flags->fail_on);
  add_image_options(*command, inputs.images);
  add_preprocessing_options(*command, inputs.preprocessing);
  add_common_options(*command, session);
  command->callback([flags, &session] { execute(*flags, session); });
}

}  // namespace liteqat::cli
