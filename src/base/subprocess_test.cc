#include "base/subprocess.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"

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

TEST(Subprocess, FilesPassThroughAProgramWithoutEnvironment) {
  const std::string file = testing::TempDir() + "/filtered";
  ASSERT_TRUE(write_text_file(file, "line\n").ok());
  std::string output;
  const auto keep = [&](std::span<const std::byte> piece) {
    output.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    return Status();
  };
  ASSERT_TRUE(filter_file({"/bin/sh", "-c", "while read x; do echo \"$x $HOME\"; done"}, file, keep).ok());
  EXPECT_EQ(output, "line \n");
  const auto refuse = [](std::span<const std::byte>) { return Status(Code::kMismatch, "enough"); };
  EXPECT_EQ(filter_file({"/bin/sh", "-c", "while true; do echo y; done"}, file, refuse).message(), "enough");
  EXPECT_THAT(filter_file({"/bin/sh", "-c", "kill -9 $$"}, file, keep).message(), HasSubstr("signal 9"));
  EXPECT_EQ(filter_file({"/no/such/program"}, file, keep).code(), Code::kNotFound);
}

TEST(Subprocess, ProgramFolderHoldsThisTest) {
  EXPECT_TRUE(std::filesystem::exists(program_folder() + "/base_test"));
}

}  // namespace
}  // namespace liteqat
