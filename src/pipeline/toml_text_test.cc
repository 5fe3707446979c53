#include "pipeline/toml_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipeline/toml_parse.h"

namespace liteqat::pipeline {
namespace {

std::string repeated(const std::string& text, size_t count) {
  std::string all;
  for (size_t i = 0; i < count; ++i) all += text;
  return all;
}

TEST(TomlKeys, OfManyPartsAreRefusedWhereverTheyStand) {
  const std::string key = "a" + repeated(".a", 32);
  const std::vector<std::string> texts = {key + " = 1\n",
                                          "a" + repeated(".a", 400'000) + " = 1\n",
                                          "[" + key + "]\n",
                                          "[[" + key + "]]\n",
                                          "x = {" + key + " = 1}\n",
                                          "x = [{" + key + " = 1}]\n",
                                          "a" + repeated(" . a", 32) + " = 1\n",
                                          "a" + repeated(".\"b,\\\"=\"", 32) + " = 1\n",
                                          "a" + repeated(".'b,=\\'", 32) + " = 1\n",
                                          "x = [\"\"\"\n\\\"\"\"\"\"\", {\"a,\"" + repeated(".\",\"", 32) + " = 1}]\n"};
  for (const std::string& text : texts) {
    const Status status = parse_toml("first = 1\n" + text, "r.toml").status();
    EXPECT_EQ(status.code(), Code::kCorruptFile) << text.substr(0, 60);
    EXPECT_THAT(status.message(), testing::MatchesRegex("r.toml, line [23]: a key of more than 32 parts")) << text.substr(0, 60);
  }
}

TEST(TomlKeys, PointsElsewhereAreNoParts) {
  const std::string points = repeated(".", 50);
  const std::string text = "a" + repeated(".a", 31) + " = 1\nx = [" + repeated("1.5, ", 50) + "]\ny = \"" + points + "\\\"" + points +
                           "\"\nz = '''\n" + points + "''''\n# " + points + "\n[" + repeated("b.", 31) + "b]\nq = 1.5\n";
  const auto table = parse_toml(text, "r.toml");
  ASSERT_TRUE(table.ok()) << table.status().message();
  EXPECT_EQ((*table)["x"].as_array()->size(), 50u);
}

// The deepest that is read: keys inside tables inside lists. Freeing it must not end the program either.
TEST(TomlKeys, TheDeepestTextEndsWell) {
  const std::string key = "a" + repeated(".a", 31) + " = ";
  for (const size_t depth : {60u, 120u, 200u, 400u}) {
    const std::string text = key + repeated("[{" + key, depth) + "1" + repeated("}]", depth) + "\n";
    const auto table = parse_toml(text, "r.toml");
    EXPECT_EQ(table.ok(), depth <= 120) << depth << ": " << table.status().message();
  }
}

}  // namespace
}  // namespace liteqat::pipeline
