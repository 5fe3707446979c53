#include <CLI/CLI.hpp>

#include "cli/session.h"
#include "pipeline/data_tools.h"
#include "report/report.h"

namespace liteqat::cli {
namespace {

void add_info(CLI::App& data, Session& session) {
  struct Flags {
    std::string folder, json;
  };
  const auto flags = std::make_shared<Flags>();
  CLI::App* command = data.add_subcommand("info", "Splits, counts, sizes, classes, checksums");
  command->add_option("DIR", flags->folder, "Folder that holds the data set")->required();
  add_json_option(*command, flags->json);
  add_common_options(*command, session);
  command->callback([flags, &session] {
    const auto dataset = pipeline::read_any_dataset(flags->folder);
    if (!session.accept(dataset.status())) return;
    const results::DatasetRecord record = pipeline::describe_dataset(*dataset, flags->folder);
    session.accept(report_result(flags->json, results::dataset_to_json(record), report::render_dataset(record)));
  });
}

void add_check(CLI::App& data, Session& session) {
  struct Flags {
    std::string folder, json;
    std::string fail_on = "never";
  };
  const auto flags = std::make_shared<Flags>();
  CLI::App* command = data.add_subcommand("check", "Verify every file and label; find duplicates and missing classes");
  command->add_option("DIR", flags->folder, "Folder that holds the data set")->required();
  command->add_option("--fail-on", flags->fail_on, "problem: exit 1 if there is one; never (default)")
      ->check(CLI::IsMember({"problem", "never"}));
  add_json_option(*command, flags->json);
  add_common_options(*command, session);
  command->callback([flags, &session] {
    const auto dataset = pipeline::read_any_dataset(flags->folder);
    if (!session.accept(dataset.status())) return;
    const results::DatasetRecord record = pipeline::check_data(*dataset, flags->folder);
    if (!session.accept(report_result(flags->json, results::dataset_to_json(record), report::render_dataset(record)))) return;
    if (!record.issues.empty() && flags->fail_on == "problem") session.exit_code = kExitFindings;
  });
}

void add_make(CLI::App& data, Session& session) {
  struct Flags {
    pipeline::SyntheticOptions options;
    std::string folder;
  };
  const auto flags = std::make_shared<Flags>();
  CLI::App* command = data.add_subcommand("make", "Synthesise a learnable data set in a real format");
  command->add_option("-o,--out", flags->folder, "Folder to write")->required();
  command->add_option("--format", flags->options.format, "mnist or cifar10 (default: mnist)");
  command->add_option("--train", flags->options.train, "Training images")->check(CLI::Range(1, 1000000));
  command->add_option("--test", flags->options.test, "Test images")->check(CLI::Range(1, 1000000));
  command->add_option("--seed", flags->options.seed, "Seed");
  add_common_options(*command, session);
  command->callback([flags, &session] {
    if (!session.accept(pipeline::make_synthetic_data(flags->options, flags->folder))) return;
    session.accept(print_result(format("{}: {} training and {} test images in {} format\n", flags->folder, flags->options.train,
                                       flags->options.test, flags->options.format)));
  });
}

}  // namespace

void add_data_command(CLI::App& app, Session& session) {
  CLI::App* data = app.add_subcommand("data", "Describe, check or synthesise data sets");
  data->require_subcommand(1);
  add_info(*data, session);
  add_check(*data, session);
  add_make(*data, session);
}

}  // namespace liteqat::cli
