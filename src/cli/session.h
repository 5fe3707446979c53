// What all commands share: global options, the progress display and the mapping from status to exit code. Private to cli.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/status.h"
#include "cli/cli.h"
#include "pipeline/images.h"
#include "pipeline/preprocessing.h"
#include "ranks/ranks.h"
#include "results/records.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace liteqat::cli {

struct Session {
  std::string version;
  bool quiet = false;
  bool silenced = false;  // another process tells what this one would
  std::string color = "auto";
  int threads = 0;  // 0: all cores this process may use
  std::optional<int64_t> seed;
  int exit_code = kExitOk;
  std::string resume_command;  // what to type to go on after an interruption

  std::unique_ptr<Progress> make_progress() const;
  int thread_count() const;
  bool stdout_color() const;

  /// This process is a rank of a job: the ranks on this machine share its cores, and one of them talks to the user. `ranks` must outlive
  /// the session's work.
  void join(const ranks::Ranks& ranks);
  bool silent() const { return silenced || (ranks_ != nullptr && !ranks_->speaks()); }

  /// Prints the message of a failure and sets the exit code. True if the status is ok.
  bool accept(const Status& status);

 private:
  const ranks::Ranks* ranks_ = nullptr;
};

/// Adds the options every command has (--threads, --quiet, --color).
void add_common_options(CLI::App& command, Session& session,
                        const std::string& threads_help = "Threads to compute with (default: all cores); results do not depend on it");

/// Writes a document to FILE, or to stdout for "-".
Status write_document(const std::string& file, const std::string& text);

/// --json FILE of the commands that report something.
void add_json_option(CLI::App& command, std::string& file);

/// The document to FILE if one was asked for; the text to stdout unless the document went there.
Status report_result(const std::string& json_file, const std::string& document, const std::string& text);

/// Prints to stdout; a closed or full stdout is an input/output error.
Status print_result(const std::string& text);

/// --pixels, --mean, --std of the commands that feed images to a model.
void add_preprocessing_options(CLI::App& command, pipeline::PreprocessingRequest& request);

/// --image-size, --resize, --fit, --channels, --labels-offset of the commands that read images.
void add_image_options(CLI::App& command, pipeline::ImageRequest& request);

/// --data DIR, repeated for a pool. Returns the option.
CLI::Option* add_data_option(CLI::App& command, std::vector<std::string>& folders, const std::string& help);
/// --copies mirror,shift:N.
void add_copies_option(CLI::App& command, std::string& copies);

/// --fail-on problem|doubt, and whether a finding reaches it; an empty level is reached by none.
void add_fail_on_option(CLI::App& command, std::string& level);
bool any_at_or_above(const std::vector<results::Finding>& findings, const std::string& level);

void add_run_commands(CLI::App& app, Session& session);  // run, train, qat
void add_convert_command(CLI::App& app, Session& session);
void add_eval_command(CLI::App& app, Session& session);
void add_predict_command(CLI::App& app, Session& session);
void add_inspect_command(CLI::App& app, Session& session);
void add_bench_command(CLI::App& app, Session& session);
void add_audit_command(CLI::App& app, Session& session);
void add_compare_command(CLI::App& app, Session& session);
void add_explain_command(CLI::App& app, Session& session);
void add_data_command(CLI::App& app, Session& session);

}  // namespace liteqat::cli
