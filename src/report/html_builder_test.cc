#include "report/html_builder.h"

#include <gtest/gtest.h>

namespace liteqat::report {
namespace {

TEST(EscapeHtml, MarkupBecomesText) {
  EXPECT_EQ(escape_html("<a href=\"x\">&'</a>"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;&lt;/a&gt;");
  EXPECT_EQ(escape_html("plain \xc3\xa9 text\n\t"), "plain \xc3\xa9 text\n\t");
  EXPECT_EQ(escape_html(std::string_view("a\0b\x1b[31m\x7f", 9)),
            "a\xef\xbf\xbd"
            "b\xef\xbf\xbd[31m\xef\xbf\xbd");
}

TEST(HtmlBuilder, ClosesWhatItOpens) {
  HtmlBuilder html;
  html.open("p", {{"class", "a\"b"}}).text("1 < 2").single("img", {{"alt", "<"}}).element("b", {}, "&").close("p");
  EXPECT_EQ(std::move(html).finish(), "<p class=\"a&quot;b\">1 &lt; 2<img alt=\"&lt;\"/><b>&amp;</b></p>\n");
}

TEST(HtmlBuilderDeathTest, WrongNestingIsAProgrammersMistake) {
  EXPECT_DEATH(HtmlBuilder().open("p").open("b").close("p"), "open_tags_");
  EXPECT_DEATH(HtmlBuilder().close("p"), "open_tags_");
  EXPECT_DEATH(
      {
        HtmlBuilder html;
        html.open("p");
        (void)std::move(html).finish();
      },
      "open_tags_");
}

}  // namespace
}  // namespace liteqat::report
