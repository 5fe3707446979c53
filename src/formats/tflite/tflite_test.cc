#include "formats/tflite/tflite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <set>
#include <tuple>

#include "formats/tflite/operators.h"
#include "formats/tflite/outside_file.h"
#include "formats/tflite/test_graphs.h"
#include "formats/tflite/zip.h"
#include "tflite_schema_generated.h"

namespace liteqat::formats::tflite {
namespace {

using graph::DType;
using graph::Graph;
using graph::OpKind;
using graph::Tensor;

void expect_same(const Tensor& found, const Tensor& expected) {
  EXPECT_EQ(found.name, expected.name);
  EXPECT_EQ(found.type, expected.type) << expected.name;
  EXPECT_EQ(found.shape, expected.shape) << expected.name;
  EXPECT_EQ(found.role, expected.constant() ? graph::Role::kConstant : graph::Role::kActivation) << expected.name;
  EXPECT_EQ(found.data, expected.data) << expected.name;
  EXPECT_EQ(found.quantization, expected.quantization) << expected.name;
}

void expect_same(const Graph& found, const Graph& expected) {
  ASSERT_EQ(found.tensors.size(), expected.tensors.size());
  for (size_t id = 0; id < found.tensors.size(); ++id) expect_same(found.tensors[id], expected.tensors[id]);
  ASSERT_EQ(found.ops.size(), expected.ops.size());
  for (size_t index = 0; index < found.ops.size(); ++index) {
    EXPECT_EQ(found.ops[index].kind, expected.ops[index].kind);
    EXPECT_EQ(found.ops[index].name, expected.ops[index].name);
    EXPECT_EQ(found.ops[index].inputs, expected.ops[index].inputs);
    EXPECT_EQ(found.ops[index].outputs, expected.ops[index].outputs);
  }
  EXPECT_EQ(found.inputs, expected.inputs);
  EXPECT_EQ(found.outputs, expected.outputs);
  EXPECT_EQ(graph::print(found), graph::print(expected));
  EXPECT_EQ(found.info.name, expected.info.name);
  EXPECT_EQ(found.info.description, expected.info.description);
  EXPECT_EQ(found.info.normalization, expected.info.normalization);
  EXPECT_EQ(found.info.labels, expected.info.labels);
}

Graph read_back(const Graph& graph) {
  const auto bytes = write(graph);
  EXPECT_TRUE(bytes.ok()) << bytes.status().message();
  auto found = read(*bytes, "x.tflite");
  EXPECT_TRUE(found.ok()) << found.status().message();
  return *found;
}

TEST(Tflite, RoundTripKeepsTheGraph) {
  for (const Graph& graph : {make_every_operator(DType::kFloat32), make_every_operator(DType::kInt8), make_float16_weights()}) {
    expect_same(read_back(graph), graph);
  }
}

TEST(Tflite, RoundTripKeepsParameters) {
  const Graph found = read_back(make_every_operator(DType::kInt8));
  const auto& conv = found.ops[2].params_as<graph::Conv2DParams>();
  EXPECT_EQ(conv.padding, graph::Padding::kValid);
  EXPECT_EQ(std::make_pair(conv.stride_h, conv.stride_w), std::make_pair(2, 1));
  EXPECT_EQ(std::make_pair(conv.dilation_h, conv.dilation_w), std::make_pair(1, 1));
  EXPECT_EQ(conv.activation, graph::Activation::kRelu6);
  const auto& depthwise = found.ops[3].params_as<graph::DepthwiseConv2DParams>();
  EXPECT_EQ(depthwise.padding, graph::Padding::kSame);
  EXPECT_EQ(std::make_pair(depthwise.dilation_h, depthwise.dilation_w), std::make_pair(2, 1));
  EXPECT_EQ(depthwise.depth_multiplier, 1);
  EXPECT_EQ(found.ops[5].params_as<graph::ArithmeticParams>().activation, graph::Activation::kRelu);
  const auto& pool = found.ops[7].params_as<graph::Pool2DParams>();
  EXPECT_EQ(std::make_pair(pool.filter_h, pool.filter_w), std::make_pair(1, 2));
  EXPECT_EQ(std::make_pair(pool.stride_h, pool.stride_w), std::make_pair(1, 1));
  EXPECT_FALSE(found.ops[9].params_as<graph::ReductionParams>().keep_dims);
  EXPECT_EQ(found.ops[14].params_as<graph::SoftmaxParams>().beta, 1.0f);
}

TEST(Tflite, SameGraphSameBytes) {
  for (DType type : {DType::kFloat32, DType::kInt8}) {
    const auto bytes = write(make_every_operator(type));
    ASSERT_TRUE(bytes.ok()) << bytes.status().message();
    EXPECT_EQ(*bytes, *write(make_every_operator(type)));
    EXPECT_EQ(*bytes, *write(*read(*bytes, "x")));
  }
}

TEST(Tflite, MisalignedBytesAreReadToo) {
  const Bytes bytes = *write(make_every_operator(DType::kInt8));
  for (size_t shift : {1u, 4u, 8u}) {
    Bytes moved(shift);
    moved.insert(moved.end(), bytes.begin(), bytes.end());
    EXPECT_TRUE(read(std::span(moved).subspan(shift), "x").ok());
  }
}

// The file as another reader sees it, by the rules of the format (docs/tflite_subset.md).
class Written : public testing::TestWithParam<DType> {
 protected:
  void SetUp() override {
    bytes_ = *write(make_every_operator(GetParam()));
    model_ = ::tflite::GetModel(bytes_.data());
    main_ = model_->subgraphs()->Get(0);
  }
  Bytes bytes_;
  const ::tflite::Model* model_ = nullptr;
  const ::tflite::SubGraph* main_ = nullptr;
};

TEST_P(Written, HeaderAndBuffers) {
  EXPECT_EQ(model_->version(), 3u);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(bytes_.data()) + 4, 4), "TFL3");
  EXPECT_EQ(model_->buffers()->Get(0)->data(), nullptr);
  std::vector<uint32_t> used;
  for (const auto* tensor : *main_->tensors()) used.push_back(tensor->buffer());
  EXPECT_EQ(std::ranges::count(used, 0u), 0);
  std::ranges::sort(used);
  EXPECT_EQ(std::ranges::adjacent_find(used), used.end()) << "two tensors share a buffer";
  for (const auto* buffer : *model_->buffers()) {
    if (!buffer->data()) continue;
    EXPECT_EQ((reinterpret_cast<const std::byte*>(buffer->data()->data()) - bytes_.data()) % 16, 0);
  }
}

