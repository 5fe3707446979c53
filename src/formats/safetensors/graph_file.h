// A graph inside a safetensors file: constant tensors are arrays under their own names, so that any safetensors reader can use them; the
// structure (tensors, operators, inputs, outputs, model information) is JSON in the metadata entry "liteqat.graph".
#pragma once

#include <string>

#include "base/status.h"
#include "formats/safetensors/safetensors.h"
#include "graph/graph.h"

namespace liteqat::formats::safetensors {

/// Adds the graph to the file. Fails: kInvalidArgument if two constant tensors share a name.
Status store_graph(const graph::Graph& graph, File& file);

/// Fails: kCorruptFile (no graph, or the JSON or an array does not fit it), or whatever graph::validate finds.
Result<graph::Graph> load_graph(const File& file, const std::string& path_for_messages);

}  // namespace liteqat::formats::safetensors
