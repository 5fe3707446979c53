#include "base/phase_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

namespace liteqat {
namespace {

// Plain, not atomic, writes of a phase must be visible to every task of the next and to the caller, whatever the numbers of tasks.
TEST(PhasePool, EveryTaskRunsOnceAndSeesThePhasesBefore) {
  const std::vector<int> counts = {1, 2, 7, 1, 1, 3, 64, 2, 2, 1, 5};
  for (int threads = 1; threads <= 4; ++threads) {
    std::vector<std::vector<int>> values;
    for (int count : counts) values.emplace_back(static_cast<size_t>(count));
    int walk = 0;
    std::atomic<int> wrong = 0;
    {
      PhasePool pool(threads, counts, [&](int phase, int task, int worker) {
        if (worker < 0 || worker >= threads) ++wrong;
        const auto at = static_cast<size_t>(phase);
        if (phase > 0) {
          for (int value : values[at - 1]) wrong += value != walk;
        }
        if (++values[at][static_cast<size_t>(task)] != walk) ++wrong;
      });
      for (walk = 1; walk <= 2000; ++walk) {
        pool.run(0, static_cast<int>(counts.size()));
        for (int value : values.back()) ASSERT_EQ(value, walk);
      }
    }
    EXPECT_EQ(wrong, 0) << threads;
  }
}

TEST(PhasePool, PartsOfTheListRunAlone) {
  std::vector<std::atomic<int>> runs(5);
  PhasePool pool(3, {4, 1, 3, 9, 2}, [&](int phase, int, int) { ++runs[static_cast<size_t>(phase)]; });
  pool.run(3, 4);
  pool.run(1, 3);
  pool.run(2, 2);
  pool.run(0, 1);
  pool.run(3, 5);
  const int expected[] = {4, 1, 3, 18, 2};
  for (size_t phase = 0; phase < 5; ++phase) EXPECT_EQ(runs[phase], expected[phase]) << phase;
}

TEST(PhasePool, WorkersBeginWithTheirOwnContiguousRanges) {
  std::atomic<int> begun = 0;
  std::vector<int> first(3, -1);
  PhasePool pool(3, {7}, [&](int, int task, int worker) {
    if (first[static_cast<size_t>(worker)] >= 0) return;
    first[static_cast<size_t>(worker)] = task;
    ++begun;
    while (begun < 3) std::this_thread::yield();
  });
  pool.run(0, 1);
  EXPECT_EQ(first, (std::vector<int>{0, 3, 5}));
}

// One worker holds a task until all other tasks of the phase, its own other ones included, are done: those are left for the others.
TEST(PhasePool, TasksOfAHeldWorkerAreTaken) {
  for (int held = 0; held < 3; ++held) {
    std::atomic<int> begun = 0, done = 0;
    std::vector<int> tasks_of(3);
    PhasePool pool(3, {30}, [&](int, int, int worker) {
      if (tasks_of[static_cast<size_t>(worker)]++ == 0) {
        ++begun;
        while (begun < 3) std::this_thread::yield();
        while (worker == held && done < 29) std::this_thread::yield();
      }
      ++done;
    });
    pool.run(0, 1);
    EXPECT_EQ(done, 30);
    EXPECT_EQ(tasks_of[static_cast<size_t>(held)], 1);
  }
}

// A worker kept busy from phase to phase: sleepers of both kinds wake, the caller too.
TEST(PhasePool, SleepingWorkersWakeAndStop) {
  std::atomic<int> runs = 0;
  PhasePool pool(3, {1, 3, 1, 6}, [&](int phase, int task, int) {
    if (phase % 2 == 0 || task == 2) std::this_thread::sleep_for(std::chrono::milliseconds(3));  // far beyond the spinning time
    ++runs;
  });
  for (int walk = 1; walk <= 4; ++walk) {
    pool.run(0, 4);
    EXPECT_EQ(runs, 11 * walk);
    std::this_thread::sleep_for(std::chrono::milliseconds(3));
  }
}

// More phases than one command holds.
TEST(PhasePool, LongListsAreWalkedToTheEnd) {
  int64_t sum = 0;
  std::vector<int> counts(70'000, 1);
  PhasePool pool(2, counts, [&](int phase, int, int) { sum += phase; });
  pool.run(0, 70'000);
  EXPECT_EQ(sum, int64_t{70'000} * 69'999 / 2);
}

TEST(PhasePool, UnusedPoolsStartAndStop) {
  for (int i = 0; i < 50; ++i) PhasePool pool(4, {1}, [](int, int, int) {});
}

}  // namespace
}  // namespace liteqat
