// What the interpreter says about where tensors lie, held against what it does with their bytes.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "runtime/interpreter.h"
#include "runtime/test_graphs.h"

namespace liteqat::runtime {
namespace {

using Kind = TensorPlace::Kind;

int64_t bytes_of(const graph::Tensor& tensor) {
  return graph::elem_count(tensor.shape) * graph::dtype_bytes(tensor.type);
}

bool meet(const TensorPlace& a, int64_t a_bytes, const TensorPlace& b, int64_t b_bytes) {
  return a.offset < b.offset + b_bytes && b.offset < a.offset + a_bytes;
}

TEST(TensorPlaces, LiveTensorsLieApartInsideTheArena) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    const graph::Graph graph = RandomGraph(seed, seed % 2 == 0 ? graph::DType::kInt8 : graph::DType::kFloat32).make(4);
    const auto interpreter = Interpreter::prepare(graph, {});
    ASSERT_TRUE(interpreter.ok());
    const std::vector<TensorPlace> places = interpreter->tensor_places();
    ASSERT_EQ(places.size(), graph.tensors.size());
    for (size_t a = 0; a < places.size(); ++a) {
      EXPECT_EQ(places[a].kind == Kind::kConstant, graph.tensors[a].constant());
      if (places[a].kind != Kind::kArena) continue;
      const int64_t a_bytes = bytes_of(graph.tensors[a]);
      EXPECT_TRUE(places[a].offset >= 0 && places[a].offset + a_bytes <= interpreter->arena_bytes());
      EXPECT_LE(places[a].first_op, places[a].last_op);
      const int32_t producer = graph.find_producer(static_cast<graph::TensorId>(a));
      if (producer >= 0) {
        EXPECT_LE(places[a].first_op, producer);
      }
      for (int32_t consumer : graph.find_consumers(static_cast<graph::TensorId>(a))) EXPECT_GE(places[a].last_op, consumer);
      for (size_t b = 0; b < a; ++b) {
        if (places[b].kind != Kind::kArena) continue;
        if (places[a].owner == places[b].owner) {
          EXPECT_EQ(places[a].offset, places[b].offset);
        } else if (places[a].first_op <= places[b].last_op && places[b].first_op <= places[a].last_op) {
          EXPECT_FALSE(meet(places[a], a_bytes, places[b], bytes_of(graph.tensors[b])))
              << "tensors " << a << " and " << b << ", seed " << seed;
        }
      }
    }
  }
}

// The distance between an input and an output in memory is the distance of their offsets.
TEST(TensorPlaces, OffsetsAreWhereInputsAndOutputsAre) {
  const graph::Graph graph = RandomGraph(3, graph::DType::kInt8).make(4);
  auto interpreter = Interpreter::prepare(graph, {});
  ASSERT_TRUE(interpreter.ok());
  const std::vector<TensorPlace> places = interpreter->tensor_places();
  const std::byte* arena = interpreter->input(0).data() - places[static_cast<size_t>(graph.inputs[0])].offset;
  EXPECT_EQ(interpreter->output(0).data() - arena, places[static_cast<size_t>(graph.outputs[0])].offset);
}

}  // namespace
}  // namespace liteqat::runtime
