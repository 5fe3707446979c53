#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "formats/tflite/metadata.h"
#include "formats/tflite/operators.h"
#include "formats/tflite/options.h"
#include "formats/tflite/tflite.h"
#include "formats/tflite/zip.h"

namespace liteqat::formats::tflite {
namespace {

namespace fbs = ::tflite;
using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;
using graph::DType;
using graph::Graph;
using graph::Op;
using graph::OpKind;
using graph::Tensor;

constexpr size_t kRuntimeVersionBytes = 16;           // min_runtime_version is zero-padded text of this size
constexpr int64_t kMaxPayload = int64_t{2000} << 20;  // a FlatBuffer ends below 2 GiB; the rest is for the tables
constexpr int8_t kPlaceholderCode = 127;              // PLACEHOLDER_FOR_GREATER_OP_CODES
constexpr int32_t kDynamic = -1;

Status check_writable(const Graph& graph, const Extras& extras) {
  LITEQAT_RETURN_IF_ERROR(graph::validate(graph));
  for (size_t index = 0; index < graph.ops.size(); ++index) {
    const Op& op = graph.ops[index];
    if (!find_builtin_code(op.kind)) {
      return error(Code::kUnsupported, "{} '{}' (operator {}): .tflite has no such operator; fold it before writing",
                   graph::op_kind_name(op.kind), op.name, index);
    }
    const bool needs_bias = op.kind == OpKind::kConv2D || op.kind == OpKind::kDepthwiseConv2D;
    if (needs_bias && (op.inputs.size() < 3 || op.inputs[2] == graph::kNoTensor)) {
      return error(Code::kUnsupported, "{} '{}' (operator {}): TFLite's kernels require a bias; add one of zeros",
                   graph::op_kind_name(op.kind), op.name, index);
    }
    if (op.version < 0 || op.version > max_version(op.kind)) {
      return error(Code::kUnsupported, "{} '{}' (operator {}): version {} does not exist, the last one is {}", graph::op_kind_name(op.kind),
                   op.name, index, op.version, max_version(op.kind));
    }
  }
  int64_t payload = 0;
  for (const Tensor& tensor : graph.tensors) payload += static_cast<int64_t>(tensor.data.size());
  for (const Extras::Metadata& entry : extras.metadata) payload += static_cast<int64_t>(entry.content.size());
  if (payload > kMaxPayload) {
    return error(Code::kUnsupported, "constants and metadata take {} bytes, a .tflite file holds at most {}", payload, kMaxPayload);
  }
  for (const std::string& label : graph.info.labels) {
    if (label.find_first_of("\r\n") != std::string::npos) {
      return error(Code::kUnsupported, "label '{}' contains a line break, which separates labels in the file", label);
    }
  }
  return Status();
}

// Per tensor: does its first extent follow the batch? Computed from graph inputs only, so dequantized weights do not. Nothing does when
// a RESHAPE fixes all extents, because TFLite cannot resize such a model.
std::vector<bool> find_batched(const Graph& graph) {
  std::vector<bool> batched(graph.tensors.size(), false);
  for (const Op& op : graph.ops) {
    if (op.kind != OpKind::kReshape) continue;
    const auto new_shape = graph.tensor(op.inputs[1]).as<int32_t>();
    if (std::ranges::find(new_shape, kDynamic) == new_shape.end()) return batched;
  }
  for (graph::TensorId id : graph.inputs) batched[static_cast<size_t>(id)] = true;
  for (const Op& op : graph.ops) {
    const bool any = std::ranges::any_of(op.inputs, [&](int32_t id) { return id != graph::kNoTensor && batched[static_cast<size_t>(id)]; });
    for (graph::TensorId id : op.outputs) batched[static_cast<size_t>(id)] = any;
  }
  return batched;
}

class Writer {
 public:
  Writer(const Graph& graph, const Extras& extras)
      : graph_(graph), extras_(extras), notes_ranges_(has_wide_activations(graph)), builder_(estimate_bytes(graph)) {}

