// .tflite files (schema version 3) to graphs and back. The only place that sees FlatBuffers. The reader trusts nothing: everything is
// checked before use, and one sentence names the field. The writer gives canonical operator versions, names, a signature, metadata.
#pragma once

#include <span>
#include <string>

#include "base/file.h"
#include "base/status.h"
#include "graph/graph.h"

namespace liteqat::formats::tflite {

/// Fails: kCorruptFile (not a valid file), kUnsupported (operator, type or version we do not implement). The graph is validated.
Result<graph::Graph> read(std::span<const std::byte> bytes, const std::string& path_for_messages);

/// The same graph gives the same bytes. Fails: kUnsupported for operators that TFLite lacks (BATCH_NORM).
Result<Bytes> write(const graph::Graph& graph);

}  // namespace liteqat::formats::tflite
