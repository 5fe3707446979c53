#include "formats/tflite/zip.h"

#include <gtest/gtest.h>

namespace liteqat::formats::tflite {
namespace {

TEST(Zip, AppendedEntryIsFound) {
  for (const std::string& content : {std::string(), std::string("cat\ndog\n"), std::string(70000, 'x')}) {
    Bytes file(37, std::byte{9});
    append_zip(file, {{"labels.txt", content}});
    EXPECT_EQ(file[36], std::byte{9});
    EXPECT_EQ(find_in_zip(file, "labels.txt"), content);
    EXPECT_EQ(find_in_zip(file, "label.txt"), std::nullopt);
  }
}

TEST(Zip, EntriesAreListedInOrder) {
  Bytes file(11, std::byte{9});
  append_zip(file, {{"a.txt", "one"}, {"b.bin", ""}, {"c.txt", "three"}});
  const auto entries = list_zip(file);
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries[0].name, "a.txt");
  EXPECT_EQ(entries[1].content, "");
  EXPECT_EQ(entries[2].content, "three");
  EXPECT_EQ(find_in_zip(file, "c.txt"), "three");
  Bytes again(11, std::byte{9});
  append_zip(again, entries);
  EXPECT_EQ(again, file);
  EXPECT_TRUE(list_zip(std::span(file).first(30)).empty());
}

TEST(Zip, ACommentMayFollow) {
  for (const size_t comment : {1u, 5u, 65535u}) {
    Bytes file;
    append_zip(file, {{"a", "one"}});
    file[file.size() - 2] = static_cast<std::byte>(comment);
    file[file.size() - 1] = static_cast<std::byte>(comment >> 8);
    EXPECT_EQ(find_in_zip(file, "a"), std::nullopt) << "the comment is missing";
    file.insert(file.end(), comment, std::byte{'P'});
    EXPECT_EQ(find_in_zip(file, "a"), "one") << comment;
    file.insert(file.end(), std::byte{0});
    EXPECT_EQ(find_in_zip(file, "a"), std::nullopt) << "a byte too many";
  }
}

TEST(Zip, NamesThatNobodyCanReadAreNotListed) {
  Bytes file;
  append_zip(file, {{"a\x1b[2J", "one"}, {"b\x7f", "two"}, {"c d~", "three"}});
  const auto entries = list_zip(file);
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].name, "c d~");
}

TEST(Zip, AsManyEntriesAreListedAsCanBeWritten) {
  Bytes file;
  append_zip(file, std::vector<Extras::AssociatedFile>(65'534, {"a", ""}));
  EXPECT_EQ(list_zip(file).size(), 65'534u);
}

TEST(Zip, MoreEntriesThanCanBeWrittenAreNotListed) {
  Bytes file;
  append_zip(file, std::vector<Extras::AssociatedFile>(65'534, {"a", ""}));
  const size_t directory = 65'534 * (30 + 1), entry = 46 + 1;
  const Bytes central(file.begin() + static_cast<std::ptrdiff_t>(directory), file.begin() + static_cast<std::ptrdiff_t>(directory + entry));
  file.insert(file.begin() + static_cast<std::ptrdiff_t>(directory), central.begin(), central.end());
  file[file.size() - 12] = file[file.size() - 11] = std::byte{0xFF};
  EXPECT_EQ(list_zip(file).size(), 65'534u);
}

TEST(Zip, EntriesAreDatedTheFirstDayThatTheFormatHas) {
  Bytes file;
  append_zip(file, {{"a", ""}});
  EXPECT_EQ(file[12], std::byte{0x21});  // 1 January 1980: year << 9 | month << 5 | day
  EXPECT_EQ(file[13], std::byte{0});
  EXPECT_EQ(file[31 + 14], std::byte{0x21});
  EXPECT_EQ(file[31 + 15], std::byte{0});
}

/// An archive whose one entry "a" has `content`, but stands in the comment at the end of the file; `claimed`: the bytes that it says it
/// has.
Bytes entry_at_the_end(const std::string& content, uint8_t claimed) {
  Bytes file;
  append_zip(file, {{"a", content}});
  const auto entry = static_cast<std::ptrdiff_t>(30 + 1 + content.size()), central = entry;
  const Bytes local(file.begin(), file.begin() + entry);
  file[static_cast<size_t>(central) + 20] = file[static_cast<size_t>(central) + 24] = std::byte{claimed};
  file[static_cast<size_t>(central) + 42] = static_cast<std::byte>(file.size());
  file[file.size() - 2] = static_cast<std::byte>(entry);
  file.insert(file.end(), local.begin(), local.end());
  return file;
}

TEST(Zip, ContentEndsWithTheFile) {
  EXPECT_EQ(find_in_zip(entry_at_the_end("abc", 3), "a"), "abc");
  EXPECT_EQ(find_in_zip(entry_at_the_end("", 0), "a"), "");
  EXPECT_EQ(find_in_zip(entry_at_the_end("abc", 4), "a"), std::nullopt);  // its checksum is of what there is
  EXPECT_EQ(find_in_zip(entry_at_the_end("", 200), "a"), std::nullopt);
}

TEST(Zip, OfTwoEntriesOfANameTheFirstIsFound) {
  Bytes file;
  append_zip(file, {{"a", "one"}, {"b", "two"}, {"a", "three"}});
  EXPECT_EQ(find_in_zip(file, "a"), "one");
  EXPECT_EQ(list_zip(file).size(), 3u);
}

TEST(Zip, EntriesThatShareBytesDoNotMultiplyThem) {
  Bytes file(1, std::byte{9});
  append_zip(file, {{"a", std::string(1000, 'x')}});
  // Twelve directory entries for the one file behind each other, and an end record that counts them.
  const size_t directory = 1 + 30 + 1 + 1000, entry = 46 + 1;
  const Bytes central(file.begin() + static_cast<std::ptrdiff_t>(directory), file.begin() + static_cast<std::ptrdiff_t>(directory + entry));
  for (int copy = 0; copy < 11; ++copy) file.insert(file.begin() + static_cast<std::ptrdiff_t>(directory), central.begin(), central.end());
  file[file.size() - 12] = std::byte{12};
  EXPECT_EQ(list_zip(file).size(), 1u);
}

TEST(Zip, DamageIsNoticed) {
  Bytes original(5, std::byte{1});
  append_zip(original, {{"l.txt", "cat\ndog\n"}});
  for (size_t size = 0; size < original.size(); ++size) {
    EXPECT_EQ(find_in_zip(std::span(original).first(size), "l.txt"), std::nullopt) << size;
  }
  size_t unharmed = 0;
  for (size_t at = 0; at < original.size(); ++at) {
    for (int value : {0x00, 0x7F, 0x80, 0xFF}) {
      Bytes file = original;
      file[at] = static_cast<std::byte>(value);
      const auto content = find_in_zip(file, "l.txt");  // never a crash; a changed label is refused by the CRC
      EXPECT_EQ(content.value_or("cat\ndog\n"), "cat\ndog\n") << at;
      unharmed += content.has_value();
    }
  }
  EXPECT_GT(unharmed, 0u);  // bytes that nothing depends on, such as the date
}

}  // namespace
}  // namespace liteqat::formats::tflite
