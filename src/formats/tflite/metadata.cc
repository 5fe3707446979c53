#include "formats/tflite/metadata.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "formats/tflite/zip.h"
#include "metadata_schema_generated.h"

namespace liteqat::formats::tflite {
namespace {

namespace fbs = ::tflite;
using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;
using graph::Graph;
using graph::InputNormalization;

constexpr float kMaxPixel = 255.0f;
// NormalizationOptions and TENSOR_AXIS_LABELS are in the schema since its first version.
constexpr const char* kMinParserVersion = "1.0.0";

Offset<fbs::Content> make_content(FlatBufferBuilder& builder, const graph::Shape& shape) {
  const int32_t channels = shape.size() == 4 ? shape[3] : 0;
  if (channels != 1 && channels != 3) return 0;
  const auto color_space = channels == 3 ? fbs::ColorSpaceType_RGB : fbs::ColorSpaceType_GRAYSCALE;
  const auto size = fbs::CreateImageSize(builder, static_cast<uint32_t>(shape[2]), static_cast<uint32_t>(shape[1]));
  const auto properties = fbs::CreateImageProperties(builder, color_space, size);
  return fbs::CreateContent(builder, fbs::ContentProperties_ImageProperties, properties.Union());
}

// The range of the normalized values of pixels 0 to 255.
Offset<fbs::Stats> make_stats(FlatBufferBuilder& builder, const InputNormalization& normalization) {
  std::vector<float> low, high;
  for (size_t channel = 0; channel < normalization.mean.size(); ++channel) {
    const float mean = normalization.mean[channel], std = normalization.std[std::min(channel, normalization.std.size() - 1)];
    low.push_back((0.0f - mean) / std);
    high.push_back((kMaxPixel - mean) / std);
  }
  const auto high_offset = builder.CreateVector(high), low_offset = builder.CreateVector(low);
  return fbs::CreateStats(builder, high_offset, low_offset);
}

Offset<fbs::TensorMetadata> make_input(FlatBufferBuilder& builder, const Graph& graph, size_t position) {
  const graph::Tensor& tensor = graph.tensor(graph.inputs[position]);
  const auto name = builder.CreateString(tensor.name);
  if (position > 0 || !graph.info.normalization) return fbs::CreateTensorMetadata(builder, name);
  const InputNormalization& normalization = *graph.info.normalization;
  const auto mean = builder.CreateVector(normalization.mean), std = builder.CreateVector(normalization.std);
  const auto options = fbs::CreateNormalizationOptions(builder, mean, std);
  const std::vector units = {fbs::CreateProcessUnit(builder, fbs::ProcessUnitOptions_NormalizationOptions, options.Union())};
  const auto units_offset = builder.CreateVector(units);
  const auto content = make_content(builder, tensor.shape);
  const auto stats = make_stats(builder, normalization);
  return fbs::CreateTensorMetadata(builder, name, 0, 0, content, units_offset, stats);
}

Offset<fbs::TensorMetadata> make_output(FlatBufferBuilder& builder, const Graph& graph, size_t position) {
  const auto name = builder.CreateString(graph.tensor(graph.outputs[position]).name);
  if (position > 0 || graph.info.labels.empty()) return fbs::CreateTensorMetadata(builder, name);
  const auto file_name = builder.CreateString(kLabelsFile);
  const std::vector files = {fbs::CreateAssociatedFile(builder, file_name, 0, fbs::AssociatedFileType_TENSOR_AXIS_LABELS)};
  const auto files_offset = builder.CreateVector(files);
  return fbs::CreateTensorMetadata(builder, name, 0, 0, 0, 0, 0, files_offset);
}

bool usable_values(const flatbuffers::Vector<float>* values, int32_t channels, bool positive) {
  if (!values || values->size() == 0 || (values->size() != 1 && static_cast<int64_t>(values->size()) != channels)) return false;
  return std::all_of(values->begin(), values->end(), [&](float value) { return std::isfinite(value) && (!positive || value > 0); });
}

void read_input(const fbs::TensorMetadata& input, Graph& graph) {
  if (!input.process_units() || graph.inputs.empty()) return;
  const graph::Shape& shape = graph.tensor(graph.inputs[0]).shape;
  const int32_t channels = shape.empty() ? 1 : shape.back();
  for (const fbs::ProcessUnit* unit : *input.process_units()) {
    const auto* options = unit->options_as_NormalizationOptions();
    if (!options) continue;
    if (!usable_values(options->mean(), channels, false) || !usable_values(options->std(), channels, true)) return;
    if (options->mean()->size() != options->std()->size()) return;
    graph.info.normalization = {{options->mean()->begin(), options->mean()->end()}, {options->std()->begin(), options->std()->end()}};
    return;
  }
}

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.emplace_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

void read_output(const fbs::TensorMetadata& output, std::span<const std::byte> file, Graph& graph) {
  if (!output.associated_files()) return;
  for (const fbs::AssociatedFile* associated : *output.associated_files()) {
    if (associated->type() != fbs::AssociatedFileType_TENSOR_AXIS_LABELS || !associated->name()) continue;
    if (const auto text = find_in_zip(file, associated->name()->str())) graph.info.labels = split_lines(*text);
    return;
  }
}

}  // namespace

bool needs_metadata(const graph::ModelInfo& info) {
  return !info.name.empty() || info.normalization || !info.labels.empty();
}

Bytes make_metadata(const Graph& graph) {
  FlatBufferBuilder builder;
  std::vector<Offset<fbs::TensorMetadata>> inputs, outputs;
  for (size_t position = 0; position < graph.inputs.size(); ++position) inputs.push_back(make_input(builder, graph, position));
  for (size_t position = 0; position < graph.outputs.size(); ++position) outputs.push_back(make_output(builder, graph, position));
  const auto inputs_offset = builder.CreateVector(inputs), outputs_offset = builder.CreateVector(outputs);
  const std::vector subgraphs = {fbs::CreateSubGraphMetadata(builder, 0, 0, inputs_offset, outputs_offset)};
  const auto subgraphs_offset = builder.CreateVector(subgraphs);
  const Offset<flatbuffers::String> name = graph.info.name.empty() ? 0 : builder.CreateString(graph.info.name);
  const auto version = builder.CreateString(kMinParserVersion);
  fbs::FinishModelMetadataBuffer(builder, fbs::CreateModelMetadata(builder, name, 0, 0, subgraphs_offset, 0, 0, 0, version));
  const auto bytes = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
  return {bytes.begin(), bytes.end()};
}

std::string labels_text(const std::vector<std::string>& labels) {
  std::string text;
  for (const std::string& label : labels) text += label + '\n';
  return text;
}

void read_metadata(std::span<const std::byte> metadata, std::span<const std::byte> file, Graph& graph) {
  constexpr size_t kRootAndIdentifier = 8;
  if (metadata.size() < kRootAndIdentifier || metadata.size() >= FLATBUFFERS_MAX_BUFFER_SIZE) return;
  const Bytes aligned(metadata.begin(), metadata.end());  // inside the model it stands at any address
  const auto* data = reinterpret_cast<const uint8_t*>(aligned.data());
  flatbuffers::Verifier verifier(data, aligned.size());
  if (!fbs::VerifyModelMetadataBuffer(verifier)) return;
  const fbs::ModelMetadata* model = fbs::GetModelMetadata(data);
  if (model->name()) graph.info.name = model->name()->str();
  if (!model->subgraph_metadata() || model->subgraph_metadata()->size() == 0) return;
  const fbs::SubGraphMetadata* subgraph = model->subgraph_metadata()->Get(0);
  const auto *inputs = subgraph->input_tensor_metadata(), *outputs = subgraph->output_tensor_metadata();
  if (inputs && inputs->size() > 0) read_input(*inputs->Get(0), graph);
  if (outputs && outputs->size() > 0) read_output(*outputs->Get(0), file, graph);
}

bool agrees_with(std::span<const std::byte> metadata, const std::vector<Extras::AssociatedFile>& files, const Graph& graph) {
  Graph said;
  if (!graph.inputs.empty()) said.inputs = {said.add_tensor({.name = "", .shape = graph.tensor(graph.inputs[0]).shape})};
  Bytes archive;
  append_zip(archive, files);
  read_metadata(metadata, archive, said);
  return said.info.name == graph.info.name && said.info.normalization == graph.info.normalization && said.info.labels == graph.info.labels;
}

}  // namespace liteqat::formats::tflite
