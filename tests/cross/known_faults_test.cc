// One crafted file for every class of published fault of .tflite readers that a classifier's operators touch: refused at load or in
// prepare, with a sentence that says what is wrong. Descriptions follow the advisories of tensorflow/security and the issues of the two
// projects.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "formats/tflite/tflite.h"
#include "runtime/interpreter.h"
#include "tflite_schema_generated.h"

namespace liteqat {
namespace {

namespace fbs = ::tflite;
using Shape = std::vector<int32_t>;

/// A model of one operator, written as the file says it: nothing of ours checks it.
class Crafted {
 public:
  Crafted() {
    model_.version = 3;
    model_.buffers.push_back(std::make_unique<fbs::BufferT>());
    model_.subgraphs.push_back(std::make_unique<fbs::SubGraphT>());
  }

  int32_t activation(const Shape& shape, fbs::TensorType type = fbs::TensorType_INT8, bool quantized = true) {
    auto tensor = std::make_unique<fbs::TensorT>();
    tensor->shape = shape;
    tensor->type = type;
    if (quantized && type == fbs::TensorType_INT8) {
      tensor->quantization = std::make_unique<fbs::QuantizationParametersT>();
      tensor->quantization->scale = {0.5f};
      tensor->quantization->zero_point = {0};
    }
    main().tensors.push_back(std::move(tensor));
    return static_cast<int32_t>(main().tensors.size() - 1);
  }
  template <typename Value>
  int32_t constant(const Shape& shape, fbs::TensorType type, const std::vector<Value>& values) {
    const int32_t id = activation(shape, type);
    auto buffer = std::make_unique<fbs::BufferT>();
    buffer->data.resize(values.size() * sizeof(Value));
    std::memcpy(buffer->data.data(), values.data(), buffer->data.size());
    model_.buffers.push_back(std::move(buffer));
    tensor(id).buffer = static_cast<uint32_t>(model_.buffers.size() - 1);
    return id;
  }
  int32_t indices(const std::vector<int32_t>& values) {
    return constant({static_cast<int32_t>(values.size())}, fbs::TensorType_INT32, values);
  }
  int32_t weights(const Shape& shape) {
    int64_t count = 1;
    for (int32_t extent : shape) count *= extent;
    return constant(shape, fbs::TensorType_INT8, std::vector<int8_t>(static_cast<size_t>(count), 1));
  }
  int32_t bias(int32_t channels) {
    const int32_t id = constant({channels}, fbs::TensorType_INT32, std::vector<int32_t>(static_cast<size_t>(channels), 3));
    tensor(id).quantization = std::make_unique<fbs::QuantizationParametersT>();
    tensor(id).quantization->scale = {0.25f};
    tensor(id).quantization->zero_point = {0};
    return id;
  }

  /// Appends an operator; the first becomes the model's. Inputs and outputs of the model: those of the arguments that hold no data.
  template <typename Options>
  fbs::OperatorT& op(fbs::BuiltinOperator code, const std::vector<int32_t>& inputs, const std::vector<int32_t>& outputs, Options options,
                     int32_t version = 1) {
    fbs::OperatorT& added = op(code, inputs, outputs, version);
    added.builtin_options.Set(std::move(options));
    return added;
  }
  fbs::OperatorT& op(fbs::BuiltinOperator code, const std::vector<int32_t>& inputs, const std::vector<int32_t>& outputs,
                     int32_t version = 1) {
    auto kind = std::make_unique<fbs::OperatorCodeT>();
    kind->builtin_code = code;
    kind->deprecated_builtin_code = static_cast<int8_t>(std::min<int>(code, 127));
    kind->version = version;
    model_.operator_codes.push_back(std::move(kind));
    auto added = std::make_unique<fbs::OperatorT>();
    added->opcode_index = static_cast<uint32_t>(model_.operator_codes.size() - 1);
    added->inputs = inputs;
    added->outputs = outputs;
    for (int32_t id : inputs) {
      if (main().inputs.empty() && id >= 0 && tensor(id).buffer == 0) main().inputs.push_back(id);
    }
    main().outputs = outputs;
    main().operators.push_back(std::move(added));
    return *main().operators.back();
  }

