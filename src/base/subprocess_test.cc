#include "base/subprocess.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace liteqat {
namespace {

using testing::HasSubstr;

TEST(Subprocess, WaitsForTheEndAndPassesArgumentsAsTheyAre) {
  const std::string file = testing::TempDir() + "/subprocess test $x";
  std::filesystem::remove(file);
  ASSERT_TRUE(run_program({"sh", "-c", "sleep 0.05; echo ignored; touch \"$1\"", "sh", file}).ok());
  EXPECT_TRUE(std::filesystem::exists(file));
}

TEST(SubprocessErrors, NameTheProgramAndHowItEnded) {
  EXPECT_EQ(run_program({"/no/such/program"}).code(), Code::kNotFound);
  EXPECT_THAT(run_program({"/no/such/program"}).message(), HasSubstr("/no/such/program"));
  EXPECT_THAT(run_program({"sh", "-c", "exit 7"}).message(), HasSubstr("exit code 7"));
  EXPECT_THAT(run_program({"sh", "-c", "kill -9 $$"}).message(), HasSubstr("signal 9"));
}

TEST(Subprocess, ProgramFolderHoldsThisTest) {
  EXPECT_TRUE(std::filesystem::exists(program_folder() + "/base_test"));
}

}  // namespace
}  // namespace liteqat
