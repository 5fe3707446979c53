#include "base/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
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

TEST(ThreadPool, PartitionIsStaticContiguousAndFair) {
  for (int threads = 1; threads <= 4; ++threads) {
    for (int count : {2, 5, 9, 100}) {
      std::vector<int> first(static_cast<size_t>(count));
      for (int repeat = 0; repeat < 5; ++repeat) {
        ThreadPool pool(threads);
        std::vector<int> owners(static_cast<size_t>(count), -1);
        pool.run(count, [&](int task, int worker) { owners[static_cast<size_t>(task)] = worker; });
        if (repeat == 0) first = owners;
        ASSERT_EQ(owners, first);
      }
      std::vector<int> shares(static_cast<size_t>(threads));
      for (size_t task = 0; task < first.size(); ++task) {
        ++shares[static_cast<size_t>(first[task])];
        if (task > 0) {
          EXPECT_LE(first[task - 1], first[task]);
        }
      }
      for (int share : shares) EXPECT_TRUE(share == count / threads || share == (count + threads - 1) / threads) << share;
    }
  }
}

TEST(ThreadPool, WorkersAreDistinctThreads) {
  ThreadPool pool(3);
  std::vector<std::thread::id> ids(3);
  pool.run(3, [&](int task, int worker) {
    EXPECT_EQ(task, worker);
    ids[static_cast<size_t>(worker)] = std::this_thread::get_id();
  });
  EXPECT_EQ(ids[0], std::this_thread::get_id());
  EXPECT_TRUE(ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2]);
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
