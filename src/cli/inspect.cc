#include "pipeline/inspect.h"

#include <CLI/CLI.hpp>

#include "cli/session.h"

namespace liteqat::cli {

void add_inspect_command(CLI::App& app, Session& session) {
  struct Flags {
    std::string model;
    bool layers = false;
  };
  const auto flags = std::make_shared<Flags>();
  CLI::App* command = app.add_subcommand("inspect", "What is in a model: operators, types, scales, sizes, memory, kernels");
  command->add_option("MODEL", flags->model, ".tflite or .safetensors")->required();
  command->add_flag("--layers", flags->layers, "A line per operator, with the kernel that would run it");
  add_common_options(*command, session);
  command->callback([flags, &session] {
    const auto isa = select_isa();
    if (!session.accept(isa.status())) return;
    const auto outputs = pipeline::inspect_model(flags->model, flags->layers, *isa);
    if (session.accept(outputs.status())) session.accept(print_result(outputs->text));
  });
}

}  // namespace liteqat::cli