  Bytes write() {
    choose_versions();
    const auto tensors = write_tensors();
    const auto subgraphs = write_subgraph(tensors);
    const auto codes = write_operator_codes();
    const auto signatures = write_signatures();
    const auto metadata = write_metadata();
    const auto buffers = builder_.CreateVector(buffers_);
    const Offset<flatbuffers::String> description = graph_.info.description.empty() ? 0 : builder_.CreateString(graph_.info.description);
    fbs::FinishModelBuffer(builder_,
                           fbs::CreateModel(builder_, kSchemaVersion, codes, subgraphs, description, buffers, 0, metadata, signatures));
    const auto bytes = std::as_bytes(std::span(builder_.GetBufferPointer(), builder_.GetSize()));
    Bytes file(bytes.begin(), bytes.end());
    const std::vector<Extras::AssociatedFile> files = choose_files();
    if (!files.empty()) append_zip(file, files);
    return file;
  }

 private:
  static size_t estimate_bytes(const Graph& graph) {
    size_t bytes = 4096;
    for (const Tensor& tensor : graph.tensors) bytes += tensor.data.size() + tensor.name.size() + 256;
    return bytes + 256 * graph.ops.size();
  }

  // One operator code per kind, in order of first use, with the highest version that any operator of the kind needs.
  void choose_versions() {
    for (const Op& op : graph_.ops) {
      const auto found = std::ranges::find(kinds_, op.kind);
      if (found == kinds_.end()) kinds_.push_back(op.kind);
      int32_t& version = versions_[op.kind];
      version = std::max({version, op.version, needed_version(graph_, op)});
    }
  }

  Offset<flatbuffers::Vector<Offset<fbs::OperatorCode>>> write_operator_codes() {
    std::vector<Offset<fbs::OperatorCode>> codes;
    for (OpKind kind : kinds_) {
      const int32_t code = *find_builtin_code(kind);
      const auto deprecated = static_cast<int8_t>(std::min<int32_t>(code, kPlaceholderCode));
      codes.push_back(fbs::CreateOperatorCode(builder_, deprecated, 0, versions_[kind], static_cast<fbs::BuiltinOperator>(code)));
    }
    return builder_.CreateVector(codes);
  }

  uint32_t add_buffer(std::span<const std::byte> data, bool may_be_empty) {
    Offset<flatbuffers::Vector<uint8_t>> offset = 0;
    if (!data.empty() || !may_be_empty) {
      builder_.ForceVectorAlignment(data.size(), sizeof(uint8_t), 16);
      offset = builder_.CreateVector(reinterpret_cast<const uint8_t*>(data.data()), data.size());
    }
    buffers_.push_back(fbs::CreateBuffer(builder_, offset));
    return static_cast<uint32_t>(buffers_.size() - 1);
  }

  Offset<fbs::QuantizationParameters> write_quantization(const Tensor& tensor) {
    const graph::Quantization& quantization = tensor.quantization;
    if (quantization.empty()) return 0;
    const auto [low, high] = note_range(tensor);
    const auto scale = builder_.CreateVector(quantization.scale);
    const auto zero_point = builder_.CreateVector(quantization.zero_point);
    return fbs::CreateQuantizationParameters(builder_, low, high, scale, zero_point, fbs::QuantizationDetails_NONE, 0, quantization.axis);
  }

  /// The ends of a grid, which TensorFlow's converter notes beside the scales of int16x8 models, weights included, and of no others.
  std::pair<Offset<flatbuffers::Vector<float>>, Offset<flatbuffers::Vector<float>>> note_range(const Tensor& tensor) {
    const bool wide = tensor.type == graph::DType::kInt16;
    if (!notes_ranges_ || (!wide && tensor.type != graph::DType::kInt8)) return {};
    std::vector<float> low, high;
    for (float scale : tensor.quantization.scale) {
      high.push_back(scale * static_cast<float>(wide ? INT16_MAX : INT8_MAX));
      low.push_back(-high.back());
    }
    return {builder_.CreateVector(low), builder_.CreateVector(high)};
  }