TEST_P(Written, OperatorCodes) {
  const bool int8 = GetParam() == DType::kInt8;
  std::vector<std::pair<int, int>> codes;
  for (const auto* code : *model_->operator_codes()) {
    EXPECT_EQ(code->deprecated_builtin_code(), code->builtin_code());  // all of ours are below 127
    codes.emplace_back(code->builtin_code(), code->version());
  }
  // tflite-int8 section 1.5: int8 CONV_2D 3, DEPTHWISE 3, FULLY_CONNECTED 4, RELU 2; float dilated DEPTHWISE 2.
  std::vector<std::pair<int, int>> expected = {{34, int8 ? 2 : 1}, {3, int8 ? 3 : 1},  {4, int8 ? 3 : 2},  {19, int8 ? 2 : 1},
                                               {0, int8 ? 2 : 1},  {17, int8 ? 2 : 1}, {1, int8 ? 2 : 1},  {22, 1},
                                               {40, int8 ? 2 : 1}, {9, int8 ? 4 : 1},  {21, int8 ? 2 : 1}, {25, int8 ? 2 : 1}};
  if (int8) expected.insert(expected.begin(), {114, 1}), expected.emplace_back(6, 2);
  EXPECT_EQ(codes, expected);
}

TEST_P(Written, SignatureNamesAndDynamicBatch) {
  const auto* signature = model_->signature_defs()->Get(0);
  EXPECT_EQ(signature->signature_key()->str(), "serving_default");
  EXPECT_EQ(signature->inputs()->Get(0)->name()->str(), "image");
  EXPECT_EQ(signature->inputs()->Get(0)->tensor_index(), static_cast<uint32_t>(main_->inputs()->Get(0)));
  EXPECT_EQ(signature->outputs()->Get(0)->name()->str(), GetParam() == DType::kInt8 ? "scores_real" : "scores");
  for (const auto* tensor : *main_->tensors()) {
    const bool constant = model_->buffers()->Get(tensor->buffer())->data() != nullptr;
    EXPECT_EQ(tensor->has_rank(), !constant) << tensor->name()->str();
    if (constant) {
      EXPECT_EQ(tensor->shape_signature(), nullptr);
      continue;
    }
    ASSERT_NE(tensor->shape_signature(), nullptr) << tensor->name()->str();
    EXPECT_EQ(tensor->shape()->Get(0), 1);
    EXPECT_EQ(tensor->shape_signature()->Get(0), -1);
    for (uint32_t axis = 1; axis < tensor->shape()->size(); ++axis) {
      EXPECT_EQ(tensor->shape_signature()->Get(axis), tensor->shape()->Get(axis));
    }
  }
}

