#include <algorithm>
#include <cstdint>
#include <cstring>

#include "base/checked.h"
#include "formats/tflite/metadata.h"
#include "formats/tflite/operators.h"
#include "formats/tflite/options.h"
#include "formats/tflite/tflite.h"
#include "formats/tflite/zip.h"
#include "graph/accumulators.h"

namespace liteqat::formats::tflite {
namespace {

namespace fbs = ::tflite;
using graph::DType;
using graph::Graph;
using graph::Op;
using graph::OpKind;
using graph::Role;
using graph::Tensor;

constexpr size_t kRootAndIdentifier = 8;
constexpr uint32_t kMaxDepth = 64, kMaxTables = 1'000'000;  // the Verifier's own defaults, stated
// Far above any classifier; they bound what a small hostile file can make us allocate.
constexpr uint32_t kMaxTensors = 65'536, kMaxOperators = 65'536;
constexpr int64_t kMaxTensorBytes = INT32_MAX;  // TFLite's kernels index with int
constexpr int64_t kMaxTotalBytes = int64_t{4} << 30;
constexpr uint64_t kNoOffset = 1;   // the schema's: data lie outside the FlatBuffer if Buffer.offset is larger
constexpr int64_t kMaxSharing = 8;  // constants may share buffers, but not multiply the file's size without end

template <typename Vector>
uint32_t count_of(const Vector* vector) {
  return vector ? vector->size() : 0;
}

std::string text_of(const flatbuffers::String* text) {
  return text ? text->str() : std::string();
}

Result<DType> from_file(fbs::TensorType type) {
  switch (type) {
    case fbs::TensorType_FLOAT32:
      return DType::kFloat32;
    case fbs::TensorType_FLOAT16:
      return DType::kFloat16;
    case fbs::TensorType_INT8:
      return DType::kInt8;
    case fbs::TensorType_UINT8:
      return DType::kUInt8;
    case fbs::TensorType_INT16:
      return DType::kInt16;
    case fbs::TensorType_INT32:
      return DType::kInt32;
    case fbs::TensorType_INT64:
      return DType::kInt64;
    case fbs::TensorType_BOOL:
      return DType::kBool;
    default:
      return error(Code::kUnsupported, "element type {} '{}' is not implemented", static_cast<int>(type), fbs::EnumNameTensorType(type));
  }
}

bool is_float(DType type) {
  return type == DType::kFloat32 || type == DType::kFloat16;
}

// What a reader may look at without fear: identifier, every offset and extent inside the file, version.
Result<const fbs::Model*> open_model(std::span<const std::byte> bytes) {
  if (bytes.size() < kRootAndIdentifier) return error(Code::kCorruptFile, "not a TensorFlow Lite model: {} bytes", bytes.size());
  if (bytes.size() >= FLATBUFFERS_MAX_BUFFER_SIZE) {
    return error(Code::kUnsupported, "a file of {} bytes, less than {} are read", bytes.size(), FLATBUFFERS_MAX_BUFFER_SIZE);
  }
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  if (!fbs::ModelBufferHasIdentifier(data)) {
    return error(Code::kCorruptFile, "not a TensorFlow Lite model: the identifier at offset 4 is not 'TFL3'");
  }
  flatbuffers::Verifier verifier(data, bytes.size(), kMaxDepth, kMaxTables);
  if (!fbs::VerifyModelBuffer(verifier)) {
    return error(Code::kCorruptFile, "the model is damaged or cut off: an offset or size in its {} bytes points outside", bytes.size());
  }
  const fbs::Model* model = fbs::GetModel(data);
  if (model->version() != kSchemaVersion) {
    return error(Code::kUnsupported, "schema version {}, only {} is implemented", model->version(), kSchemaVersion);
  }
  return model;
}

class Reader {
 public:
  Reader(const fbs::Model& model, std::span<const std::byte> file) : model_(model), file_(file) {}

