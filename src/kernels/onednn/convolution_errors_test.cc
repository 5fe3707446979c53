#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <new>
#include <vector>

#include "base/sanitizers.h"
#include "kernels/onednn/convolution.h"
#include "kernels/onednn/dense.h"

namespace liteqat::kernels::onednn {
namespace {

using testing::HasSubstr;

TEST(ConvolutionErrors, AnImpossibleShapeIsRefusedWithTheLibrarysReason) {
  // 4x4 with a 3x3 window and no padding has 2x2 outputs, not 1x1.
  const ConvolutionShape shape = {
      .window = {.height = 4, .width = 4, .channels = 2, .out_height = 1, .out_width = 1, .filter_h = 3, .filter_w = 3}, .out_channels = 2};
  auto made = Convolution::make(shape, 1, true);
  ASSERT_TRUE(made.ok());
  const Status status = made->configure(1);
  EXPECT_EQ(status.code(), Code::kUnsupported);
  EXPECT_THAT(status.message(), HasSubstr("oneDNN"));
  EXPECT_THAT(status.message(), HasSubstr("4x4x2"));
}

constexpr int kComputed = 0, kOutOfMemory = 3, kOther = 4;

/// Ends the process with one of the three. `more` are the bytes of address space that are left to it.
[[noreturn]] void compute_within(uint64_t more) {
  uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  const rlim_t bytes = pages * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE)) + more;
  const rlimit limit = {.rlim_cur = bytes, .rlim_max = bytes};
  if (::setrlimit(RLIMIT_AS, &limit) != 0) ::_exit(kOther);
  try {
    const ConvolutionShape window = {
        .window = {.height = 4, .width = 4, .channels = 2, .out_height = 2, .out_width = 2, .filter_h = 3, .filter_w = 3},
        .out_channels = 2};
    for (const ConvolutionShape& shape : {dense_shape(36, 36), window}) {
      auto made = Convolution::make(shape, 1, true);
      if (!made.ok() || !made->configure(1).ok()) ::_exit(kOther);
      const std::vector<float> x(36), weights(36 * 36);
      std::vector<float> y(36);
      made->set_weights(weights.data());
      made->forward(0, 1, x.data(), nullptr, y.data());
    }
  } catch (const std::bad_alloc&) {
    ::_exit(kOutOfMemory);
  }
  ::_exit(kComputed);
}

// The library writes code where it has no memory for it: the process ended by SIGSEGV.
TEST(ConvolutionErrors, ALimitOnTheAddressSpaceIsToldAndNoDeath) {
  if (kHasShadowMemory) GTEST_SKIP() << "a sanitizer's shadow memory is more than any such limit";
  const auto told_or_done = [](int status) {
    return WIFEXITED(status) && (WEXITSTATUS(status) == kOutOfMemory || WEXITSTATUS(status) == kComputed);
  };
  for (const uint64_t megabytes : {0, 1, 2, 4, 8, 16, 31}) {
    EXPECT_EXIT(compute_within(megabytes << 20), testing::ExitedWithCode(kOutOfMemory), "") << megabytes;
  }
  for (const uint64_t megabytes : {33, 36, 40, 50}) EXPECT_EXIT(compute_within(megabytes << 20), told_or_done, "") << megabytes;
  EXPECT_EXIT(compute_within(uint64_t{512} << 20), testing::ExitedWithCode(kComputed), "");
}

}  // namespace
}  // namespace liteqat::kernels::onednn
