// Damaged data files: every one is refused with the right code, one sentence, the file and where in it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "data/dataset.h"
#include "data/files_for_test.h"

namespace liteqat::data {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kTrainImages = "train-images-idx3-ubyte";
constexpr const char* kTrainLabels = "train-labels-idx1-ubyte";
constexpr const char* kTestImages = "t10k-images-idx3-ubyte";
constexpr const char* kTestLabels = "t10k-labels-idx1-ubyte";

class MnistErrors : public testing::Test, public TestFolder {
 protected:
  MnistErrors() {
    write(kTrainImages, idx_images(2));
    write(kTrainLabels, idx_labels({1, 2}));
    write(kTestImages, idx_images(1));
    write(kTestLabels, idx_labels({3}));
  }
  /// The message; one sentence that names the file.
  std::string refusal(Code code, const std::string& name) const {
    const auto result = read_mnist(folder());
    EXPECT_FALSE(result.ok());
    EXPECT_EQ(result.status().code(), code) << result.status().message();
    EXPECT_THAT(result.status().message(), AllOf(HasSubstr(path(name)), Not(HasSubstr("\n"))));
    return result.status().message();
  }
  static std::string patched(std::string bytes, size_t offset, const std::string& patch) {
    return bytes.replace(offset, patch.size(), patch);
  }
};

TEST_F(MnistErrors, EachMissingFile) {
  for (const char* name : {kTrainImages, kTrainLabels, kTestImages, kTestLabels}) {
    const std::string kept = path(name) + ".kept";
    std::filesystem::rename(path(name), kept);
    EXPECT_THAT(refusal(Code::kNotFound, name), HasSubstr("no such file"));
    std::filesystem::rename(kept, path(name));
  }
  EXPECT_TRUE(read_mnist(folder()).ok());
}

TEST_F(MnistErrors, FolderInPlaceOfAFile) {
  remove(kTestLabels);
  std::filesystem::create_directories(path(kTestLabels));
  EXPECT_THAT(refusal(Code::kIo, kTestLabels), HasSubstr("is a folder"));
}

TEST_F(MnistErrors, TruncationAtEveryByte) {
  for (const auto& [name, whole] : {std::pair(kTestImages, idx_images(1)), std::pair(kTrainLabels, idx_labels({1, 2}))}) {
    for (size_t length = whole.size(); length-- > 0;) {
      std::filesystem::resize_file(path(name), length);
      EXPECT_THAT(refusal(Code::kCorruptFile, name), HasSubstr(format("ends at byte offset {},", length)));
    }
    write(name, whole);
  }
}

TEST_F(MnistErrors, TrailingByte) {
  write(kTrainImages, idx_images(2) + "x");
  EXPECT_THAT(refusal(Code::kCorruptFile, kTrainImages), AllOf(HasSubstr("1585"), HasSubstr("2 records need 1584")));
}

TEST_F(MnistErrors, EachFieldOfTheHeader) {
  write(kTestImages, patched(idx_images(1), 0, big_endian(0x801)));
  EXPECT_THAT(refusal(Code::kCorruptFile, kTestImages), HasSubstr("magic number 0x00000801 at byte offset 0, expected 0x00000803"));
  write(kTestImages, patched(idx_images(1), 0, big_endian(0x08030000)));  // little-endian
  EXPECT_THAT(refusal(Code::kCorruptFile, kTestImages), HasSubstr("0x08030000"));
  for (uint32_t count : {0u, 1000001u, 0x80000000u, 0xFFFFFFFFu}) {
    write(kTestImages, patched(idx_images(1), 4, big_endian(count)));
    EXPECT_THAT(refusal(Code::kCorruptFile, kTestImages), HasSubstr(format("{} records at byte offset 4, expected 1 to 1000000", count)));
  }
  write(kTestImages, patched(idx_images(1), 8, big_endian(784) + big_endian(1)));
  EXPECT_THAT(refusal(Code::kCorruptFile, kTestImages), HasSubstr("images of 784x1 at byte offset 8, expected 28x28"));
  write(kTestImages, patched(idx_images(1), 12, big_endian(29)));
  EXPECT_THAT(refusal(Code::kCorruptFile, kTestImages), HasSubstr("images of 28x29"));
}

TEST_F(MnistErrors, CountsOfImagesAndLabelsDiffer) {
  write(kTrainLabels, idx_labels({1, 2, 3}));
  EXPECT_THAT(refusal(Code::kMismatch, kTrainLabels), AllOf(HasSubstr("3 labels at byte offset 4"), HasSubstr("has 2 images")));
}

TEST_F(MnistErrors, LabelOutOfRange) {
  for (int label : {10, 127, 128, 255}) {
    write(kTrainLabels, idx_labels({1, label}));
    EXPECT_THAT(refusal(Code::kOutOfRange, kTrainLabels), HasSubstr(format("label {} at byte offset 9, expected 0 to 9", label)));
  }
}

class GzipErrors : public MnistErrors {
 protected:
  GzipErrors() { remove(kTestImages); }
  void write_compressed(const std::string& bytes) const { write(kCompressed, bytes); }
  static constexpr const char* kCompressed = "t10k-images-idx3-ubyte.gz";
};

TEST_F(GzipErrors, TruncationAtEveryByte) {
  const std::string whole = gzip(idx_images(1));
  write_compressed(whole);
  for (size_t length = whole.size(); length-- > 0;) {
    std::filesystem::resize_file(path(kCompressed), length);
    EXPECT_THAT(refusal(Code::kCorruptFile, kCompressed), HasSubstr(format("cut off at byte offset {}", length)));
  }
}

// The checksum covers the contents: a changed byte is noticed, or it was one that means nothing to us.
TEST_F(GzipErrors, EveryByteDamaged) {
  const std::string whole = gzip(idx_images(1));
  const auto intact = read_mnist((write_compressed(whole), folder()));
  ASSERT_TRUE(intact.ok()) << intact.status().message();
  size_t accepted = 0;
  for (size_t offset = 0; offset < whole.size(); ++offset) {
    overwrite(kCompressed, offset, static_cast<char>(whole[offset] ^ 0x10));
    const auto result = read_mnist(folder());
    overwrite(kCompressed, offset, whole[offset]);
    if (!result.ok()) {
      EXPECT_EQ(result.status().code(), Code::kCorruptFile);
      EXPECT_THAT(result.status().message(), HasSubstr(path(kCompressed)));
      continue;
    }
    ++accepted;
    // RFC 1952: time, extra flags and system in the header. RFC 1951: bits that fill up the last byte before checksum and length.
    EXPECT_TRUE((offset >= 4 && offset < 10) || offset == whole.size() - 9) << offset;
    EXPECT_EQ(result->test.pixels, intact->test.pixels);
  }
  EXPECT_LE(accepted, 7u);
}

TEST_F(GzipErrors, NoGzipAtAll) {
  write_compressed(idx_images(1));
  EXPECT_THAT(refusal(Code::kCorruptFile, kCompressed), HasSubstr("damaged at byte offset"));
}

TEST_F(GzipErrors, BytesAfterTheStream) {
  const std::string whole = gzip(idx_images(1));
  write_compressed(whole + "tail");
  EXPECT_THAT(refusal(Code::kCorruptFile, kCompressed),
              HasSubstr(format("4 bytes follow the gzip data, which end at byte offset {}", whole.size())));
}

TEST_F(GzipErrors, HeaderInsideTheStream) {
  write_compressed(gzip(patched(idx_images(1), 2, "\x0d")));
  EXPECT_THAT(refusal(Code::kCorruptFile, kCompressed), HasSubstr("(uncompressed): magic number 0x00000d03 at byte offset 0"));
  write_compressed(gzip(idx_images(1).substr(0, 799)));
  EXPECT_THAT(refusal(Code::kCorruptFile, kCompressed), HasSubstr("ends at byte offset 799, 1 records need 800 bytes"));
  write_compressed(gzip(idx_images(1) + "x"));
  EXPECT_THAT(refusal(Code::kCorruptFile, kCompressed), HasSubstr("goes on after byte offset 800"));
  write_compressed(gzip(""));
  EXPECT_THAT(refusal(Code::kCorruptFile, kCompressed), HasSubstr("ends at byte offset 0, a header of 16 bytes"));
}

int64_t peak_memory_kib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

// 128 MiB of zeros in 130 kB after a header that announces one image: refused without inflating them.
TEST_F(GzipErrors, BombIsNotInflated) {
  write_compressed(gzip(idx_images(1), std::string(1 << 20, '\0'), 128));
  const int64_t before = peak_memory_kib();
  EXPECT_THAT(refusal(Code::kCorruptFile, kCompressed), HasSubstr("goes on after byte offset 800"));
  EXPECT_LT(peak_memory_kib() - before, 16 * 1024);
}

class Cifar10Errors : public testing::Test, public TestFolder {
 protected:
  Cifar10Errors() {
    for (int batch = 1; batch <= 5; ++batch) write(format("data_batch_{}.bin", batch), cifar_records({batch, 9}, 0));
    write("test_batch.bin", cifar_records({1}, 0));
  }
  std::string refusal(Code code, const std::string& name) const {
    const auto result = read_cifar10(folder());
    EXPECT_FALSE(result.ok());
    EXPECT_EQ(result.status().code(), code) << result.status().message();
    EXPECT_THAT(result.status().message(), AllOf(HasSubstr(path(name)), Not(HasSubstr("\n"))));
    return result.status().message();
  }
};

TEST_F(Cifar10Errors, EachMissingFile) {
  for (const char* name :
       {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin"}) {
    const std::string kept = path(name) + ".kept";
    std::filesystem::rename(path(name), kept);
    refusal(Code::kNotFound, name);
    std::filesystem::rename(kept, path(name));
  }
  EXPECT_TRUE(read_cifar10(folder()).ok());
}

TEST_F(Cifar10Errors, LengthThatIsNoWholeNumberOfRecords) {
  const std::string whole = cifar_records({1, 2}, 0);
  for (size_t length = 0; length < whole.size(); length = length < 4 ? length + 1 : length + 509) {  // 509 is prime: no record's end
    write("data_batch_3.bin", whole.substr(0, length));
    const std::string message = refusal(Code::kCorruptFile, "data_batch_3.bin");
    EXPECT_THAT(message, HasSubstr(format("{} bytes, expected a whole number of records of 3073", length)));
    EXPECT_THAT(message, HasSubstr(format("byte offset {}", length < 3073 ? 0 : 3073)));
  }
  write("data_batch_3.bin", whole + "x");
  EXPECT_THAT(refusal(Code::kCorruptFile, "data_batch_3.bin"), HasSubstr("byte offset 6146"));
}

TEST_F(Cifar10Errors, LabelOutOfRange) {
  write("data_batch_5.bin", cifar_records({1, 10}, 0));
  EXPECT_THAT(refusal(Code::kOutOfRange, "data_batch_5.bin"), HasSubstr("label 10 at byte offset 3073, expected 0 to 9"));
  write("data_batch_5.bin", cifar_records({255, 1}, 0));
  EXPECT_THAT(refusal(Code::kOutOfRange, "data_batch_5.bin"), HasSubstr("label 255 at byte offset 0"));
}

TEST_F(Cifar10Errors, MetaFile) {
  const char* name = "batches.meta.txt";
  write(name, "a\nb\n");
  EXPECT_THAT(refusal(Code::kCorruptFile, name), HasSubstr("2 class names, expected 10"));
  write(name, "");
  EXPECT_THAT(refusal(Code::kCorruptFile, name), HasSubstr("0 class names"));
  write(name, std::string(1 << 17, 'a'));
  refusal(Code::kOutOfRange, name);
  // Not UTF-8 (RFC 3629): stray continuation, overlong, surrogate, beyond the last code point, cut off; and control characters.
  for (const char* bad : {"\x80", "\xc0\xaf", "\xe0\x80\xaf", "\xf0\x80\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8", "\xe2\x82",
                          "\x1b[31m", "\x7f", "\xc2\x85"}) {
    write(name, std::string("a\nb\nc") + bad + "\nd\ne\nf\ng\nh\ni\nj\n");
    EXPECT_THAT(refusal(Code::kCorruptFile, name), HasSubstr("byte offset 4"));
  }
}

TEST(DatasetErrors, UnknownNameSuggestsTheNearest) {
  const auto result = read_dataset("cifar-10", "/tmp");
  EXPECT_EQ(result.status().code(), Code::kInvalidArgument);
  EXPECT_THAT(result.status().message(), HasSubstr("'cifar-10'; did you mean 'cifar10'?"));
}

}  // namespace
}  // namespace liteqat::data
