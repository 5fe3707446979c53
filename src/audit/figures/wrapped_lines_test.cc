#include "audit/figures/wrapped_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace liteqat::audit {
namespace {

std::vector<std::string> join(const std::vector<std::string>& texts) {
  std::vector<TextLine> lines;
  for (const std::string& text : texts) lines.push_back({static_cast<int32_t>(lines.size()) + 1, text});
  std::vector<std::string> joined;
  for (const Passage& passage : join_wrapped_lines(lines, std::vector<bool>(lines.size(), false))) joined.push_back(passage.text);
  return joined;
}

using testing::ElementsAre;

TEST(WrappedLines, ASentenceGoesOn) {
  EXPECT_THAT(join({"after training the float model reaches an accuracy of", "0.9134 on the test set."}),
              ElementsAre("after training the float model reaches an accuracy of 0.9134 on the test set."));
  EXPECT_THAT(join({"It was trained for twenty epochs on all of the images and then", "quantized again."}), testing::SizeIs(1));
  EXPECT_THAT(join({"the accuracy of this model drops to   ", "0.8972"}), ElementsAre("the accuracy of this model drops to 0.8972"));
}

TEST(WrappedLines, LogsListsAndCodeDoNot) {
  for (const char* next : {"- int8 0.91", "1. first", "  indented", "test_acc=0.91", "float: 0.91", "", "## Heading"})
    EXPECT_THAT(join({"after training the float model reaches an accuracy of", next}), testing::SizeIs(2)) << next;
  EXPECT_THAT(join({"Done.", "accuracy 0.91"}), testing::SizeIs(2));
  EXPECT_THAT(join({"the accuracy of the model was measured.", "and then again"}), testing::SizeIs(2));
  EXPECT_THAT(join({"we trained the model", "accuracy 0.91"}), testing::SizeIs(2));  // far from the margin
}

TEST(WrappedLines, EveryByteKeepsItsLine) {
  const std::vector<TextLine> lines = {{7, "taken"}, {8, "the accuracy of this model drops to"}, {9, "0.8972"}};
  const auto passages = join_wrapped_lines(lines, {true, false, false});
  ASSERT_EQ(passages.size(), 1u);
  EXPECT_EQ(passages[0].line_at(0), 8);
  EXPECT_EQ(passages[0].line_at(passages[0].text.find("0.8972") - 1), 8);
  EXPECT_EQ(passages[0].line_at(passages[0].text.find("0.8972")), 9);
  EXPECT_EQ(passages[0].line_at(passages[0].text.size()), 9);
}

}  // namespace
}  // namespace liteqat::audit
