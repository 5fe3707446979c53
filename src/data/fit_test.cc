// Byte for byte against Pillow and OpenCV: tests/oracle/images_test.py. Here: literal values, and what must hold for every kernel and fit.
#include "data/fit.h"

#include <gmock/gmock.h>

#include "base/rng.h"

namespace liteqat::data {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr ResizeKernel kKernels[] = {ResizeKernel::kPillow, ResizeKernel::kOpenCv, ResizeKernel::kTensorflow};
constexpr Fit kFits[] = {Fit::kStretch, Fit::kCrop, Fit::kImagenet, Fit::kCentral, Fit::kPad};

std::vector<uint8_t> whole(const std::vector<uint8_t>& pixels, int32_t height, int32_t width, int32_t to_height, int32_t to_width,
                           ResizeKernel kernel) {
  return resize({pixels, height, width, 1}, {to_height, to_width, 0, 0, to_height, to_width}, kernel);
}

TEST(Resize, KernelsDifferWhereTheyShould) {
  // 8 -> 2: Pillow weighs all eight with a triangle, the others take the two pixels around 1.5 and 5.5.
  const std::vector<uint8_t> row = {255, 0, 0, 0, 0, 0, 0, 255};
  EXPECT_THAT(whole(row, 1, 8, 1, 2, ResizeKernel::kOpenCv), ElementsAre(0, 0));
  EXPECT_THAT(whole(row, 1, 8, 1, 2, ResizeKernel::kTensorflow), ElementsAre(0, 0));
  // Weights 5/8, 7/8, 7/8, 5/8, 3/8, 1/8 of pixels 0 to 5, their sum 3.5; 255 * 0.625 / 3.5 = 45.5.
  EXPECT_THAT(whole(row, 1, 8, 1, 2, ResizeKernel::kPillow), ElementsAre(46, 46));
}

TEST(Resize, GrowingInterpolatesBetweenHalfPixelCentres) {
  // Targets lie at -0.25, 0.25, 0.75 and 1.25 of the two source pixels.
  for (const ResizeKernel kernel : kKernels) {
    EXPECT_THAT(whole({0, 100}, 1, 2, 1, 4, kernel), ElementsAre(0, 25, 75, 100)) << resize_kernel_name(kernel);
  }
}

TEST(Resize, OneColourStaysAndSizesAgree) {
  for (const ResizeKernel kernel : kKernels) {
    for (const auto& [height, width] : {std::pair(1, 1), std::pair(5, 3), std::pair(17, 40)}) {
      const std::vector<uint8_t> pixels(static_cast<size_t>(height * width), 201);
      for (const int32_t to : {1, 2, 7, 33}) {
        const auto out = whole(pixels, height, width, to, to + 1, kernel);
        EXPECT_EQ(out.size(), static_cast<size_t>(to * (to + 1)));
        EXPECT_THAT(out, Each(201)) << resize_kernel_name(kernel) << " " << height << "x" << width << " to " << to;
      }
    }
  }
}

TEST(Resize, AWindowIsThatPartOfTheWhole) {
  Rng rng(3);
  std::vector<uint8_t> pixels(40 * 52 * 3);
  for (uint8_t& pixel : pixels) pixel = static_cast<uint8_t>(rng.next_below(256));
  const PixelView source = {pixels, 40, 52, 3};
  for (const ResizeKernel kernel : kKernels) {
    for (const auto& [full_height, full_width] : {std::pair(30, 39), std::pair(20, 26), std::pair(40, 60), std::pair(50, 52)}) {
      const auto full = resize(source, {full_height, full_width, 0, 0, full_height, full_width}, kernel);
      const auto part = resize(source, {full_height, full_width, 5, 7, 11, 9}, kernel);
      ASSERT_EQ(part.size(), 11u * 9 * 3);
      for (size_t y = 0; y < 11; ++y) {
        for (size_t i = 0; i < 27; ++i) {
          EXPECT_EQ(part[y * 27 + i], full[((y + 5) * static_cast<size_t>(full_width) + 7) * 3 + i]) << resize_kernel_name(kernel);
        }
      }
    }
  }
}

TEST(Fit, SizesAndPlaces) {
  // 2 x 6, one column a value: what is left of it tells which columns were taken.
  const std::vector<uint8_t> pixels = {0, 50, 100, 150, 200, 250, 0, 50, 100, 150, 200, 250};
  const PixelView source = {pixels, 2, 6, 1};
  EXPECT_THAT(fit_image(source, 2, 2, ResizeKernel::kPillow, Fit::kCrop), ElementsAre(100, 150, 100, 150));
  EXPECT_THAT(fit_image(source, 6, 6, ResizeKernel::kPillow, Fit::kPad),
              ElementsAre(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 50, 100, 150, 200, 250, 0, 50, 100, 150, 200, 250, 0, 0, 0, 0, 0, 0, 0, 0,
                          0, 0, 0, 0));
  for (const Fit fit : kFits) {
    for (const ResizeKernel kernel : kKernels) {
      for (const auto& [height, width] : {std::pair(1, 1), std::pair(2, 6), std::pair(3, 2)}) {
        EXPECT_EQ(fit_image({std::span(pixels).first(static_cast<size_t>(height * width)), height, width, 1}, 7, 5, kernel, fit).size(),
                  35u)
            << fit_name(fit);
      }
    }
  }
}

TEST(Fit, CentralTakesTheMiddleSevenEighths) {
  std::vector<uint8_t> pixels(16 * 16, 9);
  for (size_t y = 1; y < 15; ++y) {
    for (size_t x = 1; x < 15; ++x) pixels[y * 16 + x] = 77;
  }
  EXPECT_THAT(fit_image({pixels, 16, 16, 1}, 28, 28, ResizeKernel::kTensorflow, Fit::kCentral), Each(77));
}

TEST(Fit, Channels) {
  EXPECT_THAT(convert_channels({10, 20, 30, 40, 50, 60}, 3, 3, true), ElementsAre(30, 20, 10, 60, 50, 40));
  EXPECT_THAT(convert_channels({7, 8}, 1, 3, true), ElementsAre(7, 7, 7, 8, 8, 8));
  EXPECT_THAT(convert_channels({255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255}, 3, 1, false), ElementsAre(76, 150, 29, 255));
  EXPECT_THAT(convert_channels({1, 2, 3}, 3, 3, false), ElementsAre(1, 2, 3));
}

TEST(Fit, UnknownNamesAreTold) {
  EXPECT_EQ(parse_fit("imagenet").value(), Fit::kImagenet);
  EXPECT_EQ(parse_resize_kernel("opencv").value(), ResizeKernel::kOpenCv);
  EXPECT_EQ(parse_fit("strech").status().code(), Code::kInvalidArgument);
  EXPECT_THAT(parse_fit("strech").status().message(), HasSubstr("did you mean 'stretch'?"));
  EXPECT_THAT(parse_resize_kernel("open_cv").status().message(), HasSubstr("did you mean 'opencv'?"));
}

}  // namespace
}  // namespace liteqat::data
