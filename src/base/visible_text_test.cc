#include "base/visible_text.h"

#include <gtest/gtest.h>

namespace liteqat {
namespace {

TEST(VisibleText, ControlCharactersAreShownNotSent) {
  EXPECT_EQ(visible_text("conv\x1b]0;title\a\n\t\x7f\x1b[31m"), "conv\\x1b]0;title\\x07\\x0a\\x09\\x7f\\x1b[31m");
  EXPECT_EQ(visible_text("a\tb\n\x1b[1;31mred\x1b[0m\x1b[2J\x1b[31\r", true), "a\tb\n\x1b[1;31mred\x1b[0m\\x1b[2J\\x1b[31\\x0d");
  EXPECT_EQ(visible_text("\xC2\x9B"
                         "2J \xC2\xA0 \xC3\xA9 \xC2"),
            "\\x9b2J \xC2\xA0 \xC3\xA9 \xC2");
  EXPECT_EQ(visible_text(std::string_view("\0", 1)), "\\x00");
  EXPECT_EQ(visible_text("\x1b[", true), "\\x1b[");
}

}  // namespace
}  // namespace liteqat
