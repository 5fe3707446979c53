#include "base/progress.h"

#include <atomic>

namespace liteqat {
namespace {
std::atomic<bool> interrupted{false};  // lock-free: written by a signal handler
static_assert(std::atomic<bool>::is_always_lock_free);
}  // namespace

void request_interrupt() {
  interrupted.store(true);
}
bool interrupt_requested() {
  return interrupted.load();
}
void clear_interrupt() {
  interrupted.store(false);
}

}  // namespace liteqat
