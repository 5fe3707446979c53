#include "base/thread_pool.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.h"

namespace liteqat {

// A slot is (run << 32) | tasks left of one worker's range. Whoever lowers the count by compare-and-swap owns the task; the run's number in
// the upper half makes a claim fail that was begun in an earlier run. While a claimed task is unfinished its run cannot end, so what
// describes the run (count, object, invoke) is plain memory, read only by owners of a task. The number wraps after 2^32 runs: harmless
// unless one worker stands still between two instructions for exactly so many.
struct alignas(64) Slot {
  std::atomic<uint64_t> left{0};
};

struct ThreadPool::Shared {
  explicit Shared(int threads) : slots(static_cast<size_t>(threads)) {}

  int range_begin(size_t worker) const {
    return static_cast<int>(int64_t{count} * static_cast<int64_t>(worker) / static_cast<int64_t>(slots.size()));
  }
  void work(size_t worker, uint32_t run);
  void run_task(int task, size_t worker);
  uint32_t drain(size_t owner, size_t worker, uint32_t run);

  std::vector<std::thread> workers;
  std::vector<Slot> slots;                          // one per worker
  alignas(64) std::atomic<uint32_t> runs{0};        // raised once per run(); workers wait for it to change
  alignas(64) std::atomic<uint32_t> unfinished{0};  // tasks of this run
  std::atomic<bool> stopping{false};
  int count = 0;
  const void* object = nullptr;
  Invoke invoke = nullptr;
  std::atomic<bool> failed{false};  // a task of this run has thrown, the first one `fault`
  std::exception_ptr fault;
};

namespace {

// About 20 microseconds on the development machine: longer than the gap between two operators of a small network, much shorter than
// a scheduler slice.
constexpr int kSpins = 2000;

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

/// Returns once value differs from old: spins, then sleeps in the kernel.
uint32_t wait_for_change(const std::atomic<uint32_t>& value, uint32_t old) {
  for (int spin = 0; spin < kSpins; ++spin) {
    const uint32_t now = value.load(std::memory_order_acquire);
    if (now != old) return now;
    relax();
  }
  value.wait(old, std::memory_order_acquire);
  return value.load(std::memory_order_acquire);
}

constexpr uint64_t packed(uint32_t run, uint32_t left) {
  return (uint64_t{run} << 32) | left;
}

/// How many tasks were left when one was claimed; 0 if there is none of this run.
uint32_t claim(std::atomic<uint64_t>& slot, uint32_t run) {
  uint64_t seen = slot.load(std::memory_order_acquire);
  while (seen >> 32 == run && static_cast<uint32_t>(seen) != 0) {
    if (slot.compare_exchange_weak(seen, seen - 1, std::memory_order_acq_rel, std::memory_order_acquire))
      return static_cast<uint32_t>(seen);
  }
  return 0;
}

}  // namespace

/// No exception leaves a worker, nor the caller while others work on what it owns: run() throws the first one when all tasks are over.
void ThreadPool::Shared::run_task(int task, size_t worker) {
  try {
    invoke(object, task, static_cast<int>(worker));
  } catch (...) {
    if (!failed.exchange(true, std::memory_order_relaxed)) fault = std::current_exception();
  }
}

/// Runs what is left of owner's range; returns how many tasks that were.
uint32_t ThreadPool::Shared::drain(size_t owner, size_t worker, uint32_t run) {
  uint32_t done = 0;
  while (const uint32_t left = claim(slots[owner].left, run)) {
    run_task(range_begin(owner + 1) - static_cast<int>(left), worker);
    ++done;
  }
  return done;
}

/// The worker's own range, then what others have not begun.
void ThreadPool::Shared::work(size_t worker, uint32_t run) {
  for (size_t offset = 0; offset < slots.size(); ++offset) {
    const uint32_t done = drain((worker + offset) % slots.size(), worker, run);
    if (done != 0 && unfinished.fetch_sub(done, std::memory_order_acq_rel) == done) unfinished.notify_one();
  }
}

ThreadPool::ThreadPool(int threads) : threads_(threads) {
  LITEQAT_CHECK_LE(1, threads);
  shared_ = std::make_unique<Shared>(threads);
  Shared* shared = shared_.get();
  shared->workers.reserve(shared->slots.size());
  const auto work = [shared](size_t worker) {
    uint32_t seen = 0;
    while (true) {
      seen = wait_for_change(shared->runs, seen);
      if (shared->stopping.load(std::memory_order_acquire)) return;
      shared->work(worker, seen);
    }
  };
  for (size_t worker = 1; worker < shared->slots.size(); ++worker) {
    // A thread that cannot be had is no reason to stop: the others take its tasks.
    try {
      shared->workers.emplace_back(work, worker);
    } catch (const std::exception&) {
      break;
    }
  }
}

ThreadPool::~ThreadPool() {
  shared_->stopping.store(true, std::memory_order_release);
  shared_->runs.fetch_add(1, std::memory_order_release);
  shared_->runs.notify_all();
  for (std::thread& worker : shared_->workers) worker.join();
}

void ThreadPool::run_erased(int count, const void* object, Invoke invoke) {
  if (threads_ == 1 || count <= 1) {
    for (int task = 0; task < count; ++task) invoke(object, task, 0);
    return;
  }
  Shared& shared = *shared_;
  shared.count = count;
  shared.object = object;
  shared.invoke = invoke;
  shared.unfinished.store(static_cast<uint32_t>(count), std::memory_order_relaxed);
  const uint32_t run = shared.runs.load(std::memory_order_relaxed) + 1;
  for (size_t worker = 0; worker < shared.slots.size(); ++worker) {
    const int tasks = shared.range_begin(worker + 1) - shared.range_begin(worker);
    shared.slots[worker].left.store(packed(run, static_cast<uint32_t>(tasks)), std::memory_order_release);
  }
  shared.runs.store(run, std::memory_order_release);
  shared.runs.notify_all();
  shared.work(0, run);
  uint32_t unfinished = shared.unfinished.load(std::memory_order_acquire);
  while (unfinished != 0) unfinished = wait_for_change(shared.unfinished, unfinished);
  if (shared.failed.exchange(false, std::memory_order_relaxed)) std::rethrow_exception(std::exchange(shared.fault, nullptr));
}

int available_cores() {
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return std::max(1, CPU_COUNT(&set));
}

}  // namespace liteqat
