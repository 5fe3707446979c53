#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernels/onednn/convolution.h"

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

}  // namespace
}  // namespace liteqat::kernels::onednn
