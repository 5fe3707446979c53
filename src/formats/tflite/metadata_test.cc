#include "formats/tflite/metadata.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/tflite/tflite.h"
#include "formats/tflite/zip.h"
#include "metadata_schema_generated.h"

namespace liteqat::formats::tflite {
namespace {

namespace fbs = ::tflite;
using graph::Graph;
using graph::InputNormalization;
using testing::ElementsAre;

/// x [1,5,7,channels] -> y by RELU, with what the test says of it.
Graph described(int32_t channels, graph::ModelInfo info) {
  Graph graph;
  const auto x = graph.add_tensor({.name = "x", .shape = {1, 5, 7, channels}}),
             y = graph.add_tensor({.name = "y", .shape = {1, 5, 7, channels}});
  graph.ops.push_back({.kind = graph::OpKind::kRelu, .name = "y", .inputs = {x}, .outputs = {y}, .params = {}, .version = 0});
  graph.inputs = {x};
  graph.outputs = {y};
  graph.info = std::move(info);
  return graph;
}

/// As another reader finds it: nullptr unless the schema's verifier takes it.
const fbs::ModelMetadata* verified(const Bytes& bytes) {
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  flatbuffers::Verifier verifier(data, bytes.size());
  return fbs::VerifyModelMetadataBuffer(verifier) ? fbs::GetModelMetadata(data) : nullptr;
}

const fbs::TensorMetadata& input_of(const fbs::ModelMetadata& model) {
  return *model.subgraph_metadata()->Get(0)->input_tensor_metadata()->Get(0);
}

TEST(Metadata, SaysOfTheInputWhatPixelsBecome) {
  const Bytes bytes = make_metadata(described(3, {"net", "", InputNormalization{{127.5f, 0.0f, 51.0f}, {63.75f, 255.0f, 102.0f}}, {}}));
  const fbs::ModelMetadata* model = verified(bytes);
  ASSERT_NE(model, nullptr);
  EXPECT_EQ(model->name()->str(), "net");
  const fbs::TensorMetadata& input = input_of(*model);
  EXPECT_EQ(input.name()->str(), "x");
  EXPECT_THAT(*input.stats()->min(), ElementsAre(-2.0f, 0.0f, -0.5f));
  EXPECT_THAT(*input.stats()->max(), ElementsAre(2.0f, 1.0f, 2.0f));
  const auto* image = input.content()->content_properties_as_ImageProperties();
  EXPECT_EQ(image->color_space(), fbs::ColorSpaceType_RGB);
  EXPECT_EQ(image->default_size()->width(), 7u);
  EXPECT_EQ(image->default_size()->height(), 5u);
  const auto* options = input.process_units()->Get(0)->options_as_NormalizationOptions();
  EXPECT_THAT(*options->mean(), ElementsAre(127.5f, 0.0f, 51.0f));
  EXPECT_THAT(*options->std(), ElementsAre(63.75f, 255.0f, 102.0f));
}

TEST(Metadata, OneDeviationMayBeOfAllChannels) {
  const Bytes bytes = make_metadata(described(3, {"", "", InputNormalization{{0.0f, 51.0f, 102.0f}, {51.0f}}, {}}));
  ASSERT_NE(verified(bytes), nullptr);
  EXPECT_THAT(*input_of(*verified(bytes)).stats()->max(), ElementsAre(5.0f, 4.0f, 3.0f));
}

TEST(Metadata, ColorsAreSaidOfImagesAlone) {
  const auto color_of = [](int32_t channels) {
    const Bytes bytes = make_metadata(described(channels, {"", "", InputNormalization{{0.0f}, {255.0f}}, {}}));
    const fbs::Content* content = input_of(*verified(bytes)).content();
    return content == nullptr ? -1 : static_cast<int>(content->content_properties_as_ImageProperties()->color_space());
  };
  EXPECT_EQ(color_of(1), fbs::ColorSpaceType_GRAYSCALE);
  EXPECT_EQ(color_of(2), -1);
  EXPECT_EQ(color_of(3), fbs::ColorSpaceType_RGB);
  EXPECT_EQ(color_of(4), -1);
  Graph flat = described(3, {"", "", InputNormalization{{0.0f}, {255.0f}}, {}});
  for (graph::Tensor& tensor : flat.tensors) tensor.shape = {1, 105};
  const Bytes bytes = make_metadata(flat);
  EXPECT_EQ(input_of(*verified(bytes)).content(), nullptr);
}

TEST(Metadata, LabelsWithoutANameAreWrittenAndRead) {
  const Graph graph = described(3, {"", "", {}, {"cat", "dog"}});
  const Bytes bytes = make_metadata(graph);
  const fbs::ModelMetadata* model = verified(bytes);
  ASSERT_NE(model, nullptr);
  EXPECT_EQ(model->name(), nullptr);
  const auto* output = model->subgraph_metadata()->Get(0)->output_tensor_metadata()->Get(0);
  ASSERT_EQ(output->associated_files()->size(), 1u);
  EXPECT_EQ(output->associated_files()->Get(0)->name()->str(), "labels.txt");
  EXPECT_EQ(output->associated_files()->Get(0)->type(), fbs::AssociatedFileType_TENSOR_AXIS_LABELS);
  const auto found = read(*write(graph), "x");
  ASSERT_TRUE(found.ok()) << found.status().message();
  EXPECT_THAT(found->info.labels, ElementsAre("cat", "dog"));
  EXPECT_EQ(found->info.name, "");
}

TEST(Metadata, OnlyTheFirstInputAndOutputAreDescribed) {
  Graph graph = described(3, {"", "", InputNormalization{{0.0f}, {255.0f}}, {"cat", "dog"}});
  graph.inputs.push_back(graph.inputs[0]);
  graph.outputs.push_back(graph.outputs[0]);
  const Bytes bytes = make_metadata(graph);
  const auto* subgraph = verified(bytes)->subgraph_metadata()->Get(0);
  ASSERT_EQ(subgraph->input_tensor_metadata()->size(), 2u);
  EXPECT_NE(subgraph->input_tensor_metadata()->Get(0)->process_units(), nullptr);
  EXPECT_EQ(subgraph->input_tensor_metadata()->Get(1)->process_units(), nullptr);
  ASSERT_EQ(subgraph->output_tensor_metadata()->size(), 2u);
  EXPECT_NE(subgraph->output_tensor_metadata()->Get(0)->associated_files(), nullptr);
  EXPECT_EQ(subgraph->output_tensor_metadata()->Get(1)->associated_files(), nullptr);
}

TEST(Metadata, LabelsEndWithTheirLines) {
  Graph graph = described(3, {"", "", {}, {"cat", "dog"}});
  const Bytes metadata = make_metadata(graph);
  const std::vector<std::pair<std::string, std::vector<std::string>>> texts = {
      {"cat\ndog\n", {"cat", "dog"}}, {"cat\ndog", {"cat", "dog"}}, {"cat\r\n\ndog\r\n", {"cat", "", "dog"}}, {"\n", {""}}, {"", {}}};
  for (const auto& [text, labels] : texts) {
    Bytes archive;
    append_zip(archive, {{"labels.txt", text}});
    graph.info = {};
    read_metadata(metadata, archive, graph);
    EXPECT_EQ(graph.info.labels, labels) << text;
  }
}

TEST(Metadata, NormalizationIsReadAsItWasWritten) {
  const std::vector<std::pair<graph::Shape, InputNormalization>> inputs = {
      {{1, 5, 7, 3}, {{127.5f, 0.0f, -51.0f}, {63.75f, 255.0f, 102.0f}}},
      {{1, 5, 7, 3}, {{0.0f}, {255.0f}}},
      {{1, 5, 7, 3}, {{-1.0f}, {1.0f}}},
      {{}, {{0.5f}, {2.0f}}}};
  for (const auto& [shape, normalization] : inputs) {
    Graph graph = described(3, {"", "", normalization, {}});
    for (graph::Tensor& tensor : graph.tensors) tensor.shape = shape;
    const Bytes metadata = make_metadata(graph);
    graph.info = {};
    read_metadata(metadata, {}, graph);
    ASSERT_TRUE(graph.info.normalization) << graph::shape_text(shape);
    EXPECT_EQ(graph.info.normalization->mean, normalization.mean);
    EXPECT_EQ(graph.info.normalization->std, normalization.std);
  }
}

TEST(Metadata, UnusableNormalizationIsLeftOut) {
  const std::vector<InputNormalization> unusable = {{{0.0f}, {0.0f}},
                                                    {{0.0f}, {-1.0f}},
                                                    {{NAN}, {1.0f}},
                                                    {{0.0f}, {INFINITY}},
                                                    {{}, {}},
                                                    {{0.0f, 0.0f}, {1.0f, 1.0f}},
                                                    {{0.0f, 0.0f, 0.0f}, {1.0f}}};
  for (size_t one = 0; one < unusable.size(); ++one) {
    Graph graph = described(3, {"", "", InputNormalization{{0.0f}, {1.0f}}, {}});
    fbs::ModelMetadataT model;
    model.subgraph_metadata.push_back(std::make_unique<fbs::SubGraphMetadataT>());
    model.subgraph_metadata[0]->input_tensor_metadata.push_back(std::make_unique<fbs::TensorMetadataT>());
    auto unit = std::make_unique<fbs::ProcessUnitT>();
    fbs::NormalizationOptionsT options;
    options.mean = unusable[one].mean, options.std = unusable[one].std;
    unit->options.Set(std::move(options));
    model.subgraph_metadata[0]->input_tensor_metadata[0]->process_units.push_back(std::move(unit));
    flatbuffers::FlatBufferBuilder builder;
    fbs::FinishModelMetadataBuffer(builder, fbs::CreateModelMetadata(builder, &model));
    graph.info = {};
    read_metadata(std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize())), {}, graph);
    EXPECT_FALSE(graph.info.normalization) << one;
  }
}

}  // namespace
}  // namespace liteqat::formats::tflite