  Result<Graph> read() {
    LITEQAT_RETURN_IF_ERROR(check_model());
    LITEQAT_RETURN_IF_ERROR(read_tensors());
    LITEQAT_RETURN_IF_ERROR(read_operators());
    const fbs::SubGraph& main = *model_.subgraphs()->Get(0);
    if (!main.inputs() || !main.outputs()) return error(Code::kCorruptFile, "the list of the model's inputs or outputs is missing");
    graph_.inputs.assign(main.inputs()->begin(), main.inputs()->end());
    graph_.outputs.assign(main.outputs()->begin(), main.outputs()->end());
    LITEQAT_RETURN_IF_ERROR(complete_open_shapes());
    LITEQAT_RETURN_IF_ERROR(validate_graph());
    graph_.info.description = text_of(model_.description());
    LITEQAT_RETURN_IF_ERROR(read_model_metadata());
    return std::move(graph_);
  }

  /// What the graph does not say. Requires: read() succeeded.
  Extras read_extras() const {
    Extras extras;
    const fbs::SubGraph& main = *model_.subgraphs()->Get(0);
    extras.subgraph = text_of(main.name());
    int64_t metadata_bytes = 0;
    for (uint32_t index = 0; index < count_of(model_.metadata()); ++index) {
      const fbs::Metadata& entry = *model_.metadata()->Get(index);
      const std::string name = text_of(entry.name());
      if (name == kRuntimeVersionName) continue;
      const std::span<const std::byte> content = *content_of(entry.buffer());
      metadata_bytes += static_cast<int64_t>(content.size());
      if (metadata_bytes > kMaxSharing * static_cast<int64_t>(file_.size())) break;  // entries that share a buffer multiply it
      extras.metadata.push_back({name, {content.begin(), content.end()}});
    }
    for (uint32_t index = 0; index < count_of(model_.signature_defs()); ++index) {
      const fbs::SignatureDef& signature = *model_.signature_defs()->Get(index);
      if (signature.subgraph_index() != 0) continue;
      extras.signatures.push_back({text_of(signature.signature_key()), named_ends(signature.inputs(), *main.inputs()),
                                   named_ends(signature.outputs(), *main.outputs())});
    }
    extras.files = list_zip(file_);
    return extras;
  }

 private:
  // Counts and the indices between top-level tables. Subgraphs after the first are never run: no operator we implement calls one.
  Status check_model() const {
    if (count_of(model_.subgraphs()) == 0) return error(Code::kCorruptFile, "the model has no subgraph");
    if (count_of(model_.buffers()) == 0) return error(Code::kCorruptFile, "the model has no buffers; buffer 0 must exist");
    LITEQAT_ASSIGN_OR_RETURN(const auto nothing, content_of(0));
    if (!nothing.empty()) return error(Code::kCorruptFile, "buffer 0 holds data; it must be empty");
    const fbs::SubGraph& main = *model_.subgraphs()->Get(0);
    if (count_of(main.tensors()) > kMaxTensors || count_of(main.operators()) > kMaxOperators) {
      return error(Code::kUnsupported, "{} tensors and {} operators, at most {} and {} are read", count_of(main.tensors()),
                   count_of(main.operators()), kMaxTensors, kMaxOperators);
    }
    for (uint32_t index = 0; index < count_of(model_.signature_defs()); ++index) {
      LITEQAT_RETURN_IF_ERROR(check_signature(*model_.signature_defs()->Get(index), index));
    }
    return Status();
  }

  Status check_signature(const fbs::SignatureDef& signature, uint32_t index) const {
    if (signature.subgraph_index() >= model_.subgraphs()->size()) {
      return error(Code::kCorruptFile, "signature {} is of subgraph {}, the model has {}", index, signature.subgraph_index(),
                   model_.subgraphs()->size());
    }
    const uint32_t tensors = count_of(model_.subgraphs()->Get(signature.subgraph_index())->tensors());
    for (const auto* maps : {signature.inputs(), signature.outputs()}) {
      for (uint32_t position = 0; position < count_of(maps); ++position) {
        const uint32_t tensor = maps->Get(position)->tensor_index();
        if (tensor >= tensors) {
          return error(Code::kCorruptFile, "signature {} names tensor {}, the subgraph has {}", index, tensor, tensors);
        }
      }
    }
    return Status();
  }

