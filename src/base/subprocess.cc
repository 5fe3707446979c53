#include "base/subprocess.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>

#include "base/progress.h"

extern char** environ;

namespace liteqat {
namespace {

Status wait_for(pid_t child, const std::string& name) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return error(Code::kIo, "{}: cannot wait for it: {}", name, std::strerror(errno));
  }
  if (WIFSIGNALED(status)) {
    return error(Code::kIo, "{}: ended by signal {} ({})", name, WTERMSIG(status), ::strsignal(WTERMSIG(status)));
  }
  if (WEXITSTATUS(status) == 0) return {};
  return error(Code::kIo, "{}: ended with exit code {}", name, WEXITSTATUS(status));
}

/// posix_spawn does not write to its arguments, whatever their type says.
std::vector<char*> make_argv(const std::vector<std::string>& arguments) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  return argv;
}

/// Reads the pipe to its end.
Status drain(int pipe, const std::string& name, const std::function<Status(std::span<const std::byte>)>& consume) {
  std::array<std::byte, 65536> piece;
  while (true) {
    const ssize_t count = ::read(pipe, piece.data(), piece.size());
    if (count == 0) return {};
    if (count < 0 && errno != EINTR) return error(Code::kIo, "{}: its output cannot be read: {}", name, std::strerror(errno));
    if (interrupt_requested()) return error(Code::kInterrupted, "{}: interrupted", name);
    if (count > 0) LITEQAT_RETURN_IF_ERROR(consume({piece.data(), static_cast<size_t>(count)}));
  }
}

}  // namespace

Status run_program(const std::vector<std::string>& arguments) {
  LITEQAT_CHECK(!arguments.empty());
  const std::vector<char*> argv = make_argv(arguments);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  const int failure = ::posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (failure != 0) return error(Code::kNotFound, "{}: cannot be started: {}", arguments[0], std::strerror(failure));
  return wait_for(child, arguments[0]);
}

Status filter_file(const std::vector<std::string>& arguments, const std::string& input_path,
                   const std::function<Status(std::span<const std::byte>)>& consume) {
  LITEQAT_CHECK(!arguments.empty());
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return error(Code::kIo, "{}: no pipe for its output: {}", arguments[0], std::strerror(errno));
  const std::vector<char*> argv = make_argv(arguments);
  char* no_environment[] = {nullptr};
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, input_path.c_str(), O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  const int failure = ::posix_spawn(&child, argv[0], &actions, nullptr, argv.data(), no_environment);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  if (failure != 0) {
    ::close(ends[0]);
    return error(Code::kNotFound, "{}: cannot be started on {}: {}", arguments[0], input_path, std::strerror(failure));
  }
  const Status drained = drain(ends[0], arguments[0], consume);
  ::close(ends[0]);
  if (!drained.ok()) ::kill(child, SIGKILL);
  const Status ended = wait_for(child, arguments[0]);
  return drained.ok() ? ended : drained;
}

std::string program_folder() {
  std::error_code failure;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", failure);
  return failure ? std::string() : program.parent_path().string();
}

}  // namespace liteqat
