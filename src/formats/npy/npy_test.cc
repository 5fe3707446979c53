#include "formats/npy/npy.h"

#include <gtest/gtest.h>

#include <cstring>

namespace liteqat::formats::npy {
namespace {

Array make_array(const std::string& dtype, std::vector<int64_t> shape) {
  int64_t count = 1;
  for (int64_t extent : shape) count *= extent;
  Array array{dtype, std::move(shape), Bytes(static_cast<size_t>(count * dtype_bytes(dtype)))};
  for (size_t i = 0; i < array.data.size(); ++i) array.data[i] = static_cast<std::byte>(i * 37 + 5);
  return array;
}

Bytes from_text(const std::string& text) {
  Bytes bytes(text.size());
  std::memcpy(bytes.data(), text.data(), text.size());
  return bytes;
}

TEST(Npy, BytesOfASmallArrayAreNumPys) {
  // numpy.save of numpy.array([1, -2], dtype='<i2') with NumPy 1.26 and 2.x: 118 header bytes, data at 128.
  std::string expected("\x93NUMPY\x01\x00\x76\x00", 10);
  expected += "{'descr': '<i2', 'fortran_order': False, 'shape': (2,), }";
  expected.append(127 - expected.size(), ' ');
  expected += '\n';
  expected += std::string("\x01\x00\xFE\xFF", 4);
  EXPECT_EQ(write({"<i2", {2}, from_text(std::string("\x01\x00\xFE\xFF", 4))}), from_text(expected));
}

TEST(Npy, RoundTripOfEveryTypeAndRank) {
  for (const char* dtype : {"<f4", "<f8", "<f2", "<i2", "<i4", "<i8", "|i1", "|u1", "<u2", "<u4", "<u8", "|b1"}) {
    for (const std::vector<int64_t>& shape : {std::vector<int64_t>{}, {0}, {1}, {7}, {3, 5}, {2, 3, 4}, {1, 0, 9}, {2, 1, 3, 1, 2}}) {
      const Array array = make_array(dtype, shape);
      const Bytes bytes = write(array);
      EXPECT_EQ((bytes.size() - array.data.size()) % 64, 0u);
      const auto read_back = read(bytes, "x.npy");
      ASSERT_TRUE(read_back.ok()) << read_back.status().message();
      EXPECT_EQ(read_back->dtype, array.dtype);
      EXPECT_EQ(read_back->shape, array.shape);
      EXPECT_EQ(read_back->data, array.data);
    }
  }
}

TEST(Npy, ReadsVersions2And3AndOtherSpellings) {
  const std::string header = "{\"shape\":(2,1),'fortran_order':False , 'descr':'|u1'}\n";
  for (const char version : {'\x02', '\x03'}) {
    std::string text("\x93NUMPY");
    text += version;
    text += std::string("\x00", 1);
    text += {static_cast<char>(header.size()), '\0', '\0', '\0'};
    const auto array = read(from_text(text + header + "ab"), "x.npy");
    ASSERT_TRUE(array.ok()) << array.status().message();
    EXPECT_EQ(array->shape, (std::vector<int64_t>{2, 1}));
    EXPECT_EQ(array->data, from_text("ab"));
  }
}

TEST(Npy, FortranOrderOfOneDimensionIsTheSame) {
  std::string text("\x93NUMPY\x01\x00\x40\x00", 10);
  std::string header = "{'descr': '|i1', 'fortran_order': True, 'shape': (3,), }";
  header.resize(64, ' ');
  EXPECT_TRUE(read(from_text(text + header + "abc"), "x.npy").ok());
}

}  // namespace
}  // namespace liteqat::formats::npy