  Status read_tensors() {
    const auto* tensors = model_.subgraphs()->Get(0)->tensors();
    for (uint32_t index = 0; index < count_of(tensors); ++index) {
      const fbs::Tensor& stored = *tensors->Get(index);
      auto tensor = read_tensor(stored);
      if (!tensor.ok()) return tensor.status().with_context(format("tensor {} '{}'", index, text_of(stored.name())));
      graph_.add_tensor(std::move(tensor).value());
    }
    return Status();
  }

  Result<Tensor> read_tensor(const fbs::Tensor& stored) {
    Tensor tensor;
    tensor.name = text_of(stored.name());
    LITEQAT_ASSIGN_OR_RETURN(tensor.type, from_file(stored.type()));
    if (stored.is_variable()) return error(Code::kUnsupported, "variable tensors are not implemented");
    if (stored.sparsity()) return error(Code::kUnsupported, "sparse tensors are not implemented");
    if (stored.variant_tensors()) return error(Code::kUnsupported, "variant tensors are not implemented");
    LITEQAT_RETURN_IF_ERROR(read_shape(stored, tensor));
    LITEQAT_RETURN_IF_ERROR(read_payload(stored, tensor));
    LITEQAT_RETURN_IF_ERROR(read_quantization(stored, tensor));
    return tensor;
  }

  Status read_shape(const fbs::Tensor& stored, Tensor& tensor) {
    if (stored.shape()) tensor.shape.assign(stored.shape()->begin(), stored.shape()->end());
    const std::string text = graph::shape_text(tensor.shape);
    const auto elems = checked_product(std::span<const int32_t>(tensor.shape));
    if (!elems) return error(Code::kCorruptFile, "shape {} has a negative extent or too many elements", text);
    if (*elems == 0) return error(Code::kUnsupported, "shape {} has an empty extent", text);
    const auto bytes = checked_mul(*elems, graph::dtype_bytes(tensor.type));
    if (!bytes || *bytes > kMaxTensorBytes) {
      return error(Code::kUnsupported, "shape {} of {} is larger than {} bytes", text, graph::dtype_name(tensor.type), kMaxTensorBytes);
    }
    total_bytes_ += *bytes;  // cannot overflow: 2^16 tensors of less than 2^31 bytes
    if (total_bytes_ > kMaxTotalBytes) {
      return error(Code::kUnsupported, "the tensors so far take {} bytes, at most {} are read", total_bytes_, kMaxTotalBytes);
    }
    if (count_of(stored.shape_signature()) == 0 || is_open(stored, tensor.shape)) return Status();
    return error(Code::kCorruptFile, "the shape signature does not agree with shape {}", text);
  }

  // Converters write 1 for an extent that they do not know (its signature is -1), which behind SPACE_TO_BATCH_ND is wrong, and no extent at
  // all where they do not know the rank. As in TFLite, what such outputs have follows from the operators; any other difference is
  // validate_graph's to refuse.
  Status complete_open_shapes() {
    std::vector<graph::Shape> stored;
    for (const Tensor& tensor : graph_.tensors) stored.push_back(tensor.shape);
    if (!graph::infer_shapes(graph_).ok()) return Status();  // changed nothing; validate_graph says why
    const auto* tensors = model_.subgraphs()->Get(0)->tensors();
    for (size_t id = 0; id < stored.size(); ++id) {
      Tensor& tensor = graph_.tensors[id];
      if (tensor.shape == stored[id]) continue;
      const auto bytes = checked_mul(graph::elem_count(tensor.shape), graph::dtype_bytes(tensor.type));
      if (!is_open(*tensors->Get(static_cast<uint32_t>(id)), tensor.shape)) {
        tensor.shape = std::move(stored[id]);
      } else if (!bytes || *bytes > kMaxTensorBytes) {
        return error(Code::kUnsupported, "tensor {} '{}': shape {} of {} is larger than {} bytes", id, tensor.name,
                     graph::shape_text(tensor.shape), graph::dtype_name(tensor.type), kMaxTensorBytes);
      }
    }
    return Status();
  }

