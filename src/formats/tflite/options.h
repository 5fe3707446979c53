// The builtin option tables, both ways. Internal to this folder.
#pragma once

#include "graph/graph.h"
#include "tflite_schema_generated.h"

namespace liteqat::formats::tflite {

inline constexpr uint32_t kSchemaVersion = 3;  // of Model.version, "TFL3"

/// The file's name of an element type.
::tflite::TensorType to_file(graph::DType type);

struct WrittenOptions {
  ::tflite::BuiltinOptions type = ::tflite::BuiltinOptions_NONE;
  flatbuffers::Offset<void> table;
};

/// Requires: a validated graph.
WrittenOptions write_options(flatbuffers::FlatBufferBuilder& builder, const graph::Graph& graph, const graph::Op& op);

/// The options of an operator of that kind. Values are taken as they stand (graph::validate judges strides and the like); enumerations
/// and the table's presence are checked. Requires: an operator that has a list of inputs. Fails: kCorruptFile, kUnsupported; the message
/// lacks the operator's name.
Result<graph::OpParams> read_options(const ::tflite::Operator& op, graph::OpKind kind);

}  // namespace liteqat::formats::tflite
