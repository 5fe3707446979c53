#include "kernels/peak/peak.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

namespace liteqat::kernels::peak {
namespace {

double seconds_of(const Burst& burst, int64_t iterations) {
  double best = 1e9;
  for (int repeat = 0; repeat < 30; ++repeat) {
    const auto start = std::chrono::steady_clock::now();
    burst.run(iterations);
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return best;
}

// A burst that the compiler removed would take no time and promise no bound: an iteration has 8 or more instructions that no core
// executes in less than one cycle of 10 GHz all together, and eight times as many iterations take longer.
TEST(Peak, EveryBurstReallyRuns) {
  for (Isa isa : supported_isas()) {
    for (const Burst& burst : {find_int8_burst(isa), find_float32_burst(isa)}) {
      const double one = seconds_of(burst, 20000), eight = seconds_of(burst, 160000);
      EXPECT_GT(one, 20000 * 1e-10) << burst.name;
      EXPECT_GT(eight, 2 * one) << burst.name;  // 8 in theory; the clock may change in between
      EXPECT_GE(burst.macs_per_iteration, 8) << burst.name;
    }
  }
}

}  // namespace
}  // namespace liteqat::kernels::peak
