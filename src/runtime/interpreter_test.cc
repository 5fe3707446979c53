#include "runtime/interpreter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "base/test_allocations.h"
#include "graph/architectures.h"
#include "runtime/test_graphs.h"

namespace liteqat::runtime {
namespace {

using graph::DType;
using graph::Graph;
using ::testing::HasSubstr;
using Data = std::vector<std::byte>;

Data run_once(Interpreter& interpreter, std::span<const std::byte> input) {
  std::memcpy(interpreter.input(0).data(), input.data(), input.size());
  interpreter.invoke();
  const auto output = interpreter.output(0);
  return {output.begin(), output.end()};
}

Interpreter prepared_with(const Graph& graph, const Options& options) {
  auto interpreter = Interpreter::prepare(graph, options);
  LITEQAT_CHECK(interpreter.ok());
  return std::move(interpreter).value();
}

TEST(Interpreter, EveryInstructionSetGivesTheSameBytes) {
  for (uint64_t seed = 0; seed < 80; ++seed) {
    const Graph graph = RandomGraph(seed, seed % 2 == 0 ? DType::kInt8 : DType::kFloat32).make(4);
    const Data input = random_input(graph.tensor(graph.inputs[0]), seed);
    Interpreter reference = prepared_with(graph, {});
    const Data expected = run_once(reference, input);
    for (Isa isa : supported_isas()) {
      Interpreter other = prepared_with(graph, {.isa = isa});
      ASSERT_EQ(run_once(other, input), expected) << isa_name(isa) << ", seed " << seed << "\n" << graph::print(graph);
      // Whatever the last run left in the arena must not matter.
      ASSERT_EQ(run_once(other, input), expected) << isa_name(isa) << ", second run, seed " << seed;
    }
  }
}

/// The same network with other weights, and other scales of weights and biases.
Graph with_other_constants(const Graph& graph, uint64_t seed) {
  Graph other = graph;
  Rng rng(seed);
  for (graph::Tensor& tensor : other.tensors) {
    if (!tensor.constant()) continue;
    for (float& scale : tensor.quantization.scale) scale *= 1.25f;
    if (tensor.type == DType::kFloat32) {
      for (float& value : tensor.as<float>()) value *= rng.next_float() - 0.5f;
    } else if (tensor.type == DType::kInt8) {
      for (int8_t& code : tensor.as<int8_t>()) code = static_cast<int8_t>(rng.next_below(255)) - 127;
    }
  }
  return other;
}

TEST(Interpreter, UpdateGivesWhatPreparingGivesAndTwinsFollow) {
  ThreadPool pool(3);
  int different = 0;
  for (uint64_t seed = 300; seed < 360; ++seed) {
    const Graph graph = RandomGraph(seed, seed % 2 == 0 ? DType::kInt8 : DType::kFloat32).make(5);
    const Graph other = with_other_constants(graph, seed);
    const Data input = random_input(graph.tensor(graph.inputs[0]), seed);
    for (Isa isa : supported_isas()) {
      Interpreter interpreter = prepared_with(graph, {.isa = isa}), fresh = prepared_with(other, {.isa = isa});
      const Data before = run_once(interpreter, input), expected = run_once(fresh, input);
      std::vector<Interpreter> twins;
      for (int twin = 0; twin < 2; ++twin) twins.push_back(interpreter.twin().value());
      EXPECT_EQ(run_once(twins[1], input), before);
      ASSERT_TRUE(interpreter.update(other, pool, twins).ok());
      ASSERT_EQ(run_once(interpreter, input), expected) << isa_name(isa) << ", seed " << seed << "\n" << graph::print(graph);
      std::vector<Data> found(twins.size());
      pool.run(2, [&](int twin, int) { found[static_cast<size_t>(twin)] = run_once(twins[static_cast<size_t>(twin)], input); });
      EXPECT_EQ(found, std::vector<Data>(2, expected)) << isa_name(isa) << ", seed " << seed;
      ASSERT_TRUE(interpreter.update(graph, pool, twins).ok());
      EXPECT_EQ(run_once(interpreter, input), before);
      EXPECT_EQ(run_once(twins[0], input), before);
      different += before != expected;
    }
  }
  EXPECT_GT(different, 60);
}

TEST(Interpreter, UpdateNamesTheOperatorThatCannotBe) {
  ThreadPool pool(2);
  const Graph graph = RandomGraph(2, DType::kInt8).make(4);
  Interpreter interpreter = prepared_with(graph, {});
  Graph other = graph;
  const auto weighted = std::ranges::find_if(other.ops, [](const graph::Op& op) { return op.kind == graph::OpKind::kConv2D; });
  ASSERT_NE(weighted, other.ops.end());
  for (float& scale : other.tensor(weighted->inputs[1]).quantization.scale) scale = 1e12f;
  const Status status = interpreter.update(other, pool, {});
  ASSERT_FALSE(status.ok());
  EXPECT_THAT(status.message(), HasSubstr("CONV_2D '" + weighted->name + "'"));
  ASSERT_TRUE(interpreter.update(graph, pool, {}).ok());
}

TEST(Interpreter, ABatchEqualsItsImagesOneByOne) {
  constexpr int32_t kBatch = 5;
  for (uint64_t seed = 100; seed < 160; ++seed) {
    const Graph graph = RandomGraph(seed, seed % 2 == 0 ? DType::kInt8 : DType::kFloat32).make(3);
    for (Isa isa : supported_isas()) {
      Interpreter single = prepared_with(graph, {.isa = isa});
      Interpreter batched = prepared_with(graph, {.batch = kBatch, .isa = isa});
      ASSERT_EQ(batched.batch(), kBatch);
      ASSERT_EQ(batched.input(0).size(), kBatch * single.input(0).size());
      const Data images = random_input(batched.input_tensor(0), seed);
      const Data together = run_once(batched, images);
      Data expected;
      for (size_t image = 0; image < kBatch; ++image) {
        const Data one = run_once(single, std::span(images).subspan(image * single.input(0).size(), single.input(0).size()));
        expected.insert(expected.end(), one.begin(), one.end());
      }
      ASSERT_EQ(together, expected) << isa_name(isa) << ", seed " << seed;
    }
  }
}

TEST(Interpreter, InvokeAllocatesNothing) {
  for (uint64_t seed = 200; seed < 240; ++seed) {
    const Graph graph = RandomGraph(seed, seed % 2 == 0 ? DType::kInt8 : DType::kFloat32).make(5);
    for (Isa isa : supported_isas()) {
      Interpreter interpreter = prepared_with(graph, {.batch = 3, .isa = isa});
      const int64_t before = allocation_count();
      interpreter.invoke();
      EXPECT_EQ(allocation_count(), before) << "seed " << seed;
      EXPECT_GT(before, 0);
    }
  }
}

TEST(Interpreter, OutputsInTheMiddleSurviveToTheEnd) {
  for (uint64_t seed = 300; seed < 340; ++seed) {
    const Graph graph = RandomGraph(seed, seed % 2 == 0 ? DType::kInt8 : DType::kFloat32).make(6);
    const Data input = random_input(graph.tensor(graph.inputs[0]), seed);
    Graph all = graph;
    all.outputs.clear();
    for (const graph::Op& op : graph.ops) all.outputs.push_back(op.outputs[0]);
    if (all.outputs.empty()) continue;
    Interpreter together = prepared_with(all, {});
    run_once(together, input);
    for (size_t output = 0; output < all.outputs.size(); ++output) {
      if (graph.ops[output].kind == graph::OpKind::kReshape) continue;  // shares memory with its input, compared there
      Graph up_to_here = graph;
      up_to_here.ops.resize(output + 1);
      up_to_here.outputs = {all.outputs[output]};
      Interpreter alone = prepared_with(up_to_here, {});
      const auto values = together.output(output);
      ASSERT_EQ(Data(values.begin(), values.end()), run_once(alone, input)) << "operator " << output << ", seed " << seed;
    }
  }
}

/// y = 2 x0 + 3 x1 + 0.5 over [1,2] by FULLY_CONNECTED, with weights that DEQUANTIZE makes of float16.
TEST(Interpreter, Float16WeightsAreWidenedInPrepare) {
  Graph graph;
  const auto x = graph.add_tensor({.name = "x", .shape = {1, 2}});
  const std::vector<uint16_t> halves = {0x4000, 0x4200};  // 2, 3
  graph::Tensor stored = {.name = "w16", .type = DType::kFloat16, .shape = {1, 2}, .role = graph::Role::kConstant};
  stored.data.resize(4);
  std::memcpy(stored.data.data(), halves.data(), 4);
  const auto w16 = graph.add_tensor(std::move(stored));
  const auto w = graph.add_tensor({.name = "w", .shape = {1, 2}});
  graph::Tensor bias = {.name = "b", .shape = {1}, .role = graph::Role::kConstant};
  bias.data.resize(4);
  const float half = 0.5f;
  std::memcpy(bias.data.data(), &half, 4);
  const auto b = graph.add_tensor(std::move(bias));
  const auto y = graph.add_tensor({.name = "y", .shape = {1, 1}});
  graph.ops = {{graph::OpKind::kDequantize, "w", {w16}, {w}, {}, 0},
               {graph::OpKind::kFullyConnected, "y", {x, w, b}, {y}, graph::FullyConnectedParams{}, 0}};
  graph.inputs = {x};
  graph.outputs = {y};
  Interpreter interpreter = prepared_with(graph, {});
  EXPECT_EQ(interpreter.steps().size(), 1u);  // the widening is done
  const float input[2] = {10, 100};
  const Data output = run_once(interpreter, std::as_bytes(std::span(input)));
  float value = 0;
  std::memcpy(&value, output.data(), 4);
  EXPECT_EQ(value, 320.5f);
}

/// Training graphs have batch norm, which does not run by itself: connect its readers to its input.
void drop_batch_norms(Graph& graph) {
  std::vector<graph::Op> kept;
  for (const graph::Op& op : graph.ops) {
    if (op.kind != graph::OpKind::kBatchNorm) {
      kept.push_back(op);
      continue;
    }
    for (graph::Op& reader : graph.ops) std::ranges::replace(reader.inputs, op.outputs[0], op.inputs[0]);
    for (graph::Op& reader : kept) std::ranges::replace(reader.inputs, op.outputs[0], op.inputs[0]);
  }
  graph.ops = std::move(kept);
}

TEST(Interpreter, ArenaIsCloseToTheLivePeak) {
  for (const char* name : {"mobilenet_v2_cifar", "mobilenet_v2_keras", "resnet8", "mnist_guide"}) {
    const bool mnist = std::string(name) == "mnist_guide";
    const int32_t side = mnist ? 28 : 32;
    auto graph = graph::make_architecture({.name = name, .height = side, .width = side, .channels = mnist ? 1 : 3});
    ASSERT_TRUE(graph.ok()) << graph.status().message();
    drop_batch_norms(*graph);
    for (int32_t batch : {1, 16}) {
      const Interpreter interpreter = prepared_with(*graph, {.batch = batch});
      EXPECT_LE(static_cast<double>(interpreter.arena_bytes()), 1.03 * static_cast<double>(interpreter.live_peak_bytes())) << name;
      EXPECT_GT(interpreter.live_peak_bytes(), 0);
    }
  }
}

TEST(Interpreter, StepsNameKernelsAndWork) {
  auto graph = graph::make_architecture({.name = "mnist_guide"});
  ASSERT_TRUE(graph.ok()) << graph.status().message();
  const auto steps = prepared_with(*graph, {.batch = 2}).steps();
  ASSERT_FALSE(steps.empty());
  const auto conv = std::ranges::find(steps, "CONV_2D", &StepInfo::op);
  ASSERT_NE(conv, steps.end());
  EXPECT_EQ(conv->kernel, "conv2d_f32_f32_reference");
  EXPECT_EQ(conv->macs, 2 * 26 * 26 * 9 * 12);
  EXPECT_EQ(std::ranges::find(steps, "RESHAPE", &StepInfo::op)->kernel, "reshape_in_place");
}

TEST(Profile, NamesRoundTrip) {
  ASSERT_TRUE(parse_profile("litert-reference").ok());
  EXPECT_STREQ(profile_name(*parse_profile("litert-reference")), "litert-reference");
}

TEST(Interpreter, WeightsMayBeComputed) {
  graph::Graph graph;
  const auto add = [&](const char* name, graph::Shape shape) {
    return graph.add_tensor({.name = name, .type = graph::DType::kFloat32, .shape = std::move(shape)});
  };
  const auto x = add("x", {1, 2}), w = add("w", {1, 2}), y = add("y", {1, 1});
  graph.ops = {{graph::OpKind::kFullyConnected, "dense", {x, w}, {y}, graph::FullyConnectedParams{}, 0}};
  graph.inputs = {x, w};
  graph.outputs = {y};
  auto interpreter = Interpreter::prepare(graph, {});
  ASSERT_TRUE(interpreter.ok()) << interpreter.status().message();
  for (float scale : {1.0f, 3.0f}) {
    const float input[] = {2, 5}, weights[] = {scale, 10 * scale};
    std::memcpy(interpreter->input(0).data(), input, sizeof input);
    std::memcpy(interpreter->input(1).data(), weights, sizeof weights);
    interpreter->invoke();
    float output = 0;
    std::memcpy(&output, interpreter->output(0).data(), sizeof output);
    EXPECT_EQ(output, 52 * scale);
  }
}

TEST(Interpreter, AnyByteOfABoolInputIsTrueButZero) {
  graph::Graph graph;
  const auto flags = graph.add_tensor({.name = "flags", .type = DType::kBool, .shape = {1, 4}});
  const auto numbers = graph.add_tensor({.name = "numbers", .type = DType::kInt32, .shape = {1, 4}});
  graph.ops = {{.kind = graph::OpKind::kCast, .name = "cast", .inputs = {flags}, .outputs = {numbers}, .params = {}}};
  graph.inputs = {flags};
  graph.outputs = {numbers};
  Interpreter interpreter = prepared_with(graph, {});
  const Data output = run_once(interpreter, std::as_bytes(std::span("\x00\x01\x5a\xff", 4)));
  int32_t found[4];
  ASSERT_EQ(output.size(), sizeof found);
  std::memcpy(found, output.data(), sizeof found);
  EXPECT_THAT(found, ::testing::ElementsAre(0, 1, 1, 1));
}

}  // namespace
}  // namespace liteqat::runtime
