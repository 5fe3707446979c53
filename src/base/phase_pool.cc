#include "base/phase_pool.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <thread>
#include <utility>

#include "base/check.h"

namespace liteqat {
namespace {

// Every phase that is run gets a ticket, larger than all before, whose remainder by the number of phases is the phase. Words below are
// (ticket << 16) | count. At a million phases a second the 48 bits of tickets last nine years.
constexpr int kCountBits = 16;
constexpr uint64_t kCountMask = (uint64_t{1} << kCountBits) - 1;

constexpr uint64_t packed(uint64_t ticket, uint64_t count) {
  return (ticket << kCountBits) | count;
}
constexpr uint64_t ticket_of(uint64_t word) {
  return word >> kCountBits;
}
constexpr uint64_t count_of(uint64_t word) {
  return word & kCountMask;
}

// Spins are about 10 ns. Sleeping costs more than the gaps between runs of a small network; a task that nobody has begun for the shorter
// time belongs to a worker that does not run.
constexpr int kSpinsBeforeSleep = 2000, kSpinsBeforeTaking = 300;

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

}  // namespace

// A slot says which tasks of its worker are left in the phase of its ticket. Whoever lowers the count by compare-and-swap owns the task. An
// older ticket means that nobody has begun them; a newer one that the phase is over, so a worker that stood still finds nothing in the
// phases it missed. Everything else that describes phases never changes.
struct PhasePool::Shared {
  struct alignas(64) Slot {
    std::atomic<uint64_t> left{0};
  };

  Shared(int threads, std::vector<int> counts, Function body)
      : tasks(std::move(counts)), function(std::move(body)), slots(static_cast<size_t>(threads)), next_ticket(tasks.size()) {}

  uint64_t range_begin(uint64_t count, size_t worker) const { return (count * worker + slots.size() - 1) / slots.size(); }
  size_t phase_of(uint64_t ticket) const { return static_cast<size_t>(ticket % tasks.size()); }
  uint64_t tasks_of(uint64_t ticket) const { return static_cast<uint64_t>(tasks[phase_of(ticket)]); }

  uint64_t drain(size_t owner, size_t worker, uint64_t ticket);
  void finish(uint64_t ticket, uint64_t end, uint64_t done);
  bool spin_until_over(uint64_t ticket, int spins) const;
  void wait_until_over(uint64_t ticket) const;
  void walk(size_t worker, uint64_t begin, uint64_t end);
  void run(int first, int count);
  void serve(size_t worker);

