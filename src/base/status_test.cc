#include "base/status.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>

namespace liteqat {
namespace {

Result<int> half(int value) {
  if (value % 2 != 0) return error(Code::kOutOfRange, "{} is odd", value);
  return value / 2;
}

Result<int> quarter(int value) {
  LITEQAT_ASSIGN_OR_RETURN(const int once, half(value));
  LITEQAT_ASSIGN_OR_RETURN(const int twice, half(once));
  return twice;
}

Status require_quarter(int value, int& calls) {
  LITEQAT_RETURN_IF_ERROR(half(value).status());
  ++calls;
  LITEQAT_RETURN_IF_ERROR(half(value / 2).status());
  ++calls;
  return {};
}

TEST(Status, DefaultIsOk) {
  const Status status;
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(status.code(), Code::kOk);
  EXPECT_TRUE(status.message().empty());
}

TEST(Status, ErrorKeepsCodeAndFormatsTheMessage) {
  const Status status = error(Code::kCorruptFile, "{}: offset {}", "a.bin", 12);
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(status.code(), Code::kCorruptFile);
  EXPECT_EQ(status.message(), "a.bin: offset 12");
}

TEST(Status, ContextPrefixesErrorsAndLeavesOkAlone) {
  const Status inner = error(Code::kIo, "disk full");
  const Status outer = inner.with_context("run.json");
  EXPECT_EQ(outer.code(), Code::kIo);
  EXPECT_EQ(outer.message(), "run.json: disk full");
  EXPECT_EQ(inner.message(), "disk full");
  EXPECT_TRUE(Status().with_context("x").message().empty());
}

TEST(Status, EveryCodeHasItsOwnName) {
  std::set<std::string> names;
  for (int code = 0; code <= static_cast<int>(Code::kInternal); ++code) names.insert(code_name(static_cast<Code>(code)));
  EXPECT_EQ(names.size(), static_cast<size_t>(Code::kInternal) + 1);
  EXPECT_FALSE(names.contains("unknown"));
}

TEST(Result, HoldsEitherValueOrStatus) {
  const Result<int> good = half(8);
  ASSERT_TRUE(good.ok());
  EXPECT_EQ(*good, 4);
  EXPECT_TRUE(good.status().ok());
  const Result<int> bad = half(7);
  ASSERT_FALSE(bad.ok());
  EXPECT_EQ(bad.status().message(), "7 is odd");
}

TEST(Result, MacrosLeaveAtTheFirstError) {
  EXPECT_EQ(*quarter(12), 3);
  EXPECT_EQ(quarter(6).status().message(), "3 is odd");
  int calls = 0;
  EXPECT_TRUE(require_quarter(4, calls).ok());
  EXPECT_EQ(calls, 2);
  calls = 0;
  EXPECT_EQ(require_quarter(6, calls).message(), "3 is odd");
  EXPECT_EQ(calls, 1);
}

TEST(Result, MovesValuesThatCannotBeCopied) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(5);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(**result, 5);
  const std::unique_ptr<int> taken = std::move(result).value();
  EXPECT_EQ(*taken, 5);
  Result<std::string> text = std::string("abc");
  EXPECT_EQ(text->size(), 3u);
}

TEST(ResultDeathTest, ValueOfAnErrorAborts) {
  const Result<int> bad = half(7);
  EXPECT_DEATH((void)bad.value(), "internal check failed: ok");
  EXPECT_DEATH((void)Result<int>(Status()), "internal check failed");
}

TEST(CheckDeathTest, PrintsBothValues) {
  EXPECT_DEATH(LITEQAT_CHECK_EQ(2 + 2, 5), "4 against 5.*status_test.cc");
  EXPECT_DEATH(LITEQAT_CHECK_LT(3, 3), "3 against 3");
  LITEQAT_CHECK_LE(3, 3);
}

}  // namespace
}  // namespace liteqat
