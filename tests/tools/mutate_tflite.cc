// Damages .tflite models byte by byte and loads, prepares and runs every result in a child process: nothing may die by a signal or hang.
//
//   mutate_tflite FIRST_SEED MODELS [FILE...]      random small models and the files given: every byte x 12 values, every truncation,
//                                                  1 to 64 bytes appended
//
// Prints a line per model and one per failure; exit 1 if there was a failure.
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <vector>

#include "formats/tflite/tflite.h"
#include "runtime/interpreter.h"
#include "runtime/test_graphs.h"

namespace {

using liteqat::Bytes;

constexpr unsigned kMostSeconds = 5;             // one mutation; a second under sanitizers is five times as long
constexpr rlim_t kMostMemory = rlim_t{4} << 30;  // the address space of a child
constexpr size_t kMostBytes = 64;                // appended
constexpr std::array<int, 12> kChanges = {1, 2, 4, 8, 16, 32, 64, 128, -0x00, -0x7F, -0x80, -0xFF};  // flipped bits; values, negated

struct Progress {
  size_t mutation;
  size_t refused, ran;
};

size_t mutation_count(const Bytes& model) {
  return model.size() * kChanges.size() + model.size() + kMostBytes;
}

/// Mutation `index` of a model, and what it is in words.
Bytes mutate(const Bytes& model, size_t index, std::string& what) {
  Bytes damaged = model;
  if (index < model.size() * kChanges.size()) {
    const size_t offset = index / kChanges.size();
    const int change = kChanges[index % kChanges.size()];
    const auto old = std::to_integer<int>(model[offset]);
    damaged[offset] = static_cast<std::byte>(change > 0 ? old ^ change : -change);
    what = liteqat::format("byte {} from {} to {}", offset, old, std::to_integer<int>(damaged[offset]));
    return damaged;
  }
  index -= model.size() * kChanges.size();
  if (index < model.size()) {
    damaged.resize(index);
    what = liteqat::format("cut to {} bytes", index);
    return damaged;
  }
  damaged.resize(model.size() + index - model.size() + 1, std::byte{0xA5});
  what = liteqat::format("{} bytes appended", index - model.size() + 1);
  return damaged;
}

/// True if the model was accepted and ran.
bool load_and_run(const Bytes& bytes) {
  const auto graph = liteqat::formats::tflite::read(bytes, "damaged.tflite");
  if (!graph.ok()) return false;
  auto interpreter = liteqat::runtime::Interpreter::prepare(graph.value(), {});
  if (!interpreter.ok()) return false;
  for (size_t input = 0; input < graph.value().inputs.size(); ++input) {
    const auto target = interpreter.value().input(input);
    std::memset(target.data(), 0x5A, target.size());
  }
  interpreter.value().invoke();
  return true;
}

[[noreturn]] void run_child(const Bytes& model, size_t first, Progress* progress) {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  const rlimit limit = {kMostMemory, kMostMemory};
  setrlimit(RLIMIT_AS, &limit);
#endif
  const rlimit no_core = {0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  std::string what;
  for (size_t mutation = first; mutation < mutation_count(model); ++mutation) {
    progress->mutation = mutation;
    alarm(kMostSeconds);
    ++(load_and_run(mutate(model, mutation, what)) ? progress->ran : progress->refused);
  }
  alarm(0);
  progress->mutation = mutation_count(model);
  std::_Exit(0);
}

/// Returns how many mutations killed the child.
size_t test_model(const std::string& name, const Bytes& model, Progress* progress) {
  *progress = {};
  size_t failures = 0;
  for (size_t first = 0; first < mutation_count(model); first = progress->mutation + 1) {
    std::fflush(stdout);
    const pid_t child = fork();
    if (child == 0) run_child(model, first, progress);
    int state = 0;
    waitpid(child, &state, 0);
    if (WIFEXITED(state) && WEXITSTATUS(state) == 0) break;
    ++failures;
    std::string what;
    mutate(model, progress->mutation, what);
    const int signal = WIFSIGNALED(state) ? WTERMSIG(state) : 0;
    std::printf("%s: %s: %s\n", name.c_str(), what.c_str(),
                signal == SIGALRM ? "still running after 5 s"
                : signal != 0     ? strsignal(signal)
                                  : "the process ended");
  }
  std::printf("%s (%zu bytes): %zu mutations, %zu refused, %zu ran, %zu failures\n", name.c_str(), model.size(), mutation_count(model),
              progress->refused, progress->ran, failures);
  return failures;
}

}  // namespace

int main(int count, char** values) {
  if (count < 3) return 2;
  auto* progress = static_cast<Progress*>(mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  if (progress == MAP_FAILED) return 4;
  const uint64_t first = std::strtoull(values[1], nullptr, 10), models = std::strtoull(values[2], nullptr, 10);
  size_t failures = 0;
  for (uint64_t seed = first; seed < first + models; ++seed) {
    const auto type = seed % 2 == 0 ? liteqat::graph::DType::kInt8 : liteqat::graph::DType::kFloat32;
    const auto model = liteqat::formats::tflite::write(liteqat::runtime::RandomGraph(seed, type).make(static_cast<int>(seed % 5)));
    if (!model.ok()) return 3;
    failures += test_model(liteqat::format("random model {}", seed), model.value(), progress);
  }
  for (int argument = 3; argument < count; ++argument) {
    const auto model = liteqat::read_file(values[argument]);
    if (!model.ok()) {
      std::fprintf(stderr, "%s\n", model.status().message().c_str());
      return 3;
    }
    failures += test_model(values[argument], model.value(), progress);
  }
  return failures == 0 ? 0 : 1;
}
