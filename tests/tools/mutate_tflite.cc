// Damages .tflite models and loads, prepares and runs every result in a child process: nothing may die by a signal or hang.
//
//   mutate_tflite SCHEMA bytes|structure|both FIRST_SEED MODELS [--every N] [--emit] [FILE...]
//
// SCHEMA is the TFLite schema in binary form; what is done: model_mutations.h. Models are random small ones by seed, then the files given.
// --every N: each N-th mutation, from the (seed mod N)-th on. --emit: runs nothing, but writes the damaged files to stdout, each after its
// size as eight bytes little-endian, for other runtimes to be tried on (tests/reliability/litert_mutations.py).
//
// Prints a line per model and one per failure; exit 1 if there was a failure.
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/sanitizers.h"
#include "formats/tflite/tflite.h"
#include "model_mutations.h"
#include "runtime/interpreter.h"
#include "runtime/test_graphs.h"

namespace {

using liteqat::Bytes;
using liteqat::test::Damage;
using liteqat::test::Mutations;

constexpr int kMostSeconds = 5;                  // of CPU time for one mutation; under sanitizers one works five times as long
constexpr unsigned kMostWaiting = 300;           // seconds by the clock, where a child waits instead of working: other work may hold it up
constexpr int64_t kMostActivations = 64 << 20;   // beside twice the file
constexpr rlim_t kMostMemory = rlim_t{4} << 30;  // the address space of a child

struct Progress {  // shared with the child
  size_t mutation;
  size_t refused, ran;
};

struct Task {
  Damage damage = Damage::kBytes;
  uint64_t first_seed = 0, models = 0;
  size_t every = 1;
  bool emit = false;
  Bytes schema;
  std::vector<std::string> files;
};

/// True if the model was accepted and ran.
bool load_and_run(const Bytes& bytes) {
  const auto graph = liteqat::formats::tflite::read(bytes, "damaged.tflite");
  if (!graph.ok()) return false;
  auto interpreter =
      liteqat::runtime::Interpreter::prepare(graph.value(), {.max_memory = 2 * static_cast<int64_t>(bytes.size()) + kMostActivations});
  if (!interpreter.ok()) return false;
  for (size_t input = 0; input < graph.value().inputs.size(); ++input) {
    const auto target = interpreter.value().input(input);
    std::memset(target.data(), 0x5A, target.size());
  }
  interpreter.value().invoke();
  return true;
}

/// SIGPROF after so many seconds of CPU time, SIGALRM after kMostWaiting by the clock; 0 for neither.
void set_timers(int cpu_seconds) {
  const itimerval timer = {.it_interval = {}, .it_value = {.tv_sec = cpu_seconds, .tv_usec = 0}};
  setitimer(ITIMER_PROF, &timer, nullptr);
  alarm(cpu_seconds == 0 ? 0 : kMostWaiting);
}

[[noreturn]] void run_child(const Mutations& mutations, size_t first, size_t every, Progress* progress) {
  if (!liteqat::kHasShadowMemory) {
    const rlimit limit = {kMostMemory, kMostMemory};
    setrlimit(RLIMIT_AS, &limit);
  }
  const rlimit no_core = {0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  std::string what;
  for (size_t mutation = first; mutation < mutations.count(); mutation += every) {
    progress->mutation = mutation;
    set_timers(kMostSeconds);
    ++(load_and_run(mutations.make(mutation, what)) ? progress->ran : progress->refused);
  }
  set_timers(0);
  std::_Exit(0);
}

/// Returns how many mutations killed the child.
size_t test_model(const std::string& name, const Mutations& mutations, size_t first, size_t every, Progress* progress) {
  *progress = {};
  size_t failures = 0;
  for (; first < mutations.count(); first = progress->mutation + every) {
    std::fflush(stdout);
    const pid_t child = fork();
    if (child == 0) run_child(mutations, first, every, progress);
    int state = 0;
    waitpid(child, &state, 0);
    if (WIFEXITED(state) && WEXITSTATUS(state) == 0) break;
    ++failures;
    std::string what;
    mutations.make(progress->mutation, what);
    const int signal = WIFSIGNALED(state) ? WTERMSIG(state) : 0;
    std::printf("%s: mutation %zu, %s: %s\n", name.c_str(), progress->mutation, what.c_str(),
                signal == SIGPROF   ? "still running after 5 s of CPU time"
                : signal == SIGALRM ? "still waiting after 300 s"
                : signal != 0       ? strsignal(signal)
                                    : "the process ended");
  }
  std::printf("%s (%zu bytes): %zu mutations, %zu refused, %zu ran, %zu failures\n", name.c_str(), mutations.model().size(),
              progress->refused + progress->ran + failures, progress->refused, progress->ran, failures);
  return failures;
}

void emit_model(const Mutations& mutations, size_t first, size_t every) {
  std::string what;
  for (size_t mutation = first; mutation < mutations.count(); mutation += every) {
    const Bytes damaged = mutations.make(mutation, what);
    const uint64_t size = damaged.size();
    std::fwrite(&size, sizeof size, 1, stdout);
    std::fwrite(damaged.data(), 1, damaged.size(), stdout);
  }
}

[[noreturn]] void fail(const std::string& message) {
  std::fprintf(stderr, "mutate_tflite: %s\n", message.c_str());
  std::exit(2);
}

Bytes read_or_fail(const std::string& path) {
  auto bytes = liteqat::read_file(path);
  if (!bytes.ok()) fail(bytes.status().message());
  return std::move(bytes).value();
}

Task parse(int count, char** values) {
  if (count < 5) fail("usage: mutate_tflite SCHEMA bytes|structure|both FIRST_SEED MODELS [--every N] [--emit] [FILE...]");
  Task task;
  task.schema = read_or_fail(values[1]);
  const std::string_view damage = values[2];
  if (damage != "bytes" && damage != "structure" && damage != "both")
    fail("expected bytes, structure or both, found " + std::string(damage));
  task.damage = damage == "bytes" ? Damage::kBytes : damage == "structure" ? Damage::kStructure : Damage::kBoth;
  task.first_seed = std::strtoull(values[3], nullptr, 10);
  task.models = std::strtoull(values[4], nullptr, 10);
  for (int argument = 5; argument < count; ++argument) {
    const std::string_view value = values[argument];
    if (value == "--emit") {
      task.emit = true;
    } else if (value == "--every" && argument + 1 < count) {
      task.every = std::strtoull(values[++argument], nullptr, 10);
      if (task.every == 0) fail("--every needs a number above 0");
    } else {
      task.files.emplace_back(value);
    }
  }
  return task;
}

Bytes random_model(uint64_t seed) {
  const auto type = seed % 2 == 0 ? liteqat::graph::DType::kInt8 : liteqat::graph::DType::kFloat32;
  auto model = liteqat::formats::tflite::write(liteqat::runtime::RandomGraph(seed, type).make(static_cast<int>(seed % 5)));
  if (!model.ok()) fail(model.status().message());
  return std::move(model).value();
}

}  // namespace

int main(int count, char** values) {
  const Task task = parse(count, values);
  auto* progress = static_cast<Progress*>(mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  if (progress == MAP_FAILED) fail("no shared memory");
  size_t failures = 0;
  const auto handle = [&](const std::string& name, const Bytes& model, uint64_t number) {
    const Mutations mutations(model, task.schema, task.damage);
    const size_t first = number % task.every;
    if (task.emit) return emit_model(mutations, first, task.every);
    failures += test_model(name, mutations, first, task.every, progress);
  };
  for (uint64_t seed = task.first_seed; seed < task.first_seed + task.models; ++seed) {
    handle(liteqat::format("random model {}", seed), random_model(seed), seed);
  }
  for (size_t file = 0; file < task.files.size(); ++file) handle(task.files[file], read_or_fail(task.files[file]), task.first_seed + file);
  return failures == 0 ? 0 : 1;
}
