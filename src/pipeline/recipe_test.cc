#include "pipeline/recipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/file.h"

namespace liteqat::pipeline {
namespace {

using ::testing::HasSubstr;

constexpr const char* kMinimal = "name = \"r\"\n[train]\nepochs = 4\n";

Result<Recipe> parse(const std::string& text, std::vector<std::string> settings = {}) {
  return parse_recipe(text, "r.toml", {.settings = std::move(settings), .use_environment = false});
}

TEST(Recipe, DefaultsStandWhereTheFileIsSilent) {
  const auto recipe = parse(kMinimal);
  ASSERT_TRUE(recipe.ok()) << recipe.status().message();
  EXPECT_EQ(recipe->train.epochs, 4);
  EXPECT_EQ(recipe->train.batch_size, 32);
  EXPECT_EQ(recipe->scheme, "liteqat_8bit");
}

TEST(Recipe, CommandLineWinsOverEnvironmentOverFile) {
  ::setenv("LITEQAT_TRAIN_EPOCHS", "7", 1);
  ::setenv("LITEQAT_TRAIN_OPTIMIZER", "sgd", 1);
  const auto from_environment = parse_recipe(kMinimal, "r.toml", {});
  const auto from_command_line = parse_recipe(kMinimal, "r.toml", {.settings = {"train.epochs=9"}});
  ::unsetenv("LITEQAT_TRAIN_EPOCHS");
  ::unsetenv("LITEQAT_TRAIN_OPTIMIZER");
  ASSERT_TRUE(from_environment.ok()) << from_environment.status().message();
  EXPECT_EQ(from_environment->train.epochs, 7);
  EXPECT_EQ(from_environment->train.optimizer, "sgd");
  ASSERT_TRUE(from_command_line.ok());
  EXPECT_EQ(from_command_line->train.epochs, 9);
}

TEST(Recipe, PrintedTextReadsBackToTheSameRecipe) {
  const auto recipe = parse(kMinimal, {"qat.learning_rate=1e-5", "data.mean=[125.3, 123.0, 113.9]", "data.std=[63, 62.1, 66.7]",
                                       "description=\"a \\\"quoted\\\" \\\\ text\"", "train.step_epochs=[3, 5.5]", "seed=12"});
  ASSERT_TRUE(recipe.ok()) << recipe.status().message();
  const auto again = parse(print_recipe(*recipe));
  ASSERT_TRUE(again.ok()) << again.status().message() << "\n" << print_recipe(*recipe);
  EXPECT_EQ(print_recipe(*again), print_recipe(*recipe));
  EXPECT_EQ(again->description, "a \"quoted\" \\ text");
  EXPECT_EQ(hash_recipe(*again), hash_recipe(*recipe));
}

TEST(Recipe, HashSeesWhatChangesResultsAndNothingElse) {
  const std::string base = hash_recipe(*parse(kMinimal));
  EXPECT_EQ(hash_recipe(*parse(kMinimal, {"description=other"})), base);
  EXPECT_EQ(hash_recipe(*parse(kMinimal, {"data.folder=/elsewhere"})), base);
  EXPECT_NE(hash_recipe(*parse(kMinimal, {"seed=1"})), base);
  EXPECT_NE(hash_recipe(*parse(kMinimal, {"qat.epochs=2"})), base);
  for (const char* setting : {"train.clip_norm=1.0", "qat.ema_decay=0.9", "train.dropout=0.1", "train.cutout=8", "qat.ranges=learned",
                              "train.optimizer=adamw", "qat.forward=fake_quant", "train.fused=false"}) {
    EXPECT_NE(hash_recipe(*parse(kMinimal, {setting})), base) << setting;
  }
  // The hash of this recipe before those keys existed: its finished stages are still its own.
  EXPECT_EQ(hash_recipe(*parse(kMinimal, {"qat.forward=fake_quant"})), "f6eb67c2853354275707e427aa611a0dac76914ef9899a1c94c9f8e70f965ba0");
  EXPECT_EQ(hash_recipe(*parse(kMinimal, {"qat.forward=integer"})), base);
}

TEST(Recipe, ForwardIsOnIntegersUnlessAnotherKeyNeedsFakeQuantization) {
  const auto forward = [](std::vector<std::string> settings) { return parse(kMinimal, std::move(settings))->forward; };
  EXPECT_EQ(forward({}), "integer");
  EXPECT_EQ(forward({"train.dropout=0.1"}), "integer");
  EXPECT_EQ(forward({"qat.forward=fake_quant"}), "fake_quant");
  EXPECT_EQ(forward({"qat.scheme=tfmot_8bit"}), "fake_quant");
  EXPECT_EQ(forward({"qat.ranges=learned"}), "fake_quant");
  EXPECT_EQ(forward({"qat.dropout=0.1"}), "fake_quant");
}

struct BadCase {
  const char *text, *setting;
  Code code;
  const char* expected;
};

class RecipeErrors : public ::testing::TestWithParam<BadCase> {};

TEST_P(RecipeErrors, IsOneSentenceThatNamesTheKey) {
  const BadCase& bad = GetParam();
  const auto recipe = parse(bad.text, *bad.setting ? std::vector<std::string>{bad.setting} : std::vector<std::string>{});
  ASSERT_FALSE(recipe.ok());
  EXPECT_EQ(recipe.status().code(), bad.code) << recipe.status().message();
  EXPECT_THAT(recipe.status().message(), HasSubstr(bad.expected));
}

INSTANTIATE_TEST_SUITE_P(
    All, RecipeErrors,
    ::testing::Values(
        BadCase{"name = \"r\"\n[train]\nepoch = 1\n", "", Code::kCorruptFile, "did you mean 'train.epochs'"},
        BadCase{"name = \"r\"\n[train]\nepochs = 1.5\n", "", Code::kCorruptFile, "'train.epochs' must be an integer"},
        BadCase{"name = \"r\"\n[train\n", "", Code::kCorruptFile, "r.toml, line 2"},
        BadCase{"[train]\nepochs = 1\n", "", Code::kOutOfRange, "'name'"},
        BadCase{kMinimal, "train.epoch=3", Code::kInvalidArgument, "did you mean 'train.epochs'"},
        BadCase{kMinimal, "train.epochs", Code::kInvalidArgument, "KEY=VALUE"},
        BadCase{kMinimal, "qat.forward=int8", Code::kOutOfRange, "'qat.forward' is 'int8', expected one of integer, fake_quant"},
        BadCase{"name = 'x'\n[qat]\nscheme = 'tfmot_8bit'", "qat.forward=integer", Code::kOutOfRange,
                "'qat.forward' must be fake_quant with scheme tfmot_8bit"},
        BadCase{kMinimal, "train.epochs=many", Code::kInvalidArgument, "'train.epochs' must be an integer"},
        BadCase{kMinimal, "train.batch_size=0", Code::kOutOfRange, "'train.batch_size'"},
        BadCase{kMinimal, "train.learning_rate=-1.0", Code::kOutOfRange, "'train.learning_rate'"},
        BadCase{kMinimal, "train.learning_rate=nan", Code::kOutOfRange, "'train.learning_rate'"},
        BadCase{kMinimal, "train.optimizer=adamm", Code::kOutOfRange, "did you mean 'adam'"},
        BadCase{kMinimal, "train.clip_nrm=1.0", Code::kInvalidArgument, "did you mean 'train.clip_norm'"},
        BadCase{kMinimal, "train.emadecay=0.9", Code::kInvalidArgument, "did you mean 'train.ema_decay'"},
        BadCase{kMinimal, "train.optimizer=adamv", Code::kOutOfRange, "expected one of adam, adamw, sgd"},
        BadCase{kMinimal, "train.clip_norm=-1.0", Code::kOutOfRange, "'train.clip_norm' must be 0 (none) or more"},
        BadCase{kMinimal, "qat.ema_decay=1.0", Code::kOutOfRange, "'qat.ema_decay' must be in [0, 1)"},
        BadCase{kMinimal, "train.dropout=1.0", Code::kOutOfRange, "'train.dropout' must be in [0, 1)"},
        BadCase{kMinimal, "train.cutout=-2", Code::kOutOfRange, "'train.cutout'"},
        BadCase{kMinimal, "qat.ranges=lsq", Code::kOutOfRange, "'qat.ranges' is 'lsq', expected one of ema, calibrated, learned"},
        BadCase{"name = 'x'\n[qat]\nforward = 'integer'", "qat.ranges=learned", Code::kOutOfRange,
                "'qat.ranges' must be ema or calibrated with forward integer"},
        BadCase{"name = 'x'\n[qat]\nscheme = 'tfmot_8bit'", "qat.ranges=calibrated", Code::kOutOfRange,
                "'qat.ranges' must be ema with scheme tfmot_8bit"},
        BadCase{"name = 'x'\n[qat]\nforward = 'integer'", "qat.dropout=0.1", Code::kOutOfRange, "'qat.dropout' must be 0"},
        BadCase{kMinimal, "model.architecture=mobilenet_v2_cifer", Code::kOutOfRange, "did you mean 'mobilenet_v2_cifar'"},
        BadCase{kMinimal, "qat.scheme=tfmot", Code::kOutOfRange, "did you mean 'tfmot_8bit'"},
        BadCase{kMinimal, "data.std=[0.0]", Code::kOutOfRange, "'data.std'"},
        BadCase{kMinimal, "data.mean=[1.0, 2.0]", Code::kOutOfRange, "'data.mean'"},
        BadCase{kMinimal, "export.types=[\"int4\"]", Code::kOutOfRange, "'export.types'"},
        BadCase{kMinimal, "export.io=int16", Code::kOutOfRange, "'export.io'"}));

TEST(Recipe, EveryShippedRecipeIsValid) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(LITEQAT_SOURCE_DIR "/recipes")) {
    const auto recipe = read_recipe(entry.path().string(), {.settings = {}, .use_environment = false});
    ASSERT_TRUE(recipe.ok()) << recipe.status().message();
    EXPECT_EQ(recipe->name, entry.path().stem().string());
    EXPECT_FALSE(recipe->description.empty());
    ++count;
  }
  EXPECT_GE(count, 5);
}

TEST(Recipe, UnknownNameListsTheKnownOnes) {
  const auto found = find_recipe("mnist_giude");
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.status().code(), Code::kInvalidArgument);
  EXPECT_THAT(found.status().message(), HasSubstr("did you mean 'mnist_guide'"));
  EXPECT_EQ(find_recipe("./nowhere.toml").status().code(), Code::kNotFound);
}

}  // namespace
}  // namespace liteqat::pipeline
