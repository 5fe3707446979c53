#include <CLI/CLI.hpp>

#include "cli/session.h"
#include "pipeline/data_tools.h"
#include "report/report.h"

namespace liteqat::cli {
namespace {

void add_info(CLI::App& data, Session& session) {
  struct Flags {
    std::string folder, json;
    pipeline::ImageRequest images;
  };
  const auto flags = std::make_shared<Flags>();
  CLI::App* command = data.add_subcommand("info", "Splits, counts, sizes, classes, checksums");
  command->add_option("DIR", flags->folder, "Folder that holds the data set")->required();
  add_image_options(*command, flags->images);
  add_json_option(*command, flags->json);
  add_common_options(*command, session);
  command->callback([flags, &session] {
    const auto record = pipeline::describe_data({flags->folder, flags->images}, session.thread_count());
    if (!session.accept(record.status())) return;
    session.accept(report_result(flags->json, results::dataset_to_json(*record), report::render_dataset(*record)));
  });
}

void add_check(CLI::App& data, Session& session) {
  struct Flags {
    std::string folder, json;
    pipeline::ImageRequest images;
    std::string fail_on = "never";
  };
  const auto flags = std::make_shared<Flags>();
  CLI::App* command = data.add_subcommand("check", "Verify every file and label; find duplicates and missing classes");
  command->add_option("DIR", flags->folder, "Folder that holds the data set")->required();
  command->add_option("--fail-on", flags->fail_on, "problem: exit 1 if there is one; never (default)")
      ->check(CLI::IsMember({"problem", "never"}));
  add_image_options(*command, flags->images);
  add_json_option(*command, flags->json);
  add_common_options(*command, session);
  command->callback([flags, &session] {
    const auto record = pipeline::check_data({flags->folder, flags->images}, session.thread_count());
    if (!session.accept(record.status())) return;
    if (!session.accept(report_result(flags->json, results::dataset_to_json(*record), report::render_dataset(*record)))) return;
    if (!record->issues.empty() && flags->fail_on == "problem") session.exit_code = kExitFindings;
  });
}

void add_fetch(CLI::App& data, Session& session) {
  const auto request = std::make_shared<fetch::FetchRequest>();
  CLI::App* command = data.add_subcommand("fetch", "Download MNIST or CIFAR-10, checked");
  command->add_option("NAME", request->name, "mnist or cifar10")->required();
  command->add_option("-o,--out", request->folder, "Folder to write")->required();
  command->add_option("--url", request->url, "Another server: of MNIST the folder of its four .gz files, of CIFAR-10 the archive");
  command->add_option("--sha256", request->sha256, "What CIFAR-10's archive must have, where it is packed otherwise than the original");
  add_common_options(*command, session);
  command->callback([request, &session] {
    session.resume_command =
        format("liteqat data fetch {} -o {}{}", request->name, request->folder, request->url.empty() ? "" : " --url " + request->url);
    const auto progress = session.make_progress();
    const auto done = pipeline::fetch_data(*request, *progress);
    if (session.accept(done.status())) session.accept(print_result(*done + "\n"));
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
  CLI::App* data = app.add_subcommand("data", "Describe, check, fetch or synthesise data sets");
  data->require_subcommand(1);
  add_info(*data, session);
  add_check(*data, session);
  add_fetch(*data, session);
  add_make(*data, session);
}

}  // namespace liteqat::cli
