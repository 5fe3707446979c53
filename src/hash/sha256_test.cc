#include "hash/sha256.h"

#include <gtest/gtest.h>

#include <vector>

namespace liteqat {
namespace {

std::vector<std::byte> pattern(size_t size) {
  std::vector<std::byte> bytes(size);
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i % 251);
  return bytes;
}

// FIPS 180-4 examples (NIST, SHA_All.pdf) and the empty message.
TEST(Sha256, PublishedVectors) {
  EXPECT_EQ(sha256(std::string()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256(std::string("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256(std::string("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256(std::string(
                "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu")),
            "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
  EXPECT_EQ(sha256(std::string(1000000, 'a')), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

// Sizes around the padding boundaries; digests of Python's hashlib over bytes i mod 251.
TEST(Sha256, PaddingBoundaries) {
  const std::vector<std::pair<size_t, std::string>> cases = {{55, "463eb28e72f82e0a96c0a4cc53690c571281131f672aa229e0d45ae59b598b59"},
                                                             {56, "da2ae4d6b36748f2a318f23e7ab1dfdf45acdc9d049bd80e59de82a60895f562"},
                                                             {63, "29af2686fd53374a36b0846694cc342177e428d1647515f078784d69cdb9e488"},
                                                             {64, "fdeab9acf3710362bd2658cdc9a29e8f9c757fcf9811603a8c447cd1d9151108"},
                                                             {65, "4bfd2c8b6f1eec7a2afeb48b934ee4b2694182027e6d0fc075074f2fabb31781"},
                                                             {119, "da18797ed7c3a777f0847f429724a2d8cd5138e6ed2895c3fa1a6d39d18f7ec6"},
                                                             {120, "f52b23db1fbb6ded89ef42a23ce0c8922c45f25c50b568a93bf1c075420bbb7c"},
                                                             {128, "471fb943aa23c511f6f72f8d1652d9c880cfa392ad80503120547703e56a2be5"}};
  for (const auto& [size, digest] : cases) EXPECT_EQ(sha256(pattern(size)), digest) << size;
}

TEST(Sha256, PiecesOfAnySizeGiveTheSameDigest) {
  const auto bytes = pattern(300);
  const std::string whole = sha256(bytes);
  for (size_t piece = 1; piece <= 130; ++piece) {
    Sha256 hash;
    for (size_t begin = 0; begin < bytes.size(); begin += piece) {
      hash.update(std::span(bytes).subspan(begin, std::min(piece, bytes.size() - begin)));
      hash.update(std::string());
    }
    EXPECT_EQ(hash.finish(), whole) << piece;
  }
}

}  // namespace
}  // namespace liteqat
