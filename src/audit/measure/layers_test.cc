#include "audit/measure/layers.h"

#include <gtest/gtest.h>

#include <cmath>

#include "audit/measure/twin.h"
#include "audit/measure/weights.h"
#include "base/rng.h"

namespace liteqat::audit {
namespace {

using graph::DType;
using graph::Graph;
using graph::Op;
using graph::OpKind;
using graph::Tensor;
using graph::TensorId;

constexpr int32_t kSide = 4, kHidden = 6, kClasses = 3;

/// An image of 16 pixels through two int8 dense layers: RESHAPE, FULLY_CONNECTED, FULLY_CONNECTED. Weights are random codes. With pixels
/// even in 0..0.51 and weights in +-0.127 and +-1.27, hidden values have a root mean square of sqrt(16 * 0.087 * 0.127^2 / 3) = 0.087 in a
/// range of 1.1, scores one of sqrt(6 * 0.0075 * 1.27^2 / 3) = 0.155 in a range of 1: 37 and 43 dB of signal over rounding noise (harm.h's
/// formula).
class TwoLayers {
 public:
  TwoLayers() {
    Rng rng(7);
    const TensorId image = add("image", {1, kSide, kSide, 1}, 0.002f, -128), flat = add("flat", {1, kSide * kSide}, 0.002f, -128);
    const TensorId hidden = add("hidden", {1, kHidden}, 1.1f / 127, 0), scores = add("scores", {1, kClasses}, 1.0f / 127, 0);
    const TensorId first = weights("first", {kHidden, kSide * kSide}, 0.001f, rng),
                   second = weights("second", {kClasses, kHidden}, 0.01f, rng);
    const TensorId first_bias = bias("first_bias", kHidden, 0.002f * 0.001f),
                   second_bias = bias("second_bias", kClasses, 1.1f / 127 * 0.01f);
    graph.ops = {{.kind = OpKind::kReshape, .name = "flat", .inputs = {image}, .outputs = {flat}, .params = {}},
                 {.kind = OpKind::kFullyConnected,
                  .name = "hidden",
                  .inputs = {flat, first, first_bias},
                  .outputs = {hidden},
                  .params = graph::FullyConnectedParams{}},
                 {.kind = OpKind::kFullyConnected,
                  .name = "scores",
                  .inputs = {hidden, second, second_bias},
                  .outputs = {scores},
                  .params = graph::FullyConnectedParams{}}};
    const std::vector<int32_t> shape = {1, kSide * kSide};
    Tensor extents{.name = "shape", .type = DType::kInt32, .shape = {2}, .role = graph::Role::kConstant};
    extents.data.resize(sizeof(int32_t) * shape.size());
    std::copy(shape.begin(), shape.end(), extents.as<int32_t>().begin());
    graph.ops[0].inputs.push_back(graph.add_tensor(std::move(extents)));
    graph.inputs = {image}, graph.outputs = {scores};
  }

  Graph graph;