  fbs::SubGraphT& main() { return *model_.subgraphs[0]; }
  fbs::TensorT& tensor(int32_t id) { return *main().tensors[static_cast<size_t>(id)]; }
  fbs::ModelT& model() { return model_; }

  Bytes bytes() const {
    flatbuffers::FlatBufferBuilder builder;
    fbs::FinishModelBuffer(builder, fbs::CreateModel(builder, &model_));
    const auto written = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
    return {written.begin(), written.end()};
  }

 private:
  fbs::ModelT model_;
};

fbs::Conv2DOptionsT conv_options(int32_t stride = 1) {
  fbs::Conv2DOptionsT options;
  options.stride_h = options.stride_w = stride;
  return options;
}
fbs::DepthwiseConv2DOptionsT depthwise_options(int32_t stride, int32_t multiplier) {
  fbs::DepthwiseConv2DOptionsT options;
  options.stride_h = options.stride_w = stride;
  options.depth_multiplier = multiplier;
  return options;
}
fbs::Pool2DOptionsT pool_options(int32_t stride, int32_t filter) {
  fbs::Pool2DOptionsT options;
  options.stride_h = options.stride_w = stride;
  options.filter_height = options.filter_width = filter;
  return options;
}

/// [1,4,4,2] through a 1x1 convolution to three channels, its parts open to change.
Crafted convolution(int32_t stride = 1) {
  Crafted file;
  const int32_t x = file.activation({1, 4, 4, 2}), w = file.weights({3, 1, 1, 2}), b = file.bias(3), y = file.activation({1, 4, 4, 3});
  file.op(fbs::BuiltinOperator_CONV_2D, {x, w, b}, {y}, conv_options(stride), 3);
  return file;
}

template <typename Options>
Crafted unary(fbs::BuiltinOperator code, const Shape& in, const Shape& out, const Options& options, int32_t version = 1) {
  Crafted file;
  const int32_t x = file.activation(in), y = file.activation(out);
  file.op(code, {x}, {y}, options, version);
  return file;
}

/// An operator whose second input are indices.
template <typename Options>
Crafted indexed(fbs::BuiltinOperator code, const Shape& in, const std::vector<int32_t>& values, const Shape& out, const Options& options,
                int32_t version = 1) {
  Crafted file;
  const int32_t x = file.activation(in), axes = file.indices(values), y = file.activation(out);
  file.op(code, {x, axes}, {y}, options, version);
  return file;
}

struct Fault {
  const char* name;
  const char* words;  // in the sentence
  std::function<Bytes()> make;
};

/// What the reader or, if the reader takes it, the runtime says of a file.
Status refusal(const Bytes& bytes) {
  const auto graph = formats::tflite::read(bytes, "known.tflite");
  if (!graph.ok()) return graph.status();
  return runtime::Interpreter::prepare(*graph, {.max_memory = 64 << 20}).status();
}

class KnownFault : public testing::TestWithParam<Fault> {};

TEST_P(KnownFault, IsRefusedWithASentence) {
  const Status status = refusal(GetParam().make());
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.code(), Code::kInternal);
  EXPECT_THAT(status.message(), testing::HasSubstr(GetParam().words));
}

TEST(KnownFaults, TheSameFilesWithoutTheFaultAreAccepted) {
  EXPECT_TRUE(refusal(convolution().bytes()).ok()) << refusal(convolution().bytes()).message();
  const Bytes pool = unary(fbs::BuiltinOperator_AVERAGE_POOL_2D, {1, 4, 4, 2}, {1, 2, 2, 2}, pool_options(2, 2), 2).bytes();
  EXPECT_TRUE(refusal(pool).ok()) << refusal(pool).message();
  const Bytes mean = indexed(fbs::BuiltinOperator_MEAN, {1, 4, 4, 2}, {1, 2}, {1, 2}, fbs::ReducerOptionsT(), 2).bytes();
  EXPECT_TRUE(refusal(mean).ok()) << refusal(mean).message();
}

TEST(KnownFaults, OptionsThatMayBeMissing) {
  Crafted squeeze;
  const int32_t thick = squeeze.activation({1, 4, 1}), flat = squeeze.activation({4});
  squeeze.op(fbs::BuiltinOperator_SQUEEZE, {thick}, {flat});
  EXPECT_TRUE(refusal(squeeze.bytes()).ok()) << refusal(squeeze.bytes()).message();
  Crafted all_axes;  // options without the list of axes: every extent of 1 goes
  const int32_t x = all_axes.activation({1, 4, 1}), y = all_axes.activation({4});
  all_axes.op(fbs::BuiltinOperator_SQUEEZE, {x}, {y}, fbs::SqueezeOptionsT());
  EXPECT_TRUE(refusal(all_axes.bytes()).ok()) << refusal(all_axes.bytes()).message();
  Crafted resize;
  const int32_t small = resize.activation({1, 2, 2, 1}), size = resize.indices({4, 4}), large = resize.activation({1, 4, 4, 1});
  resize.op(fbs::BuiltinOperator_RESIZE_BILINEAR, {small, size}, {large}, 2);
  EXPECT_TRUE(refusal(resize.bytes()).ok()) << refusal(resize.bytes()).message();
}

constexpr int32_t kMost = std::numeric_limits<int32_t>::max();

INSTANTIATE_TEST_SUITE_P(
    Tensors, KnownFault,
    testing::Values(
        Fault{"Cve2020_15207_AxisOutside", "axis",
              [] {
                return indexed(fbs::BuiltinOperator_MEAN, {1, 4, 4, 2}, {-9}, {1, 4, 4}, fbs::ReducerOptionsT(), 2).bytes();
              }},
        Fault{"Cve2020_15208_ShapesThatDoNotFit", "ADD",
              [] {
                Crafted file;
                const int32_t a = file.activation({1, 4, 4, 2}), b = file.activation({1, 3, 4, 2}), y = file.activation({1, 4, 4, 2});
                file.op(fbs::BuiltinOperator_ADD, {a, b}, {y}, fbs::AddOptionsT(), 2);
                file.main().inputs = {a, b};
                return file.bytes();
              }},
        Fault{"Cve2020_15209_WeightsWithoutBuffer", "CONV_2D",
              [] {
                Crafted file = convolution();
                file.tensor(1).buffer = 0;
                return file.bytes();
              }},
        Fault{"Cve2020_15210_InputIsOutput", "RELU",
              [] {
                Crafted file;
                const int32_t x = file.activation({1, 4});
                file.op(fbs::BuiltinOperator_RELU, {x}, {x}, 2);
                return file.bytes();
              }},
        Fault{"Cve2020_15211_NegativeTensorIndex", "CONV_2D",
              [] {
                Crafted file = convolution();
                file.main().operators[0]->inputs[1] = -2;
                return file.bytes();
              }},
        Fault{"Cve2020_15212_SegmentSum", "SEGMENT_SUM",
              [] {
                return indexed(fbs::BuiltinOperator_SEGMENT_SUM, {3, 2}, {0, 9, -1}, {2, 2}, fbs::SegmentSumOptionsT()).bytes();
              }},
        Fault{"Cve2021_29605_ShapeOfAMillionExtents", "",
              [] {
                Crafted file = convolution();
                file.tensor(0).shape.assign(1'000'000, kMost);
                return file.bytes();
              }},
        Fault{"Cve2021_37682_NoQuantization", "CONV_2D",
              [] {
                Crafted file = convolution();
                file.tensor(0).quantization.reset();
                return file.bytes();
              }},
        Fault{"Cve2022_23560_Sparsity", "sparse",
              [] {
                Crafted file = convolution();
                file.tensor(1).sparsity = std::make_unique<fbs::SparsityParametersT>();
                file.tensor(1).sparsity->traversal_order = {0, 1, 2, 900};
                return file.bytes();
              }},
        Fault{"Issue116632_BufferOffsetWraps", "others at offset 1048576",
              [] {
                Crafted file = convolution();
                file.model().buffers[1]->offset = 1 << 20;
                file.model().buffers[1]->size = std::numeric_limits<uint64_t>::max() - 4;
                return file.bytes();
              }},
        Fault{"LiteRt10080_CutOff", "cut off",
              [] {
                Bytes bytes = convolution().bytes();
                bytes.resize(bytes.size() / 2);
                return bytes;
              }},
        Fault{"Issue115308_EightBytes", "",
              [] {
                const std::string text("\x18\0\0\0TFL3", 8);
                const auto bytes = std::as_bytes(std::span(text));
                return Bytes(bytes.begin(), bytes.end());
              }},
        Fault{"ScalesThatMakeNoMultiplier", "scale",
              [] {
                Crafted file = convolution();
                file.tensor(1).quantization->scale = {std::numeric_limits<float>::denorm_min()};
                file.tensor(2).quantization->scale = {0};
                return file.bytes();
              }}),
    [](const auto& instance) { return instance.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Weighted, KnownFault,
    testing::Values(Fault{"Cve2021_29594_ConvolutionOfNoChannels", "empty extent",
                          [] {
                            Crafted file = convolution();
                            file.tensor(1).shape = {3, 1, 1, 0};
                            file.model().buffers[1]->data.clear();
                            return file.bytes();
                          }},
                    Fault{"ConvolutionStrideZero", "stride", [] { return convolution(0).bytes(); }},
                    Fault{"Cve2022_23557_BiasOfNoElements", "empty extent",
                          [] {
                            Crafted file = convolution();
                            file.tensor(2).shape = {0};
                            return file.bytes();
                          }},
                    Fault{"BiasOfAnotherSize", "bias",
                          [] {
                            Crafted file = convolution();
                            file.tensor(2).shape = {2};
                            file.model().buffers[2]->data.resize(8);
                            return file.bytes();
                          }},
                    Fault{"ChannelsThatDoNotDivide", "CONV_2D",
                          [] {
                            Crafted file;
                            const int32_t x = file.activation({1, 4, 4, 5}), w = file.weights({3, 1, 1, 2}), b = file.bias(3),
                                          y = file.activation({1, 4, 4, 3});
                            file.op(fbs::BuiltinOperator_CONV_2D, {x, w, b}, {y}, conv_options(), 3);
                            return file.bytes();
                          }},
                    Fault{"Cve2021_29602_DepthwiseStrideZero", "stride",
                          [] {
                            Crafted file;
                            const int32_t x = file.activation({1, 4, 4, 2}), w = file.weights({1, 1, 1, 2}), b = file.bias(2),
                                          y = file.activation({1, 4, 4, 2});
                            file.op(fbs::BuiltinOperator_DEPTHWISE_CONV_2D, {x, w, b}, {y}, depthwise_options(0, 1), 3);
                            return file.bytes();
                          }},
                    Fault{"Cve2022_21741_DepthMultiplier", "multiplier",
                          [] {
                            Crafted file;
                            const int32_t x = file.activation({1, 4, 4, 2}), w = file.weights({1, 1, 1, 4}), b = file.bias(4),
                                          y = file.activation({1, 4, 4, 4});
                            file.op(fbs::BuiltinOperator_DEPTHWISE_CONV_2D, {x, w, b}, {y}, depthwise_options(1, 3), 3);
                            return file.bytes();
                          }},
                    Fault{"Cve2021_37680_FullyConnectedWithoutColumns", "empty extent",
                          [] {
                            Crafted file;
                            const int32_t x = file.activation({1, 4}), w = file.activation({3, 0}), y = file.activation({1, 3});
                            file.op(fbs::BuiltinOperator_FULLY_CONNECTED, {x, w, -1}, {y}, fbs::FullyConnectedOptionsT(), 4);
                            return file.bytes();
                          }},
                    Fault{"FullyConnectedThatReadsBeyond", "FULLY_CONNECTED",
                          [] {
                            Crafted file;
                            const int32_t x = file.activation({1, 4}), w = file.weights({3, 5}), y = file.activation({1, 3});
                            file.op(fbs::BuiltinOperator_FULLY_CONNECTED, {x, w, -1}, {y}, fbs::FullyConnectedOptionsT(), 4);
                            return file.bytes();
                          }},
                    Fault{"Cve2021_29588_TransposeConvStrideZero", "stride",
                          [] {
                            Crafted file;
                            const int32_t shape = file.indices({1, 4, 4, 3}), w = file.weights({3, 1, 1, 2}),
                                          x = file.activation({1, 4, 4, 2}), y = file.activation({1, 4, 4, 3});
                            fbs::TransposeConvOptionsT options;
                            options.stride_h = options.stride_w = 0;
                            file.op(fbs::BuiltinOperator_TRANSPOSE_CONV, {shape, w, x}, {y}, options, 2);
                            return file.bytes();
                          }}),
    [](const auto& instance) { return instance.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Others, KnownFault,
    testing::Values(
        Fault{"Cve2021_29585_PaddingOfStrideZero", "stride",
              [] {
                return unary(fbs::BuiltinOperator_MAX_POOL_2D, {1, 4, 4, 2}, {1, 4, 4, 2}, pool_options(0, 2), 2).bytes();
              }},
        Fault{"Cve2021_29586_PoolOfNoFilter", "filter",
              [] {
                return unary(fbs::BuiltinOperator_AVERAGE_POOL_2D, {1, 4, 4, 2}, {1, 4, 4, 2}, pool_options(1, 0), 2).bytes();
              }},
        Fault{"Cve2021_37684_PoolOfAnEmptyImage", "empty extent",
              [] {
                return unary(fbs::BuiltinOperator_AVERAGE_POOL_2D, {1, 0, 4, 2}, {1, 0, 4, 2}, pool_options(1, 1), 2).bytes();
              }},
        Fault{"Cve2021_29590_MaximumOfNothing", "empty extent",
              [] {
                Crafted file;
                const int32_t a = file.activation({0}), b = file.activation({1}), y = file.activation({0});
                file.op(fbs::BuiltinOperator_MAXIMUM, {a, b}, {y}, fbs::MaximumMinimumOptionsT(), 2);
                file.main().inputs = {a, b};
                return file.bytes();
              }},
        Fault{"Cve2021_29591_Recursion", "WHILE",
              [] {
                fbs::WhileOptionsT options;
                options.cond_subgraph_index = options.body_subgraph_index = 0;
                return unary(fbs::BuiltinOperator_WHILE, {1}, {1}, options).bytes();
              }},
        Fault{"CycleOfOperators", "",
              [] {
                Crafted file;
                const int32_t a = file.activation({1, 4}), b = file.activation({1, 4}), x = file.activation({1, 4});
                file.op(fbs::BuiltinOperator_RELU, {b}, {a}, 2);
                file.op(fbs::BuiltinOperator_RELU, {a}, {b}, 2);
                file.main().inputs = {x};
                return file.bytes();
              }},
        Fault{"Cve2021_29592_ReshapeWithoutShape", "new shape",
              [] {
                Crafted file;
                const int32_t x = file.activation({1, 4}), y = file.activation({4});
                file.op(fbs::BuiltinOperator_RESHAPE, {x}, {y});
                return file.bytes();
              }},
        Fault{"Issue124982_ReshapeToElevenMoreExtents", "RESHAPE",
              [] {
                return indexed(fbs::BuiltinOperator_RESHAPE, {1, 4}, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 5}, {4}, fbs::ReshapeOptionsT())
                    .bytes();
              }},
        Fault{"ReshapeThatOverflows", "RESHAPE",
              [] {
                return indexed(fbs::BuiltinOperator_RESHAPE, {1, 4}, {kMost, kMost, kMost}, {4}, fbs::ReshapeOptionsT()).bytes();
              }},
        Fault{"Cve2021_29593_BatchToSpaceBlockZero", "block",
              [] {
                Crafted file;
                const int32_t x = file.activation({4, 2, 2, 1}), block = file.indices({0, 0}),
                              crops = file.constant<int32_t>({2, 2}, fbs::TensorType_INT32, {0, 0, 0, 0}),
                              y = file.activation({1, 4, 4, 1});
                file.op(fbs::BuiltinOperator_BATCH_TO_SPACE_ND, {x, block, crops}, {y}, fbs::BatchToSpaceNDOptionsT(), 2);
                return file.bytes();
              }},
        Fault{"Cve2021_29597_SpaceToBatchBlockZero", "block",
              [] {
                Crafted file;
                const int32_t x = file.activation({1, 4, 4, 1}), block = file.indices({0, 0}),
                              pads = file.constant<int32_t>({2, 2}, fbs::TensorType_INT32, {0, 0, 0, 0}), y = file.activation({4, 2, 2, 1});
                file.op(fbs::BuiltinOperator_SPACE_TO_BATCH_ND, {x, block, pads}, {y}, fbs::SpaceToBatchNDOptionsT(), 2);
                return file.bytes();
              }},
        Fault{"Cve2021_29595_DepthToSpaceBlockZero", "block",
              [] {
                fbs::DepthToSpaceOptionsT options;
                options.block_size = 0;
                return unary(fbs::BuiltinOperator_DEPTH_TO_SPACE, {1, 2, 2, 4}, {1, 4, 4, 1}, options).bytes();
              }},
        Fault{"Cve2021_29587_SpaceToDepth", "SPACE_TO_DEPTH",
              [] {
                fbs::SpaceToDepthOptionsT options;
                options.block_size = 0;
                return unary(fbs::BuiltinOperator_SPACE_TO_DEPTH, {1, 4, 4, 1}, {1, 2, 2, 4}, options).bytes();
              }},
        Fault{"Cve2021_29599_SplitIntoNone", "SPLIT",
              [] {
                Crafted file;
                const int32_t axis = file.constant<int32_t>({}, fbs::TensorType_INT32, {0}), x = file.activation({4}),
                              y = file.activation({4});
                fbs::SplitOptionsT options;
                options.num_splits = 0;
                file.op(fbs::BuiltinOperator_SPLIT, {axis, x}, {y}, options, 2);
                return file.bytes();
              }},
        Fault{"Cve2021_29606_SplitBeyond", "SPLIT",
              [] {
                Crafted file;
                const int32_t axis = file.constant<int32_t>({}, fbs::TensorType_INT32, {9}), x = file.activation({4}),
                              a = file.activation({2}), b = file.activation({2});
                fbs::SplitOptionsT options;
                options.num_splits = 2;
                file.op(fbs::BuiltinOperator_SPLIT, {axis, x}, {a, b}, options, 2);
                return file.bytes();
              }},
        Fault{"Cve2021_29601_ConcatenationOverflows", "CONCATENATION",
              [] {
                Crafted file;
                const int32_t a = file.activation({1 << 30, 1}), b = file.activation({1 << 30, 1}), y = file.activation({1, 1});
                file.op(fbs::BuiltinOperator_CONCATENATION, {a, b}, {y}, fbs::ConcatenationOptionsT(), 2);
                file.main().inputs = {a, b};
                return file.bytes();
              }},
        Fault{"Cve2021_29603_ArgMaxOfAWrongShape", "ARG_MAX",
              [] {
                Crafted file;
                const int32_t x = file.activation({2, 4}), axis = file.constant<int32_t>({}, fbs::TensorType_INT32, {5}),
                              y = file.activation({2}, fbs::TensorType_INT32);
                fbs::ArgMaxOptionsT options;
                options.output_type = fbs::TensorType_INT32;
                file.op(fbs::BuiltinOperator_ARG_MAX, {x, axis}, {y}, options, 2);
                return file.bytes();
              }},
        Fault{"Cve2021_37685_ExpandDimsBeyond", "EXPAND_DIMS",
              [] {
                Crafted file;
                const int32_t x = file.activation({2, 4}), axis = file.constant<int32_t>({1}, fbs::TensorType_INT32, {kMost}),
                              y = file.activation({1, 2, 4});
                file.op(fbs::BuiltinOperator_EXPAND_DIMS, {x, axis}, {y}, fbs::ExpandDimsOptionsT());
                return file.bytes();
              }},
        Fault{"Cve2021_37686_StridedSliceStrideZero", "stride",
              [] {
                Crafted file;
                const int32_t x = file.activation({4}), begin = file.indices({0}), end = file.indices({4}), strides = file.indices({0}),
                              y = file.activation({4});
                file.op(fbs::BuiltinOperator_STRIDED_SLICE, {x, begin, end, strides}, {y}, fbs::StridedSliceOptionsT(), 2);
                return file.bytes();
              }},
        Fault{"PackOfAnotherCount", "2 inputs",
              [] {
                Crafted file;
                const int32_t a = file.activation({4}), b = file.activation({4}), y = file.activation({2, 4});
                fbs::PackOptionsT options;
                options.values_count = 3;
                file.op(fbs::BuiltinOperator_PACK, {a, b}, {y}, options, 2);
                file.main().inputs = {a, b};
                return file.bytes();
              }},
        Fault{"SliceBeyond", "SLICE",
              [] {
                Crafted file;
                const int32_t x = file.activation({4}), begin = file.indices({3}), size = file.indices({kMost}), y = file.activation({4});
                file.op(fbs::BuiltinOperator_SLICE, {x, begin, size}, {y}, fbs::SliceOptionsT(), 2);
                return file.bytes();
              }},
        Fault{"PadThatOverflows", "PAD",
              [] {
                Crafted file;
                const int32_t x = file.activation({4}), pads = file.constant<int32_t>({1, 2}, fbs::TensorType_INT32, {kMost, kMost}),
                              y = file.activation({4});
                file.op(fbs::BuiltinOperator_PAD, {x, pads}, {y}, fbs::PadOptionsT(), 2);
                return file.bytes();
              }},
        Fault{"PadThatIsNegative", "PAD",
              [] {
                Crafted file;
                const int32_t x = file.activation({4}), pads = file.constant<int32_t>({1, 2}, fbs::TensorType_INT32, {-3, 3}),
                              y = file.activation({4});
                file.op(fbs::BuiltinOperator_PAD, {x, pads}, {y}, fbs::PadOptionsT(), 2);
                return file.bytes();
              }},
        Fault{"MirrorPadBeyondTheImage", "MIRROR_PAD",
              [] {
                Crafted file;
                const int32_t x = file.activation({4}), pads = file.constant<int32_t>({1, 2}, fbs::TensorType_INT32, {9, 9}),
                              y = file.activation({22});
                file.op(fbs::BuiltinOperator_MIRROR_PAD, {x, pads}, {y}, fbs::MirrorPadOptionsT(), 2);
                return file.bytes();
              }},
        Fault{"TransposeTwiceTheSameAxis", "TRANSPOSE",
              [] {
                return indexed(fbs::BuiltinOperator_TRANSPOSE, {2, 4}, {1, 1}, {4, 4}, fbs::TransposeOptionsT(), 2).bytes();
              }},
        Fault{"ResizeToNothing", "RESIZE",
              [] {
                return indexed(fbs::BuiltinOperator_RESIZE_BILINEAR, {1, 4, 4, 2}, {0, -1}, {1, 4, 4, 2}, fbs::ResizeBilinearOptionsT(), 2)
                    .bytes();
              }},
        Fault{"Issue111638_DetectionPostProcess", "TFLite_Detection_PostProcess",
              [] {
                Crafted file;
                const int32_t x = file.activation({1, 4}), y = file.activation({1, 4});
                file.op(fbs::BuiltinOperator_CUSTOM, {x}, {y});
                file.model().operator_codes[0]->custom_code = "TFLite_Detection_PostProcess";
                return file.bytes();
              }},
        Fault{"SoftmaxOfAnInfiniteBeta", "beta",
              [] {
                fbs::SoftmaxOptionsT options;
                options.beta = std::numeric_limits<float>::infinity();
                return unary(fbs::BuiltinOperator_SOFTMAX, {1, 4}, {1, 4}, options, 2).bytes();
              }}),
    [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace liteqat
