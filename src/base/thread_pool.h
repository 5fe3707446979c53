// A fixed set of workers with a static partition: task k of n always runs on the same worker for the same thread count, and nothing
// about a result may depend on which worker ran it. Waiting workers spin briefly, then sleep. One run() at a time; tasks must not throw.
#pragma once

#include <memory>

namespace liteqat {

class ThreadPool {
 public:
  /// threads counts the caller too: 1 means no thread is started. Requires: threads >= 1.
  explicit ThreadPool(int threads);
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  ~ThreadPool();

  int threads() const { return threads_; }

  /// Calls function(task, worker) for task in [0, count), each worker taking one contiguous range. Returns when all are done; all
  /// memory written by tasks is visible to the caller.
  template <typename Function>
  void run(int count, const Function& function) {
    run_erased(count, &function, [](const void* object, int task, int worker) { (*static_cast<const Function*>(object))(task, worker); });
  }

 private:
  using Invoke = void (*)(const void*, int, int);
  void run_erased(int count, const void* object, Invoke invoke);

  struct Shared;
  int threads_;
  std::unique_ptr<Shared> shared_;
};

/// Cores this process may use (its affinity mask), at least 1.
int available_cores();

}  // namespace liteqat
