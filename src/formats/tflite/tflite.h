// .tflite files (schema version 3) to graphs and back. The only place that sees FlatBuffers. The reader trusts nothing: everything is
// checked before use, and one sentence names the field. The writer gives canonical operator versions, names, a signature, metadata.
// What is read, written and refused: docs/tflite_subset.md. Functions are pure and may be called from any thread.
#pragma once

#include <span>
#include <string>

#include "base/file.h"
#include "base/status.h"
#include "formats/tflite/extras.h"
#include "graph/graph.h"

namespace liteqat::formats::tflite {

/// Fails: kCorruptFile (not a valid file), kUnsupported (operator, type or version we do not implement). The graph is validated.
/// Operators are named after their first output. Metadata (name, normalization, labels) that cannot be used is left out, never an error.
/// `extras`, if given, receives what the file holds beside the graph.
Result<graph::Graph> read(std::span<const std::byte> bytes, const std::string& path_for_messages, Extras* extras = nullptr);

/// The same graph and extras give the same bytes. Extras are written as they are, but for a TFLITE_METADATA entry that says something
/// else than the graph's name, normalization and labels: those win. Signatures whose places the graph lacks are left out; without any
/// there is one, "serving_default", of tensor names. Fails: kUnsupported for operators that TFLite lacks (BATCH_NORM), convolutions
/// without bias (its kernels need one) and labels with line breaks; what graph::validate says of a graph that is not valid.
Result<Bytes> write(const graph::Graph& graph, const Extras& extras = {});

}  // namespace liteqat::formats::tflite