  static bool is_open(const fbs::Tensor& stored, const graph::Shape& computed) {
    const auto* signature = stored.shape_signature();
    if (count_of(signature) == 0) return count_of(stored.shape()) == 0 && !stored.has_rank();
    bool agrees = signature->size() == computed.size();
    for (uint32_t axis = 0; agrees && axis < signature->size(); ++axis) {
      agrees = signature->Get(axis) == -1 || signature->Get(axis) == computed[axis];
    }
    return agrees;
  }

  // What a buffer holds: in the FlatBuffer, or behind it in the same file, where converters that write large models put it. Empty for
  // tensors that are computed.
  Result<std::span<const std::byte>> content_of(uint32_t index) const {
    if (index >= model_.buffers()->size()) {
      return error(Code::kCorruptFile, "its buffer is {}, the model has {}", index, model_.buffers()->size());
    }
    const fbs::Buffer& buffer = *model_.buffers()->Get(index);
    const uint64_t offset = buffer.offset(), size = buffer.size();
    const auto* inside = buffer.data();
    if (offset <= kNoOffset) return inside ? std::as_bytes(std::span(inside->data(), inside->size())) : std::span<const std::byte>();
    if (count_of(inside) != 0) {
      return error(Code::kCorruptFile, "buffer {} holds {} bytes and names {} others at offset {}", index, inside->size(), size, offset);
    }
    if (offset > file_.size() || size > file_.size() - offset) {
      return error(Code::kCorruptFile, "buffer {} is {} bytes at offset {}, outside the file of {}", index, size, offset, file_.size());
    }
    return file_.subspan(static_cast<size_t>(offset), static_cast<size_t>(size));
  }

  Status read_payload(const fbs::Tensor& stored, Tensor& tensor) {
    if (stored.external_buffer() != 0) {
      return error(Code::kUnsupported, "its data lie in another file (external buffer {}), which is not read", stored.external_buffer());
    }
    LITEQAT_ASSIGN_OR_RETURN(const std::span<const std::byte> data, content_of(stored.buffer()));
    if (data.empty()) return Status();  // computed, not constant
    const int64_t expected = graph::elem_count(tensor.shape) * graph::dtype_bytes(tensor.type);
    const auto found = static_cast<int64_t>(data.size());
    if (found != expected) {
      return error(Code::kCorruptFile, "buffer {} holds {} bytes, {} {} needs {}", stored.buffer(), found, graph::dtype_name(tensor.type),
                   graph::shape_text(tensor.shape), expected);
    }
    copied_bytes_ += found;
    if (copied_bytes_ > kMaxSharing * static_cast<int64_t>(file_.size())) {
      return error(Code::kUnsupported, "the constants so far take {} bytes in a file of {}: too many tensors share buffers", copied_bytes_,
                   file_.size());
    }
    tensor.data.assign(data.begin(), data.end());
    tensor.role = Role::kConstant;
    return Status();
  }

