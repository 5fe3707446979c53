// One thread beside the pool that does one job at a time, for work that must not hold up a training step. Sleeps while it has none.
#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>

namespace liteqat::train {

class SpareThread {
 public:
  SpareThread() = default;
  SpareThread(const SpareThread&) = delete;
  SpareThread& operator=(const SpareThread&) = delete;
  /// Waits for the job.
  ~SpareThread();

  /// Begins the job; where the system gives no thread it is done here and now. Requires: wait() was called since the last start().
  void start(std::function<void()> job);
  /// Returns once the job is done; what it wrote is visible then. Throws what the job threw. Nothing to do without a job.
  void wait();

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::function<void()> job_;  // empty: none, or done
  std::exception_ptr fault_;   // what it threw
  bool ends_ = false;
  std::thread thread_;  // started with the first job
};

}  // namespace liteqat::train
