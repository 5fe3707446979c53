// .tflite files (schema version 3) to graphs and back. The only place that sees FlatBuffers. The reader trusts nothing: everything is
// checked before use, and one sentence names the field. The writer gives canonical operator versions, names, a signature, metadata.
// What is read, written and refused: docs/tflite_subset.md. Functions are pure and may be called from any thread.
#pragma once

#include <span>
#include <string>

#include "base/file.h"
#include "base/status.h"
#include "graph/graph.h"

namespace liteqat::formats::tflite {

/// Fails: kCorruptFile (not a valid file), kUnsupported (operator, type or version we do not implement). The graph is validated.
/// Operators are named after their first output. Metadata (name, normalization, labels) that cannot be used is left out, never an error.
Result<graph::Graph> read(std::span<const std::byte> bytes, const std::string& path_for_messages);

/// The same graph gives the same bytes. Fails: kUnsupported for operators that TFLite lacks (BATCH_NORM), convolutions
/// without bias (its kernels need one) and labels with line breaks; what graph::validate says of a graph that is not valid.
Result<Bytes> write(const graph::Graph& graph);

}  // namespace liteqat::formats::tflite
