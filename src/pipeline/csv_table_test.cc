#include "pipeline/csv_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace liteqat::pipeline {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<double> numbers(const std::string& text, int64_t columns) {
  const auto table = parse_csv_table(text, "a.csv");
  EXPECT_TRUE(table.ok()) << table.status().message();
  if (!table.ok()) return {};
  EXPECT_EQ(table->columns, columns);
  return table->values;
}

std::string table_fault(const std::string& text) {
  const auto table = parse_csv_table(text, "a.csv");
  return table.ok() ? "read" : std::string(table.status().message());
}

TEST(CsvTable, SemicolonsAndTabsLeaveCommasToDecimals) {
  EXPECT_THAT(numbers("0,25;0,75\n1,0;0,0\n", 2), ElementsAre(0.25, 0.75, 1, 0));
  EXPECT_THAT(numbers("0,25\t0.75\n", 2), ElementsAre(0.25, 0.75));
  EXPECT_THAT(numbers("0.25,0.75\r\n+1,-inf\r\n", 2), ElementsAre(0.25, 0.75, 1, -HUGE_VAL));
  EXPECT_THAT(numbers("\xEF\xBB\xBF\"pred\"\n\"3\"\n 4 \n", 1), ElementsAre(3, 4));
}

TEST(CsvTable, AColumnThatCountsTheLinesIsLeftOut) {
  EXPECT_THAT(numbers(",prediction\n0,7\n1,3\n2,3\n", 1), ElementsAre(7, 3, 3));
  EXPECT_THAT(numbers("id,pred\n1,7\n2,3\n3,3\n", 1), ElementsAre(7, 3, 3));
  EXPECT_THAT(numbers("0,0.9,0.1\n1,0.2,0.8\n2,0.3,0.7\n", 2), ElementsAre(0.9, 0.1, 0.2, 0.8, 0.3, 0.7));
  EXPECT_THAT(numbers("0\n1\n2\n", 1), ElementsAre(0, 1, 2));      // classes, and nothing beside them
  EXPECT_THAT(numbers("0,1\n1,0\n", 2), ElementsAre(0, 1, 1, 0));  // one-hot
  EXPECT_THAT(numbers("0,1\n1,0\n0,1\n", 2), ElementsAre(0, 1, 1, 0, 0, 1));
}

TEST(CsvTable, ColumnsThatAreNoScoresAreErrors) {
  EXPECT_THAT(table_fault("id,pred\n17,7\n4,3\n9,3\n"), HasSubstr("'id' does not count the lines"));
  EXPECT_THAT(table_fault("label,pred\n7,7\n3,3\n3,2\n"), HasSubstr("'label'"));
  EXPECT_THAT(table_fault("0,label,pred\n"), HasSubstr("holds no line"));
  EXPECT_THAT(table_fault("class\n1\nx\n"), HasSubstr("line 3"));
  EXPECT_THAT(table_fault("1,2\n1\n"), HasSubstr("line 2: 1 numbers"));
  EXPECT_THAT(table_fault("1,,2\n"), HasSubstr("holds no line"));
}

}  // namespace
}  // namespace liteqat::pipeline