TEST_P(Written, MinimumRuntime) {
  const auto* entry = model_->metadata()->Get(0);
  EXPECT_EQ(entry->name()->str(), "min_runtime_version");
  const auto* data = model_->buffers()->Get(entry->buffer())->data();
  ASSERT_EQ(data->size(), 16u);
  // Float: MEAN 1 is of 1.6.0 and dilated DEPTHWISE 2 of 1.12.0. int8: RELU 2 is of 2.1.0, all others are older.
  std::string expected = GetParam() == DType::kInt8 ? "2.1.0" : "1.12.0";
  expected.resize(16, '\0');
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(data->data()), 16), expected);
}

INSTANTIATE_TEST_SUITE_P(Types, Written, testing::Values(DType::kFloat32, DType::kInt8));

TEST(Tflite, DequantizedWeightsHaveNoBatch) {
  const Bytes bytes = *write(make_float16_weights());
  const auto* main = ::tflite::GetModel(bytes.data())->subgraphs()->Get(0);
  for (const auto* tensor : *main->tensors()) {
    const bool batched = tensor->name()->str() == "x" || tensor->name()->str() == "y";
    EXPECT_EQ(tensor->shape_signature() != nullptr, batched) << tensor->name()->str();
  }
}

TEST(Tflite, AFixedReshapeMakesTheBatchFixed) {
  Graph graph = make_every_operator(DType::kFloat32);
  graph.tensor(graph.find_tensor("flat_shape")).as<int32_t>()[0] = 1;
  const Bytes bytes = *write(graph);
  for (const auto* tensor : *::tflite::GetModel(bytes.data())->subgraphs()->Get(0)->tensors()) {
    EXPECT_EQ(tensor->shape_signature(), nullptr);
  }
}

TEST(Tflite, VersionAsReadIsKept) {
  Graph graph = make_every_operator(DType::kFloat32);
  for (auto& op : graph.ops) {
    if (op.kind == OpKind::kConv2D) op.version = 5;
  }
  const Graph found = read_back(graph);
  for (const auto& op : found.ops) {
    EXPECT_EQ(op.version, op.kind == OpKind::kConv2D ? 5 : op.kind == OpKind::kDepthwiseConv2D ? 2 : 1) << op.name;
  }
}

TEST(Tflite, AGraphWithoutInfoHasNoMetadataAndNoArchive) {
  Graph graph = make_every_operator(DType::kFloat32);
  graph.info = {};
  const Bytes bytes = *write(graph);
  EXPECT_EQ(::tflite::GetModel(bytes.data())->metadata()->size(), 1u);
  const Graph found = *read(bytes, "x");
  EXPECT_EQ(found.info.name, "");
  EXPECT_FALSE(found.info.normalization.has_value());
  EXPECT_TRUE(found.info.labels.empty());
}