  static bool has_wide_activations(const Graph& graph) {
    return std::ranges::any_of(graph.tensors,
                               [](const Tensor& tensor) { return tensor.type == graph::DType::kInt16 && !tensor.quantization.empty(); });
  }

  Offset<flatbuffers::Vector<Offset<fbs::Tensor>>> write_tensors() {
    const std::vector<bool> batched = find_batched(graph_);
    add_buffer({}, true);  // buffer 0 is empty by convention: "no data"
    std::vector<Offset<fbs::Tensor>> tensors;
    for (size_t id = 0; id < graph_.tensors.size(); ++id) {
      const Tensor& tensor = graph_.tensors[id];
      const uint32_t buffer = add_buffer(tensor.data, true);
      const auto shape = builder_.CreateVector(tensor.shape);
      Offset<flatbuffers::Vector<int32_t>> signature = 0;
      if (batched[id] && !tensor.shape.empty()) {
        graph::Shape dynamic = tensor.shape;
        dynamic[0] = kDynamic;
        signature = builder_.CreateVector(dynamic);
      }
      const auto name = builder_.CreateString(tensor.name);
      const auto quantization = write_quantization(tensor);
      tensors.push_back(
          fbs::CreateTensor(builder_, shape, to_file(tensor.type), buffer, name, quantization, false, 0, signature, !tensor.constant()));
    }
    return builder_.CreateVector(tensors);
  }

  Offset<fbs::Operator> write_operator(const Op& op) {
    const auto code = static_cast<uint32_t>(std::ranges::find(kinds_, op.kind) - kinds_.begin());
    const auto inputs = builder_.CreateVector(op.inputs), outputs = builder_.CreateVector(op.outputs);
    const WrittenOptions options = write_options(builder_, graph_, op);
    return fbs::CreateOperator(builder_, code, inputs, outputs, options.type, options.table);
  }

  Offset<flatbuffers::Vector<Offset<fbs::SubGraph>>> write_subgraph(Offset<flatbuffers::Vector<Offset<fbs::Tensor>>> tensors) {
    std::vector<Offset<fbs::Operator>> operators;
    for (const Op& op : graph_.ops) operators.push_back(write_operator(op));
    const auto operators_offset = builder_.CreateVector(operators);
    const auto inputs = builder_.CreateVector(graph_.inputs), outputs = builder_.CreateVector(graph_.outputs);
    const auto name = builder_.CreateString(extras_.subgraph.empty() ? "main" : extras_.subgraph);
    const std::vector subgraphs = {fbs::CreateSubGraph(builder_, tensors, inputs, outputs, operators_offset, name)};
    return builder_.CreateVector(subgraphs);
  }

  Offset<flatbuffers::Vector<Offset<fbs::TensorMap>>> write_tensor_map(const std::vector<graph::TensorId>& ids,
                                                                       const std::vector<Extras::NamedEnd>& ends) {
    std::vector<Offset<fbs::TensorMap>> maps;
    for (const auto& [name, position] : ends) {
      const auto text = builder_.CreateString(name);
      maps.push_back(fbs::CreateTensorMap(builder_, text, static_cast<uint32_t>(ids[position])));
    }
    return builder_.CreateVector(maps);
  }

  bool fits(const Extras::Signature& signature) const {
    const auto inside = [](size_t count) { return [count](const Extras::NamedEnd& end) { return end.position < count; }; };
    return std::ranges::all_of(signature.inputs, inside(graph_.inputs.size())) &&
           std::ranges::all_of(signature.outputs, inside(graph_.outputs.size()));
  }