  // Scales of float tensors mean nothing and are dropped; min and max are a converter's notes.
  static Status read_quantization(const fbs::Tensor& stored, Tensor& tensor) {
    const fbs::QuantizationParameters* quantization = stored.quantization();
    if (!quantization) return Status();
    if (quantization->details_type() != fbs::QuantizationDetails_NONE) {
      return error(Code::kUnsupported, "quantization details of type {} '{}' are not implemented",
                   static_cast<int>(quantization->details_type()), fbs::EnumNameQuantizationDetails(quantization->details_type()));
    }
    const uint32_t scales = count_of(quantization->scale()), zero_points = count_of(quantization->zero_point());
    if (scales == 0 || is_float(tensor.type)) return Status();
    if (scales != zero_points) return error(Code::kCorruptFile, "{} scales but {} zero points", scales, zero_points);
    const int32_t axis = quantization->quantized_dimension();
    if (axis < 0 || axis >= std::max<int64_t>(1, static_cast<int64_t>(tensor.shape.size()))) {
      return error(Code::kCorruptFile, "quantized dimension {} of shape {}", axis, graph::shape_text(tensor.shape));
    }
    tensor.quantization = {{quantization->scale()->begin(), quantization->scale()->end()}, std::vector<int64_t>(zero_points), axis};
    // The verifier aligns vectors to 4 bytes only, so 64-bit elements are copied as bytes (little-endian, as this machine is).
    std::memcpy(tensor.quantization.zero_point.data(), quantization->zero_point()->Data(), zero_points * sizeof(int64_t));
    return Status();
  }

  Status read_operators() {
    const auto* operators = model_.subgraphs()->Get(0)->operators();
    if (!operators) return error(Code::kCorruptFile, "the list of operators is missing");
    for (uint32_t index = 0; index < operators->size(); ++index) LITEQAT_RETURN_IF_ERROR(read_operator(*operators->Get(index), index));
    return Status();
  }

  // Name and version of an operator code that we cannot run, else its kind.
  Result<OpKind> read_code(const fbs::OperatorCode& code, uint32_t index) const {
    const int32_t builtin = std::max<int32_t>(code.builtin_code(), code.deprecated_builtin_code());
    if (builtin == fbs::BuiltinOperator_CUSTOM) {
      return error(Code::kUnsupported, "operator {}: custom operator '{}' version {} is not implemented", index,
                   text_of(code.custom_code()), code.version());
    }
    const auto kind = find_kind(builtin);
    if (!kind) {
      return error(Code::kUnsupported, "operator {}: {} (builtin code {}) version {} is not implemented", index,
                   fbs::EnumNameBuiltinOperator(static_cast<fbs::BuiltinOperator>(builtin)), builtin, code.version());
    }
    if (code.version() < 1 || code.version() > max_version(*kind)) {
      return error(Code::kUnsupported, "operator {}: {} version {} is not implemented, only 1 to {}", index, graph::op_kind_name(*kind),
                   code.version(), max_version(*kind));
    }
    return *kind;
  }

  Status read_operator(const fbs::Operator& stored, uint32_t index) {
    if (stored.opcode_index() >= count_of(model_.operator_codes())) {
      return error(Code::kCorruptFile, "operator {}: its operator code is {}, the model has {}", index, stored.opcode_index(),
                   count_of(model_.operator_codes()));
    }
    const fbs::OperatorCode& code = *model_.operator_codes()->Get(stored.opcode_index());
    LITEQAT_ASSIGN_OR_RETURN(const OpKind kind, read_code(code, index));
    const std::string where = format("operator {} ({})", index, graph::op_kind_name(kind));
    if (stored.builtin_options_2_type() != fbs::BuiltinOptions2_NONE || count_of(stored.intermediates()) > 0 ||
        count_of(stored.mutating_variable_inputs()) > 0) {
      return error(Code::kUnsupported, "{}: options of the second kind, intermediates or variables are not implemented", where);
    }
    if (!stored.inputs() || !stored.outputs()) return error(Code::kCorruptFile, "{}: its inputs or outputs are missing", where);
    auto params = read_options(stored, kind);
    if (!params.ok()) return params.status().with_context(where);

    Op op{.kind = kind, .name = {}, .inputs = {}, .outputs = {}, .params = *params, .version = code.version()};
    op.inputs.assign(stored.inputs()->begin(), stored.inputs()->end());
    op.outputs.assign(stored.outputs()->begin(), stored.outputs()->end());
    if (!op.outputs.empty() && op.outputs[0] >= 0 && static_cast<size_t>(op.outputs[0]) < graph_.tensors.size()) {
      op.name = graph_.tensor(op.outputs[0]).name;
    }
    if (kind == OpKind::kReshape) LITEQAT_RETURN_IF_ERROR(complete_reshape(stored, where, op));
    graph_.ops.push_back(std::move(op));
    return Status();
  }

