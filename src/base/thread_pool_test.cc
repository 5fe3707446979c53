#include "base/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <new>
#include <thread>
#include <vector>

namespace liteqat {
namespace {

TEST(ThreadPool, EveryTaskRunsExactlyOnce) {
  for (int threads = 1; threads <= 4; ++threads) {
    ThreadPool pool(threads);
    EXPECT_EQ(pool.threads(), threads);
    for (int count : {0, 1, 2, 3, 4, 5, 7, 64, 1000}) {
      std::vector<std::atomic<int>> runs(static_cast<size_t>(count));
      pool.run(count, [&](int task, int worker) {
        EXPECT_TRUE(worker >= 0 && worker < threads);
        ++runs[static_cast<size_t>(task)];
      });
      for (int task = 0; task < count; ++task) EXPECT_EQ(runs[static_cast<size_t>(task)], 1) << threads << " " << count << " " << task;
    }
  }
}

void wait_until(const std::atomic<int>& value, int at_least) {
  while (value < at_least) std::this_thread::yield();
}

// Every task waits until one has begun on each worker, so none can be taken from a worker that is still waking up.
TEST(ThreadPool, EachWorkerBeginsWithItsOwnContiguousRange) {
  for (int threads = 2; threads <= 4; ++threads) {
    for (int count : {threads, threads + 1, 2 * threads, 25}) {
      ThreadPool pool(threads);
      std::atomic<int> begun = 0;
      std::vector<int> first(static_cast<size_t>(threads), -1);
      std::vector<std::thread::id> ids(static_cast<size_t>(threads));
      pool.run(count, [&](int task, int worker) {
        const auto w = static_cast<size_t>(worker);
        if (first[w] >= 0) return;
        first[w] = task;
        ids[w] = std::this_thread::get_id();
        ++begun;
        wait_until(begun, threads);
      });
      EXPECT_EQ(ids[0], std::this_thread::get_id());
      for (int worker = 0; worker < threads; ++worker) {
        EXPECT_EQ(first[static_cast<size_t>(worker)], count * worker / threads) << threads << " " << count;
        for (int other = 0; other < worker; ++other) EXPECT_NE(ids[static_cast<size_t>(worker)], ids[static_cast<size_t>(other)]);
      }
    }
  }
}

// A worker's exception would else end the program, and the caller's would leave others at work on what it owned.
TEST(ThreadPool, WhatATaskThrowsIsThrownByRunWhenNoneIsRunning) {
  for (const int threads : {1, 2, 3}) {
    ThreadPool pool(threads);
    for (const int thrown : {0, 7, 14}) {
      std::atomic<int> inside = 0;
      EXPECT_THROW(pool.run(15,
                            [&](int task, int) {
                              ++inside;
                              if (task != thrown) std::this_thread::sleep_for(std::chrono::milliseconds(1));
                              --inside;
                              if (task == thrown) throw std::bad_alloc();
                            }),
                   std::bad_alloc);
      EXPECT_EQ(inside, 0);
      std::atomic<int> runs = 0;
      pool.run(15, [&](int, int) { ++runs; });
      EXPECT_EQ(runs, 15) << "after an exception";
    }
  }
}

// With a static partition each of these would never end.
TEST(ThreadPool, TasksOfAWorkerThatIsHeldBackAreTakenOver) {
  for (int held : {0, 1, 2}) {
    ThreadPool pool(3);
    for (int run = 0; run < 20; ++run) {
      std::atomic<int> begun = 0, done = 0;
      std::vector<int> tasks_of(3);
      pool.run(30, [&](int, int worker) {
        if (tasks_of[static_cast<size_t>(worker)]++ == 0) {
          ++begun;
          wait_until(begun, 3);
          if (worker == held) wait_until(done, 29);
        }
        ++done;
      });
      EXPECT_EQ(done, 30);
      EXPECT_EQ(tasks_of[static_cast<size_t>(held)], 1);
    }
  }
}

// Plain, not atomic, writes must be visible to the caller after run(), and a caller's to the workers of the next run.
TEST(ThreadPool, ManyRunsSeeEachOthersWrites) {
  for (int threads = 1; threads <= 4; ++threads) {
    ThreadPool pool(threads);
    std::vector<int64_t> values(37);
    for (int run = 0; run < 500; ++run) {
      pool.run(static_cast<int>(values.size()), [&](int task, int) { values[static_cast<size_t>(task)] += task + 1; });
      for (int64_t& value : values) ++value;
    }
    for (size_t i = 0; i < values.size(); ++i) ASSERT_EQ(values[i], 500 * (static_cast<int64_t>(i) + 2));
  }
}

TEST(ThreadPool, SleepingWorkersWakeAndStop) {
  ThreadPool pool(3);
  for (int run = 0; run < 3; ++run) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));  // far beyond the spinning time
    std::atomic<int> runs = 0;
    pool.run(6, [&](int task, int) {
      if (task == 5) std::this_thread::sleep_for(std::chrono::milliseconds(5));  // the caller has to sleep too
      ++runs;
    });
    EXPECT_EQ(runs, 6);
  }
}

TEST(ThreadPool, UnusedPoolsStartAndStop) {
  for (int i = 0; i < 50; ++i) ThreadPool pool(4);
  EXPECT_GE(available_cores(), 1);
}

}  // namespace
}  // namespace liteqat
