// Files by other tools (TensorFlow's converter of several years), from the folder that LITEQAT_SHARED names. Expected facts were read
// from the files with TensorFlow's own Python schema.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "formats/tflite/tflite.h"

namespace liteqat::formats::tflite {
namespace {

using graph::DType;
using graph::Graph;
using graph::OpKind;

std::string shared_folder() {
  const char* folder = std::getenv("LITEQAT_SHARED");
  return folder ? folder : LITEQAT_SOURCE_DIR "/../shared";
}

#define READ_SHARED_OR_SKIP(bytes, name)                                                 \
  const std::string path = shared_folder() + "/models/" + (name);                        \
  if (!file_exists(path)) {                                                              \
    ASSERT_EQ(std::getenv("LITEQAT_REQUIRE_ORACLES"), nullptr) << path << " is missing"; \
    GTEST_SKIP() << path << " is missing: set LITEQAT_SHARED";                           \
  }                                                                                      \
  const auto bytes = read_file(path);                                                    \
  ASSERT_TRUE(bytes.ok()) << bytes.status().message()

struct Expected {
  const char* file;
  size_t tensors, ops;
  DType input_type;
  graph::Shape input, output;
  int32_t conv_version;
  const char* input_name;
};

class SharedModel : public testing::TestWithParam<Expected> {};

TEST_P(SharedModel, IsRead) {
  const Expected& expected = GetParam();
  READ_SHARED_OR_SKIP(bytes, expected.file);
  const auto graph = read(*bytes, path);
  ASSERT_TRUE(graph.ok()) << graph.status().message();
  EXPECT_EQ(graph->tensors.size(), expected.tensors);
  EXPECT_EQ(graph->ops.size(), expected.ops);
  ASSERT_EQ(graph->inputs.size(), 1u);
  ASSERT_EQ(graph->outputs.size(), 1u);
  EXPECT_EQ(graph->tensor(graph->inputs[0]).type, expected.input_type);
  EXPECT_EQ(graph->tensor(graph->inputs[0]).shape, expected.input);
  EXPECT_EQ(graph->tensor(graph->inputs[0]).name, expected.input_name);
  EXPECT_EQ(graph->tensor(graph->outputs[0]).shape, expected.output);
  EXPECT_EQ(graph->info.description, "MLIR Converted.");
  for (const auto& op : graph->ops) {
    if (op.kind == OpKind::kConv2D) {
      EXPECT_EQ(op.version, expected.conv_version);
    }
  }
}

TEST_P(SharedModel, IsWrittenAndReadAgain) {
  READ_SHARED_OR_SKIP(bytes, GetParam().file);
  const auto graph = read(*bytes, path);
  ASSERT_TRUE(graph.ok()) << graph.status().message();
  const auto ours = write(*graph);
  ASSERT_TRUE(ours.ok()) << ours.status().message();
  const auto again = read(*ours, "ours");
  ASSERT_TRUE(again.ok()) << again.status().message();
  EXPECT_EQ(graph::print(*again), graph::print(*graph));
  ASSERT_EQ(again->tensors.size(), graph->tensors.size());
  for (size_t id = 0; id < graph->tensors.size(); ++id) {
    EXPECT_EQ(again->tensors[id].data, graph->tensors[id].data);
    EXPECT_EQ(again->tensors[id].quantization, graph->tensors[id].quantization);
  }
  EXPECT_EQ(again->info.labels, graph->info.labels);
}

INSTANTIATE_TEST_SUITE_P(
    Files, SharedModel,
    testing::Values(Expected{"bench_mobilenet_v2_cifar88m_int8.tflite",
                             172,
                             64,
                             DType::kInt8,
                             {1, 32, 32, 3},
                             {1, 10},
                             3,
                             "model/quantize_layer_1/AllValuesQuantize/FakeQuantWithMinMaxVars;"},
                    Expected{"bench_mobilenet_v2_keras32_int8.tflite",
                             172,
                             64,
                             DType::kInt8,
                             {1, 32, 32, 3},
                             {1, 10},
                             3,
                             "mobilenetv2_1.00_32/quantize_layer/AllValuesQuantize/FakeQuantWithMinMaxVars;"},
                    Expected{
                        "case_study_qat_int8.tflite", 178, 68, DType::kFloat32, {1, 32, 32, 3}, {1, 10}, 3, "serving_default_input_1:0"},
                    Expected{"coral_mobilenet_v2_1.0_224_ptq.tflite", 177, 68, DType::kUInt8, {1, 224, 224, 3}, {1, 1001}, 3, "input"},
                    Expected{"mlperf_tiny_resnet8_cifar10_float.tflite", 38, 16, DType::kFloat32, {1, 32, 32, 3}, {1, 10}, 1, "input_1"},
                    Expected{"mlperf_tiny_resnet8_cifar10_int8.tflite", 38, 16, DType::kInt8, {1, 32, 32, 3}, {1, 10}, 3, "input_1_int8"}),
    [](const auto& instance) {
      std::string name = instance.param.file;
      std::erase_if(name, [](char symbol) { return !std::isalnum(static_cast<unsigned char>(symbol)); });
      return name;
    });

TEST(SharedModels, MetadataOfAnotherToolIsRead) {
  READ_SHARED_OR_SKIP(bytes, "coral_mobilenet_v2_1.0_224_ptq.tflite");
  const auto graph = read(*bytes, path);
  ASSERT_TRUE(graph.ok()) << graph.status().message();
  ASSERT_EQ(graph->info.labels.size(), 1001u);
  EXPECT_EQ(graph->info.labels[0], "background");
  EXPECT_EQ(graph->info.labels[1], "tench, Tinca tinca");
  ASSERT_TRUE(graph->info.normalization.has_value());
  EXPECT_THAT(graph->info.normalization->mean, testing::Each(127.5f));
  EXPECT_THAT(graph->info.normalization->std, testing::Each(127.5f));
}

TEST(SharedModels, LegacyUint8ModelIsRead) {
  READ_SHARED_OR_SKIP(bytes, "coral_mobilenet_v2_1.0_224_quant.tflite");
  const auto graph = read(*bytes, path);
  ASSERT_TRUE(graph.ok()) << graph.status().message();
  EXPECT_EQ(graph->tensor(graph->inputs[0]).type, graph::DType::kUInt8);
}

}  // namespace
}  // namespace liteqat::formats::tflite
