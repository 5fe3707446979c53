#include "formats/tflite/zip.h"

#include <gtest/gtest.h>

namespace liteqat::formats::tflite {
namespace {

TEST(Zip, AppendedEntryIsFound) {
  for (const std::string& content : {std::string(), std::string("cat\ndog\n"), std::string(70000, 'x')}) {
    Bytes file(37, std::byte{9});
    append_zip(file, "labels.txt", content);
    EXPECT_EQ(file[36], std::byte{9});
    EXPECT_EQ(find_in_zip(file, "labels.txt"), content);
    EXPECT_EQ(find_in_zip(file, "label.txt"), std::nullopt);
  }
}

TEST(Zip, DamageIsNoticed) {
  Bytes original(5, std::byte{1});
  append_zip(original, "l.txt", "cat\ndog\n");
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
