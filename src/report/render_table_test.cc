#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "report/report.h"

namespace liteqat::report {
namespace {

using testing::HasSubstr;
using testing::Not;

results::Metric metric_of(const std::string& model, int64_t correct, double low, double high) {
  results::Metric metric{.id = model + ".test", .model = model, .arithmetic = "a", .split = "test", .correct = correct, .total = 10000};
  metric.value = static_cast<double>(correct) / 10000;
  metric.interval.low = low;
  metric.interval.high = high;
  return metric;
}

results::Run two_models() {
  results::Run run;
  run.metrics = {metric_of("qat_int8", 9815, 0.9786, 0.9840), metric_of("float", 9806, 0.9777, 0.9831)};
  run.metrics[0].agreement = 9950;
  run.metrics[0].agreement_with = "float";
  run.models = {{.model = "qat_int8", .path = "q.tflite", .bytes = 25712, .sha256 = "", .type = "int8", .description = ""}};
  return run;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(RenderTable, AlignedAndInOrder) {
  EXPECT_EQ(render_table(two_models(), {}),
            "model      correct/total   accuracy      95 % interval   same class as float   file size\n"
            "float         9806/10000    98.06 %   97.77 .. 98.31 %                     -           -\n"
            "qat_int8      9815/10000    98.15 %   97.86 .. 98.40 %        9950 (99.50 %)    25.1 KiB\n"
            "test split; interval: Wilson\n");
}

TEST(RenderTable, TiesOnlyWhereThereAreAny) {
  results::Run run = two_models();
  EXPECT_THAT(render_table(run, {}), Not(HasSubstr("ties")));
  run.metrics[0].ties = 3;
  EXPECT_THAT(render_table(run, {.color = false, .width = 120}), HasSubstr("ties: images whose largest score is shared"));
}

TEST(RenderTable, ColorChangesNoCharacter) {
  std::string colored = render_table(two_models(), {.color = true, .width = 100});
  EXPECT_THAT(colored, HasSubstr("\x1b[1mmodel"));
  EXPECT_THAT(colored, HasSubstr("\x1b[2m97.77 .. 98.31 %\x1b[0m"));
  for (const std::string code : {"\x1b[0m", "\x1b[1m", "\x1b[2m"}) {
    for (size_t at = colored.find(code); at != std::string::npos; at = colored.find(code)) colored.erase(at, code.size());
  }
  const auto plain = lines_of(render_table(two_models(), {})), stripped = lines_of(colored);
  ASSERT_EQ(plain.size(), stripped.size());
  for (size_t i = 0; i < plain.size(); ++i) EXPECT_EQ(plain[i], stripped[i]);
}

TEST(RenderTable, NarrowTerminalsLoseColumnsAndAreToldWhich) {
  for (int width = 0; width < 120; ++width) {
    const std::string table = render_table(two_models(), {.color = false, .width = width});
    const auto lines = lines_of(table);
    ASSERT_EQ(lines.size(), 4u);
    EXPECT_THAT(table, HasSubstr("9815/10000    98.15 %"));  // never dropped
    for (size_t i = 0; i < 3 && width >= 40; ++i) EXPECT_LE(lines[i].size(), static_cast<size_t>(width));
  }
  EXPECT_THAT(render_table(two_models(), {.color = false, .width = 60}), HasSubstr("left out for width: same class as float, file size"));
}

TEST(RenderTable, OnlyTheTestSplit) {
  results::Run run = two_models();
  run.metrics[0].split = "train";
  EXPECT_THAT(render_table(run, {}), Not(HasSubstr("qat_int8")));
  run.metrics[1].split = "train";
  EXPECT_EQ(render_table(run, {}), "The record has no figure for the test split.\n");
}

}  // namespace
}  // namespace liteqat::report
