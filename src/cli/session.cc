#include "cli/session.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "base/file.h"
#include "base/memory_limit.h"
#include "base/thread_pool.h"
#include "base/visible_text.h"
#include "cli/terminal_progress.h"

namespace liteqat::cli {
namespace {

int exit_code_of(Code code) {
  switch (code) {
    case Code::kOk:
      return kExitOk;
    case Code::kInvalidArgument:
      return kExitUsage;
    case Code::kInterrupted:
      return kExitInterrupted;
    case Code::kInternal:
      return kExitInternal;
    case Code::kCorruptFile:
    case Code::kUnsupported:
    case Code::kNotFound:
    case Code::kIo:
    case Code::kOutOfRange:
    case Code::kMismatch:
      return kExitInput;
  }
  return kExitInternal;
}

Status write_stdout(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0) return {};
  return Status(Code::kIo, "stdout: cannot write the result");
}

}  // namespace

std::unique_ptr<Progress> Session::make_progress() const {
  if (quiet || silent()) return std::make_unique<SilentProgress>();
  return std::make_unique<TerminalProgress>();
}

/// mpirun may have given every rank cores of its own, or left all of them to all.
int Session::thread_count() const {
  if (threads > 0) return threads;
  const int cores = available_cores();
  const bool shared = ranks_ != nullptr && cores == static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN));
  return shared ? std::max(1, cores / ranks_->count_here()) : cores;
}

void Session::join(const ranks::Ranks& ranks) {
  ranks_ = &ranks;
  resume_command = format("mpirun -n {} {}", ranks.count(), resume_command);
}

bool Session::stdout_color() const {
  if (color != "auto") return color == "always";
  const char* no_color = std::getenv("NO_COLOR");
  return (no_color == nullptr || *no_color == '\0') && ::isatty(STDOUT_FILENO) == 1;
}

bool Session::accept(const Status& status) {
  if (status.ok()) return true;
  exit_code = exit_code_of(status.code());
  if (silent()) return false;
  std::fprintf(stderr, "liteqat: %s\n", visible_text(status.message()).c_str());
  if (status.code() == Code::kInterrupted && !resume_command.empty())
    std::fprintf(stderr, "liteqat: go on with: %s\n", resume_command.c_str());
  return false;
}

void add_common_options(CLI::App& command, Session& session, const std::string& threads_help) {
  command.add_option("--threads", session.threads, threads_help)->check(CLI::Range(1, 256));
  command
      .add_option_function<uint64_t>(
          "--max-memory", [](uint64_t bytes) { set_memory_limit(static_cast<int64_t>(bytes)); },
          "Memory that running a model may take, for activations and working memory: bytes, or with kb, mb, gb (default: 1gb = 2^30)")
      ->transform(CLI::AsSizeValue(false))
      ->check(CLI::Range(uint64_t{1}, uint64_t{1} << 40));
  command.add_flag("-q,--quiet", session.quiet, "No progress on stderr");
  command.add_option("--color", session.color, "auto, always or never; NO_COLOR is honoured")
      ->check(CLI::IsMember({"auto", "always", "never"}));
}

void add_json_option(CLI::App& command, std::string& file) {
  command.add_option("--json", file, "Write the result as JSON to FILE, - for stdout instead of the text");
}

Status report_result(const std::string& json_file, const std::string& document, const std::string& text) {
  if (!json_file.empty()) LITEQAT_RETURN_IF_ERROR(write_document(json_file, document));
  return json_file == "-" ? Status() : print_result(text);
}

Status write_document(const std::string& file, const std::string& text) {
  return file == "-" ? write_stdout(text) : write_text_file(file, text);
}

Status print_result(const std::string& text) {
  return write_stdout(visible_text(text, true));
}

void add_fail_on_option(CLI::App& command, std::string& level) {
  command.add_option("--fail-on", level, "Exit with 1 on a finding of this verdict or a stronger one: problem or doubt")
      ->check(CLI::IsMember({"problem", "doubt"}));
}

bool any_at_or_above(const std::vector<results::Finding>& findings, const std::string& level) {
  return std::any_of(findings.begin(), findings.end(), [&](const results::Finding& finding) {
    if (finding.verdict == results::Verdict::kProblem) return !level.empty();
    return finding.verdict == results::Verdict::kDoubt && level == "doubt";
  });
}

CLI::Option* add_data_option(CLI::App& command, std::vector<std::string>& folders, const std::string& help) {
  return command.add_option("--data", folders, help + "; repeat it to pool the test images of several folders of one data set")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);  // "audit --data DIR MODEL": the model is no second folder
}

void add_copies_option(CLI::App& command, std::string& copies) {
  command.add_option("--copies", copies,
                     "Also altered copies of every test image: mirror, shift:N (N pixels left, right, up and down) or both with a comma; "
                     "intervals and tests are those of the pictures, because copies are not independent images");
}

void add_image_options(CLI::App& command, pipeline::ImageRequest& request) {
  command.add_option("--image-size", request.size,
                     "Images become SIDE x SIDE pixels, or HEIGHTxWIDTH (default: what the model takes, else as they are)");
  command.add_option("--resize", request.resize, "How pixels are interpolated: pillow (default), opencv or tensorflow, each as there");
  command.add_option("--fit", request.fit,
                     "How an image comes to the size: stretch (default), crop, imagenet (shorter side to size / 0.875, then the centre), "
                     "central (the middle 87.5 %, stretched) or pad");
  command.add_option("--channels", request.channels, "rgb, bgr or gray (default: rgb, or gray where the model or the images are)");
  command.add_option("--labels-offset", request.labels_offset,
                     "Added to the data's labels: 1 for ImageNet models with 1,001 classes of which the first is background (default: by "
                     "the model's own label names)");
}

void add_preprocessing_options(CLI::App& command, pipeline::PreprocessingRequest& request) {
  command.add_option("--pixels", request.pixels, "What pixel values the model takes, where it does not say: 0..255, 0..1 or -1..1")
      ->check(CLI::IsMember({"0..255", "0..1", "-1..1"}));
  CLI::Option* mean =
      command.add_option("--mean", request.mean, "Mean per channel in pixel units, for input = (pixel - mean) / std")->delimiter(',');
  CLI::Option* std = command.add_option("--std", request.std, "Standard deviation per channel in pixel units")->delimiter(',');
  mean->needs(std);
  std->needs(mean);
}

}  // namespace liteqat::cli