 private:
  TensorId add(const std::string& name, graph::Shape shape, float scale, int64_t zero_point) {
    return graph.add_tensor({.name = name, .type = DType::kInt8, .shape = std::move(shape), .quantization = {{scale}, {zero_point}, 0}});
  }
  TensorId weights(const std::string& name, graph::Shape shape, float scale, Rng& rng) {
    Tensor tensor{.name = name, .type = DType::kInt8, .shape = std::move(shape), .role = graph::Role::kConstant};
    tensor.quantization = {{scale}, {0}, 0};
    tensor.data.resize(static_cast<size_t>(graph::elem_count(tensor.shape)));
    for (int8_t& code : tensor.as<int8_t>()) code = static_cast<int8_t>(static_cast<int32_t>(rng.next_below(255)) - 127);
    return graph.add_tensor(std::move(tensor));
  }
  TensorId bias(const std::string& name, int32_t count, float scale) {
    Tensor tensor{.name = name, .type = DType::kInt32, .shape = {count}, .role = graph::Role::kConstant};
    tensor.quantization = {{scale}, {0}, 0};
    tensor.data.resize(sizeof(int32_t) * static_cast<size_t>(count));
    return graph.add_tensor(std::move(tensor));
  }
};

data::Split random_images(int64_t count) {
  data::Split split;
  split.name = "test", split.count = count, split.height = split.width = kSide, split.channels = 1;
  Rng rng(11);
  for (int64_t i = 0; i < count * kSide * kSide; ++i) split.pixels.push_back(static_cast<uint8_t>(rng.next_below(256)));
  split.labels.assign(static_cast<size_t>(count), 0);
  return split;
}

std::vector<LayerNoise> study(const Graph& model, const Graph& twin, bool own_weights) {
  const data::Split images = random_images(32);
  const data::Normalization normalization = {{0.0f}, {500.0f}};  // pixel / 500 = 0.002 a code, the input's scale
  const auto layers = compare_layers(model, twin, {images, normalization, 32, own_weights}, Isa::kReference);
  EXPECT_TRUE(layers.ok()) << layers.status().message();
  return *layers;
}

const LayerNoise& of(const std::vector<LayerNoise>& layers, int32_t op_index) {
  return *std::find_if(layers.begin(), layers.end(), [&](const LayerNoise& layer) { return layer.op_index == op_index; });
}

TEST(Layers, ASoundModelHasRoundingNoiseAlone) {
  const TwoLayers model;
  const auto twin = make_float_twin(model.graph);
  ASSERT_TRUE(twin.ok()) << twin.status().message();
  const auto layers = study(model.graph, *twin, true);
  ASSERT_EQ(layers.size(), 4u);  // the input and three operators
  EXPECT_EQ(layers[0].op_index, -1);
  EXPECT_GT(layers[0].sqnr_db, 100) << "every pixel is a code: only float32 rounds";
  for (const int32_t op : {1, 2}) {
    const LayerNoise& layer = of(layers, op);
    ASSERT_TRUE(layer.alone_db.has_value());
    EXPECT_GT(*layer.alone_db, 20) << layer.op;
    EXPECT_EQ(layer.saturated, 0) << layer.op;
    EXPECT_TRUE(layer.dead_channels.empty()) << layer.op;
    EXPECT_FALSE(layer.weights->sqnr_db.has_value()) << "its own weights say nothing";
  }
}

TEST(Layers, NoiseIsPutDownToTheOperatorThatMakesIt) {
  TwoLayers model;
  const auto twin = make_float_twin(model.graph);
  ASSERT_TRUE(twin.ok());
  // By rounding alone scores would still have 29 dB: their signal is then sqrt(6 * 0.037^2 * 1.27^2 / 3) = 0.066. The hidden layer's range
  // a thirtieth of what it was; the next layer's bias is zero and needs no new scale.
  model.graph.tensor(model.graph.ops[1].outputs[0]).quantization.scale[0] /= 30;
  const auto layers = study(model.graph, *twin, true);
  const LayerNoise &hidden = of(layers, 1), &scores = of(layers, 2);
  EXPECT_LT(*hidden.alone_db, 10);
  EXPECT_GT(hidden.saturated, 0.5);
  EXPECT_GT(hidden.cut_off, 0.9);
  EXPECT_LT(scores.sqnr_db, 10) << "it inherits the noise";
  EXPECT_GT(*scores.alone_db, 20) << "and adds little of its own";
  EXPECT_EQ(scores.saturated, 0) << "the twin's values fit it";
}

TEST(Layers, AChannelIsDeadWhereItWasLost) {
  TwoLayers model;
  const auto twin = make_float_twin(model.graph);
  ASSERT_TRUE(twin.ok());
  auto codes = model.graph.tensor(model.graph.ops[1].inputs[1]).as<int8_t>();
  std::fill(codes.begin() + 2 * kSide * kSide, codes.begin() + 3 * kSide * kSide, int8_t{0});
  const auto layers = study(model.graph, *twin, false);
  const LayerNoise& hidden = of(layers, 1);
  EXPECT_EQ(hidden.dead_channels, std::vector<int64_t>{2});
  EXPECT_EQ(hidden.weights->empty_channels, std::vector<int64_t>{2});
  // One of six rows of equal expected power is gone: noise is a sixth of the signal, 7.8 dB, give or take the rows' spread (16 values
  // each).
  EXPECT_NEAR(*hidden.weights->sqnr_db, 10 * std::log10(6.0), 2.5);
  EXPECT_TRUE(of(layers, 2).dead_channels.empty());
  EXPECT_GT(*of(layers, 2).weights->sqnr_db, 100);
}

TEST(Layers, ABiasThatIsGoneIsCountedInStepsOfTheOutput) {
  const TwoLayers model;
  auto twin = make_float_twin(model.graph);
  ASSERT_TRUE(twin.ok());
  twin->tensor(twin->ops[1].inputs[2]).as<float>()[4] = 10 * 1.1f / 127;  // ten steps of the hidden layer's scale
  const auto layers = study(model.graph, *twin, false);
  EXPECT_NEAR(of(layers, 1).weights->bias_steps, 10, 1e-4);
  EXPECT_EQ(of(layers, 2).weights->bias_steps, 0);
}

/// The share of four channels of dense weights that are called rounded, of real weights that `real` makes of code and place, in steps.
template <typename Real>
double share_rounded(Real real) {
  constexpr int32_t kRows = 4, kColumns = 32;
  Tensor codes{.name = "w", .type = DType::kInt8, .shape = {kRows, kColumns}, .role = graph::Role::kConstant};
  codes.quantization = {{0.01f, 0.02f, 0.03f, 0.04f}, {0, 0, 0, 0}, 0};
  codes.data.resize(kRows * kColumns);
  Tensor values{.name = "w", .type = DType::kFloat32, .shape = codes.shape, .role = graph::Role::kConstant};
  values.data.resize(sizeof(float) * kRows * kColumns);
  Rng rng(5);
  for (size_t i = 0; i < kRows * kColumns; ++i) {
    const int32_t code = i % kColumns == 0 ? 127 : static_cast<int32_t>(rng.next_below(201)) - 100;
    codes.as<int8_t>()[i] = static_cast<int8_t>(code);
    values.as<float>()[i] = codes.quantization.scale[i / kColumns] * static_cast<float>(real(code, i % kColumns, rng));
  }
  const Tensor output{.name = "y", .type = DType::kInt8, .shape = {1, kRows}, .quantization = {{1.0f}, {0}, 0}};
  Graph model, twin;
  const TensorId w = model.add_tensor(codes), y = model.add_tensor(output);
  twin.add_tensor(values), twin.add_tensor(output);
  const Op op = {.kind = OpKind::kFullyConnected, .name = "d", .inputs = {y, w}, .outputs = {y}, .params = {}};
  return compare_weights(model, op, twin, op, false)->rounded.value();
}

TEST(Weights, AreTheTwinsRoundedOrTrainedFurther) {
  const auto uniform = [](Rng& rng, double width) { return width * (rng.next_double() - 0.5); };
  EXPECT_EQ(share_rounded([&](int32_t code, size_t, Rng& rng) { return code + uniform(rng, 1); }), 1) << "to nearest, at any scale";
  EXPECT_EQ(share_rounded([&](int32_t code, size_t column, Rng& rng) { return code + (column == 0 ? 0 : uniform(rng, 2)); }), 1)
      << "up or down, at the scale of the largest weight";
  EXPECT_EQ(share_rounded([&](int32_t code, size_t column, Rng& rng) { return code + (column % 8 == 1 ? 3 : uniform(rng, 0.01)); }), 1)
      << "a few make up for the others";
  EXPECT_EQ(share_rounded([&](int32_t code, size_t, Rng& rng) { return code + uniform(rng, 1) + uniform(rng, 1); }), 0)
      << "training that moves weights by less than a step: 34 dB or more of signal";
  EXPECT_EQ(share_rounded([&](int32_t code, size_t column, Rng&) { return code + (column == 0 ? 0 : 4); }), 0) << "another training";
}

TEST(Weights, OneScaleForChannelsOfVeryDifferentSizeIsSeenInTheCodes) {
  Graph graph;
  Tensor weights{.name = "w", .type = DType::kInt8, .shape = {1, 1, 2, 3}, .role = graph::Role::kConstant};
  weights.quantization = {{0.1f}, {0}, 3};
  weights.data.resize(6);
  const int8_t codes[] = {127, 7, 0, -3, -2, 0};  // channels 127 and -3, 7 and -2, none
  std::copy(std::begin(codes), std::end(codes), weights.as<int8_t>().begin());
  Tensor output{.name = "y", .type = DType::kInt8, .shape = {1, 1, 1, 3}, .quantization = {{1.0f}, {0}, 0}};
  const TensorId w = graph.add_tensor(weights), y = graph.add_tensor(output);
  const Op op = {.kind = OpKind::kDepthwiseConv2D, .name = "d", .inputs = {y, w}, .outputs = {y}, .params = {}};
  const auto noise = compare_weights(graph, op, graph, op, true);
  ASSERT_TRUE(noise.has_value());
  EXPECT_EQ(noise->narrow_channels, std::vector<int64_t>{1});
  EXPECT_EQ(noise->empty_channels, std::vector<int64_t>{2});
  graph.tensor(w).quantization = {{0.1f, 0.01f, 0.1f}, {0, 0, 0}, 3};
  EXPECT_TRUE(compare_weights(graph, op, graph, op, true)->narrow_channels.empty()) << "a scale of its own";
}

}  // namespace
}  // namespace liteqat::audit
