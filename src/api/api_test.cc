// The C interface and its C++ owner against the interpreter they stand on.
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <thread>

#include "formats/tflite/tflite.h"
#include "liteqat/liteqat.hpp"
#include "runtime/interpreter.h"
#include "runtime/test_graphs.h"

namespace liteqat::api {
namespace {

using Data = std::vector<std::byte>;

struct Written {
  graph::Graph graph;
  Data bytes;
};

Written write_graph(uint64_t seed, graph::DType type) {
  Written written = {.graph = runtime::RandomGraph(seed, type).make(4), .bytes = {}};
  auto bytes = formats::tflite::write(written.graph);
  LITEQAT_CHECK(bytes.ok());
  written.bytes.assign(bytes->begin(), bytes->end());
  return written;
}

Data run_interpreter(const graph::Graph& graph, int32_t batch, const Data& input) {
  auto interpreter = runtime::Interpreter::prepare(graph, {.batch = batch});
  LITEQAT_CHECK(interpreter.ok());
  std::memcpy(interpreter->input(0).data(), input.data(), input.size());
  interpreter->invoke();
  return {interpreter->output(0).begin(), interpreter->output(0).end()};
}

Data run_model(Model& model, const Data& input) {
  const auto target = model.input<std::byte>();
  LITEQAT_CHECK_EQ(target.size(), input.size());
  std::copy(input.begin(), input.end(), target.begin());
  model.invoke();
  const auto output = model.output<std::byte>();
  return {output.begin(), output.end()};
}

TEST(Api, GivesTheInterpretersBytesAtEveryBatchAndThreadCount) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Written written = write_graph(seed, seed % 2 == 0 ? graph::DType::kInt8 : graph::DType::kFloat32);
    auto model = Model::from_memory(written.bytes,
                                    {.batch = 0, .threads = seed % 3 == 0 ? 2 : 0, .isa = nullptr, .arithmetic = nullptr, .max_memory = 0});
    ASSERT_TRUE(model) << liteqat_last_error();
    std::fill(written.bytes.begin(), written.bytes.end(), std::byte{0xff});  // the model keeps nothing of them
    for (int32_t batch : {1, 3}) {
      ASSERT_TRUE(model->resize(batch)) << liteqat_last_error();
      graph::Tensor input = written.graph.tensor(written.graph.inputs[0]);
      input.shape[0] = batch;
      const Data images = runtime::random_input(input, seed);
      EXPECT_EQ(run_model(*model, images), run_interpreter(written.graph, batch, images)) << "seed " << seed << ", batch " << batch;
    }
  }
}

TEST(Api, DescribesInputsAndOutputs) {
  const Written written = write_graph(2, graph::DType::kInt8);
  const auto model =
      Model::from_memory(written.bytes, {.batch = 2, .threads = 1, .isa = "reference", .arithmetic = "litert-reference", .max_memory = 0});
  ASSERT_TRUE(model) << liteqat_last_error();
  EXPECT_EQ(model->input_count(), written.graph.inputs.size());
  EXPECT_EQ(model->output_count(), written.graph.outputs.size());
  const graph::Tensor& expected = written.graph.tensor(written.graph.inputs[0]);
  const liteqat_tensor input = model->input_tensor();
  EXPECT_EQ(input.name, expected.name);
  EXPECT_EQ(input.type, LITEQAT_INT8);
  ASSERT_EQ(input.rank, static_cast<int32_t>(expected.shape.size()));
  EXPECT_EQ(input.shape[0], 2);
  for (size_t axis = 1; axis < expected.shape.size(); ++axis) EXPECT_EQ(input.shape[axis], expected.shape[axis]);
  EXPECT_EQ(input.bytes, static_cast<size_t>(2 * graph::elem_count(expected.shape)));
  EXPECT_EQ(reinterpret_cast<uintptr_t>(input.data) % 64, 0u);
  EXPECT_EQ(input.scale, expected.quantization.scale[0]);
  EXPECT_EQ(input.zero_point, expected.quantization.zero_point[0]);
  EXPECT_GT(model->arena_bytes(), 0u);
  EXPECT_STREQ(liteqat_version(), LITEQAT_VERSION);
}

TEST(Api, LoadsFiles) {
  const Written written = write_graph(4, graph::DType::kFloat32);
  const std::string path = testing::TempDir() + "/api_test.tflite";
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(written.bytes.data()), static_cast<std::streamsize>(written.bytes.size()));
  auto model = Model::from_file(path.c_str());
  ASSERT_TRUE(model) << liteqat_last_error();
  EXPECT_EQ(model->input_tensor().scale, 0.0f);
  const Data images = runtime::random_input(written.graph.tensor(written.graph.inputs[0]), 4);
  EXPECT_EQ(run_model(*model, images), run_interpreter(written.graph, 1, images));
}

