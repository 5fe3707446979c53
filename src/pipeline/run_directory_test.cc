#include "pipeline/run_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"

namespace liteqat::pipeline {
namespace {

using ::testing::HasSubstr;

class RunDirectoryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    path_ = std::filesystem::temp_directory_path() / format("liteqat-run-directory-{}", ::testing::UnitTest::GetInstance()->random_seed());
    path_ += ::testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(path_);
    recipe_ = *parse_recipe("name = 'r'", "r.toml", {.settings = {}, .use_environment = false});
  }
  void TearDown() override { std::filesystem::remove_all(path_); }

  Result<RunDirectory> open(bool fresh = false) { return RunDirectory::open(path_.string(), recipe_, fresh); }

  std::filesystem::path path_;
  Recipe recipe_;
};

TEST_F(RunDirectoryTest, FinishedStageIsFoundAgainWhileItsFilesAreUnchanged) {
  {
    auto directory = open();
    ASSERT_TRUE(directory.ok()) << directory.status().message();
    EXPECT_FALSE(directory->find_finished("float"));
    ASSERT_TRUE(write_text_file(directory->file("float.safetensors"), "weights").ok());
    ASSERT_TRUE(directory->finish_stage("float", 1.5, 100.25, {"float.safetensors"}).ok());
  }
  auto directory = open();
  ASSERT_TRUE(directory.ok());
  const auto record = directory->find_finished("float");
  ASSERT_TRUE(record);
  EXPECT_DOUBLE_EQ(record->seconds, 1.5);
  EXPECT_DOUBLE_EQ(*record->images_per_second, 100.25);
  ASSERT_TRUE(write_text_file(directory->file("float.safetensors"), "changed").ok());
  EXPECT_FALSE(directory->find_finished("float"));
  std::filesystem::remove(directory->file("float.safetensors"));
  EXPECT_FALSE(directory->find_finished("float"));
}

TEST_F(RunDirectoryTest, AnotherRecipeIsRefusedAndNothingIsTouched) {
  {
    auto directory = open();
    ASSERT_TRUE(directory.ok());
    ASSERT_TRUE(write_text_file(directory->file("run.json"), "precious").ok());
  }
  const std::string before = *read_text_file((path_ / "recipe.toml").string());
  recipe_.seed = 5;
  const auto refused = open();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.status().code(), Code::kMismatch);
  EXPECT_THAT(refused.status().message(), HasSubstr("--fresh"));
  EXPECT_EQ(*read_text_file((path_ / "recipe.toml").string()), before);
  EXPECT_EQ(*read_text_file((path_ / "run.json").string()), "precious");
  ASSERT_TRUE(open(true).ok());
  EXPECT_FALSE(std::filesystem::exists(path_ / "run.json"));
}

TEST_F(RunDirectoryTest, FreshRemovesOnlyWhatARunWrites) {
  {
    auto directory = open();
    ASSERT_TRUE(directory.ok());
  }
  ASSERT_TRUE(write_text_file((path_ / "notes.txt").string(), "mine").ok());
  ASSERT_TRUE(open(true).ok());
  EXPECT_EQ(*read_text_file((path_ / "notes.txt").string()), "mine");
}

TEST_F(RunDirectoryTest, OneWriterAtATime) {
  auto first = open();
  ASSERT_TRUE(first.ok());
  const auto second = open();
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(second.status().message(), HasSubstr("another process"));
}

TEST_F(RunDirectoryTest, OtherDataAreRefused) {
  auto directory = open();
  ASSERT_TRUE(directory.ok());
  ASSERT_TRUE(directory->claim_data("aaaa").ok());
  EXPECT_TRUE(directory->claim_data("aaaa").ok());
  EXPECT_EQ(directory->claim_data("bbbb").code(), Code::kMismatch);
}

TEST_F(RunDirectoryTest, DamagedRecordsAreOneSentence) {
  {
    auto directory = open();
    ASSERT_TRUE(directory.ok());
  }
  ASSERT_TRUE(write_text_file((path_ / "checkpoints/stages.toml").string(), "recipe_hash = [").ok());
  const auto damaged = open();
  ASSERT_FALSE(damaged.ok());
  EXPECT_EQ(damaged.status().code(), Code::kCorruptFile);
  EXPECT_THAT(damaged.status().message(), HasSubstr("stages.toml"));
}

TEST_F(RunDirectoryTest, UnwritableFolderIsOneSentence) {
  ASSERT_TRUE(write_text_file(path_.string(), "a file where the folder should be").ok());
  const auto refused = open();
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.status().message(), HasSubstr(path_.string()));
}

}  // namespace
}  // namespace liteqat::pipeline