TEST(Tflite, ReshapeByOptionsAloneGetsItsInput) {
  const Bytes bytes = *write(make_every_operator(DType::kFloat32));
  auto model = ::tflite::UnPackModel(bytes.data());
  for (auto& op : model->subgraphs[0]->operators) {
    if (op->builtin_options.type == ::tflite::BuiltinOptions_ReshapeOptions) op->inputs.resize(1);
  }
  flatbuffers::FlatBufferBuilder builder;
  ::tflite::FinishModelBuffer(builder, ::tflite::CreateModel(builder, model.get()));
  const auto found = read(std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize())), "x");
  ASSERT_TRUE(found.ok()) << found.status().message();
  const auto reshape = std::ranges::find(found->ops, OpKind::kReshape, &graph::Op::kind);
  ASSERT_EQ(reshape->inputs.size(), 2u);
  EXPECT_THAT(found->tensor(reshape->inputs[1]).as<int32_t>(), testing::ElementsAre(-1, 16));
}

Graph without_labels() {
  Graph graph = make_every_operator(DType::kInt8);
  graph.info.labels.clear();  // they stand behind the model, where UnPackModel does not look
  return graph;
}

/// The bytes of every operator's network after a change of what the file stores.
template <typename Change>
Bytes changed_file(const Change& change) {
  const Bytes bytes = *write(without_labels());
  auto model = ::tflite::UnPackModel(bytes.data());
  change(*model->subgraphs[0]);
  return packed(*model);
}

// Constants and metadata behind the FlatBuffer are the model's like those inside, at any alignment, and are written inside again.
TEST(Tflite, DataOutsideTheFlatBufferAreRead) {
  Graph graph = make_every_operator(DType::kInt8);
  graph.info = {"outside", "", graph::InputNormalization{{127.5f}, {63.75f}}, {}};
  const Bytes ordinary = *write(graph);
  for (const size_t shift : {0, 1, 7}) {
    const Bytes outside = outside_file(ordinary, shift);
    ASSERT_TRUE(
        std::ranges::all_of(::tflite::UnPackModel(outside.data())->buffers, [](const auto& buffer) { return buffer->data.empty(); }));
    Extras extras, expected;
    const auto found = read(outside, "x", &extras);
    ASSERT_TRUE(found.ok()) << found.status().message();
    ASSERT_TRUE(read(ordinary, "x", &expected).ok());
    expect_same(*found, graph);
    ASSERT_EQ(extras.metadata.size(), expected.metadata.size());
    EXPECT_EQ(extras.metadata[0].content, expected.metadata[0].content);
    EXPECT_EQ(*write(*found, extras), ordinary);
  }
}

std::unique_ptr<::tflite::SignatureDefT> make_signature(const std::string& key, uint32_t subgraph, const std::string& input,
                                                        uint32_t input_tensor, const std::string& output, uint32_t output_tensor) {
  auto signature = std::make_unique<::tflite::SignatureDefT>();
  signature->signature_key = key;
  signature->subgraph_index = subgraph;
  for (const auto& [maps, name, tensor] :
       {std::tuple{&signature->inputs, input, input_tensor}, {&signature->outputs, output, output_tensor}}) {
    maps->push_back(std::make_unique<::tflite::TensorMapT>());
    maps->back()->name = name;
    maps->back()->tensor_index = tensor;
  }
  return signature;
}

