#include "base/thread_pool.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "base/check.h"

namespace liteqat {

struct ThreadPool::Shared {
  std::vector<std::thread> workers;
  std::atomic<uint32_t> generation{0};  // raised once per run(); workers wait for it to change
  std::atomic<uint32_t> pending{0};     // workers still busy with this generation
  std::atomic<bool> stopping{false};
  int count = 0;
  const void* object = nullptr;
  Invoke invoke = nullptr;
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

template <typename Invoke>
void run_range(int count, int worker, int threads, const void* object, Invoke invoke) {
  const int begin = static_cast<int>(int64_t{count} * worker / threads);
  const int end = static_cast<int>(int64_t{count} * (worker + 1) / threads);
  for (int task = begin; task < end; ++task) invoke(object, task, worker);
}

}  // namespace

ThreadPool::ThreadPool(int threads) : threads_(threads), shared_(std::make_unique<Shared>()) {
  LITEQAT_CHECK_LE(1, threads);
  Shared* shared = shared_.get();
  for (int worker = 1; worker < threads; ++worker) {
    shared->workers.emplace_back([shared, worker, threads] {
      uint32_t seen = 0;
      while (true) {
        seen = wait_for_change(shared->generation, seen);
        if (shared->stopping.load(std::memory_order_acquire)) return;
        run_range(shared->count, worker, threads, shared->object, shared->invoke);
        if (shared->pending.fetch_sub(1, std::memory_order_acq_rel) == 1) shared->pending.notify_one();
      }
    });
  }
}

ThreadPool::~ThreadPool() {
  shared_->stopping.store(true, std::memory_order_release);
  shared_->generation.fetch_add(1, std::memory_order_release);
  shared_->generation.notify_all();
  for (std::thread& worker : shared_->workers) worker.join();
}

void ThreadPool::run_erased(int count, const void* object, Invoke invoke) {
  if (threads_ == 1 || count <= 1) {
    for (int task = 0; task < count; ++task) invoke(object, task, 0);
    return;
  }
  shared_->count = count;
  shared_->object = object;
  shared_->invoke = invoke;
  shared_->pending.store(static_cast<uint32_t>(threads_ - 1), std::memory_order_release);
  shared_->generation.fetch_add(1, std::memory_order_release);
  shared_->generation.notify_all();
  run_range(count, 0, threads_, object, invoke);
  uint32_t pending = shared_->pending.load(std::memory_order_acquire);
  while (pending != 0) pending = wait_for_change(shared_->pending, pending);
}

int available_cores() {
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return std::max(1, CPU_COUNT(&set));
}

}  // namespace liteqat
