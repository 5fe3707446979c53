// Ranks as threads of one process, for tests: the exchanges of a job without MPI.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "ranks/ranks.h"

namespace liteqat::ranks {

/// What lies between the ranks of one test.
struct ThreadLinks {
  std::mutex mutex;
  std::condition_variable changed;
  std::map<std::pair<int, int>, std::deque<Bytes>> under_way;  // by sender and receiver
  Status fault;                                                // of the first rank that failed
};

class ThreadRanks final : public Ranks {
 public:
  ThreadRanks(ThreadLinks& links, int rank, int count) : links_(links), rank_(rank), count_(count) {}
  int rank() const override { return rank_; }
  int count() const override { return count_; }
  int count_here() const override { return count_; }
  Status status() const override {
    const std::lock_guard lock(links_.mutex);
    return links_.fault;
  }
  Status fail(const Status& why) override {
    const std::lock_guard lock(links_.mutex);
    if (links_.fault.ok()) links_.fault = why.with_context("rank " + std::to_string(rank_));
    links_.changed.notify_all();
    return why;
  }
  bool speaks() const override { return rank_ == 0; }
  void leave() override {}

 protected:
  void send(int to, std::span<const std::byte> bytes) override {
    const std::lock_guard lock(links_.mutex);
    links_.under_way[{rank_, to}].emplace_back(bytes.begin(), bytes.end());
    links_.changed.notify_all();
  }
  void receive(int from, std::span<std::byte> bytes) override {
    std::unique_lock lock(links_.mutex);
    std::deque<Bytes>& queue = links_.under_way[{from, rank_}];
    links_.changed.wait(lock, [&] { return !queue.empty() || !links_.fault.ok(); });
    if (!links_.fault.ok()) return;
    LITEQAT_CHECK_EQ(queue.front().size(), bytes.size());
    std::copy(queue.front().begin(), queue.front().end(), bytes.begin());
    queue.pop_front();
  }

 private:
  ThreadLinks& links_;
  int rank_, count_;
};

/// work(ranks) on `count` ranks at the same time.
template <typename Work>
void run_ranks(int count, const Work& work) {
  ThreadLinks links;
  std::vector<std::thread> threads;
  for (int rank = 0; rank < count; ++rank) {
    threads.emplace_back([&links, &work, rank, count] {
      ThreadRanks ranks(links, rank, count);
      work(ranks);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace liteqat::ranks