  // Old files give the new shape in the options alone; a graph has it as a constant input.
  Status complete_reshape(const fbs::Operator& stored, const std::string& where, Op& op) {
    if (op.inputs.size() != 1) return Status();
    const auto* options = stored.builtin_options_as_ReshapeOptions();
    if (!options || count_of(options->new_shape()) == 0) {
      return error(Code::kCorruptFile, "{}: the new shape is given neither as an input nor in the options", where);
    }
    const auto* values = options->new_shape();
    const auto data = std::as_bytes(std::span(values->data(), values->size()));
    Tensor shape;
    shape.name = op.name + "/new_shape";
    shape.type = DType::kInt32;
    shape.shape = {static_cast<int32_t>(values->size())};
    shape.role = Role::kConstant;
    shape.data.assign(data.begin(), data.end());
    op.inputs.push_back(graph_.add_tensor(std::move(shape)));
    return Status();
  }

  // Whatever is wrong with a graph that came from a file is the file's fault, unless it is only beyond us.
  Status validate_graph() const {
    Status status = graph::validate(graph_);
    if (status.ok()) status = graph::check_accumulators(graph_);
    if (status.ok() || status.code() == Code::kUnsupported) return status;
    return Status(Code::kCorruptFile, status.message());
  }

  template <typename Maps>
  static std::vector<Extras::NamedEnd> named_ends(const Maps* maps, const flatbuffers::Vector<int32_t>& ends) {
    std::vector<Extras::NamedEnd> named;
    for (uint32_t index = 0; index < count_of(maps); ++index) {
      const auto& map = *maps->Get(index);
      const auto place = std::find(ends.begin(), ends.end(), static_cast<int32_t>(map.tensor_index()));
      if (place != ends.end()) named.push_back({text_of(map.name()), static_cast<size_t>(place - ends.begin())});
    }
    return named;
  }

  Status read_model_metadata() {
    const auto* entries = model_.metadata();
    for (uint32_t index = 0; index < count_of(entries); ++index) {
      const fbs::Metadata& entry = *entries->Get(index);
      const auto content = content_of(entry.buffer());
      if (!content.ok()) return content.status().with_context(format("metadata {} '{}'", index, text_of(entry.name())));
      if (text_of(entry.name()) == kMetadataName && !content->empty()) read_metadata(*content, file_, graph_);
    }
    return Status();
  }

  const fbs::Model& model_;
  std::span<const std::byte> file_;
  Graph graph_;
  int64_t total_bytes_ = 0, copied_bytes_ = 0;
};

Result<Graph> read_aligned(std::span<const std::byte> bytes, Extras* extras) {
  LITEQAT_ASSIGN_OR_RETURN(const fbs::Model* model, open_model(bytes));
  Reader reader(*model, bytes);
  auto graph = reader.read();
  if (graph.ok() && extras != nullptr) *extras = reader.read_extras();
  return graph;
}

}  // namespace

Result<Graph> read(std::span<const std::byte> bytes, const std::string& path_for_messages, Extras* extras) {
  constexpr uintptr_t kAlignment = 16;  // FlatBuffers reads scalars in place; every allocation of ours is aligned so
  Result<Graph> graph = reinterpret_cast<uintptr_t>(bytes.data()) % kAlignment == 0
                            ? read_aligned(bytes, extras)
                            : read_aligned(Bytes(bytes.begin(), bytes.end()), extras);
  if (!graph.ok()) return graph.status().with_context(path_for_messages);
  return graph;
}

}  // namespace liteqat::formats::tflite
