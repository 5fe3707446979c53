// Every .tflite of the shared folder read, written and read again: the same bytes from the second writing on, the same outputs bit for bit,
// and whatever the file holds beside the model kept.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "base/cpu.h"
#include "base/rng.h"
#include "formats/tflite/tflite.h"
#include "runtime/interpreter.h"

namespace liteqat {
namespace {

/// Random codes, or reals in [-1, 1).
void fill(const graph::Tensor& input, std::span<std::byte> bytes) {
  Rng rng(7);
  if (input.type != graph::DType::kFloat32) {
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(rng.next_below(256));
    return;
  }
  for (size_t i = 0; i < bytes.size(); i += sizeof(float)) {
    const float value = 2 * rng.next_float() - 1;
    std::memcpy(bytes.data() + i, &value, sizeof(value));
  }
}

std::vector<std::vector<std::byte>> run(const graph::Graph& graph) {
  auto interpreter = runtime::Interpreter::prepare(graph, {.isa = select_isa().value()});
  EXPECT_TRUE(interpreter.ok()) << interpreter.status().message();
  for (size_t input = 0; input < graph.inputs.size(); ++input) fill(interpreter->input_tensor(input), interpreter->input(input));
  interpreter->invoke();
  std::vector<std::vector<std::byte>> outputs;
  for (size_t output = 0; output < graph.outputs.size(); ++output) {
    outputs.emplace_back(interpreter->output(output).begin(), interpreter->output(output).end());
  }
  return outputs;
}

void expect_equal(const formats::tflite::Extras& a, const formats::tflite::Extras& b) {
  EXPECT_EQ(a.subgraph.empty() ? "main" : a.subgraph, b.subgraph);
  ASSERT_EQ(a.metadata.size(), b.metadata.size());
  for (size_t i = 0; i < a.metadata.size(); ++i) {
    EXPECT_EQ(a.metadata[i].name, b.metadata[i].name);
    EXPECT_EQ(a.metadata[i].content, b.metadata[i].content) << a.metadata[i].name;
  }
  ASSERT_EQ(a.files.size(), b.files.size());
  for (size_t i = 0; i < a.files.size(); ++i) {
    EXPECT_EQ(a.files[i].name, b.files[i].name);
    EXPECT_EQ(a.files[i].content, b.files[i].content);
  }
  if (a.signatures.empty()) return;  // then one is made
  ASSERT_EQ(a.signatures.size(), b.signatures.size());
  for (size_t i = 0; i < a.signatures.size(); ++i) {
    EXPECT_EQ(a.signatures[i].key, b.signatures[i].key);
    for (auto ends : {&formats::tflite::Extras::Signature::inputs, &formats::tflite::Extras::Signature::outputs}) {
      ASSERT_EQ((a.signatures[i].*ends).size(), (b.signatures[i].*ends).size());
      for (size_t end = 0; end < (a.signatures[i].*ends).size(); ++end) {
        EXPECT_EQ((a.signatures[i].*ends)[end].name, (b.signatures[i].*ends)[end].name);
        EXPECT_EQ((a.signatures[i].*ends)[end].position, (b.signatures[i].*ends)[end].position);
      }
    }
  }
}

TEST(RoundTrip, GivesTheSameOutputs) {
  const char* named = std::getenv("LITEQAT_SHARED");
  const std::string folder = std::string(named ? named : LITEQAT_SOURCE_DIR "/../shared") + "/models";
  if (!std::filesystem::is_directory(folder)) {
    ASSERT_EQ(std::getenv("LITEQAT_REQUIRE_ORACLES"), nullptr) << folder << " is missing";
    GTEST_SKIP() << folder << " is missing: set LITEQAT_SHARED";
  }
  int models = 0, with_extras = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".tflite") continue;
    SCOPED_TRACE(entry.path().string());
    ++models;
    const auto bytes = read_file(entry.path().string());
    ASSERT_TRUE(bytes.ok()) << bytes.status().message();
    formats::tflite::Extras kept, kept_again;
    const auto first = formats::tflite::read(*bytes, entry.path().string(), &kept);
    ASSERT_TRUE(first.ok()) << first.status().message();
    const auto written = formats::tflite::write(*first, kept);
    ASSERT_TRUE(written.ok()) << written.status().message();
    const auto second = formats::tflite::read(*written, "the written file", &kept_again);
    ASSERT_TRUE(second.ok()) << second.status().message();
    EXPECT_EQ(run(*first), run(*second));
    EXPECT_EQ(formats::tflite::write(*second, kept_again).value(), *written);
    expect_equal(kept, kept_again);
    with_extras += !kept.metadata.empty() || !kept.files.empty();
    EXPECT_EQ(first->info.description, second->info.description);
    EXPECT_EQ(first->info.name, second->info.name);
    EXPECT_EQ(first->info.labels, second->info.labels);
    EXPECT_EQ(first->info.normalization, second->info.normalization);
  }
  EXPECT_GE(models, 7);
  EXPECT_GE(with_extras, 4) << "TensorFlow's converter of today leaves a record, Coral's files carry labels";
}

}  // namespace
}  // namespace liteqat
