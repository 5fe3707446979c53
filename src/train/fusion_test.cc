#include "train/fusion.h"

#include <gtest/gtest.h>

#include "graph/builder.h"

namespace liteqat::train {
namespace {

using graph::Graph;
using graph::GraphBuilder;
using graph::TensorId;

Graph finish(GraphBuilder& b, TensorId output) {
  auto model = b.finish(output, "output");
  LITEQAT_CHECK(model.ok());
  return std::move(model).value();
}

const FusedUnit* find_unit(const Graph& model, const Fusion& fusion, const std::string& linear) {
  for (const FusedUnit& unit : fusion.units()) {
    if (model.ops[static_cast<size_t>(unit.linear)].name == linear) return &unit;
  }
  return nullptr;
}

TEST(Fusion, FindsUnitsAndWhatNeedNotBeStored) {
  GraphBuilder b("net", 1, {});
  const TensorId input = b.input(8, 8, 3);
  const TensorId stem = b.relu6("stem_relu", b.batch_norm("stem_bn", b.conv2d("stem", input, {.filters = 4, .kernel = 3})));
  const TensorId wide = b.hard_swish("dw_swish", b.batch_norm("dw_bn", b.depthwise("dw", stem, {.filters = 1, .kernel = 3})));
  const TensorId narrow = b.batch_norm("project_bn", b.conv2d("project", wide, {.filters = 4, .kernel = 1}));
  const TensorId sum = b.add("sum", narrow, b.batch_norm("side_bn", b.conv2d("side", narrow, {.filters = 4, .kernel = 1})));
  const TensorId plain = b.relu("plain_relu", b.conv2d("plain", sum, {.filters = 2, .kernel = 1}));
  const Graph model = finish(b, b.relu("end_relu", b.batch_norm("end_bn", b.dense("end", b.global_mean("mean", plain), 3))));
  const Fusion fusion = Fusion::find(model, model.outputs[0]);
  ASSERT_EQ(fusion.units().size(), 5u);
  EXPECT_EQ(find_unit(model, fusion, "plain"), nullptr);  // no batch norm

  const FusedUnit *first = find_unit(model, fusion, "stem"), *second = find_unit(model, fusion, "dw"),
                  *third = find_unit(model, fusion, "project"), *side = find_unit(model, fusion, "side"),
                  *end = find_unit(model, fusion, "end");
  ASSERT_TRUE(first && second && third && side && end);
  EXPECT_FALSE(first->stored);
  EXPECT_FALSE(second->stored);
  EXPECT_TRUE(third->stored);  // read by the side branch and the sum
  EXPECT_TRUE(side->stored);   // read by the sum alone
  EXPECT_TRUE(end->stored);    // the graph's output
  EXPECT_EQ(third->activation, -1);
  EXPECT_EQ(second->input, first->output);
  EXPECT_EQ(model.ops[static_cast<size_t>(end->activation)].name, "end_relu");
  EXPECT_EQ(model.ops[static_cast<size_t>(second->activation)].name, "dw_swish");
  EXPECT_EQ(fusion.unstored(first->output), fusion.unit_of(first->norm));
  EXPECT_EQ(fusion.unstored(third->output), -1);
  EXPECT_EQ(fusion.unit_of(first->activation), fusion.unit_of(first->linear));
}

/// input -> 1x1 convolution of `filters` -> batch norm -> RELU6 -> depthwise convolution -> batch norm.
Graph make_expansion(int32_t channels, int32_t filters, int32_t kernel, int32_t multiplier, int32_t size = 8) {
  GraphBuilder b("net", 1, {});
  const TensorId wide =
      b.relu6("relu", b.batch_norm("bn", b.conv2d("expand", b.input(size, size, channels), {.filters = filters, .kernel = kernel})));
  return finish(b, b.global_mean("mean", b.batch_norm("dw_bn", b.depthwise("dw", wide, {.filters = multiplier, .kernel = 3}))));
}

TEST(Fusion, DepthwiseTakesAnExpansionAlong) {
  const auto taken = [](const Graph& model) {
    const Fusion fusion = Fusion::find(model, model.outputs[0]);
    const FusedUnit *expand = find_unit(model, fusion, "expand"), *dw = find_unit(model, fusion, "dw");
    LITEQAT_CHECK(expand != nullptr && dw != nullptr && !expand->stored && !dw->by_reader);
    EXPECT_EQ(fusion.taken_along(dw->linear), expand->by_reader ? fusion.unit_of(expand->linear) : -1);
    EXPECT_EQ(fusion.taken_along(expand->linear), -1);
    EXPECT_EQ(fusion.taken_along(dw->norm), -1);
    return expand->by_reader;
  };
  EXPECT_TRUE(taken(make_expansion(4, 8, 1, 1)));
  EXPECT_FALSE(taken(make_expansion(4, 7, 1, 1)));      // squares of the input's channels would be no saving
  EXPECT_FALSE(taken(make_expansion(4, 8, 3, 1)));      // not a matrix product over channels alone
  EXPECT_FALSE(taken(make_expansion(4, 8, 1, 2)));      // strips have multiplier 1
  EXPECT_FALSE(taken(make_expansion(160, 960, 1, 1)));  // too many weights
  EXPECT_FALSE(taken(make_expansion(4, 8, 1, 1, 5)));   // too few positions for strips
}

TEST(Fusion, LeavesAloneWhatOthersLookAt) {
  GraphBuilder b("net", 1, {});
  const TensorId conv = b.conv2d("conv", b.input(4, 4, 3), {.filters = 3, .kernel = 1});
  const TensorId norm = b.batch_norm("bn", conv);
  const Graph model = finish(b, b.global_mean("mean", b.add("sum", norm, conv)));
  EXPECT_TRUE(Fusion::find(model, model.outputs[0]).units().empty());  // the sum reads what the batch norm reads

  GraphBuilder c("net", 1, {});
  const TensorId inner = c.batch_norm("bn", c.conv2d("conv", c.input(4, 4, 3), {.filters = 3, .kernel = 1}));
  const Graph other = finish(c, c.relu("relu", inner));
  const Fusion fusion = Fusion::find(other, other.find_tensor("bn"));  // the loss reads what RELU reads
  ASSERT_EQ(fusion.units().size(), 1u);
  EXPECT_EQ(fusion.units()[0].activation, -1);
  EXPECT_TRUE(fusion.units()[0].stored);
  EXPECT_EQ(Fusion().unit_of(0), -1);
}

}  // namespace
}  // namespace liteqat::train
