#include "pipeline/layers_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "graph/builder.h"
#include "hash/sha256.h"

namespace liteqat::pipeline {
namespace {

using graph::Graph;
using quant::LayerChoice;
using quant::LayerType;
using testing::HasSubstr;

/// Operators "first" (writes "first"), "second" (writes "second") and "dense" (writes "out").
Graph layers_network() {
  graph::GraphBuilder builder("test", 1, {});
  graph::TensorId x = builder.conv2d("first", builder.input(4, 4, 2), {.filters = 2});
  x = builder.conv2d("second", x, {.filters = 2});
  return builder.finish(builder.dense("dense", builder.reshape("flatten", x, {-1, 32}), 2), "out").value();
}

/// The choices by operator name.
std::map<std::string, LayerChoice> choices(const std::string& text, const std::vector<std::string>& skipped = {}) {
  const Graph model = layers_network();
  std::vector<LayerChoice> layers(model.ops.size());
  const auto overrides = collect_overrides(text, text.empty() ? "" : "l.toml", skipped);
  EXPECT_TRUE(overrides.ok()) << overrides.status().message();
  const Status applied = apply_overrides(model, *overrides, layers);
  EXPECT_TRUE(applied.ok()) << applied.message();
  std::map<std::string, LayerChoice> by_name;
  for (size_t index = 0; index < layers.size(); ++index) by_name[model.ops[index].name] = layers[index];
  return by_name;
}

std::string choice_fault(const std::string& text) {
  const auto overrides = collect_overrides(text, "l.toml", {});
  if (!overrides.ok()) return std::string(overrides.status().message());
  std::vector<LayerChoice> layers(layers_network().ops.size());
  return std::string(apply_overrides(layers_network(), *overrides, layers).message());
}

TEST(LayersFile, TypesAndScalesGoToWhatTheyName) {
  const auto found = choices("[[layer]]\nop = \"CONV_2D\"\ntype = \"int16x8\"\n[[layer]]\nname = \"sec*\"\nper_channel = false\n");
  EXPECT_EQ(found.at("first").type, LayerType::kInt16x8);
  EXPECT_TRUE(found.at("first").per_channel);
  EXPECT_EQ(found.at("second").type, LayerType::kInt16x8);
  EXPECT_FALSE(found.at("second").per_channel);
  EXPECT_EQ(found.at("dense").type, LayerType::kInt8);
  EXPECT_TRUE(found.at("dense").per_channel);
}

TEST(LayersFile, LaterEntriesAndSkippedOnesWin) {
  const auto found = choices("[[layer]]\nname = \"*\"\ntype = \"float32\"\n[[layer]]\nname = \"*\"\ntype = \"int8\"\n", {"first"});
  EXPECT_EQ(found.at("first").type, LayerType::kFloat32);
  EXPECT_EQ(found.at("second").type, LayerType::kInt8);
}

TEST(LayersFile, AnOperatorIsNamedByWhatItWritesToo) {
  EXPECT_EQ(choices("", {"out"}).at("dense").type, LayerType::kFloat32);
}

TEST(LayersFile, FaultsNameTheirPlace) {
  EXPECT_THAT(choice_fault("[[layer]]\nname = \"frist\"\ntype = \"int8\"\n"),
              HasSubstr("l.toml, layer 1: no operator of the model fits 'frist'; did you mean 'first'?"));
  EXPECT_THAT(choice_fault("[[layer]]\nname = \"first\"\n"), HasSubstr("layer 1: says nothing"));
  EXPECT_THAT(choice_fault("[[layer]]\ntype = \"int8\"\n"), HasSubstr("needs 'name' or 'op'"));
  EXPECT_THAT(choice_fault("[[layer]]\nname = \"first\"\ntype = \"int4\"\n"), HasSubstr("int4"));
  EXPECT_THAT(choice_fault("layers = 1\n"), HasSubstr("unknown key 'layers'"));
  EXPECT_EQ(choice_fault("[[layer]]\nname = \"" + std::string(1001, 'a') + "\"\ntype = \"int8\"\n"),
            "l.toml, layer 1: 'name' has 1001 bytes, at most 1000 are read");
}

TEST(LayersFile, PatternsHoldAnyLettersWhereAStarStands) {
  EXPECT_TRUE(fits_pattern("a*c*", "abbcd"));
  EXPECT_TRUE(fits_pattern("*", ""));
  EXPECT_FALSE(fits_pattern("a*c", "abcd"));
  EXPECT_FALSE(fits_pattern("", "a"));
}

TEST(LayersFile, AChangedFileIsNotTheOneARunBeganWith) {
  const std::string path = testing::TempDir() + "/layers.toml";
  ASSERT_TRUE(write_text_file(path, "[[layer]]\n").ok());
  EXPECT_EQ(read_layers_file(path, sha256(std::string("[[layer]]\n"))).value(), "[[layer]]\n");
  const auto changed = read_layers_file(path, sha256(std::string("other")));
  ASSERT_FALSE(changed.ok());
  EXPECT_EQ(changed.status().code(), Code::kMismatch);
  EXPECT_THAT(changed.status().message(), HasSubstr(path));
  EXPECT_EQ(read_layers_file("").value(), "");
}

}  // namespace
}  // namespace liteqat::pipeline
