// Pixels against Pillow's: tests/oracle/images_test.py.
#include "formats/image/image.h"

#include <gmock/gmock.h>

#include <cstdlib>

#include "formats/image/files_for_test.h"

namespace liteqat::formats::image {
namespace {

using ::testing::HasSubstr;

TEST(Image, PngPixelsAreThoseStored) {
  for (const int32_t channels : {1, 3}) {
    const auto pixels = slope(9, 14, channels);
    const Bytes bytes = make_png(9, 14, channels, pixels);
    const auto header = read_header(bytes, "a.png");
    ASSERT_TRUE(header.ok()) << header.status().message();
    EXPECT_EQ(header->format, "PNG");
    EXPECT_EQ(header->height, 9);
    EXPECT_EQ(header->width, 14);
    EXPECT_EQ(header->channels, channels);
    const auto image = decode(bytes, "a.png");
    ASSERT_TRUE(image.ok()) << image.status().message();
    EXPECT_EQ(image->height, 9);
    EXPECT_EQ(image->width, 14);
    EXPECT_EQ(image->channels, channels);
    EXPECT_EQ(image->pixels, pixels);
  }
}

TEST(Image, JpegPixelsAreCloseToThoseStored) {
  for (const int32_t channels : {1, 3}) {
    const auto pixels = slope(16, 24, channels);
    const auto image = decode(make_jpeg(16, 24, channels, pixels), "a.jpg");
    ASSERT_TRUE(image.ok()) << image.status().message();
    EXPECT_EQ(image->height, 16);
    EXPECT_EQ(image->width, 24);
    EXPECT_EQ(image->channels, channels);
    ASSERT_EQ(image->pixels.size(), pixels.size());
    for (size_t i = 0; i < pixels.size(); ++i) EXPECT_NEAR(image->pixels[i], pixels[i], 8) << i;
  }
}

TEST(ImageErrors, EveryTruncationIsASentenceWithTheName) {
  const auto pixels = slope(16, 16, 3);
  for (const bool png : {true, false}) {
    const Bytes bytes = png ? make_png(16, 16, 3, pixels) : make_jpeg(16, 16, 3, pixels);
    size_t refused = 0;
    for (size_t length = 0; length < bytes.size(); ++length) {
      const auto image = decode(std::span(bytes).first(length), "dir/cut");
      if (image.ok()) {
        EXPECT_EQ(image->pixels, decode(bytes, "whole")->pixels) << length;  // only what follows the pixels is missing
        continue;
      }
      ++refused;
      EXPECT_THAT(image.status().message(), HasSubstr("dir/cut: ")) << length;
      EXPECT_TRUE(image.status().code() == Code::kCorruptFile || image.status().code() == Code::kUnsupported) << length;
    }
    EXPECT_GE(refused, bytes.size() - 24);
  }
}

TEST(ImageErrors, OneWrongByteNeverGivesAnotherShape) {
  const auto pixels = slope(8, 8, 3);
  for (const bool png : {true, false}) {
    Bytes bytes = png ? make_png(8, 8, 3, pixels) : make_jpeg(8, 8, 3, pixels);
    for (std::byte& byte : bytes) {
      const std::byte kept = byte;
      byte ^= std::byte{0x55};
      const auto image = decode(bytes, "wrong");
      if (image.ok()) {
        EXPECT_EQ(static_cast<int64_t>(image->pixels.size()), int64_t{image->height} * image->width * image->channels);
      }
      byte = kept;
    }
  }
}

TEST(ImageErrors, DamagedPngDataAreNamed) {
  Bytes bytes = make_png(20, 20, 3, slope(20, 20, 3));
  bytes[bytes.size() - 20] ^= std::byte{1};  // in the data's checksum or their end
  const auto image = decode(bytes, "x.png");
  ASSERT_FALSE(image.ok());
  EXPECT_EQ(image.status().code(), Code::kCorruptFile);
  EXPECT_THAT(image.status().message(), HasSubstr("x.png: broken PNG image: "));
}

TEST(ImageErrors, JpegDataThatAreMissingAreNotPaintedGray) {
  const Bytes bytes = make_jpeg(64, 64, 3, slope(64, 64, 3));
  const auto image = decode(std::span(bytes).first(bytes.size() * 2 / 3), "x.jpg");
  ASSERT_FALSE(image.ok());
  EXPECT_EQ(image.status().code(), Code::kCorruptFile);
  EXPECT_THAT(image.status().message(), HasSubstr("x.jpg: broken JPEG image: Premature end of JPEG file"));
}

TEST(ImageErrors, ClaimedSizesAreCheckedBeforeAllocation) {
  // The frame header's extents, rewritten to 65,500 x 65,500 pixels: 12 gigabytes.
  Bytes jpeg = make_jpeg(8, 8, 1, slope(8, 8, 1));
  for (size_t i = 0; i + 8 < jpeg.size(); ++i) {
    if (jpeg[i] != std::byte{0xFF} || jpeg[i + 1] != std::byte{0xC0}) continue;
    for (const size_t at : {i + 5, i + 7}) jpeg[at] = std::byte{0xFF}, jpeg[at + 1] = std::byte{0xDC};
  }
  const auto image = decode(jpeg, "bomb.jpg");
  ASSERT_FALSE(image.ok());
  EXPECT_EQ(image.status().code(), Code::kOutOfRange);
  EXPECT_EQ(image.status().message(), "bomb.jpg: claims 65500 x 65500 pixels, images of 1 to 67108864 pixels are read");
}

TEST(ImageErrors, OtherFilesAreNoImages) {
  const auto decoded = [](const std::string& text) { return decode(std::as_bytes(std::span(text)), "a").status(); };
  EXPECT_EQ(decoded("GIF89a...").code(), Code::kUnsupported);
  EXPECT_EQ(decoded("GIF89a...").message(), "a: is neither PNG nor JPEG by its first bytes");
  EXPECT_EQ(decoded("").code(), Code::kCorruptFile);
  EXPECT_EQ(decoded("").message(), "a: is empty, a PNG or JPEG image was expected");
}

}  // namespace
}  // namespace liteqat::formats::image
