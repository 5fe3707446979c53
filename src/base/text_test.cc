#include "base/text.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace liteqat {
namespace {

TEST(Text, NearestNameByEditDistance) {
  const std::vector<std::string> names = {"train", "convert", "eval", "check"};
  EXPECT_EQ(nearest_name("trian", names), "train");
  EXPECT_EQ(nearest_name("evaluate", names), "eval");
  EXPECT_EQ(nearest_name("checks", names), "check");
  EXPECT_EQ(nearest_name("eval", names), "eval");
  EXPECT_EQ(nearest_name("x", std::vector<std::string>{}), "");
  EXPECT_EQ(nearest_name("ab", std::vector<std::string>{"cd", "ef"}), "cd");               // a tie: the first
  EXPECT_EQ(nearest_name("kitten", std::vector<std::string>{"mitt", "sitting"}), "mitt");  // both 3 away: the first
  EXPECT_EQ(nearest_name("kitten", std::vector<std::string>{"k", "sitting"}), "sitting");
  EXPECT_EQ(nearest_name("", std::vector<std::string>{"long", "ab"}), "ab");
}

TEST(Text, NearestNameOfAMegabyteTakesNoLonger) {
  const std::vector<std::string> names(200, std::string(500, 'a'));
  EXPECT_EQ(nearest_name(std::string(size_t{1} << 24, 'a'), names), names[0]);
}

TEST(Text, Join) {
  EXPECT_EQ(join(std::vector<std::string>{}, ", "), "");
  EXPECT_EQ(join(std::vector<std::string>{"a"}, ", "), "a");
  EXPECT_EQ(join(std::vector<std::string>{"a", "", "c"}, ", "), "a, , c");
}

TEST(Text, FormatBytes) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(812), "812 B");
  EXPECT_EQ(format_bytes(1023), "1023 B");
  EXPECT_EQ(format_bytes(1024), "1.0 KiB");
  EXPECT_EQ(format_bytes(1536 * 1024), "1.5 MiB");
  EXPECT_EQ(format_bytes(int64_t{3} << 30), "3.0 GiB");
  EXPECT_EQ(format_bytes(int64_t{5000} << 40), "5000.0 TiB");
}

TEST(Text, FormatCount) {
  EXPECT_EQ(format_count(0), "0");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(1000), "1,000");
  EXPECT_EQ(format_count(12345), "12,345");
  EXPECT_EQ(format_count(-999), "-999");
  EXPECT_EQ(format_count(-123456), "-123,456");
  EXPECT_EQ(format_count(1234567), "1,234,567");
  EXPECT_EQ(format_count(std::numeric_limits<int64_t>::max()), "9,223,372,036,854,775,807");
  EXPECT_EQ(format_count(std::numeric_limits<int64_t>::min()), "-9,223,372,036,854,775,808");
}

TEST(ExtentsText, OfAnyRank) {
  EXPECT_EQ(extents_text(std::vector<int64_t>{}), "[]");
  EXPECT_EQ(extents_text(std::vector<int64_t>{7}), "[7]");
  EXPECT_EQ(extents_text(std::vector<int64_t>{1, 28, 300}), "[1,28,300]");
}

}  // namespace
}  // namespace liteqat
