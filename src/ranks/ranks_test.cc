#include "ranks/ranks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <numeric>

#include "ranks/thread_ranks_for_test.h"

namespace liteqat::ranks {
namespace {

using testing::HasSubstr;

TEST(Accumulate, SumsInRankOrderWhateverThePieces) {
  // In float32 the order shows: 1e8 + 1 - 1e8 is 0, 1e8 - 1e8 + 1 is 1.
  const std::vector<float> shares = {1e8f, 1.0f, -1e8f};
  const float expected = (shares[0] + shares[1]) + shares[2];
  ASSERT_NE(expected, (shares[0] + shares[2]) + shares[1]);
  for (size_t piece : {1, 4, 7, 100}) {
    std::vector<std::vector<float>> totals(3, std::vector<float>(7));
    run_ranks(3, [&](Ranks& ranks) {
      const auto rank = static_cast<size_t>(ranks.rank());
      ranks.accumulate(std::span(totals[rank]), piece, [&](size_t begin, size_t end) {
        EXPECT_LE(end - begin, piece);
        for (size_t i = begin; i < end; ++i) totals[rank][i] += shares[rank];
      });
    });
    for (const std::vector<float>& seen : totals) EXPECT_EQ(seen, std::vector<float>(7, expected)) << "pieces of " << piece;
  }
}

TEST(Accumulate, BeginsWithWhatRank0Holds) {
  std::vector<int> totals = {10, 500};
  run_ranks(2, [&](Ranks& ranks) {
    int& own = totals[static_cast<size_t>(ranks.rank())];
    ranks.accumulate(std::span(&own, 1), 1, [&](size_t, size_t) { own += 1; });
  });
  EXPECT_EQ(totals, (std::vector<int>{12, 12}));
}

TEST(Accumulate, AloneAddsEverythingAtOnce) {
  std::vector<int> totals(5), calls;
  accumulate(static_cast<Ranks*>(nullptr), std::span(totals), 2, [&](size_t begin, size_t end) {
    calls.push_back(static_cast<int>(end - begin));
    std::iota(totals.begin(), totals.end(), 1);
  });
  EXPECT_EQ(totals, (std::vector<int>{1, 2, 3, 4, 5}));
  EXPECT_EQ(calls, std::vector<int>{5});
}

TEST(Broadcast, GivesAllRanksTheBytesOfTheFirst) {
  for (size_t size : {size_t{0}, size_t{1}, size_t{3} << 20}) {
    Bytes original(size);
    for (size_t i = 0; i < size; ++i) original[i] = static_cast<std::byte>(i * 31 + i / 7);
    std::vector<Bytes> held(3, Bytes(5));
    held[0] = original;
    run_ranks(3, [&](Ranks& ranks) { ranks.broadcast(held[static_cast<size_t>(ranks.rank())]); });
    for (const Bytes& bytes : held) EXPECT_TRUE(bytes == original) << size << " bytes";
  }
}

TEST(Fail, EndsTheExchangesOfAllRanks) {
  std::vector<std::string> told(3);
  run_ranks(3, [&](Ranks& ranks) {
    if (ranks.rank() == 1) {
      (void)ranks.fail(Status(Code::kIo, "the disk is full"));
      return;
    }
    int total = 0;
    ranks.accumulate(std::span(&total, 1), 1, [&](size_t, size_t) { ++total; });
    told[static_cast<size_t>(ranks.rank())] = ranks.status().message();
  });
  EXPECT_EQ(told[0], "rank 1: the disk is full");
  EXPECT_EQ(told[2], told[0]);
}

TEST(Join, AProcessOnItsOwnIsNoJob) {
  ::unsetenv("OMPI_COMM_WORLD_SIZE");
  const auto ranks = join();
  ASSERT_TRUE(ranks.ok()) << ranks.status().message();
  EXPECT_EQ(*ranks, nullptr);
}

TEST(Join, ATimeoutThatIsNoneIsRefused) {
  ::setenv("OMPI_COMM_WORLD_SIZE", "2", 1);
  ::setenv("LITEQAT_RANK_TIMEOUT", "soon", 1);
  const Status refused = join().status();
  ::unsetenv("OMPI_COMM_WORLD_SIZE");
  ::unsetenv("LITEQAT_RANK_TIMEOUT");
  EXPECT_FALSE(refused.ok());
  if (refused.code() == Code::kUnsupported) {
    // What is built without MPI refuses every job, with what to do. (tests/e2e/ranks.py asks for MPI where oracles are required.)
    EXPECT_THAT(refused.message(), HasSubstr("mpirun started 2 processes, but this liteqat is built without MPI: install"));
    return;
  }
  EXPECT_THAT(refused.message(), HasSubstr("LITEQAT_RANK_TIMEOUT is 'soon'"));
}

}  // namespace
}  // namespace liteqat::ranks
