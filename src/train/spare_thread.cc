#include "train/spare_thread.h"

#include <exception>
#include <utility>

#include "base/check.h"

namespace liteqat::train {

SpareThread::~SpareThread() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void SpareThread::start(std::function<void()> job) {
  {
    const std::lock_guard lock(mutex_);
    LITEQAT_CHECK(!job_);
    job_ = std::move(job);
  }
  if (thread_.joinable()) return changed_.notify_all();
  try {
    thread_ = std::thread([this] { work(); });
  } catch (const std::exception&) {  // no thread, or no memory for one: done here and now
    std::exchange(job_, nullptr)();
  }
}

void SpareThread::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !job_; });
  if (fault_) std::rethrow_exception(std::exchange(fault_, nullptr));
}

void SpareThread::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return ends_ || job_; });
    if (!job_) return;
    lock.unlock();
    std::exception_ptr fault;
    try {
      job_();  // nobody changes it before it is done
    } catch (...) {
      fault = std::current_exception();
    }
    lock.lock();
    fault_ = fault;
    job_ = nullptr;
    changed_.notify_all();
  }
}

}  // namespace liteqat::train
