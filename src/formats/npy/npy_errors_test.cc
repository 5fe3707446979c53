#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "formats/npy/npy.h"

namespace liteqat::formats::npy {
namespace {

using testing::HasSubstr;

Bytes small_file() {
  return write({"<i2", {2, 3}, Bytes(12, std::byte{7})});
}

Bytes file_with_header(std::string header, size_t data_bytes) {
  header.resize(118, ' ');
  std::string text("\x93NUMPY\x01\x00\x76\x00", 10);
  text += header + std::string(data_bytes, 'x');
  Bytes bytes(text.size());
  std::memcpy(bytes.data(), text.data(), text.size());
  return bytes;
}

Status refusal(const std::string& header, size_t data_bytes = 4) {
  return read(file_with_header(header, data_bytes), "bad.npy").status();
}

TEST(NpyErrors, EveryTruncationIsRefused) {
  const Bytes bytes = small_file();
  for (size_t size = 0; size < bytes.size(); ++size) {
    const Bytes part(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));  // exact allocation: over-reads show in ASan
    const auto array = read(part, "cut.npy");
    ASSERT_FALSE(array.ok()) << size;
    EXPECT_EQ(array.status().code(), Code::kCorruptFile) << size;
    EXPECT_THAT(array.status().message(), HasSubstr("cut.npy")) << size;
  }
}

TEST(NpyErrors, TrailingBytesAreRefused) {
  Bytes bytes = small_file();
  bytes.push_back(std::byte{0});
  EXPECT_EQ(read(bytes, "x").status().code(), Code::kCorruptFile);
}

TEST(NpyErrors, EverySingleByteChangeIsRefusedOrConsistent) {
  const Bytes original = small_file();
  for (size_t at = 0; at < original.size(); ++at) {
    for (int value = 0; value < 256; ++value) {
      Bytes bytes = original;
      bytes[at] = static_cast<std::byte>(value);
      const auto array = read(bytes, "x");
      if (!array.ok()) continue;
      int64_t count = dtype_bytes(array->dtype);
      for (int64_t extent : array->shape) count *= extent;
      ASSERT_EQ(static_cast<size_t>(count), array->data.size()) << at << " = " << value;
    }
  }
}

TEST(NpyErrors, SingleFields) {
  EXPECT_EQ(refusal("{'descr': '|i1', 'fortran_order': False, 'shape': (4,), }").code(), Code::kOk);
  EXPECT_EQ(refusal("{'descr': '|i1', 'fortran_order': False, 'shape': (5,), }").code(), Code::kCorruptFile);
  EXPECT_EQ(refusal("{'descr': '|i1', 'fortran_order': False, 'shape': (-4,), }").code(), Code::kCorruptFile);
  EXPECT_EQ(refusal("{'descr': '|i1', 'fortran_order': False, 'shape': (4.0,), }").code(), Code::kCorruptFile);
  EXPECT_EQ(refusal("{'descr': '|i1', 'fortran_order': False, 'shape': (4,) } x").code(), Code::kCorruptFile);
  EXPECT_EQ(refusal("{'descr': '|i1', 'fortran_order': False }").code(), Code::kCorruptFile);
  EXPECT_EQ(refusal("{'descr': '|i1', 'descr': '|i1', 'fortran_order': False, 'shape': (4,) }").code(), Code::kCorruptFile);
  EXPECT_EQ(refusal("{'descr': '|i1', 'fortran_order': Maybe, 'shape': (4,) }").code(), Code::kCorruptFile);
  EXPECT_EQ(refusal("{'descr': '|i1', 'colour': 'red', 'fortran_order': False, 'shape': (4,) }").code(), Code::kCorruptFile);
}

TEST(NpyErrors, OverflowingShapesAreRefused) {
  // 2^32 * 2^32 wraps to 0 and 2^62 * 8 bytes wraps to 0: both would pass an unchecked comparison with an empty payload.
  EXPECT_EQ(refusal("{'descr': '|i1', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", 0).code(), Code::kCorruptFile);
  EXPECT_EQ(refusal("{'descr': '<i8', 'fortran_order': False, 'shape': (4611686018427387904,), }", 0).code(), Code::kCorruptFile);
  EXPECT_EQ(refusal("{'descr': '|i1', 'fortran_order': False, 'shape': (9223372036854775808,), }", 0).code(), Code::kCorruptFile);
}

TEST(NpyErrors, UnsupportedKindsSaySo) {
  const Status objects = refusal("{'descr': '|O', 'fortran_order': False, 'shape': (4,), }");
  EXPECT_EQ(objects.code(), Code::kUnsupported);
  EXPECT_THAT(objects.message(), HasSubstr("'|O'"));
  EXPECT_EQ(refusal("{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }").code(), Code::kUnsupported);
  EXPECT_EQ(refusal("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }").code(), Code::kUnsupported);
  const Status fortran = refusal("{'descr': '|i1', 'fortran_order': True, 'shape': (2, 2), }");
  EXPECT_EQ(fortran.code(), Code::kUnsupported);
  EXPECT_THAT(fortran.message(), HasSubstr("ascontiguousarray"));
  Bytes version4 = small_file();
  version4[6] = std::byte{4};
  EXPECT_EQ(read(version4, "x").status().code(), Code::kUnsupported);
}

}  // namespace
}  // namespace liteqat::formats::npy
