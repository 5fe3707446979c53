// A fixed set of workers. Each has a contiguous range of the tasks, the same one for the same thread count, so that what it touched last is
// what it touches next; a worker that has finished its range takes tasks that others have not begun. A thread the scheduler keeps away
// therefore delays a run by the task it holds, not by its whole share. Nothing about a result may depend on which worker ran a task.
// Waiting workers spin briefly, then sleep. One run() at a time.
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

  /// Calls function(task, worker) once for every task in [0, count); no two calls at a time have the same worker, which indexes scratch
  /// memory. Returns when all are done; all memory written by tasks is visible to the caller. Where tasks throw, memory that cannot be had
  /// for one, one of the exceptions is thrown here, when no task is running any more.
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