// Names that a file gives its ends, notes and files that other tools put into it are not ours to lose.
TEST(Tflite, WhatStandsBesideTheModelIsKept) {
  const auto model = ::tflite::UnPackModel(write(without_labels())->data());
  auto& main = *model->subgraphs[0];
  const auto input = static_cast<uint32_t>(main.inputs[0]), output = static_cast<uint32_t>(main.outputs[0]);
  main.name = "core";
  model->subgraphs.push_back(std::make_unique<::tflite::SubGraphT>());  // never run
  model->subgraphs[1]->tensors.resize(main.tensors.size());
  for (auto& tensor : model->subgraphs[1]->tensors) tensor = std::make_unique<::tflite::TensorT>();
  model->signature_defs.clear();
  model->signature_defs.push_back(make_signature("classify", 0, "pixels", input, "answer", output));
  model->signature_defs.push_back(make_signature("elsewhere", 1, "a", input, "b", output));
  model->signature_defs.push_back(make_signature("inside", 0, "hidden", output, "pixels", input));  // neither is an end of that kind
  model->buffers.push_back(std::make_unique<::tflite::BufferT>());
  model->buffers.back()->data = {'h', 'i'};
  model->metadata.push_back(std::make_unique<::tflite::MetadataT>());
  model->metadata.back()->name = "NOTES";
  model->metadata.back()->buffer = static_cast<uint32_t>(model->buffers.size() - 1);
  Bytes file = packed(*model);
  append_zip(file, {{"notes.txt", "by another tool"}});

  Extras extras;
  const auto graph = read(file, "x", &extras);
  ASSERT_TRUE(graph.ok()) << graph.status().message();
  const auto expect_extras = [](const Extras& found) {
    EXPECT_EQ(found.subgraph, "core");
    ASSERT_EQ(found.signatures.size(), 2u);
    EXPECT_EQ(found.signatures[0].key, "classify");
    ASSERT_EQ(found.signatures[0].inputs.size(), 1u);
    EXPECT_EQ(found.signatures[0].inputs[0].name, "pixels");
    EXPECT_EQ(found.signatures[0].inputs[0].position, 0u);
    ASSERT_EQ(found.signatures[0].outputs.size(), 1u);
    EXPECT_EQ(found.signatures[0].outputs[0].name, "answer");
    EXPECT_EQ(found.signatures[1].key, "inside");
    EXPECT_TRUE(found.signatures[1].inputs.empty() && found.signatures[1].outputs.empty());
    std::vector<std::string> names;
    for (const auto& entry : found.metadata) names.push_back(entry.name);
    EXPECT_THAT(names, testing::ElementsAre("TFLITE_METADATA", "NOTES"));
    ASSERT_EQ(found.files.size(), 1u);
    EXPECT_EQ(found.files[0].name, "notes.txt");
    EXPECT_EQ(found.files[0].content, "by another tool");
  };
  expect_extras(extras);
  EXPECT_EQ(extras.metadata.back().content, (Bytes{std::byte{'h'}, std::byte{'i'}}));
  Extras again;
  const auto written = write(*graph, extras);
  ASSERT_TRUE(written.ok()) << written.status().message();
  ASSERT_TRUE(read(*written, "again", &again).ok());
  expect_extras(again);
}

/// A chain of RELU on so many int8 elements.
Graph make_chain(int32_t elems, const std::vector<std::string>& names) {
  Graph graph;
  for (const std::string& name : names) {
    graph.add_tensor({.name = name, .type = DType::kInt8, .shape = {elems}, .quantization = {{0.5f}, {0}, 0}});
  }
  for (graph::TensorId id = 1; id < static_cast<graph::TensorId>(names.size()); ++id) {
    graph.ops.push_back(
        {.kind = OpKind::kRelu, .name = graph.tensor(id).name, .inputs = {id - 1}, .outputs = {id}, .params = {}, .version = 0});
  }
  graph.inputs = {0};
  graph.outputs = {static_cast<graph::TensorId>(names.size()) - 1};
  return graph;
}

Bytes with_shared_metadata(size_t bytes) {
  const auto model = ::tflite::UnPackModel(write(without_labels())->data());
  model->buffers.push_back(std::make_unique<::tflite::BufferT>());
  model->buffers.back()->data.assign(bytes, 7);
  model->metadata.clear();
  for (int entry = 0; entry < 40; ++entry) {
    model->metadata.push_back(std::make_unique<::tflite::MetadataT>());
    model->metadata.back()->name = "NOTES";
    model->metadata.back()->buffer = static_cast<uint32_t>(model->buffers.size() - 1);
  }
  return packed(*model);
}