  /// By tensor names, where the file had none.
  Extras::Signature default_signature() const {
    Extras::Signature signature = {.key = "serving_default", .inputs = {}, .outputs = {}};
    for (graph::TensorId id : graph_.inputs) signature.inputs.push_back({graph_.tensor(id).name, signature.inputs.size()});
    for (graph::TensorId id : graph_.outputs) signature.outputs.push_back({graph_.tensor(id).name, signature.outputs.size()});
    return signature;
  }

  Offset<flatbuffers::Vector<Offset<fbs::SignatureDef>>> write_signatures() {
    std::vector<Extras::Signature> chosen;
    std::ranges::copy_if(extras_.signatures, std::back_inserter(chosen), [this](const auto& signature) { return fits(signature); });
    if (chosen.empty()) chosen = {default_signature()};
    std::vector<Offset<fbs::SignatureDef>> signatures;
    for (const Extras::Signature& signature : chosen) {
      const auto inputs = write_tensor_map(graph_.inputs, signature.inputs), outputs = write_tensor_map(graph_.outputs, signature.outputs);
      signatures.push_back(fbs::CreateSignatureDef(builder_, inputs, outputs, builder_.CreateString(signature.key)));
    }
    return builder_.CreateVector(signatures);
  }

  /// Metadata of another tool say more than ours; they stay while what both say is the same.
  bool keeps_metadata() const {
    const auto found = std::ranges::find(extras_.metadata, kMetadataName, &Extras::Metadata::name);
    return found != extras_.metadata.end() && agrees_with(found->content, extras_.files, graph_);
  }

  std::vector<Extras::AssociatedFile> choose_files() const {
    if (keeps_metadata()) return extras_.files;
    std::vector<Extras::AssociatedFile> files;
    if (!graph_.info.labels.empty()) files.push_back({kLabelsFile, labels_text(graph_.info.labels)});
    std::ranges::copy_if(extras_.files, std::back_inserter(files), [](const auto& file) { return file.name != kLabelsFile; });
    return files;
  }

  // The first release that knows every (operator, version) of the file.
  std::string min_runtime_version() const {
    Release latest = {1, 5, 0};  // the first TFLite release with a version number
    for (const auto& [kind, version] : versions_) latest = std::max(latest, first_release(kind, version));
    return release_text(latest);
  }

  Offset<flatbuffers::Vector<Offset<fbs::Metadata>>> write_metadata() {
    std::string runtime_version = min_runtime_version();
    runtime_version.resize(kRuntimeVersionBytes, '\0');
    std::vector<Offset<fbs::Metadata>> entries;
    entries.push_back(write_metadata_entry(kRuntimeVersionName, std::as_bytes(std::span(runtime_version))));
    const bool kept = keeps_metadata();
    for (const auto& [name, content] : extras_.metadata) {
      if (name != kMetadataName || kept) entries.push_back(write_metadata_entry(name, content));
    }
    if (!kept && needs_metadata(graph_.info)) entries.push_back(write_metadata_entry(kMetadataName, make_metadata(graph_)));
    return builder_.CreateVector(entries);
  }

  Offset<fbs::Metadata> write_metadata_entry(const std::string& name, std::span<const std::byte> content) {
    const uint32_t buffer = add_buffer(content, false);
    return fbs::CreateMetadata(builder_, builder_.CreateString(name), buffer);
  }

  const Graph& graph_;
  const Extras& extras_;
  bool notes_ranges_;
  FlatBufferBuilder builder_;
  std::vector<Offset<fbs::Buffer>> buffers_;
  std::vector<OpKind> kinds_;
  std::map<OpKind, int32_t> versions_;
};

}  // namespace

Result<Bytes> write(const Graph& graph, const Extras& extras) {
  LITEQAT_RETURN_IF_ERROR(check_writable(graph, extras));
  return Writer(graph, extras).write();
}

}  // namespace liteqat::formats::tflite
