// Hostile and damaged files. Every reader's claim is tested by breaking it: whole-file damage byte by byte, then one field at a time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <functional>
#include <limits>

#include "formats/tflite/outside_file.h"
#include "formats/tflite/test_graphs.h"
#include "formats/tflite/tflite.h"
#include "tflite_schema_generated.h"

namespace liteqat::formats::tflite {
namespace {

namespace fbs = ::tflite;
using graph::DType;
using graph::Graph;
using testing::HasSubstr;

// One convolution, one dense operator, labels: about 3 KB.
Graph small_graph() {
  using namespace graph;  // NOLINT
  TestGraph net(DType::kInt8);
  const TensorId x = net.activation("x", {1, 3, 3, 2}), conv = net.activation("conv", {1, 2, 2, 2}), y = net.activation("y", {1, 2});
  const TensorId flat = net.activation("flat", {1, 8}), w = net.weights("w", {2, 2, 2, 2}, 0), dense_w = net.weights("v", {2, 8}, 0);
  net.op(OpKind::kConv2D, {x, w, net.bias("b", x, w, 2)}, conv, Conv2DParams{.padding = Padding::kValid});
  net.op(OpKind::kReshape, {conv, net.indices("flat_shape", {2}, {-1, 8})}, flat);
  net.op(OpKind::kFullyConnected, {flat, dense_w, kNoTensor}, y, FullyConnectedParams{});
  net.graph.inputs = {x};
  net.graph.outputs = {y};
  net.graph.info = {"small", "", InputNormalization{{127.5f}, {63.75f}}, {"cat", "dog"}};
  return std::move(net.graph);
}

void expect_sentence(const Status& status, const std::string& which) {
  EXPECT_TRUE(status.code() == Code::kCorruptFile || status.code() == Code::kUnsupported) << which << ": " << code_name(status.code());
  EXPECT_THAT(status.message(), testing::StartsWith("bad.tflite: ")) << which;
  EXPECT_GT(status.message().size(), 20u) << which;
}

TEST(TfliteErrors, TruncationAtEveryByte) {
  const Bytes original = *write(small_graph());
  size_t accepted = 0;
  for (size_t size = 0; size < original.size(); ++size) {
    const Bytes part(original.begin(), original.begin() + static_cast<std::ptrdiff_t>(size));  // exact allocation
    const auto graph = read(part, "bad.tflite");
    if (!graph.ok()) {
      expect_sentence(graph.status(), std::to_string(size));
      continue;
    }
    // Only the labels' archive, which stands after the FlatBuffer, may be cut: then there are no labels.
    EXPECT_TRUE(graph->info.labels.empty()) << size;
    EXPECT_TRUE(graph::validate(*graph).ok()) << size;
    ++accepted;
  }
  // Archive of labels.txt with 8 bytes: 30 + 10 + 8, 46 + 10, 22 = 126 bytes.
  EXPECT_EQ(accepted, 126u);
}

// What lies behind the FlatBuffer cannot be cut unnoticed.
TEST(TfliteErrors, TruncationOfDataOutside) {
  const Bytes original = outside_file(*write(small_graph()), 3);
  ASSERT_TRUE(read(original, "bad.tflite").ok());
  for (size_t size = 0; size < original.size(); ++size) {
    const Bytes part(original.begin(), original.begin() + static_cast<std::ptrdiff_t>(size));
    const auto graph = read(part, "bad.tflite");
    ASSERT_FALSE(graph.ok()) << size;
    expect_sentence(graph.status(), std::to_string(size));
  }
}

void expect_every_change_is_refused_or_valid(const Bytes& original) {
  size_t refused = 0;
  for (size_t at = 0; at < original.size(); ++at) {
    std::vector<int> values = {0x00, 0xFF, 0x7F, 0x80};
    for (int bit = 0; bit < 8; ++bit) values.push_back(std::to_integer<int>(original[at]) ^ (1 << bit));
    for (int value : values) {
      Bytes bytes = original;
      bytes[at] = static_cast<std::byte>(value);
      const auto graph = read(bytes, "bad.tflite");
      if (!graph.ok()) {
        ++refused;
        expect_sentence(graph.status(), format("byte {} = {}", at, value));
      } else {
        ASSERT_TRUE(graph::validate(*graph).ok()) << at << " = " << value;
      }
    }
  }
  EXPECT_GT(refused, original.size());
}

TEST(TfliteErrors, EverySingleByteChange) {
  expect_every_change_is_refused_or_valid(*write(small_graph()));
}

TEST(TfliteErrors, EverySingleByteChangeWithDataOutside) {
  expect_every_change_is_refused_or_valid(outside_file(*write(small_graph()), 3));
}

TEST(TfliteErrors, FilesThatAreNoModels) {
  // tensorflow issue 115308: eight bytes that make an unverified reader go out of bounds.
  const std::vector<std::string> texts = {"",
                                          "TFL3",
                                          std::string("\x18\0\0\0TFL3", 8),
                                          std::string(4096, '\0'),
                                          std::string(4096, '\xFF'),
                                          "PK\x03\x04 a zip archive, not a model",
                                          std::string("\x08\0\0\0TFL3\0\0\0\0\0\0\0\0", 16)};
  for (const std::string& text : texts) {
    const auto graph = read(std::as_bytes(std::span(text)), "bad.tflite");
    ASSERT_FALSE(graph.ok());
    expect_sentence(graph.status(), text.substr(0, 8));
  }
}

using Change = std::function<void(fbs::ModelT&)>;

Status status_after(const Change& change) {
  const Bytes bytes = *write(small_graph());
  const auto model = fbs::UnPackModel(bytes.data());
  change(*model);
  return read(packed(*model), "bad.tflite").status();
}

struct Case {
  const char* name;
  Code code;
  const char* words;
  Change change;
};

fbs::SubGraphT& main_of(fbs::ModelT& model) {
  return *model.subgraphs[0];
}
fbs::TensorT& tensor_of(fbs::ModelT& model, const std::string& name) {
  return **std::ranges::find(main_of(model).tensors, name, [](const auto& tensor) { return tensor->name; });
}
void move_outside(fbs::ModelT& model, const std::string& name, uint64_t offset, uint64_t size, bool keep = false) {
  fbs::BufferT& buffer = *model.buffers[tensor_of(model, name).buffer];
  if (!keep) buffer.data.clear();
  buffer.offset = offset;
  buffer.size = size;
}
fbs::Conv2DOptionsT& conv_of(fbs::ModelT& model) {
  return *main_of(model).operators[0]->builtin_options.AsConv2DOptions();
}

class SingleField : public testing::TestWithParam<Case> {};

TEST_P(SingleField, IsRefused) {
  const Status status = status_after(GetParam().change);
  EXPECT_EQ(status.code(), GetParam().code) << status.message();
  EXPECT_THAT(status.message(), HasSubstr(GetParam().words));
  if (GetParam().code != Code::kOk) expect_sentence(status, GetParam().name);
}

constexpr Code kOk = Code::kOk, kBad = Code::kCorruptFile, kUn = Code::kUnsupported;
constexpr float kNan = std::numeric_limits<float>::quiet_NaN(), kInf = std::numeric_limits<float>::infinity();

INSTANTIATE_TEST_SUITE_P(
    Model, SingleField,
    testing::Values(
        Case{"Nothing", kOk, "", [](fbs::ModelT&) {}}, Case{"Version", kUn, "schema version 4", [](fbs::ModelT& m) { m.version = 4; }},
        Case{"NoSubgraph", kBad, "no subgraph", [](fbs::ModelT& m) { m.subgraphs.clear(); }},
        Case{"NoBuffers", kBad, "buffers", [](fbs::ModelT& m) { m.buffers.clear(); }},
        Case{"BufferZero", kBad, "buffer 0",
             [](fbs::ModelT& m) {
               m.buffers[0]->data = {1, 2};
             }},
        Case{"NoOperatorCodes", kBad, "operator code", [](fbs::ModelT& m) { m.operator_codes.clear(); }},
        Case{"OperatorCodeIndex", kBad, "operator 1: its operator code is 9",
             [](fbs::ModelT& m) { main_of(m).operators[1]->opcode_index = 9; }},
        Case{"UnknownOperator", kUn, "operator 0: LSTM (builtin code 16) version 3",
             [](fbs::ModelT& m) {
               m.operator_codes[0]->builtin_code = fbs::BuiltinOperator_LSTM;
               m.operator_codes[0]->deprecated_builtin_code = 16;
             }},
        Case{"OperatorThatDoesNotExist", kUn, "builtin code 100000",
             [](fbs::ModelT& m) { m.operator_codes[0]->builtin_code = static_cast<fbs::BuiltinOperator>(100000); }},
        Case{"NegativeOperator", kUn, "not implemented",
             [](fbs::ModelT& m) {
               m.operator_codes[0]->builtin_code = static_cast<fbs::BuiltinOperator>(-5);
               m.operator_codes[0]->deprecated_builtin_code = -5;
             }},
        Case{"CustomOperator", kUn, "custom operator 'Magic'",
             [](fbs::ModelT& m) {
               m.operator_codes[0]->builtin_code = fbs::BuiltinOperator_CUSTOM;
               m.operator_codes[0]->custom_code = "Magic";
             }},
        Case{"UnusedOperatorCode", kOk, "",
             [](fbs::ModelT& m) {
               m.operator_codes.push_back(std::make_unique<fbs::OperatorCodeT>());
               m.operator_codes.back()->builtin_code = fbs::BuiltinOperator_WHILE;
             }},
        Case{"OldFileWithoutTheNewCode", kOk, "",
             [](fbs::ModelT& m) {
               for (auto& code : m.operator_codes) code->builtin_code = fbs::BuiltinOperator_ADD;
             }},
        Case{"OperatorVersion", kUn, "CONV_2D version 9", [](fbs::ModelT& m) { m.operator_codes[0]->version = 9; }},
        Case{"OperatorVersionZero", kUn, "CONV_2D version 0", [](fbs::ModelT& m) { m.operator_codes[0]->version = 0; }},
        Case{"SignatureTensor", kBad, "signature 0", [](fbs::ModelT& m) { m.signature_defs[0]->inputs[0]->tensor_index = 1000; }},
        Case{"SignatureSubgraph", kBad, "signature 0", [](fbs::ModelT& m) { m.signature_defs[0]->subgraph_index = 1; }},
        Case{"MetadataBuffer", kBad, "metadata 0", [](fbs::ModelT& m) { m.metadata[0]->buffer = 99; }},
        Case{"GarbageMetadataIsIgnored", kOk, "", [](fbs::ModelT& m) { m.buffers[m.metadata[1]->buffer]->data.assign(40, 0xAB); }}),
    [](const auto& instance) { return instance.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Tensors, SingleField,
    testing::Values(
        Case{"TooMany", kUn, "at most 65536",
             [](fbs::ModelT& m) {
               while (main_of(m).tensors.size() <= 65536) {
                 main_of(m).tensors.push_back(std::make_unique<fbs::TensorT>());
                 main_of(m).tensors.back()->shape = {1};
               }
             }},
        Case{"Type", kUn, "FLOAT64", [](fbs::ModelT& m) { tensor_of(m, "w").type = fbs::TensorType_FLOAT64; }},
        Case{"TypeThatDoesNotExist", kUn, "type 99", [](fbs::ModelT& m) { tensor_of(m, "w").type = static_cast<fbs::TensorType>(99); }},
        Case{"ShapeThatDoesNotFollow", kBad, "CONV_2D",
             [](fbs::ModelT& m) {
               tensor_of(m, "conv").shape = {1, 3, 2, 2};
               tensor_of(m, "conv").shape_signature.clear();
             }},
        Case{"RankThatDoesNotFollow", kBad, "CONV_2D",
             [](fbs::ModelT& m) {
               tensor_of(m, "conv").shape.clear();
               tensor_of(m, "conv").shape_signature.clear();
               tensor_of(m, "conv").has_rank = true;
             }},
        Case{"Variable", kUn, "variable", [](fbs::ModelT& m) { tensor_of(m, "x").is_variable = true; }},
        Case{"Sparse", kUn, "sparse", [](fbs::ModelT& m) { tensor_of(m, "w").sparsity = std::make_unique<fbs::SparsityParametersT>(); }},
        Case{"BufferIndex", kBad, "buffer is 500", [](fbs::ModelT& m) { tensor_of(m, "w").buffer = 500; }},
        Case{"BufferInsideAndOutside", kBad, "holds 16 bytes and names 16 others",
             [](fbs::ModelT& m) { move_outside(m, "w", 16, 16, true); }},
        // 16 + (2^64 - 1) wraps to 15.
        Case{"BufferOutsideWraps", kBad, "outside the file", [](fbs::ModelT& m) { move_outside(m, "w", 16, UINT64_MAX); }},
        Case{"BufferOutsideStartsBeyond", kBad, "outside the file", [](fbs::ModelT& m) { move_outside(m, "w", UINT64_MAX, 16); }},
        Case{"BufferOutsideEndsBeyond", kBad, "outside the file", [](fbs::ModelT& m) { move_outside(m, "w", 16, 1 << 20); }},
        Case{"BufferOutsideShort", kBad, "holds 15 bytes", [](fbs::ModelT& m) { move_outside(m, "w", 16, 15); }},
        Case{"BufferOutsideEmpty", kBad, "tensor", [](fbs::ModelT& m) { move_outside(m, "w", 16, 0); }},
        Case{"BufferOutsideAtNoOffset", kBad, "tensor", [](fbs::ModelT& m) { move_outside(m, "w", 1, 16); }},
        Case{"BufferOutsideOfMetadata", kBad, "metadata 1 'TFLITE_METADATA': buffer",
             [](fbs::ModelT& m) {
               m.buffers[m.metadata[1]->buffer]->data.clear();
               m.buffers[m.metadata[1]->buffer]->offset = m.buffers[m.metadata[1]->buffer]->size = 1 << 20;
             }},
        Case{"BufferZeroOutside", kBad, "buffer 0", [](fbs::ModelT& m) { m.buffers[0]->offset = m.buffers[0]->size = 16; }},
        Case{"BufferOutside", kOk, "", [](fbs::ModelT& m) { move_outside(m, "w", 16, 16); }},
        Case{"ExternalBuffer", kUn, "another file", [](fbs::ModelT& m) { tensor_of(m, "w").external_buffer = 1; }},
        Case{"PayloadShort", kBad, "holds 15 bytes", [](fbs::ModelT& m) { m.buffers[tensor_of(m, "w").buffer]->data.pop_back(); }},
        Case{"PayloadLong", kBad, "holds 17 bytes", [](fbs::ModelT& m) { m.buffers[tensor_of(m, "w").buffer]->data.push_back(0); }},
        Case{"ConstantWithoutData", kBad, "tensor", [](fbs::ModelT& m) { tensor_of(m, "w").buffer = 0; }},
        Case{"NegativeExtent", kBad, "negative extent", [](fbs::ModelT& m) { tensor_of(m, "x").shape[1] = -3; }},
        Case{"EmptyExtent", kUn, "empty extent", [](fbs::ModelT& m) { tensor_of(m, "x").shape[1] = 0; }},
        // 2^16 * 2^16 * 2^16 * 2^16 wraps to 0 in 64 bits.
        Case{"WrappingShape", kBad, "too many", [](fbs::ModelT& m) { tensor_of(m, "x").shape = {65536, 65536, 65536, 65536}; }},
        Case{"HugeShape", kUn, "larger", [](fbs::ModelT& m) { tensor_of(m, "x").shape = {1, 65536, 65536, 2}; }},
        Case{"HugeTotal", kUn, "tensors so far",
             [](fbs::ModelT& m) {
               for (auto& tensor : main_of(m).tensors) {
                 if (m.buffers[tensor->buffer]->data.empty()) tensor->shape = {1, 32767, 65535}, tensor->shape_signature.clear();
               }
             }},
        Case{"SignatureRank", kBad, "shape signature", [](fbs::ModelT& m) { tensor_of(m, "x").shape_signature.pop_back(); }},
        Case{"SignatureExtent", kBad, "shape signature", [](fbs::ModelT& m) { tensor_of(m, "x").shape_signature[1] = 4; }},
        Case{"WrongOutputShape", kBad, "computed", [](fbs::ModelT& m) { tensor_of(m, "conv").shape[1] = 3, tensor_of(m, "conv").shape_signature.clear(); }},
        Case{"WrongExtentBesideAnOpenOne", kBad, "computed",
             [](fbs::ModelT& m) { tensor_of(m, "conv").shape[1] = 3, tensor_of(m, "conv").shape_signature[1] = 3; }},
        Case{"ScaleZero", kBad, "scale", [](fbs::ModelT& m) { tensor_of(m, "x").quantization->scale[0] = 0; }},
        Case{"ScaleNegative", kBad, "scale", [](fbs::ModelT& m) { tensor_of(m, "x").quantization->scale[0] = -1; }},
        Case{"ScaleNan", kBad, "scale", [](fbs::ModelT& m) { tensor_of(m, "w").quantization->scale[1] = kNan; }},
        Case{"ScaleInfinite", kBad, "scale", [](fbs::ModelT& m) { tensor_of(m, "w").quantization->scale[1] = kInf; }},
        Case{"ScaleCount", kBad, "scales",
             [](fbs::ModelT& m) {
               tensor_of(m, "w").quantization->scale.push_back(1);
               tensor_of(m, "w").quantization->zero_point.push_back(0);
             }},
        Case{"ZeroPointCount", kBad, "zero points", [](fbs::ModelT& m) { tensor_of(m, "w").quantization->zero_point.pop_back(); }},
        Case{"ZeroPointRange", kBad, "zero point 128", [](fbs::ModelT& m) { tensor_of(m, "x").quantization->zero_point[0] = 128; }},
        Case{"ZeroPointOfWeights", kUn, "zero point 1", [](fbs::ModelT& m) { tensor_of(m, "w").quantization->zero_point[0] = 1; }},
        Case{"BiasScale", kBad, "its bias 'b' has scale", [](fbs::ModelT& m) { tensor_of(m, "b").quantization->scale[0] += 1; }},
        Case{"AccumulatorBound", kBad, "output channel 1 can reach",
             [](fbs::ModelT& m) { m.buffers[tensor_of(m, "b").buffer]->data = {0, 0, 0, 0, 255, 255, 255, 127}; }},
        Case{"QuantizedDimension", kBad, "quantized dimension 4", [](fbs::ModelT& m) { tensor_of(m, "w").quantization->quantized_dimension = 4; }},
        Case{"QuantizedDimensionNegative", kBad, "quantized dimension -1",
             [](fbs::ModelT& m) { tensor_of(m, "w").quantization->quantized_dimension = -1; }},
        Case{"QuantizationDetails", kUn, "CustomQuantization",
             [](fbs::ModelT& m) { tensor_of(m, "w").quantization->details.Set(fbs::CustomQuantizationT()); }},
        Case{"NoQuantization", kBad, "", [](fbs::ModelT& m) { tensor_of(m, "w").quantization.reset(); }},
        Case{"SharedBuffers", kUn, "share buffers",
             [](fbs::ModelT& m) {
               m.buffers[1]->data.assign(5000, 1);
               for (int copy = 0; copy < 40; ++copy) {
                 auto tensor = std::make_unique<fbs::TensorT>();
                 tensor->shape = {5000}, tensor->type = fbs::TensorType_BOOL, tensor->buffer = 1;
                 main_of(m).tensors.push_back(std::move(tensor));
               }
               tensor_of(m, "x").buffer = 0;
             }}),
    [](const auto& instance) { return instance.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Operators, SingleField,
    testing::Values(
        Case{"InputIndex", kBad, "CONV_2D", [](fbs::ModelT& m) { main_of(m).operators[0]->inputs[0] = 77; }},
        Case{"InputNegative", kBad, "CONV_2D", [](fbs::ModelT& m) { main_of(m).operators[0]->inputs[0] = -2; }},
        Case{"RequiredInputOmitted", kBad, "CONV_2D", [](fbs::ModelT& m) { main_of(m).operators[0]->inputs[1] = -1; }},
        Case{"InputsMissing", kBad, "CONV_2D", [](fbs::ModelT& m) { main_of(m).operators[0]->inputs.resize(1); }},
        Case{"InputsTooMany", kBad, "CONV_2D", [](fbs::ModelT& m) { main_of(m).operators[0]->inputs.resize(9, 0); }},
        Case{"OutputIndex", kBad, "CONV_2D", [](fbs::ModelT& m) { main_of(m).operators[0]->outputs[0] = 77; }},
        Case{"OutputOmitted", kBad, "CONV_2D", [](fbs::ModelT& m) { main_of(m).operators[0]->outputs[0] = -1; }},
        Case{"TwoOutputs", kBad, "CONV_2D", [](fbs::ModelT& m) { main_of(m).operators[0]->outputs.push_back(0); }},
        Case{"OutputIsItsInput", kBad, "", [](fbs::ModelT& m) { main_of(m).operators[0]->outputs = {main_of(m).operators[0]->inputs[0]}; }},
        Case{"OutputIsConstant", kBad, "", [](fbs::ModelT& m) { main_of(m).operators[0]->outputs = {main_of(m).operators[0]->inputs[1]}; }},
        Case{"ComputedTwice", kBad, "", [](fbs::ModelT& m) { main_of(m).operators[1]->outputs = main_of(m).operators[0]->outputs; }},
        Case{"WrongOrder", kBad, "", [](fbs::ModelT& m) { std::swap(main_of(m).operators[0], main_of(m).operators[1]); }},
        Case{"Cycle", kBad, "", [](fbs::ModelT& m) { main_of(m).operators[0]->inputs[0] = main_of(m).outputs[0]; }},
        Case{"ModelInputIndex", kBad, "", [](fbs::ModelT& m) { main_of(m).inputs[0] = 500; }},
        Case{"ModelInputTwice", kBad, "", [](fbs::ModelT& m) { main_of(m).inputs.push_back(main_of(m).inputs[0]); }},
        Case{"ModelInputConstant", kBad, "", [](fbs::ModelT& m) { main_of(m).inputs.push_back(main_of(m).operators[0]->inputs[1]); }},
        Case{"ModelOutputIndex", kBad, "", [](fbs::ModelT& m) { main_of(m).outputs[0] = -1; }},
        Case{"OptionsAbsent", kBad, "expected Conv2DOptions", [](fbs::ModelT& m) { main_of(m).operators[0]->builtin_options.Reset(); }},
        Case{"OptionsOfAnother", kBad, "expected Conv2DOptions",
             [](fbs::ModelT& m) { main_of(m).operators[0]->builtin_options.Set(fbs::Pool2DOptionsT()); }},
        Case{"ReshapeOptionsAbsent", kOk, "", [](fbs::ModelT& m) { main_of(m).operators[1]->builtin_options.Reset(); }},
        Case{"ReshapeWithoutShape", kBad, "new shape",
             [](fbs::ModelT& m) {
               main_of(m).operators[1]->builtin_options.Reset();
               main_of(m).operators[1]->inputs.resize(1);
             }},
        Case{"StrideZero", kBad, "stride", [](fbs::ModelT& m) { conv_of(m).stride_w = 0; }},
        Case{"StrideNegative", kBad, "stride", [](fbs::ModelT& m) { conv_of(m).stride_h = -1; }},
        Case{"DilationZero", kBad, "dilation", [](fbs::ModelT& m) { conv_of(m).dilation_h_factor = 0; }},
        Case{"Padding", kBad, "padding 7", [](fbs::ModelT& m) { conv_of(m).padding = static_cast<fbs::Padding>(7); }},
        Case{"Activation", kUn, "TANH", [](fbs::ModelT& m) { conv_of(m).fused_activation_function = fbs::ActivationFunctionType_TANH; }},
        Case{"ActivationThatDoesNotExist", kBad, "activation 77",
             [](fbs::ModelT& m) { conv_of(m).fused_activation_function = static_cast<fbs::ActivationFunctionType>(77); }},
        Case{"WeightsFormat", kUn, "weights format 1",
             [](fbs::ModelT& m) {
               main_of(m).operators[2]->builtin_options.AsFullyConnectedOptions()->weights_format =
                   fbs::FullyConnectedOptionsWeightsFormat_SHUFFLED4x16INT8;
             }},
        Case{"MutatingVariable", kUn, "variables", [](fbs::ModelT& m) { main_of(m).operators[0]->mutating_variable_inputs = {true}; }},
        Case{"Intermediates", kUn, "intermediates", [](fbs::ModelT& m) { main_of(m).operators[0]->intermediates = {1}; }}),
    [](const auto& instance) { return instance.param.name; });

TEST(TfliteErrors, PaddingModes) {
  for (const bool symmetric : {false, true}) {
    TestGraph net(DType::kInt8);
    const auto x = net.activation("x", {1, 3, 3, 2}), y = net.activation("y", {1, 5, 5, 2});
    net.op(graph::OpKind::kMirrorPad, {x, net.indices("paddings", {4, 2}, {0, 0, 1, 1, 1, 1, 0, 0})}, y, graph::MirrorPadParams{symmetric});
    net.graph.inputs = {x};
    net.graph.outputs = {y};
    const Bytes bytes = *write(net.graph);
    const auto found = read(bytes, "bad.tflite");
    ASSERT_TRUE(found.ok()) << found.status().message();
    EXPECT_EQ(found->ops[0].params_as<graph::MirrorPadParams>().symmetric, symmetric);
    const auto model = fbs::UnPackModel(bytes.data());
    main_of(*model).operators[0]->builtin_options.AsMirrorPadOptions()->mode = static_cast<fbs::MirrorPadMode>(2);
    const Status status = read(packed(*model), "bad.tflite").status();
    EXPECT_EQ(status.code(), Code::kCorruptFile);
    EXPECT_THAT(status.message(), HasSubstr("padding mode 2"));
  }
}

// Verifying offsets of more than 31 bits is beyond FlatBuffers; nothing but the size and the identifier of this file is looked at.
TEST(TfliteErrors, AFileOfTwoGigabytes) {
  const size_t size = FLATBUFFERS_MAX_BUFFER_SIZE;
  void* place = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  ASSERT_NE(place, MAP_FAILED);
  const Status status = read({static_cast<const std::byte*>(place), size}, "bad.tflite").status();
  ::munmap(place, size);
  EXPECT_EQ(status.code(), Code::kUnsupported);
  EXPECT_THAT(status.message(), HasSubstr("a file of 2147483647 bytes"));
}

TEST(TfliteErrors, WriterRefusesWhatAFileCannotHold) {
  Graph without_bias = small_graph();
  without_bias.ops[0].inputs.resize(2);
  EXPECT_EQ(write(without_bias).status().code(), Code::kUnsupported);
  EXPECT_THAT(write(without_bias).status().message(), testing::AllOf(HasSubstr("CONV_2D 'conv' (operator 0)"), HasSubstr("bias")));

  Graph bad_label = small_graph();
  bad_label.info.labels[0] = "two\nlines";
  EXPECT_EQ(write(bad_label).status().code(), Code::kUnsupported);

  Graph bad_version = small_graph();
  bad_version.ops[1].version = 2;
  EXPECT_EQ(write(bad_version).status().code(), Code::kUnsupported);

  Graph invalid = small_graph();
  invalid.ops[0].inputs[0] = 99;
  EXPECT_FALSE(write(invalid).ok());

  TestGraph net(DType::kFloat32);
  const auto x = net.activation("x", {1, 2, 2, 3}), y = net.activation("y", {1, 2, 2, 3});
  std::vector<graph::TensorId> inputs = {x};
  for (const char* name : {"gamma", "beta", "mean", "variance"}) inputs.push_back(net.weights(name, {3}, 0));
  net.op(graph::OpKind::kBatchNorm, inputs, y, graph::BatchNormParams{});
  net.graph.inputs = {x};
  net.graph.outputs = {y};
  const Status status = write(net.graph).status();
  EXPECT_EQ(status.code(), Code::kUnsupported);
  EXPECT_THAT(status.message(), HasSubstr("'y' (operator 0)"));
}

TEST(TfliteErrors, DamagedLabelsAreLeftOut) {
  Bytes bytes = *write(small_graph());
  const std::string text = "cat\ndog\n";
  const auto found = std::search(bytes.begin(), bytes.end(), reinterpret_cast<const std::byte*>(text.data()),
                                 reinterpret_cast<const std::byte*>(text.data()) + text.size());
  ASSERT_NE(found, bytes.end());
  *found = std::byte{'r'};
  const auto graph = read(bytes, "x");
  ASSERT_TRUE(graph.ok());
  EXPECT_TRUE(graph->info.labels.empty());
  EXPECT_TRUE(graph->info.normalization.has_value());
}

}  // namespace
}  // namespace liteqat::formats::tflite
