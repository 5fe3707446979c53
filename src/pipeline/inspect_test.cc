#include "pipeline/inspect.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "formats/tflite/tflite.h"
#include "graph/test_graphs.h"

namespace liteqat::pipeline {
namespace {

// The arena is that of the shapes that are shown: a file's own batch, not 1.
TEST(Inspect, MemoryIsThatOfTheStoredBatch) {
  const std::string path = testing::TempDir() + "inspect.tflite";
  const auto record_at = [&](int32_t batch) {
    graph::Graph graph = graph::int8_conv_graph();
    EXPECT_TRUE(graph::infer_shapes(graph, batch).ok());
    const auto bytes = formats::tflite::write(graph);
    EXPECT_TRUE(bytes.ok()) << bytes.status().message();
    EXPECT_TRUE(write_file(path, *bytes).ok());
    auto record = inspect_model(path, Isa::kReference);
    EXPECT_TRUE(record.ok()) << record.status().message();
    std::filesystem::remove(path);
    return *std::move(record);
  };
  const results::ModelRecord one = record_at(1), five = record_at(5);
  EXPECT_EQ(five.macs, 5 * one.macs);
  EXPECT_GE(five.memory->arena_bytes, 5 * (5 * 5 * 2 + 5 * 5 * 3));
  int in_arena = 0;
  for (const results::TensorRecord& tensor : five.tensors) {
    if (tensor.place != results::TensorPlace::kArena) continue;
    EXPECT_EQ(tensor.bytes, 5 * one.tensors[static_cast<size_t>(tensor.id)].bytes);
    EXPECT_LE(tensor.offset + tensor.bytes, five.memory->arena_bytes);
    ++in_arena;
  }
  EXPECT_EQ(in_arena, 2);
}

}  // namespace
}  // namespace liteqat::pipeline