// Eight times the file's size is kept of entries that share a buffer, then no more.
TEST(Tflite, MetadataThatShareABufferDoNotMultiplyIt) {
  const auto kept = [](size_t bytes) {
    Extras extras;
    EXPECT_TRUE(read(with_shared_metadata(bytes), "x", &extras).ok());
    return extras.metadata.size();
  };
  // A buffer of which nine are exactly eight times the file.
  const size_t more = with_shared_metadata(1 << 16).size() - (1 << 16);
  size_t exact = 8 * more - 128;
  while (exact < 8 * more + 512 && 8 * with_shared_metadata(exact).size() != 9 * exact) exact += 4;
  ASSERT_EQ(8 * with_shared_metadata(exact).size(), 9 * exact);
  EXPECT_EQ(kept(exact), 9u);
  EXPECT_EQ(kept(exact + 1024), 8u);
}

TEST(Tflite, AnOperatorIsNamedAfterItsFirstOutput) {
  Graph graph = make_chain(8, {"y", "x"});
  graph.ops[0].inputs = {1}, graph.ops[0].outputs = {0};
  graph.inputs = {1}, graph.outputs = {0};
  EXPECT_EQ(read(*write(graph), "x")->ops[0].name, "y");
}

TEST(Tflite, AnEmptyBufferMayStandAtTheEndOfTheFile) {
  const auto model = ::tflite::UnPackModel(write(make_chain(8, {"x", "y"}))->data());
  model->subgraphs[0]->tensors[0]->buffer = static_cast<uint32_t>(model->buffers.size());
  model->buffers.push_back(std::make_unique<::tflite::BufferT>());
  model->buffers.back()->offset = 2;
  const size_t size = packed(*model).size();
  model->buffers.back()->offset = size;
  EXPECT_TRUE(read(packed(*model), "x").ok());
  model->buffers.back()->offset = size + 1;
  EXPECT_THAT(read(packed(*model), "x").status().message(), testing::HasSubstr("outside the file"));
}

TEST(Tflite, TensorsOfFourGibibytesAreReadAndNoByteMore) {
  Graph graph = make_chain(1 << 30, {"x", "a", "b", "y"});
  EXPECT_TRUE(read(*write(graph), "x").ok());
  graph.add_tensor({.name = "more", .type = DType::kInt8, .shape = {1}, .quantization = {{0.5f}, {0}, 0}});
  EXPECT_THAT(read(*write(graph), "x").status().message(), testing::HasSubstr("take 4294967297 bytes, at most 4294967296 are read"));
}

// TFLite counts the bytes of a tensor with an int.
TEST(Tflite, TheLargestTensorIsRead) {
  constexpr int32_t kMost = std::numeric_limits<int32_t>::max();
  const auto model = ::tflite::UnPackModel(write(make_chain(kMost, {"x", "y"}))->data());
  auto& output = *model->subgraphs[0]->tensors[1];
  output.shape = {1}, output.shape_signature = {-1};
  const auto found = read(packed(*model), "x");
  ASSERT_TRUE(found.ok()) << found.status().message();
  EXPECT_EQ(found->tensors[1].shape, graph::Shape{kMost});
}

// TensorFlow's converter stores 1 for a batch it does not know, also behind SPACE_TO_BATCH_ND, which multiplies it.
TEST(Tflite, OpenExtentsAreComputed) {
  const Bytes bytes = changed_file([](::tflite::SubGraphT& main) {
    for (const auto& op : main.operators) main.tensors[static_cast<size_t>(op->outputs[0])]->shape[0] = 3;
  });
  const auto found = read(bytes, "x");
  ASSERT_TRUE(found.ok()) << found.status().message();
  expect_same(*found, without_labels());
}

TEST(Tflite, ScalesOfFloatTensorsMeanNothing) {
  const Bytes bytes = *write(make_float16_weights());
  auto model = ::tflite::UnPackModel(bytes.data());
  for (auto& tensor : model->subgraphs[0]->tensors) {
    tensor->quantization = std::make_unique<::tflite::QuantizationParametersT>();
    tensor->quantization->scale = {0.5f, NAN};  // not even the number of zero points agrees
  }
  const auto found = read(packed(*model), "x");
  ASSERT_TRUE(found.ok()) << found.status().message();
  expect_same(*found, make_float16_weights());
}

