// Downloads themselves: tests/e2e/fetch_test.py.
#include "fetch/archive.h"

#include <gmock/gmock.h>
#include <zlib.h>

#include "base/format.h"

namespace liteqat::fetch {
namespace {

using ::testing::HasSubstr;

std::string header(const std::string& name, size_t size, char kind = '0') {
  std::string block(512, '\0');
  block.replace(0, name.size(), name);
  block.replace(124, 11, format("{:011o}", size));
  block.replace(148, 8, "        ");
  block[156] = kind;
  int sum = 0;
  for (const char c : block) sum += static_cast<uint8_t>(c);
  block.replace(148, 7, format("{:06o}", sum) + '\0');
  return block;
}

std::string member(const std::string& name, const std::string& content) {
  return header(name, content.size()) + content + std::string((512 - content.size() % 512) % 512, '\0');
}

auto list(const std::string& bytes) {
  return list_tar(std::as_bytes(std::span(bytes)), "a.tar");
}

const std::string kEnd(1024, '\0');

TEST(Tar, FilesByTheirLastName) {
  const std::string bytes =
      header("d/", 0, '5') + member("d/one", "1") + member("d/../two", std::string(513, 'x')) + header("l", 0, '2') + kEnd;
  const auto files = list(bytes);
  ASSERT_TRUE(files.ok()) << files.status().message();
  ASSERT_EQ(files->size(), 2u);
  EXPECT_EQ(files->at("one").size(), 1u);
  EXPECT_EQ(files->at("two").size(), 513u);
  EXPECT_EQ(std::to_integer<char>(files->at("two")[512]), 'x');
}

TEST(Tar, FaultsNameTheOffset) {
  EXPECT_THAT(list(member("a", "1") + header("b", 9999)).status().message(),
              HasSubstr("a.tar: the file at byte offset 1024 has 9999 bytes, 0 are left"));
  std::string damaged = member("a", "1") + kEnd;
  damaged[3] = 'x';
  EXPECT_EQ(list(damaged).status().message(), "a.tar: no tar header at byte offset 0");
  EXPECT_THAT(list(member("a", "1") + member("x/a", "2") + kEnd).status().message(),
              HasSubstr("x/a stands twice, again at byte offset 1024"));
  EXPECT_THAT(list(member("a", "1")).status().message(), HasSubstr("ends without the empty block"));
  EXPECT_THAT(list("").status().message(), HasSubstr("ends without the empty block"));
}

std::string gzip(const std::string& text) {
  std::string out(compressBound(text.size()) + 64, '\0');
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data())), stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data()), stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

auto unpack(const std::string& bytes, int64_t limit) {
  return inflate_gzip(std::as_bytes(std::span(bytes)), limit, "a.gz");
}

TEST(Gzip, WholeCutAndTooLarge) {
  std::string text;
  for (int i = 0; i < 300'000; ++i) text += static_cast<char>(i * 7 + i / 1000);
  const std::string packed = gzip(text);
  const auto unpacked = unpack(packed, 1 << 20);
  ASSERT_TRUE(unpacked.ok()) << unpacked.status().message();
  EXPECT_EQ(unpacked->size(), text.size());
  EXPECT_EQ(std::to_integer<char>((*unpacked)[299'999]), text[299'999]);
  for (const size_t cut : {size_t{0}, size_t{5}, packed.size() / 2, packed.size() - 1}) {
    EXPECT_EQ(unpack(packed.substr(0, cut), 1 << 20).status().code(), Code::kCorruptFile) << cut;
  }
  EXPECT_EQ(unpack(gzip(std::string(2 << 20, '\0')), 1 << 20).status().message(), "a.gz: unpacks to more than 1048576 bytes");
}

}  // namespace
}  // namespace liteqat::fetch