  const std::vector<int> tasks;
  const Function function;
  std::vector<std::thread> workers;
  std::vector<Slot> slots;                    // one per worker
  uint64_t next_ticket;                       // the caller's
  alignas(64) std::atomic<uint32_t> runs{0};  // raised once per run; idle workers wait for it to change
  std::atomic<uint64_t> command{0};           // first ticket and number of phases of this run
  std::atomic<bool> stopping{false};
  alignas(64) std::atomic<uint64_t> progress{0};  // the phase that is running, and its unfinished tasks
  std::atomic<uint32_t> over{0};                  // changes when a phase is over; for those that sleep
};

/// Runs what is left of owner's range; returns how many tasks that were.
uint64_t PhasePool::Shared::drain(size_t owner, size_t worker, uint64_t ticket) {
  const uint64_t count = tasks_of(ticket), end = range_begin(count, owner + 1), size = end - range_begin(count, owner);
  std::atomic<uint64_t>& slot = slots[owner].left;
  uint64_t done = 0, seen = slot.load(std::memory_order_acquire);
  while (size != 0 && ticket_of(seen) <= ticket) {
    const uint64_t left = ticket_of(seen) == ticket ? count_of(seen) : size;
    if (left == 0) break;
    if (!slot.compare_exchange_weak(seen, packed(ticket, left - 1), std::memory_order_acq_rel, std::memory_order_acquire)) continue;
    function(static_cast<int>(phase_of(ticket)), static_cast<int>(end - left), static_cast<int>(worker));
    ++done;
    seen = slot.load(std::memory_order_acquire);
  }
  return done;
}

/// Counts tasks as finished; with the last one the next phase begins. Requires: at least one, run by the caller.
void PhasePool::Shared::finish(uint64_t ticket, uint64_t end, uint64_t done) {
  uint64_t seen = progress.load(std::memory_order_acquire), next = 0;
  do {
    const bool last = count_of(seen) == done;
    next = !last ? seen - done : packed(ticket + 1, ticket + 1 < end ? tasks_of(ticket + 1) : 0);
  } while (!progress.compare_exchange_weak(seen, next, std::memory_order_acq_rel, std::memory_order_acquire));
  if (ticket_of(next) == ticket) return;
  over.store(static_cast<uint32_t>(ticket + 1), std::memory_order_release);
  over.notify_all();
}

bool PhasePool::Shared::spin_until_over(uint64_t ticket, int spins) const {
  for (int spin = 0; spin < spins; ++spin) {
    if (ticket_of(progress.load(std::memory_order_acquire)) > ticket) return true;
    relax();
  }
  return false;
}

void PhasePool::Shared::wait_until_over(uint64_t ticket) const {
  if (spin_until_over(ticket, kSpinsBeforeSleep)) return;
  while (true) {
    const uint32_t before = over.load(std::memory_order_acquire);
    if (ticket_of(progress.load(std::memory_order_acquire)) > ticket) return;
    over.wait(before, std::memory_order_acquire);
  }
}

/// Phases of tickets [begin, end), those that are over left out.
void PhasePool::Shared::walk(size_t worker, uint64_t begin, uint64_t end) {
  for (uint64_t ticket = begin; ticket < end; ticket = std::max(ticket + 1, ticket_of(progress.load(std::memory_order_acquire)))) {
    const bool more_than_workers = tasks_of(ticket) > slots.size();
    for (size_t offset = 0; offset < slots.size(); ++offset) {
      if (offset == 1 && spin_until_over(ticket, more_than_workers ? 1 : kSpinsBeforeTaking)) break;
      const uint64_t done = drain((worker + offset) % slots.size(), worker, ticket);
      if (done != 0) finish(ticket, end, done);
    }
    wait_until_over(ticket);
  }
}

void PhasePool::Shared::run(int first, int count) {
  // The smallest unused ticket of the first phase.
  const uint64_t phases = tasks.size(), ticket = next_ticket + (static_cast<uint64_t>(first) + phases - next_ticket % phases) % phases;
  const uint64_t end = ticket + static_cast<uint64_t>(count);
  next_ticket = end;
  progress.store(packed(ticket, tasks_of(ticket)), std::memory_order_release);
  command.store(packed(ticket, static_cast<uint64_t>(count)), std::memory_order_release);
  runs.store(runs.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  runs.notify_all();
  walk(0, ticket, end);
}

void PhasePool::Shared::serve(size_t worker) {
  uint32_t seen = 0;
  while (true) {
    for (int spin = 0; spin < kSpinsBeforeSleep && runs.load(std::memory_order_acquire) == seen; ++spin) relax();
    runs.wait(seen, std::memory_order_acquire);
    seen = runs.load(std::memory_order_acquire);
    if (stopping.load(std::memory_order_acquire)) return;
    const uint64_t word = command.load(std::memory_order_acquire);
    walk(worker, ticket_of(word), ticket_of(word) + count_of(word));
  }
}

PhasePool::PhasePool(int threads, std::vector<int> tasks, Function function) {
  LITEQAT_CHECK_LE(1, threads);
  for (int count : tasks) {
    LITEQAT_CHECK_LE(1, count);
    LITEQAT_CHECK_LE(count, static_cast<int>(kCountMask));
  }
  shared_ = std::make_unique<Shared>(threads, std::move(tasks), std::move(function));
  Shared* shared = shared_.get();
  shared->workers.reserve(shared->slots.size());
  for (size_t worker = 1; worker < shared->slots.size(); ++worker) {
    // A thread that cannot be had is no reason to stop: the others take its tasks.
    try {
      shared->workers.emplace_back([shared, worker] { shared->serve(worker); });
    } catch (const std::exception&) {
      break;
    }
  }
}

PhasePool::~PhasePool() {
  shared_->stopping.store(true, std::memory_order_release);
  shared_->runs.fetch_add(1, std::memory_order_release);
  shared_->runs.notify_all();
  for (std::thread& worker : shared_->workers) worker.join();
}

void PhasePool::run(int first, int last) {
  constexpr int kMost = static_cast<int>(kCountMask);  // of one command
  for (int begin = first; begin < last; begin += kMost) shared_->run(begin, std::min(kMost, last - begin));
}

}  // namespace liteqat