/// A sum of int16 codes or of int8 ones, with a constant of int8 that has a scale for each of two slices.
Graph make_sum(DType type) {
  Graph graph;
  const auto x = graph.add_tensor({.name = "x", .type = type, .shape = {1, 2}, .quantization = {{0.5f}, {0}, 0}});
  Tensor weights{.name = "w", .type = DType::kInt8, .shape = {2, 2}, .role = graph::Role::kConstant, .data = Bytes(4)};
  weights.quantization = {{0.25f, 2.0f}, {0, 0}, 0};
  const auto w = graph.add_tensor(std::move(weights));
  const auto y = graph.add_tensor({.name = "y", .type = type, .shape = {1, 2}, .quantization = {{0.125f}, {0}, 0}});
  graph::Op sum;
  sum.kind = OpKind::kFullyConnected, sum.name = "y", sum.params = graph::FullyConnectedParams{};
  sum.inputs = {x, w, graph::kNoTensor}, sum.outputs = {y};
  graph.ops.push_back(std::move(sum));
  graph.inputs = {x}, graph.outputs = {y};
  return graph;
}

TEST(Tflite, RangesAreNotedBesideTheScalesOfInt16) {
  const Bytes bytes = *write(make_sum(DType::kInt16));
  const auto model = ::tflite::UnPackModel(bytes.data());
  const auto& tensors = model->subgraphs[0]->tensors;
  EXPECT_THAT(tensors[0]->quantization->max, testing::ElementsAre(0.5f * 32767));
  EXPECT_THAT(tensors[0]->quantization->min, testing::ElementsAre(-0.5f * 32767));
  EXPECT_THAT(tensors[1]->quantization->max, testing::ElementsAre(0.25f * 127, 2.0f * 127));
  EXPECT_THAT(tensors[1]->quantization->min, testing::ElementsAre(-0.25f * 127, -2.0f * 127));
  expect_same(read_back(make_sum(DType::kInt16)), make_sum(DType::kInt16));
  const Bytes narrow = *write(make_sum(DType::kInt8));
  const auto other = ::tflite::UnPackModel(narrow.data());
  for (const auto& tensor : other->subgraphs[0]->tensors) EXPECT_THAT(tensor->quantization->max, testing::IsEmpty()) << tensor->name;
}

TEST(Tflite, UnknownRanksAreComputed) {
  const Bytes bytes = changed_file([](::tflite::SubGraphT& main) {
    for (const auto& op : main.operators) {
      auto& output = *main.tensors[static_cast<size_t>(op->outputs[0])];
      output.shape.clear(), output.shape_signature.clear(), output.has_rank = false;
    }
  });
  const auto found = read(bytes, "x");
  ASSERT_TRUE(found.ok()) << found.status().message();
  expect_same(*found, without_labels());
}

// The seeds of the fuzz target: every operator in every type, random shapes and parameters.
TEST(Tflite, ModelsOfEveryOperatorAreWrittenAgainByteForByte) {
  std::set<OpKind> kinds;
  size_t models = 0;
  for (const auto& entry : std::filesystem::directory_iterator(LITEQAT_SOURCE_DIR "/tests/fuzz/corpus/tflite")) {
    const auto stored = read_file(entry.path().string());
    ASSERT_TRUE(stored.ok()) << stored.status().message();
    const auto graph = read(*stored, entry.path().filename().string());
    if (!graph.ok()) continue;  // seeds that must be refused: known_faults_test and the fuzz target hold them
    ++models;
    for (const auto& op : graph->ops) kinds.insert(op.kind);
    const Bytes first = *write(*graph);
    const auto again = read(first, "written");
    ASSERT_TRUE(again.ok()) << entry.path() << ": " << again.status().message();
    expect_same(*again, *graph);
    EXPECT_EQ(*write(*again), first) << entry.path();
  }
  EXPECT_GE(models, 50u);
  std::vector<std::string> missing;
  for (int kind = 0; kind <= static_cast<int>(OpKind::kDequantize); ++kind) {
    const auto each = static_cast<OpKind>(kind);
    if (find_builtin_code(each) && !kinds.contains(each)) missing.emplace_back(graph::op_kind_name(each));
  }
  EXPECT_THAT(missing, testing::IsEmpty());
}

}  // namespace
}  // namespace liteqat::formats::tflite
