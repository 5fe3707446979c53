// The encoder against a decoder written here from the specifications, bit by bit.
#include "report/png.h"

#include <gtest/gtest.h>

#include <string>

namespace liteqat::report {
namespace {

uint32_t big_endian(const std::vector<uint8_t>& bytes, size_t at) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | bytes.at(at + i);
  return value;
}

/// CRC-32 one bit at a time.
uint32_t slow_crc(const std::vector<uint8_t>& bytes, size_t from, size_t to) {
  uint32_t value = 0xffffffff;
  for (size_t i = from; i < to; ++i) {
    value ^= bytes.at(i);
    for (int bit = 0; bit < 8; ++bit) value = (value & 1) != 0 ? (value >> 1) ^ 0xedb88320 : value >> 1;
  }
  return ~value;
}

struct Decoded {
  uint32_t width = 0, height = 0;
  int depth = 0, color = -1;
  std::vector<uint8_t> rows;  // filter byte and pixels of each row
};

std::vector<uint8_t> inflate_stored(const std::vector<uint8_t>& zlib) {
  EXPECT_EQ((zlib.at(0) * 256 + zlib.at(1)) % 31, 0);
  EXPECT_EQ(zlib.at(0) & 15, 8);  // deflate
  std::vector<uint8_t> out;
  size_t at = 2;
  bool last = false;
  while (!last) {
    last = zlib.at(at) == 1;
    const size_t length = zlib.at(at + 1) + 256u * zlib.at(at + 2), inverse = zlib.at(at + 3) + 256u * zlib.at(at + 4);
    EXPECT_EQ(length ^ inverse, 0xffffu);
    for (size_t i = 0; i < length; ++i) out.push_back(zlib.at(at + 5 + i));
    at += 5 + length;
  }
  uint64_t a = 1, b = 0;
  for (const uint8_t byte : out) a += byte, b += a;
  EXPECT_EQ(big_endian(zlib, at), b % 65521 << 16 | a % 65521);
  EXPECT_EQ(at + 4, zlib.size());
  return out;
}

Decoded decode(const std::vector<uint8_t>& png) {
  EXPECT_EQ(std::string(png.begin(), png.begin() + 8), "\x89PNG\r\n\x1a\n");
  Decoded image;
  std::vector<uint8_t> zlib;
  std::string order;
  for (size_t at = 8; at < png.size();) {
    const size_t length = big_endian(png, at);
    const std::string type(png.begin() + static_cast<ptrdiff_t>(at + 4), png.begin() + static_cast<ptrdiff_t>(at + 8));
    EXPECT_EQ(big_endian(png, at + 8 + length), slow_crc(png, at + 4, at + 8 + length)) << type;
    if (type == "IHDR") {
      EXPECT_EQ(length, 13u);
      image.width = big_endian(png, at + 8);
      image.height = big_endian(png, at + 12);
      image.depth = png.at(at + 16);
      image.color = png.at(at + 17);
    }
    if (type == "IDAT")
      zlib.insert(zlib.end(), png.begin() + static_cast<ptrdiff_t>(at + 8), png.begin() + static_cast<ptrdiff_t>(at + 8 + length));
    order += type + " ";
    at += 12 + length;
  }
  EXPECT_EQ(order, "IHDR IDAT IEND ");
  image.rows = inflate_stored(zlib);
  return image;
}

TEST(Png, DecodesToItsPixels) {
  constexpr int kColorType[] = {-1, 0, 4, 2, 6};  // PNG 11.2.2
  for (const int32_t channels : {1, 2, 3, 4}) {
    for (const auto& [height, width] : {std::pair(1, 1), {28, 28}, {3, 7}, {1, 70000}, {300, 299}}) {
      std::vector<uint8_t> pixels(static_cast<size_t>(height * width * channels));
      for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<uint8_t>(i * 31 + i / 251);
      const auto png = encode_png(pixels, height, width, channels);
      ASSERT_TRUE(png.has_value());
      const Decoded image = decode(*png);
      EXPECT_EQ(image.width, static_cast<uint32_t>(width));
      EXPECT_EQ(image.height, static_cast<uint32_t>(height));
      EXPECT_EQ(image.depth, 8);
      EXPECT_EQ(image.color, kColorType[channels]);
      const size_t row_bytes = static_cast<size_t>(width * channels);
      ASSERT_EQ(image.rows.size(), static_cast<size_t>(height) * (row_bytes + 1));
      for (size_t row = 0; row < static_cast<size_t>(height); ++row) {
        EXPECT_EQ(image.rows[row * (row_bytes + 1)], 0);
        const auto from = image.rows.begin() + static_cast<ptrdiff_t>(row * (row_bytes + 1) + 1);
        EXPECT_TRUE(std::equal(from, from + static_cast<ptrdiff_t>(row_bytes), pixels.begin() + static_cast<ptrdiff_t>(row * row_bytes)));
      }
    }
  }
}

// The last chunk is the same in every PNG file.
TEST(Png, EndsWithThePublishedChunk) {
  const std::vector<uint8_t> kPixel = {7};
  const auto png = encode_png(kPixel, 1, 1, 1);
  ASSERT_TRUE(png.has_value());
  EXPECT_EQ(std::vector<uint8_t>(png->end() - 12, png->end()),
            (std::vector<uint8_t>{0, 0, 0, 0, 'I', 'E', 'N', 'D', 0xae, 0x42, 0x60, 0x82}));
}

TEST(Png, RefusesWhatIsNoImage) {
  const std::vector<uint8_t> kSix(6);
  EXPECT_FALSE(encode_png(kSix, 2, 2, 1).has_value());
  EXPECT_FALSE(encode_png(kSix, 0, 6, 1).has_value());
  EXPECT_FALSE(encode_png(kSix, -2, -3, 1).has_value());
  EXPECT_FALSE(encode_png(kSix, 1, 1, 6).has_value());
  EXPECT_FALSE(encode_png({}, 0, 0, 1).has_value());
  EXPECT_FALSE(encode_png(kSix, 1 << 30, 1 << 30, 4).has_value());
  EXPECT_TRUE(encode_png(kSix, 1, 2, 3).has_value());
}

}  // namespace
}  // namespace liteqat::report