TEST(ApiErrors, EveryFaultIsACodeAndASentence) {
  const Written written = write_graph(6, graph::DType::kInt8);
  liteqat_model* model = reinterpret_cast<liteqat_model*>(1);
  EXPECT_EQ(liteqat_load_file("/no/such/file.tflite", nullptr, &model), LITEQAT_NOT_FOUND);
  EXPECT_EQ(model, nullptr);
  EXPECT_NE(std::strstr(liteqat_last_error(), "/no/such/file.tflite"), nullptr) << liteqat_last_error();
  EXPECT_EQ(liteqat_load_memory(written.bytes.data(), written.bytes.size() / 2, nullptr, &model), LITEQAT_CORRUPT_FILE);
  EXPECT_EQ(liteqat_load_memory(nullptr, 5, nullptr, &model), LITEQAT_INVALID_ARGUMENT);
  EXPECT_EQ(liteqat_load_memory(written.bytes.data(), written.bytes.size(), nullptr, nullptr), LITEQAT_INVALID_ARGUMENT);
  EXPECT_EQ(liteqat_load_file(nullptr, nullptr, &model), LITEQAT_INVALID_ARGUMENT);
  liteqat_options options = {.batch = 0, .threads = 0, .isa = "mmx", .arithmetic = nullptr, .max_memory = 0};
  EXPECT_EQ(liteqat_load_memory(written.bytes.data(), written.bytes.size(), &options, &model), LITEQAT_INVALID_ARGUMENT);
  EXPECT_NE(std::strstr(liteqat_last_error(), "isa=mmx"), nullptr) << liteqat_last_error();
  options = {.batch = 0, .threads = 0, .isa = nullptr, .arithmetic = nullptr, .max_memory = 1};
  EXPECT_EQ(liteqat_load_memory(written.bytes.data(), written.bytes.size(), &options, &model), LITEQAT_OUT_OF_RANGE);
  options = {.batch = -1, .threads = 0, .isa = nullptr, .arithmetic = nullptr, .max_memory = 0};
  EXPECT_EQ(liteqat_load_memory(written.bytes.data(), written.bytes.size(), &options, &model), LITEQAT_INVALID_ARGUMENT);
  options = {.batch = 0, .threads = 0, .isa = nullptr, .arithmetic = "exact", .max_memory = 0};
  EXPECT_EQ(liteqat_load_memory(written.bytes.data(), written.bytes.size(), &options, &model), LITEQAT_INVALID_ARGUMENT);
  EXPECT_NE(std::strstr(liteqat_last_error(), "exact"), nullptr) << liteqat_last_error();
  EXPECT_EQ(liteqat_resize(nullptr, 2), LITEQAT_INVALID_ARGUMENT);
  liteqat_invoke(nullptr);
  liteqat_free(nullptr);
  EXPECT_EQ(liteqat_input_count(nullptr) + liteqat_output_count(nullptr) + liteqat_arena_bytes(nullptr) + liteqat_scratch_bytes(nullptr),
            0u);
}

TEST(ApiErrors, AFailedResizeLeavesTheModelAsItWas) {
  const Written written = write_graph(8, graph::DType::kInt8);
  auto model = Model::from_memory(written.bytes);
  ASSERT_TRUE(model) << liteqat_last_error();
  EXPECT_FALSE(model->resize(0));
  EXPECT_FALSE(model->resize(2147483647));
  liteqat_tensor tensor;
  EXPECT_EQ(liteqat_input(model->get(), 99, &tensor), LITEQAT_OUT_OF_RANGE);
  EXPECT_EQ(liteqat_output(model->get(), 99, &tensor), LITEQAT_OUT_OF_RANGE);
  const Data images = runtime::random_input(written.graph.tensor(written.graph.inputs[0]), 8);
  EXPECT_EQ(run_model(*model, images), run_interpreter(written.graph, 1, images));
}

TEST(ApiErrors, TheSentenceBelongsToTheThread) {
  liteqat_model* model = nullptr;
  EXPECT_EQ(liteqat_load_file("/no/such/first", nullptr, &model), LITEQAT_NOT_FOUND);
  std::thread([] {
    EXPECT_STREQ(liteqat_last_error(), "");
    liteqat_model* other = nullptr;
    EXPECT_EQ(liteqat_load_file("/no/such/second", nullptr, &other), LITEQAT_NOT_FOUND);
  }).join();
  EXPECT_NE(std::strstr(liteqat_last_error(), "first"), nullptr);
}

}  // namespace
}  // namespace liteqat::api
