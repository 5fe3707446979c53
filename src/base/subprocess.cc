#include "base/subprocess.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

extern char** environ;

namespace liteqat {
namespace {

Status wait_for(pid_t child, const std::string& name) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return error(Code::kIo, "{}: cannot wait for it: {}", name, std::strerror(errno));
  }
  if (WIFSIGNALED(status)) return error(Code::kIo, "{}: ended by signal {}", name, WTERMSIG(status));
  if (WEXITSTATUS(status) == 0) return {};
  return error(Code::kIo, "{}: ended with exit code {}", name, WEXITSTATUS(status));
}

}  // namespace

Status run_program(const std::vector<std::string>& arguments) {
  LITEQAT_CHECK(!arguments.empty());
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));  // posix_spawn does not write to them
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  const int failure = ::posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (failure != 0) return error(Code::kNotFound, "{}: cannot be started: {}", arguments[0], std::strerror(failure));
  return wait_for(child, arguments[0]);
}

std::string program_folder() {
  std::error_code failure;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", failure);
  return failure ? std::string() : program.parent_path().string();
}

}  // namespace liteqat
