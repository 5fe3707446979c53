#include "pipeline/inspect.h"

#include <CLI/CLI.hpp>

#include "cli/session.h"
#include "pipeline/inspect_diff.h"
#include "report/report.h"

namespace liteqat::cli {

void add_inspect_command(CLI::App& app, Session& session) {
  struct Flags {
    std::string model, json, other;
    bool layers = false;
  };
  const auto flags = std::make_shared<Flags>();
  CLI::App* command = app.add_subcommand("inspect", "What is in a model: operators, types, scales, sizes, memory, kernels");
  command->add_option("MODEL", flags->model, ".tflite, .safetensors, .h5 or .keras")->required();
  command->add_flag("--layers", flags->layers,
                    "Every operator with the kernel that would run it; every tensor with scale, range and place");
  command->add_option("--diff", flags->other, "Another model: what differs, operator by operator");
  add_json_option(*command, flags->json);
  add_common_options(*command, session);
  command->callback([flags, &session] {
    if (!flags->other.empty()) {
      const auto difference = pipeline::diff_models(flags->model, flags->other);
      if (!session.accept(difference.status())) return;
      session.accept(
          report_result(flags->json, results::model_comparison_to_json(*difference), report::render_model_difference(*difference)));
      return;
    }
    const auto isa = select_isa();
    if (!session.accept(isa.status())) return;
    const auto record = pipeline::inspect_model(flags->model, *isa);
    if (!session.accept(record.status())) return;
    session.accept(
        report_result(flags->json, results::model_to_json(*record, flags->layers), report::render_model(*record, flags->layers)));
  });
}

}  // namespace liteqat::cli
