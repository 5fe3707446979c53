#include "catalog/float_pixels.h"

#include <gmock/gmock.h>

#include <cstring>
#include <limits>

namespace liteqat::catalog {
namespace {

using ::testing::HasSubstr;

template <typename T>
formats::npy::Array array_of(const std::string& dtype, const std::vector<T>& values) {
  const auto bytes = std::as_bytes(std::span(values));
  return {dtype, {static_cast<int64_t>(values.size()), 1, 1}, Bytes(bytes.begin(), bytes.end())};
}

/// Every pixel by every way that NumPy users divide by 255.
TEST(FloatPixels, EveryPixelComesBack) {
  std::vector<float> whole, divided, multiplied, narrowed;
  std::vector<double> wide, wide_of_float;
  for (int pixel = 0; pixel < 256; ++pixel) {
    const auto value = static_cast<float>(pixel);
    whole.push_back(value);
    divided.push_back(value / 255.0f);
    multiplied.push_back(value * (1.0f / 255.0f));
    narrowed.push_back(static_cast<float>(pixel / 255.0));
    wide.push_back(pixel / 255.0);
    wide_of_float.push_back(value * (1.0f / 255.0f));
  }
  for (const auto& pixels : {take_pixels(array_of("<f4", whole), "x"), take_pixels(array_of("<f4", divided), "x"),
                             take_pixels(array_of("<f4", multiplied), "x"), take_pixels(array_of("<f4", narrowed), "x"),
                             take_pixels(array_of("<f8", wide), "x"), take_pixels(array_of("<f8", wide_of_float), "x")}) {
    ASSERT_TRUE(pixels.ok()) << pixels.status().message();
    ASSERT_EQ(pixels->size(), 256u);
    for (int pixel = 0; pixel < 256; ++pixel) EXPECT_EQ((*pixels)[static_cast<size_t>(pixel)], pixel);
  }
}

TEST(FloatPixels, OtherNumbersAreRefused) {
  const auto refused = [](const std::vector<float>& values) { return take_pixels(array_of("<f4", values), "x").status().message(); };
  EXPECT_THAT(refused({3.0f, 3.5f}), HasSubstr("x: element 1 is 3.5; pixels as uint8, or whole numbers from 0 to 255"));
  EXPECT_THAT(refused({0.0f, 0.5f}), HasSubstr("element 1 is 0.5"));
  EXPECT_THAT(refused({-1.0f}), HasSubstr("element 0 is -1"));
  EXPECT_THAT(refused({2.0f, 256.0f}), HasSubstr("element 1 is 256"));
  EXPECT_THAT(refused({0.0f, std::numeric_limits<float>::quiet_NaN()}), HasSubstr("element 1 is nan"));
  EXPECT_THAT(refused({0.0f, 1.0f}), HasSubstr("holds zeros and ones alone"));
  EXPECT_TRUE(take_pixels(array_of("<f4", std::vector<float>{0, 0}), "x").ok());
  EXPECT_THAT(take_pixels(array_of("<i2", std::vector<int16_t>{1}), "x").status().message(), HasSubstr("holds <i2, pixels as uint8"));
}

}  // namespace
}  // namespace liteqat::catalog
